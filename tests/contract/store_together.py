"""Transactions that several changes share: each whole or not at all, whatever becomes of the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pod.errors import Busy, Conflict, ContainerNotEmpty, PodError
from pod.protocol.resource import Target
from pod.store.fsck import check
from pod.store.interface import ResourceStore, Writer
from pod.store.records import SERVER
from tests.support.stores import absent, body, delete, put, put_in, staged, state_in
from tests.support.waiting import SECONDS_MAX

WAIT_SECONDS = 20


@contextmanager
def held_up(store: ResourceStore) -> Iterator[Callable[..., Future]]:
    """Gives a way to ask for changes that all happen in one transaction, when the block ends."""
    entered, go = threading.Event(), threading.Event()

    def first(tx: Writer) -> None:
        entered.set()
        assert go.wait(WAIT_SECONDS)

    with ThreadPoolExecutor(16) as threads:
        leading = threads.submit(store.write_together, SERVER, first)
        assert entered.wait(WAIT_SECONDS)
        asked: list[Future] = []

        def ask(change: Callable[[Writer], object]) -> Future:
            asked.append(threads.submit(store.write_together, SERVER, change))
            while len(store._together._waiting) < len(asked):  # type: ignore[attr-defined]
                threading.Event().wait(0.001)
            return asked[-1]

        try:
            yield ask
        finally:
            go.set()
        leading.result(WAIT_SECONDS)


def putting(path: str, content) -> Callable[[Writer], object]:
    return lambda tx: put_in(tx, path, content)


class TogetherContract:
    def test_what_a_change_gives_is_given_when_it_is_there(self, store, pod):
        content = staged(store, b"body")
        state = store.write_together(SERVER, putting("/alice/a", content))
        assert (state.path, body(store, "/alice/a")) == ("/alice/a", b"body")

    def test_changes_of_one_transaction_are_all_there(self, store, pod):
        with held_up(store) as ask:
            done = [ask(putting(f"/alice/{each}", staged(store, b"%d" % each))) for each in range(8)]
        assert [each.result(SECONDS_MAX).version for each in done] == [
            done[0].result(SECONDS_MAX).version + each for each in range(8)
        ]
        assert [body(store, f"/alice/{each}") for each in range(8)] == [b"%d" % each for each in range(8)]
        assert list(check(store, deep=True)) == []

    def test_one_that_is_refused_takes_nothing_of_the_others_with_it(self, store, pod):
        put(store, "/alice/full/one")

        def refused(tx: Writer) -> None:
            put_in(tx, "/alice/half", staged(store, b"half"))
            tx.delete(state_in(tx, "/alice/full/"), acl=None)

        with held_up(store) as ask:
            before = ask(putting("/alice/before", staged(store, b"1")))
            bad = ask(refused)
            after = ask(putting("/alice/after", staged(store, b"2")))
        assert isinstance(bad.exception(), ContainerNotEmpty)
        assert (before.exception(), after.exception()) == (None, None)
        assert absent(store, "/alice/half")
        assert (body(store, "/alice/before"), body(store, "/alice/after")) == (b"1", b"2")
        assert list(check(store, deep=True)) == []

    def test_a_refusal_that_a_change_swallows_is_its_own(self, store, pod):
        put(store, "/alice/there")

        def swallowing(tx: Writer) -> None:
            with pytest.raises(Conflict):
                tx.create(Target.parse("/alice/there"), state_in(tx, "/alice/there").kind, staged(store, b""), acl=None)

        with held_up(store) as ask:
            bad, good = ask(swallowing), ask(putting("/alice/good", staged(store, b"good")))
        assert isinstance(bad.exception(), Conflict)
        assert good.exception() is None
        assert body(store, "/alice/good") == b"good"

    def test_each_sees_what_those_before_it_did(self, store, pod):
        with held_up(store) as ask:
            ask(putting("/alice/a", staged(store, b"1")))
            seen = ask(lambda tx: state_in(tx, "/alice/a").inline)
            ask(lambda tx: tx.delete(state_in(tx, "/alice/a"), acl=None))
            gone = ask(lambda tx: tx.describe(Target.parse("/alice/a")).state)
        assert (seen.result(SECONDS_MAX), gone.result(SECONDS_MAX)) == (b"1", None)

    def test_what_is_not_committed_is_known_not_to_be(self, store, pod):
        old = put(store, "/alice/old")

        def looking(tx: Writer) -> list[bool]:
            new = put_in(tx, "/alice/new", staged(store, b""))
            changed = put_in(tx, "/alice/old", staged(store, b"changed"))
            return [tx.is_committed(each.id) for each in (new, changed, state_in(tx, "/alice/.acl"))]

        assert store.is_committed(old.id)
        assert store.write_together(SERVER, looking) == [False, False, True]

    def test_what_another_changed_in_the_same_transaction_is_not_committed(self, store, pod):
        put(store, "/alice/a")
        with held_up(store) as ask:
            ask(putting("/alice/a", staged(store, b"changed")))
            known = ask(lambda tx: tx.is_committed(state_in(tx, "/alice/a").id))
        assert known.result(SECONDS_MAX) is False

    def test_nobody_sees_a_shared_transaction_before_its_end(self, store, pod):
        with held_up(store) as ask:
            ask(putting("/alice/a", staged(store, b"1")))
            assert absent(store, "/alice/a")
        assert not absent(store, "/alice/a")

    def test_a_transaction_that_is_lost_is_tried_again_for_each_alone(self, store, pod):
        def losing(tx: Writer) -> None:
            put_in(tx, "/alice/lost", staged(store, b""))
            tx.rows("ROLLBACK")
            raise OSError("the disk is gone")

        with held_up(store) as ask:
            before = ask(putting("/alice/before", staged(store, b"1")))
            bad = ask(losing)
            after = ask(putting("/alice/after", staged(store, b"2")))
        assert isinstance(bad.exception(), OSError)
        assert (before.exception(), after.exception()) == (None, None)
        assert (body(store, "/alice/before"), body(store, "/alice/after")) == (b"1", b"2")
        assert absent(store, "/alice/lost")
        assert list(check(store, deep=True)) == []

    def test_a_full_disk_refuses_those_for_whom_there_is_no_room(self, store, pod):
        pages = store._main._writer.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        store._main._writer.execute(f"PRAGMA max_page_count = {pages + 8}")  # type: ignore[attr-defined]
        with held_up(store) as ask:
            before = ask(putting("/alice/before", staged(store, b"1")))
            large = ask(putting("/alice/large", staged(store, b"x" * 60_000)))
            after = ask(putting("/alice/after", staged(store, b"2")))
        assert isinstance(large.exception(), PodError)
        assert large.exception().status == 507
        assert (before.exception(), after.exception()) == (None, None)
        assert (body(store, "/alice/before"), body(store, "/alice/after")) == (b"1", b"2")

    def test_whoever_waits_too_long_is_told_and_nothing_happens_later(self, opened):
        store = opened(busy_seconds_max=1)
        release = threading.Event()
        with ThreadPoolExecutor(2) as threads:
            leading = threads.submit(store.write_together, SERVER, lambda _tx: release.wait(WAIT_SECONDS))
            while not store._together._led:
                threading.Event().wait(0.001)
            late = threads.submit(store.write_together, SERVER, lambda tx: tx.rows("SELECT 1"))
            assert isinstance(late.exception(WAIT_SECONDS), Busy)
            release.set()
            assert leading.result(WAIT_SECONDS)
        assert not store._together._waiting

    def test_many_threads_share_and_lose_nothing(self, store, pod):
        def work(worker: int) -> None:
            for number in range(20):
                try:
                    store.write_together(SERVER, putting(f"/alice/{worker}-{number % 4}", staged(store, b"x")))
                    if number % 4 == 3:
                        store.write_together(SERVER, lambda tx: tx.delete(state_in(tx, "/alice/"), acl=None))
                except ContainerNotEmpty:
                    continue

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(8)))
        delete(store, "/alice/0-0")
        changes = [change for change in store.changes(0, 10_000) if change.storage == pod]
        assert [change.sequence for change in changes] == list(range(1, 2 + 8 * 20 + 1 + 1))
        assert list(check(store, deep=True)) == []
