"""Sweeping what nobody needs, at the edges of the contract."""

from __future__ import annotations

import pytest

from pod.store import sweep as sweeping
from pod.store.fsck import check
from pod.store.sweep import GARBAGE_GRACE_SECONDS, Swept, sweep, sweep_garbage
from tests.support.stores import body, put

LARGE = b"l" * 200


@pytest.fixture
def few_at_once(monkeypatch):
    monkeypatch.setattr(sweeping, "AT_ONCE_MAX", 2)


def test_what_a_killed_upload_left_is_swept(store, pod, tmp_path, clock):
    partial = tmp_path / "data" / "blobs" / "ab" / f"ab{'0' * 38}.part"
    partial.write_bytes(b"the beginning of someth")
    clock.time = partial.stat().st_mtime + 3600
    assert sweep(store, clock, 3600) == Swept(garbage=0, orphans=1)
    assert not partial.exists()


def test_more_than_one_batch_is_swept(store, pod, clock, few_at_once):
    for number in range(5):
        put(store, f"/alice/{number}", LARGE)
        put(store, f"/alice/{number}", b"small")
        store.blobs.stage([b"orphan"])
    kept = put(store, "/alice/kept", LARGE)
    clock.time = max(file.modified for file in store.blobs.files()) + 3600
    assert sweep(store, clock, 3600) == Swept(garbage=5, orphans=5)
    assert [file.name for file in store.blobs.files()] == [kept.blob]
    assert body(store, "/alice/kept") == LARGE
    assert list(check(store, deep=True)) == []


def test_a_sweep_that_was_interrupted_goes_on(store, pod, clock):
    state = put(store, "/alice/a", LARGE)
    put(store, "/alice/a", b"small")
    store.blobs.remove(state.blob)
    clock.time += GARBAGE_GRACE_SECONDS
    assert sweep_garbage(store, clock) == 1
    assert sweep_garbage(store, clock) == 0
