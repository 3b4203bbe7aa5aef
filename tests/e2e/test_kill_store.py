"""Processes are killed with SIGKILL in the midst of writing: nothing acknowledged is lost, nothing is half done."""

from __future__ import annotations

from itertools import islice

import pytest

from pod.store.fsck import Severity, check
from tests.support.store_writer import INLINE_BYTES_MAX, acknowledged, outcome, start
from tests.support.stores import absent, body, make_storage, sqlite_store

ROUNDS, PROCESSES, THREADS = 10, 2, 3
MORE_WRITES_THAN_EVER_DONE = 1_000_000


def killed_in_the_midst(data, number):
    """Start writers, read some acknowledgements, kill, and give all that were made."""
    writers = [
        start(data, f"/alice/{number}-{name}/", threads=THREADS, writes=MORE_WRITES_THAN_EVER_DONE)
        for name in range(PROCESSES)
    ]
    lines = [line for writer in writers for line in islice(writer.stdout, 10 + 7 * number)]
    for writer in writers:
        writer.kill()
    for writer in writers:
        lines += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
    return acknowledged(lines)


def state(store, path):
    return None if absent(store, path) else body(store, path)


@pytest.mark.e2e
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path):
    data = tmp_path / "data"
    store = sqlite_store(data, inline_bytes_max=INLINE_BYTES_MAX)
    make_storage(store)
    store.close()
    for number in range(ROUNDS):
        done = killed_in_the_midst(data, number)
        store = sqlite_store(data, inline_bytes_max=INLINE_BYTES_MAX)
        assert len(done) >= PROCESSES
        for path, last in done.items():
            assert state(store, path) in (outcome(last), outcome(last + 1)), (path, last)
        errors = [finding for finding in check(store, deep=True) if finding.severity is Severity.ERROR]
        assert errors == []
        store.close()
