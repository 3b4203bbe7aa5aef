"""Access rules as they were: kept when they end, and found again by the sequence number of what happened after."""

from __future__ import annotations

import pytest

from pod.errors import JournalGone
from pod.protocol.resource import Target
from pod.store.fsck import check
from pod.store.journal import changes_after, end_of, head
from pod.store.past_rules import sweep_past_rules
from pod.store.records import SERVER, Actor, Content, Ending, Kind
from tests.support.stores import delete, make_storage, put, put_in, staged, state_in

DAY = 24 * 3600


def acl(store, path):
    state = state_in(store, path)
    return state.id, state.version


def in_force(store, path, before):
    """The bodies of the rules that were in force, nearest first."""
    references = store.lineage_rules(Target.parse(path), before)
    return [store.rules(reference)[1] for reference in references]


class RulesContract:
    def test_current_rules_are_read(self, store, pod):
        put(store, "/alice/a")
        put(store, "/alice/a.acl", b"# one")
        now = store.describe(Target.parse("/alice/a")).acls[0]
        assert store.rules(now) == ("text/turtle", b"# one")

    def test_rules_that_were_replaced_are_kept(self, store, pod):
        put(store, "/alice/a")
        put(store, "/alice/a.acl", b"# one")
        then = store.describe(Target.parse("/alice/a")).acls[0]
        put(store, "/alice/a.acl", b"# two")
        assert store.rules(then) == ("text/turtle", b"# one")

    def test_so_are_large_ones(self, opened):
        store = opened(inline_bytes_max=4)
        make_storage(store)
        put(store, "/alice/.acl", b"# a long one")
        then = store.describe(Target.parse("/alice/")).acls[0]
        put(store, "/alice/.acl", b"# two")
        assert store.rules(then) == ("text/turtle", b"# a long one")

    def test_the_rules_of_a_moment_are_found(self, store, pod):
        put(store, "/alice/a")
        moments = [put(store, "/alice/a.acl", b"# %d" % number).version for number in range(3)]
        assert in_force(store, "/alice/a", moments[0]) == [b"# rules"]
        assert in_force(store, "/alice/a", moments[1]) == [b"# 0", b"# rules"]
        assert in_force(store, "/alice/a", moments[2]) == [b"# 1", b"# rules"]
        assert in_force(store, "/alice/a", moments[2] + 1) == [b"# 2", b"# rules"]

    def test_rules_hold_until_what_they_are_of_is_gone(self, store, pod):
        put(store, "/alice/a")
        put(store, "/alice/a.acl", b"# own")
        put(store, "/alice/a.meta")
        delete(store, "/alice/a")
        gone = head(store, pod)
        assert end_of(store, pod, "/alice/a", gone) == Ending(gone, None)
        assert [in_force(store, "/alice/a", moment) for moment in (gone - 2, gone - 1, gone)] == [
            [b"# own", b"# rules"]
        ] * 3
        assert in_force(store, "/alice/a", gone + 1) == [b"# rules"]

    def test_who_had_made_it_is_known_of_what_is_gone(self, store, pod):
        content = Content("text/turtle", 0, "", b"")
        for maker in ("https://one.example/#me", "https://two.example/#me"):
            with store.write(Actor(maker)) as tx:
                tx.create(Target.parse("/alice/a"), Kind.RDF, content, acl=None)
            delete(store, "/alice/a")
        last = head(store, pod)
        found = [end_of(store, pod, "/alice/a", since) for since in (0, last - 2, last - 1, last, last + 1)]
        first, second = (Ending(last - 2, "https://one.example/#me"), Ending(last, "https://two.example/#me"))
        assert found == [first, first, second, second, None]

    def test_rules_that_are_deleted_alone_end_at_once(self, store, pod):
        put(store, "/alice/a")
        put(store, "/alice/a.acl", b"# own")
        delete(store, "/alice/a.acl")
        gone = head(store, pod)
        assert in_force(store, "/alice/a", gone) == [b"# own", b"# rules"]
        assert in_force(store, "/alice/a", gone + 1) == [b"# rules"]

    def test_what_was_not_committed_leaves_no_rules(self, store, pod):
        before = acl(store, "/alice/.acl")
        with pytest.raises(ZeroDivisionError), store.write(SERVER) as tx:
            put_in(tx, "/alice/.acl", staged(store, b"# other"))
            raise ZeroDivisionError
        assert acl(store, "/alice/.acl") == before
        assert store.rows("SELECT COUNT(*) FROM past_acl") == [(0,)]

    def test_a_storage_is_read_on_from_any_of_its_points(self, store, pod):
        put(store, "/alice/a")
        put(store, "/alice/b")
        assert [change.path for change in changes_after(store, pod, 2, 10)] == ["/alice/a", "/alice/b"]
        assert [change.path for change in changes_after(store, pod, 2, 1)] == ["/alice/a"]
        assert changes_after(store, pod, head(store, pod), 10) == []

    @pytest.mark.parametrize("point", [-1, 99])
    def test_a_point_that_never_was_is_refused(self, store, pod, point):
        with pytest.raises(JournalGone):
            changes_after(store, pod, point, 10)

    def test_so_is_a_storage_that_is_no_more(self, store):
        with pytest.raises(JournalGone):
            changes_after(store, 99, 0, 10)

    def test_rules_are_forgotten_in_time_and_what_they_were_in_force_for_is_told_no_more(self, store, pod, clock):
        put(store, "/alice/a")
        ended = put(store, "/alice/.acl", b"# new").version
        put(store, "/alice/b")
        clock.time += 8 * DAY
        assert sweep_past_rules(store, clock, days=7) == 1
        assert len(changes_after(store, pod, ended, 10)) == 1
        with pytest.raises(JournalGone):
            changes_after(store, pod, ended - 1, 10)
        assert list(check(store)) == []

    def test_rules_that_ended_lately_are_kept(self, store, pod, clock):
        put(store, "/alice/.acl", b"# new")
        clock.time += 6 * DAY
        assert sweep_past_rules(store, clock, days=7) == 0
        assert len(changes_after(store, pod, 0, 10)) == 3

    def test_of_one_storage_not_more_than_so_many_bytes_are_kept(self, store, pod, clock, monkeypatch):
        monkeypatch.setattr("pod.store.past_rules.BYTES_MAX", 1500)
        for number in range(10):
            put(store, "/alice/.acl", b"%d" % number * 100)
        assert sweep_past_rules(store, clock, days=7) == 6
        kept = store.rows("SELECT until_sequence FROM past_acl ORDER BY until_sequence")
        assert [row[0] for row in kept] == list(range(head(store, pod) - 3, head(store, pod) + 1))
        with pytest.raises(JournalGone):
            changes_after(store, pod, kept[0][0] - 2, 10)
        assert list(check(store)) == []
