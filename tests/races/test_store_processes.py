"""Several processes write to one store at once: no write, no journal entry and no count is lost."""

from __future__ import annotations

import pytest

from pod.store.fsck import check
from pod.store.records import ChangeKind
from tests.support.store_writer import INLINE_BYTES_MAX, acknowledged, outcome, start
from tests.support.stores import absent, body, make_storage, sqlite_store

PROCESSES, THREADS, WRITES = 2, 2, 24


@pytest.fixture
def store(tmp_path):
    store = sqlite_store(tmp_path / "data", inline_bytes_max=INLINE_BYTES_MAX)
    make_storage(store)
    yield store
    store.close()


def test_processes_lose_nothing(store, tmp_path):
    writers = [start(tmp_path / "data", f"/alice/{name}/", threads=THREADS, writes=WRITES) for name in range(PROCESSES)]
    outputs = [writer.communicate(timeout=60)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * PROCESSES
    done = acknowledged("".join(outputs).splitlines(keepends=True))
    assert list(done.values()) == [WRITES - 1] * PROCESSES * THREADS
    for path, number in done.items():
        assert absent(store, path) if outcome(number) is None else body(store, path) == outcome(number)
    changes = store.changes(0, 10_000)
    assert len(changes) == 2 + PROCESSES + PROCESSES * THREADS * WRITES
    assert [change.position for change in changes] == list(range(1, len(changes) + 1))
    assert list(check(store, deep=True)) == []


def test_processes_that_open_a_new_store_at_once_agree(tmp_path):
    stores = [sqlite_store(tmp_path / "data") for _ in range(2)]
    assert stores[0].epoch == stores[1].epoch
    make_storage(stores[0])
    assert [change.kind for change in stores[1].changes(0, 10)] == [ChangeKind.CREATE] * 2
    for store in stores:
        store.close()
