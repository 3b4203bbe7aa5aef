"""Every promise that can be broken is broken once, and found."""

from __future__ import annotations

import pytest

from pod.store.accounts import Accounts
from pod.store.apps import Apps
from pod.store.fsck import Severity, check
from pod.store.records import SERVER
from pod.store.sweep import GARBAGE_GRACE_SECONDS, sweep
from tests.support.ceilings import ceiling
from tests.support.stores import ALICE, put, state_in
from tests.unit.store.test_channels import add, channel

LARGE = b"l" * 200

DAMAGE = [
    ("UPDATE resource SET parent = NULL WHERE path = '/alice/a/b'", "/alice/a/b", "in no container"),
    ("UPDATE resource SET parent = 1 WHERE path = '/alice/a/b'", "/alice/a/b", "is a member of /alice/"),
    ("UPDATE resource SET path = '/alice/x/b' WHERE path = '/alice/a/b'", "/alice/x/b", "is a member of /alice/a/"),
    ("UPDATE resource SET path = '/alice/y.acl' WHERE path = '/alice/.acl'", "/alice/y.acl", "auxiliary resource of"),
    ("UPDATE resource SET kind = 'rdf' WHERE path = '/alice/a/'", "/alice/a/", "trailing slash contradicts"),
    ("UPDATE resource SET path = '/alice/a' WHERE path = '/alice/c'", "/alice/a/", "without its trailing slash"),
    ("UPDATE resource SET path = '/bob/a' WHERE path = '/alice/c'", "/bob/a", "lies in the storage /alice/"),
    ("UPDATE storage SET bytes = bytes + 1", "/alice/", "counts"),
    ("UPDATE storage SET resources = resources - 1", "/alice/", "counts"),
    ("UPDATE resource SET members = 7 WHERE path = '/alice/a/'", "/alice/a/", "counts 7 members, but has 1"),
    ("DELETE FROM change WHERE sequence = 3", "/alice/", "journal has"),
    ("DELETE FROM change", "/alice/", "journal has 0 entries"),
    ("UPDATE storage SET sequence = sequence + 1", "/alice/", "journal has"),
    ("UPDATE resource SET listing_version = 99 WHERE path = '/alice/a/'", "/alice/a/", "its storage is at"),
    ("UPDATE resource SET listing_version = version WHERE path = '/alice/a/'", "/alice/a/", "a member has version"),
    ("UPDATE change SET digest = 'x' WHERE path = '/alice/c'", "/alice/c", "tells otherwise"),
    ("UPDATE resource SET size = size + 1 WHERE path = '/alice/c'", "/alice/c", "should have"),
    ("UPDATE resource SET size = size + 1 WHERE path = '/alice/a/b'", "/alice/a/b", "should have"),
    ("UPDATE resource SET body = x'78' WHERE path = '/alice/c'", "/alice/c", "digest"),
    (
        "INSERT INTO garbage_blob SELECT blob, 0 FROM resource WHERE blob IS NOT NULL",
        "/alice/a/b",
        "marked for removal",
    ),
    ("PRAGMA foreign_keys = OFF; DELETE FROM account", "", "refers to a missing row of account"),
]


@pytest.fixture
def pod(store, pod):
    put(store, "/alice/a/b", LARGE)
    put(store, "/alice/c", b"c")
    return pod


def found(store, **options):
    return [(finding.severity, finding.path, finding.text) for finding in check(store, **options)]


def test_a_sound_store_has_no_findings(store, pod):
    assert found(store, deep=True) == []


def test_an_empty_store_has_no_findings(store):
    assert found(store, deep=True) == []


@pytest.mark.parametrize(("damage", "path", "text"), DAMAGE)
def test_damage_is_found(store, pod, damage, path, text):
    connection = store._main._writer
    for statement in damage.split("; "):
        connection.execute(statement)
    findings = [finding for finding in check(store, deep=True) if finding.severity is Severity.ERROR]
    assert any(finding.path == path and text in finding.text for finding in findings), findings


@pytest.fixture
def listened(store, pod):
    """A channel, and an ACL that was replaced."""
    put(store, "/alice/.acl", b"# new")
    add(store, channel(pod, topics=("/alice/c",)))
    return pod


DAMAGE_OF_NOTIFICATIONS = [
    ("UPDATE past_acl SET until_sequence = version", "/alice/.acl", "past rules"),
    ("UPDATE past_acl SET until_sequence = 99", "/alice/.acl", "past rules"),
    ("UPDATE past_acl SET storage = 99", "/alice/.acl", "past rules"),
    ("UPDATE past_acl SET body = x''", "/alice/.acl", "past rules"),
    (
        "INSERT INTO past_acl SELECT id + 9, version, storage, path, until_sequence, until_ms, media_type, 7, body FROM past_acl",
        "/alice/.acl",
        "past rules",
    ),
    ("UPDATE resource SET version = 2 WHERE path = '/alice/.acl'", "/alice/.acl", "past rules"),
    ("UPDATE storage SET rules_floor = 99", "/alice/", "forgotten rules up to 99"),
    ("DELETE FROM channel_topic", "/alice/", "notification channel one"),
    ("UPDATE channel_topic SET path = '/bob/c'", "/alice/", "notification channel one"),
    ("UPDATE channel SET sequence = 99", "/alice/", "notification channel one"),
    ("UPDATE channel SET capability_hash = NULL", "/alice/", "notification channel one"),
]


@pytest.mark.parametrize(("damage", "path", "text"), DAMAGE_OF_NOTIFICATIONS)
def test_damage_of_notifications_is_found(store, listened, damage, path, text):
    assert found(store, deep=True) == []
    store._main._writer.execute(damage)
    findings = list(check(store))
    assert any(finding.path == path and text in finding.text for finding in findings), findings


@pytest.mark.parametrize("table", ["access_grant", "app"])
def test_a_ceiling_that_cannot_be_read_is_found(store, pod, table):
    limits = ceiling({"/alice/posts/": "read"})
    with store.write(SERVER) as tx:
        account, apps = Accounts(tx).by_name("alice").id, Apps(tx)
        grant = Accounts(tx).create_grant(tx, account, "client", ALICE)
        apps.limit_grant(tx, grant.id, limits, None)
        apps.remember(tx, account, "client", ALICE, name="App", host="", scope="", ceiling=limits)
    assert found(store) == []
    with store.write(SERVER) as tx:
        tx.rows(f"UPDATE {table} SET ceiling = '{{}}'")
    ((severity, path, text),) = found(store)
    assert (severity, path) == (Severity.ERROR, "")
    assert "what alice let client do cannot be read" in text


def test_a_storage_without_its_root_is_found(store):
    with store.write(SERVER) as tx:
        (account,) = tx.rows("INSERT INTO account (name, created_ms) VALUES ('a', 0) RETURNING id")[0]
        tx.create_storage("/a/", account, ())
    texts = [text for _, path, text in found(store) if path == "/a/"]
    assert len(texts) == 2
    assert "no root container" in texts[0]
    assert "no access control list" in texts[1]


def test_a_missing_blob_is_found(store, pod):
    store.blobs.remove(state_in(store, "/alice/a/b").blob)
    assert [(path, text[-10:]) for _, path, text in found(store)] == [("/alice/a/b", "is missing")]


@pytest.mark.parametrize(("change", "deep", "told"), [(b"l" * 199, False, "has 199"), (b"L" * 200, True, "digest")])
def test_a_changed_blob_is_found(store, pod, tmp_path, change, deep, told):
    name = state_in(store, "/alice/a/b").blob
    (tmp_path / "data" / "blobs" / name[:2] / name).write_bytes(change)
    assert [told in text for _, _, text in found(store, deep=deep)] == [True]


def test_an_orphan_blob_is_only_noticed(store, pod):
    name = store.blobs.stage([b"never written"])
    assert found(store) == [(Severity.NOTICE, "", f"blob {name} (13 bytes) belongs to nothing; it will be swept")]


def test_a_check_beside_writers_does_not_mistake_their_work_for_damage(store, pod, clock):
    store._main._writer.execute("UPDATE storage SET bytes = bytes + 1")
    findings = check(store)
    assert "counts" in next(findings).text
    put(store, "/alice/a/b", b"replaced while the check runs")
    clock.time += GARBAGE_GRACE_SECONDS
    assert sweep(store, clock, 3600).garbage == 1
    assert list(findings) == []
