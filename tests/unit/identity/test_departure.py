"""Leaving: what ends at once, what can be taken back, and what is left in the end, which is a name."""

from __future__ import annotations

import io

import pytest

from pod.authorization import required
from pod.errors import Conflict, NotFound, PodLeaving, WrongPassword
from pod.identity.accounts import create_account
from pod.identity.clients import create_client
from pod.identity.departure import delete_account, delete_due, keep_account, schedule_deletion
from pod.identity.pods import add_pod
from pod.identity.recovery import request_reset, set_email
from pod.identity.recovery_codes import make_recovery_codes
from pod.identity.sessions import Arrival, find_session, start_session
from pod.identity.sign_in import sign_in
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.store import removal
from pod.store.factors import Factors, Passkey
from pod.store.fsck import check
from pod.store.records import SERVER
from pod.store.sweep import sweep_garbage
from tests.support.logged import logging_to
from tests.support.people import DAY, HERE, PASSWORD, pass_time
from tests.support.stores import put

PROFILE = Target.parse("/alice/profile/card")
ME = "https://pods.example/alice/profile/card#me"
TABLES = ("account", "web_id", "storage", "storage_owner", "resource", "access_grant", "client_credential", "app")
MORE_TABLES = (
    *("authorization_code", "refresh_token", "web_session", "single_use_link", "outgoing_mail"),
    *("passkey", "account_factors", "recovery_code", "known_browser", "account_event"),
)


def rows(services, table):
    return services.store.rows(f"SELECT COUNT(*) FROM {table}")[0][0]


def read(services, credentials=PUBLIC, target=PROFILE):
    snapshot = services.store.describe(target, credentials.grant)
    return services.authorizer.authorize(services.store, snapshot, credentials, required.read(snapshot))


def test_it_takes_the_password(people, she):
    with pytest.raises(WrongPassword):
        schedule_deletion(people, she, "wrong")
    assert not people.accounts.by_id(she.id).leaving


def test_whatever_acted_for_the_account_ends_at_once(people, she):
    client, _ = create_client(people, "alice")
    _, secret = start_session(people, she, "")
    leaving = schedule_deletion(people, she, PASSWORD)
    assert (leaving.leaving, leaving.delete_due_ms) == (True, 1_000_000_000 + 14 * DAY * 1000)
    assert find_session(people, secret) is None
    assert people.accounts.client(client.id).revoked_ms
    assert not people.store.describe(PROFILE, client.grant).grant.stands


def test_a_grant_does_not_stand_while_its_account_is_leaving(people, she):
    with people.store.write(SERVER) as tx:
        grant = people.accounts.create_grant(tx, she.id, "app", ME).id
        people.accounts.schedule_deletion(tx, she.id, tx.now_ms + 1)
    assert not people.store.describe(PROFILE, grant).grant.stands


@pytest.mark.parametrize("credentials", [PUBLIC, Credentials(agent=ME)])
def test_the_pods_answer_nobody(people, she, credentials):
    add_pod(people, she, "work")
    read(people, credentials)
    schedule_deletion(people, she, PASSWORD)
    for path in ("/alice/profile/card", "/alice/nothing", "/work/", "/work/.acl"):
        with pytest.raises(PodLeaving):
            read(people, credentials, Target.parse(path))


def test_other_pods_are_as_before(people, she):
    create_account(people, "bob")
    schedule_deletion(people, she, PASSWORD)
    read(people, target=Target.parse("/bob/profile/card"))


def test_the_password_still_lets_in_to_keep_the_account(people, she):
    schedule_deletion(people, she, PASSWORD)
    _, secret = start_session(people, sign_in(people, "alice", PASSWORD, HERE), "")
    account = find_session(people, secret).account
    assert account.leaving
    assert not keep_account(people, account).leaving
    read(people)
    pass_time(people, 15 * DAY)
    assert delete_due(people) == 0


def test_mail_tells_when(people, she, letters):
    schedule_deletion(people, she, PASSWORD)
    letters.delivered()
    ((email, text),) = letters.sent
    assert email == "alice@example.org"
    assert "26 January 1970" in text
    assert "https://pods.example/.account/sign-in\n" in text


def test_asked_for_twice_the_first_day_stands(people, she):
    first = schedule_deletion(people, she, PASSWORD).delete_due_ms
    pass_time(people, DAY)
    assert schedule_deletion(people, she, PASSWORD).delete_due_ms == first


def test_nothing_goes_before_its_time_and_then_it_is_too_late(people, she):
    schedule_deletion(people, she, PASSWORD)
    pass_time(people, 14 * DAY - 1)
    assert delete_due(people) == 0
    pass_time(people, 1)
    with pytest.raises(Conflict, match="too late"):
        keep_account(people, she)
    assert delete_due(people) == 1
    with pytest.raises(Conflict):
        keep_account(people, she)


def test_everything_goes_and_the_names_stay_taken(people, she):
    add_pod(people, she, "work")
    create_client(people, "alice")
    session, _ = start_session(people, she, "", arrival=Arrival("a browser"))
    make_recovery_codes(people, she)
    with people.store.write(SERVER) as tx:
        Factors(tx).add_passkey(tx, Passkey("id", she.id, b"key", 0, "Phone", (), False, 0))
        Factors(tx).set_code_key(tx, she.id, b"key", step=0)
        app = people.apps.remember(tx, she.id, "app", ME, name="App", host="app.example", scope="")
        grant = people.apps.add_grant(tx, app, session.id, "")
        people.apps.add_refresh_token(tx, "hash", grant=grant, jkt=None, expires_ms=2**60)
        people.apps.add_code(
            tx, "c", grant=grant, client="app", redirect_uri="", challenge="", jkt=None, nonce=None, seconds=60
        )
    request_reset(people, "alice", HERE)
    put(people.store, "/alice/photos/cat.jpg", b"meow" * 100_000)
    put(people.store, "/alice/.meta", b"<> a <#Pod> .")
    schedule_deletion(people, she, PASSWORD, authenticated_ms=session.authenticated_ms)
    start_session(people, she, "")
    pass_time(people, 14 * DAY)
    delete_due(people)
    assert {table: rows(people, table) for table in (*TABLES, *MORE_TABLES)} == dict.fromkeys(
        (*TABLES, *MORE_TABLES), 0
    )
    assert {row[0] for row in people.store.rows("SELECT name FROM retired_name")} == {"alice", "work"}
    assert [finding for finding in check(people.store, deep=True) if "swept" not in finding.text] == []


def test_files_are_gone_after_the_next_sweep(people, she):
    put(people.store, "/alice/photos/cat.jpg", b"meow" * 100_000)
    delete_account(people, "alice", now=True)
    pass_time(people, 61)
    sweep_garbage(people.store, people.clock)
    assert list(people.store.blobs.files()) == []


def test_the_journal_says_no_more_than_that_the_pod_is_gone(people, she):
    put(people.store, "/alice/secret-plans", b"<> a <#Secret> .")
    storage = people.accounts.storages(she.id)[0].id
    create_account(people, "bob")
    delete_account(people, "alice", now=True)
    told = [change for change in people.store.changes(0, 1000) if change.storage == storage]
    assert [(change.kind.value, change.path) for change in told] == [("delete", "/alice/.acl"), ("delete", "/alice/")]
    assert any(change.path == "/bob/" for change in people.store.changes(0, 1000))


def test_nothing_readable_is_left_on_the_disk(people, she):
    put(people.store, "/alice/secret-plans", b"<> <#says> 'attack at dawn' .")
    delete_account(people, "alice", now=True)
    left = b"".join(file.read_bytes() for file in people.config.data.glob("pod.sqlite*"))
    assert b"attack at dawn" not in left
    assert b"secret-plans" not in left


def test_a_large_pod_goes_in_small_steps_each_of_which_is_sound(people, she, monkeypatch):
    monkeypatch.setattr("pod.store.removal.AT_ONCE_MAX", 7)
    for number in range(30):
        put(people.store, f"/alice/a/{number % 3}/-/{number}", b"x" * number)
    put(people.store, "/alice/a/.acl", b"# rules")
    create_account(people, "bob")
    with people.store.write(SERVER) as tx:
        people.accounts.schedule_deletion(tx, she.id, tx.now_ms)

    steps = 0
    while not removal._step(people.store, she.id):
        steps += 1
        assert [finding for finding in check(people.store) if finding.severity == "error"] == []
    assert steps > 10


def test_what_has_begun_cannot_be_taken_back_whatever_the_clock_says(people, she):

    with people.store.write(SERVER) as tx:
        people.accounts.schedule_deletion(tx, she.id, tx.now_ms)
    removal._step(people.store, she.id)
    pass_time(people, -DAY)
    with pytest.raises(Conflict, match="being removed"):
        keep_account(people, she)


def test_the_operator_needs_no_password(people, she):
    assert delete_account(people, "alice").leaving
    with pytest.raises(NotFound):
        delete_account(people, "nobody")


def test_links_that_waited_do_not_work_any_more(people, she, letters):
    set_email(people, she, "new@example.org", password=PASSWORD)
    request_reset(people, "alice", HERE)
    schedule_deletion(people, she, PASSWORD)
    assert [email for email, _ in letters.delivered()] == ["alice@example.org"]
    assert rows(people, "single_use_link") == 0


def test_who_used_what_of_it_goes_too(people, she):
    log = people.access_log
    for name in ("alice", "bob"):
        log.note(f"/{name}/a", ME, None, AccessMode.READ, allowed=True)
    create_account(people, "bob")
    assert log.write_down()
    schedule_deletion(people, she, PASSWORD)
    log.note("/alice/b", ME, None, AccessMode.READ, allowed=True)
    pass_time(people, 15 * DAY)
    delete_due(people)
    assert log.write_down()
    assert list(log.records.storages()) == ["/bob/"]


def test_a_damaged_access_log_keeps_nobody_from_leaving(people, she):
    people.config.access_database.write_bytes(b"no database" * 1000)
    with logging_to(io.StringIO(), "json"):
        delete_account(people, "alice", now=True)
    assert people.accounts.by_id(she.id) is None
