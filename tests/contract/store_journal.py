"""What the journal tells, and what followers are promised."""

from __future__ import annotations

import pytest

from pod.errors import JournalGone, NotFound
from pod.protocol.resource import Target
from pod.store import journal
from pod.store.fsck import check
from pod.store.records import SERVER, Actor, ChangeKind, Cursor
from tests.support.stores import delete, make_storage, put, put_in, staged, state_in

DAY = 24 * 3600


def entries(store, after=0):
    return store.changes(after, 10_000)


def last(store, count=1):
    found = entries(store)[-count:]
    return found[0] if count == 1 else found


class JournalContract:
    def test_a_creation_is_told(self, store, pod, clock):
        put(store, "/alice/a/")
        state = put(store, "/alice/a/b", b"body")
        change = last(store)
        assert (change.kind, change.path, change.old_path) == (ChangeKind.CREATE, "/alice/a/b", None)
        assert (change.resource, change.storage, change.sequence) == (state.id, pod, state.version)
        assert (change.media_type, change.size, change.digest) == ("text/turtle", 4, state.digest)
        assert (change.previous_version, change.previous_digest, change.subject) == (None, None, None)
        assert change.time_ms == clock.time * 1000

    def test_an_update_tells_what_was_before(self, store, pod):
        before = put(store, "/alice/a", b"body")
        after = put(store, "/alice/a", b"other")
        change = last(store)
        assert (change.kind, change.sequence, change.digest) == (ChangeKind.UPDATE, after.version, after.digest)
        assert (change.previous_version, change.previous_digest) == (before.version, before.digest)

    def test_a_deletion_tells_what_was_before(self, store, pod):
        before = put(store, "/alice/a", b"body")
        delete(store, "/alice/a")
        change = last(store)
        assert (change.kind, change.resource, change.path) == (ChangeKind.DELETE, before.id, "/alice/a")
        assert (change.media_type, change.size, change.digest) == ("text/turtle", 0, "")
        assert (change.previous_version, change.previous_digest) == (before.version, before.digest)

    @pytest.mark.requirement("wac#consider-acl-resource-activities")
    def test_an_auxiliary_resource_names_its_subject(self, store, pod):
        state = put(store, "/alice/a")
        put(store, "/alice/a.acl")
        assert last(store).subject == state.id

    def test_auxiliary_resources_die_in_the_same_operation(self, store, pod):
        state = put(store, "/alice/a")
        put(store, "/alice/a.acl")
        put(store, "/alice/a.meta")
        delete(store, "/alice/a")
        gone = last(store, 3)
        assert {change.path for change in gone} == {"/alice/a", "/alice/a.acl", "/alice/a.meta"}
        assert gone[-1].path == "/alice/a"
        assert {change.kind for change in gone} == {ChangeKind.DELETE}
        assert len({change.operation for change in gone}) == 1
        assert [change.subject for change in gone] == [state.id, state.id, None]

    def test_one_transaction_is_one_operation(self, store, pod):
        put(store, "/alice/a/b/c")
        put(store, "/alice/d")
        first, second, third, other = last(store, 4)
        assert first.operation == second.operation == third.operation != other.operation

    @pytest.mark.requirement("wac#consider-acl-resource-activities")
    def test_agent_and_client_are_told(self, store, pod):
        content = staged(store, b"")
        with store.write(Actor("https://a.example/#me", "https://app.example/id")) as tx:
            put_in(tx, "/alice/a", content)
        assert (last(store).agent, last(store).client) == ("https://a.example/#me", "https://app.example/id")

    def test_the_effective_acl_before_the_change_is_told(self, store, pod):
        acl = store.describe(Target.parse("/alice/")).acls[0]
        put(store, "/alice/a", acl=acl)
        assert (last(store).acl, last(store).acl_version) == (acl.id, acl.version)
        delete(store, "/alice/a", acl=acl)
        assert (last(store).acl, last(store).acl_version) == (acl.id, acl.version)

    def test_sequences_have_no_gap(self, store, pod):
        make_storage(store, "bob")
        for path in ("/alice/a", "/bob/a", "/alice/b/c", "/bob/a", "/alice/a"):
            put(store, path)
        delete(store, "/alice/a")
        for storage in (pod, state_in(store, "/bob/").storage):
            sequence = [change.sequence for change in entries(store) if change.storage == storage]
            assert sequence == list(range(1, len(sequence) + 1))

    def test_positions_order_all_storages(self, store, pod):
        make_storage(store, "bob")
        put(store, "/alice/z")
        put(store, "/bob/z")
        put(store, "/alice/z")
        assert [change.path for change in last(store, 3)] == ["/alice/z", "/bob/z", "/alice/z"]
        positions = [change.position for change in entries(store)]
        assert positions == sorted(set(positions))

    def test_changes_are_read_on_from_a_position(self, store, pod):
        for name in "abcde":
            put(store, f"/alice/{name}")
        start = last(store, 5)[0].position
        assert [change.path for change in store.changes(start, 2)] == ["/alice/b", "/alice/c"]
        assert store.changes(last(store).position, 10) == []

    def test_a_failed_write_tells_nothing(self, store, pod):
        before = entries(store)
        with pytest.raises(NotFound), store.write(SERVER) as tx:
            put_in(tx, "/alice/a", staged(store, b""))
            put_in(tx, "/nobody/a", staged(store, b""))
        assert entries(store) == before
        put(store, "/alice/b")
        assert last(store).sequence == before[-1].sequence + 1

    def test_a_new_follower_begins_at_the_start(self, store, pod):
        cursor = store.cursor("notifications")
        assert cursor == Cursor(store.epoch, 0)
        assert journal.entries(store, cursor, 1)[0].path == "/alice/"

    def test_a_follower_finds_its_place_again(self, opened, clock):
        store = opened()
        store.advance("search", 17)
        store.advance("search", 18)
        store.advance("notifications", 3)
        store.close()
        again = opened()
        assert again.cursor("search") == Cursor(store.epoch, 18)
        assert again.cursor("notifications").position == 3

    def test_a_cursor_of_another_history_is_refused(self, store, pod):
        with pytest.raises(JournalGone):
            journal.entries(store, Cursor("before-the-restore", 1), 10)

    def test_the_epoch_stays(self, opened):
        store = opened()
        store.close()
        assert opened().epoch == store.epoch

    def test_entries_expire(self, store, pod, clock):
        put(store, "/alice/old")
        clock.time += 8 * DAY
        put(store, "/alice/new")
        assert journal.expire(store, clock, days=7) == 3
        floor = store.cursor("new").position
        assert [change.path for change in entries(store, floor)] == ["/alice/new"]
        with pytest.raises(JournalGone):
            entries(store, floor - 1)
        assert list(check(store)) == []

    def test_all_entries_may_expire(self, store, pod, clock):
        clock.time += 8 * DAY
        assert journal.expire(store, clock, days=7) == 2
        assert entries(store, store.cursor("new").position) == []
        with pytest.raises(JournalGone):
            entries(store, 0)
        assert list(check(store)) == []
        put(store, "/alice/a")
        assert last_path(store) == "/alice/a"

    def test_entries_are_kept_for_ever_by_default(self, store, pod, clock):
        clock.time += 10_000 * DAY
        assert journal.expire(store, clock, days=0) == 0
        assert len(entries(store)) == 2

    def test_an_entry_behind_a_young_one_does_not_expire(self, store, pod, clock):
        clock.time += 8 * DAY
        put(store, "/alice/young")
        clock.time -= 8 * DAY
        put(store, "/alice/written-when-the-clock-was-set-back")
        clock.time += 8 * DAY
        assert journal.expire(store, clock, days=7) == 2


def last_path(store):
    return entries(store, store.cursor("new").position)[-1].path
