"""Transactions: whole or not at all, one at a time, durable."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pod.errors import Busy, ContainerNotEmpty
from pod.store.fsck import check
from pod.store.records import SERVER
from tests.support.stores import absent, body, make_storage, put, put_in, staged, state_in
from tests.support.waiting import SECONDS_MAX

THREADS = 8
WRITES_EACH = 12


class TransactionsContract:
    def test_what_was_written_is_there_after_reopening(self, opened):
        store = opened()
        make_storage(store)
        put(store, "/alice/a", b"body")
        store.close()
        assert body(opened(), "/alice/a") == b"body"

    def test_a_second_store_on_the_same_data_sees_what_is_written(self, opened):
        first, second = opened(), opened()
        make_storage(first)
        put(second, "/alice/a", b"by the second")
        assert body(first, "/alice/a") == b"by the second"

    def test_nothing_of_a_block_that_raises_stays(self, store, pod):
        content = staged(store, b"")
        with pytest.raises(ZeroDivisionError), store.write(SERVER) as tx:
            put_in(tx, "/alice/a/b/c", content)
            raise ZeroDivisionError
        assert absent(store, "/alice/a/")
        assert list(check(store)) == []

    def test_a_refused_change_that_is_swallowed_is_refused_at_the_end(self, store, pod):
        put(store, "/alice/a/b")
        content = staged(store, b"")
        with pytest.raises(ContainerNotEmpty), store.write(SERVER) as tx:
            put_in(tx, "/alice/c", content)
            with pytest.raises(ContainerNotEmpty):
                tx.delete(state_in(tx, "/alice/a/"), acl=None)
        assert absent(store, "/alice/c")

    def test_a_writer_ends_with_its_block(self, store, pod):
        with store.write(SERVER) as tx:
            pass
        with pytest.raises(AssertionError):
            state_in(tx, "/alice/")

    def test_readers_do_not_see_an_open_transaction(self, store, pod):
        content = staged(store, b"")
        with store.write(SERVER) as tx:
            put_in(tx, "/alice/a", content)
            assert absent(store, "/alice/a")
        assert not absent(store, "/alice/a")

    @pytest.mark.parametrize("same_process_object", [True, False])
    def test_a_writer_waits_with_a_bound(self, opened, same_process_object):
        store = opened(busy_seconds_max=1)
        other = store if same_process_object else opened(busy_seconds_max=1)
        with store.write(SERVER), ThreadPoolExecutor(1) as pool, pytest.raises(Busy):
            pool.submit(lambda: other.write(SERVER).__enter__()).result(SECONDS_MAX)

    def test_many_threads_lose_nothing(self, store, pod):
        start = threading.Barrier(THREADS)

        def work(worker):
            start.wait(SECONDS_MAX)
            for number in range(WRITES_EACH):
                put(store, f"/alice/{worker}-{number % 4}", str(number).encode())

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(THREADS)))
        changes = [change for change in store.changes(0, 10_000) if change.storage == pod]
        assert [change.sequence for change in changes] == list(range(1, 2 + THREADS * WRITES_EACH + 1))
        assert list(check(store, deep=True)) == []

    def test_of_two_replacements_of_one_state_one_wins(self, store, pod):
        state = put(store, "/alice/a", b"start")
        start = threading.Barrier(2)

        def replace(given):
            start.wait(SECONDS_MAX)
            content = staged(store, given)
            try:
                with store.write(SERVER) as tx:
                    tx.replace(state, content, kind=state.kind, acl=None)
            except Busy:
                return None
            return given

        with ThreadPoolExecutor(2) as pool:
            won = [given for given in pool.map(replace, [b"one", b"two"]) if given]
        assert won == [body(store, "/alice/a")]
