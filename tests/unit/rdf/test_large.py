"""Places for work on large documents."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pod.errors import Busy
from pod.rdf import large
from pod.rdf.large import MIDDLE_BYTES_MAX, SMALL_BYTES_MAX, LargeWork

MIDDLE, LARGE = SMALL_BYTES_MAX + 1, MIDDLE_BYTES_MAX + 1
SECONDS_MAX = 60.0


@contextmanager
def elsewhere(work: LargeWork, size: int) -> Iterator[None]:
    """Another thread holds a place for a document of that size."""
    has, done = threading.Event(), threading.Event()

    def hold() -> None:
        with work.document(size):
            has.set()
            done.wait(SECONDS_MAX)

    thread = threading.Thread(target=hold)
    thread.start()
    assert has.wait(SECONDS_MAX)
    try:
        yield
    finally:
        done.set()
        thread.join(SECONDS_MAX)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> LargeWork:
    monkeypatch.setattr(large, "WAIT_SECONDS_MAX", 0.01)
    return LargeWork(waiting_max=2)


@pytest.mark.parametrize("size", [MIDDLE, LARGE])
def test_of_large_documents_one_is_worked_on(work: LargeWork, size: int) -> None:
    with elsewhere(work, size), pytest.raises(Busy) as refusal, work.document(size):
        pass
    assert dict(refusal.value.headers)["Retry-After"]
    with work.document(size):
        pass


def test_small_ones_and_those_of_another_size_need_not_wait(work: LargeWork) -> None:
    with elsewhere(work, LARGE), work.document(MIDDLE), work.document(SMALL_BYTES_MAX), work.patch(LARGE):
        pass


def test_who_waits_comes_next(work: LargeWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "WAIT_SECONDS_MAX", SECONDS_MAX)
    came: list[int] = []

    def come(number: int) -> None:
        with work.document(LARGE):
            came.append(number)

    waiting = [threading.Thread(target=come, args=(number,)) for number in range(2)]
    with elsewhere(work, LARGE):
        for each in waiting:
            each.start()
        assert came == []
    for each in waiting:
        each.join(SECONDS_MAX)
    assert sorted(came) == [0, 1]


def test_not_everybody_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "WAIT_SECONDS_MAX", SECONDS_MAX)
    work, refused = LargeWork(waiting_max=1), threading.Event()

    def come() -> None:
        try:
            with work.document(LARGE):
                pass
        except Busy:
            refused.set()

    with elsewhere(work, LARGE):
        threads = [threading.Thread(target=come) for _ in range(2)]
        for each in threads:
            each.start()
        assert refused.wait(SECONDS_MAX)
    for each in threads:
        each.join(SECONDS_MAX)


def test_a_place_is_free_again_after_a_failure(work: LargeWork) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), work.document(LARGE):
            raise ZeroDivisionError
    with work.document(LARGE):
        pass


def test_threads_give_way_sooner_as_long_as_there_is_large_work(work: LargeWork) -> None:
    usual = (sys.getswitchinterval(), gc.get_threshold())
    with work.document(LARGE):
        with work.document(MIDDLE):
            assert sys.getswitchinterval() < usual[0] / 5
        assert sys.getswitchinterval() < usual[0] / 5
    assert (sys.getswitchinterval(), gc.get_threshold()) == usual


def test_the_collector_looks_at_everything_only_when_there_is_no_large_work(work: LargeWork) -> None:
    kept: list[list[int]] = []
    looked: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        looked.append(info["generation"])

    gc.callbacks.append(note)
    try:
        with work.document(LARGE):
            kept.extend([[] for _ in range(300_000)])
    finally:
        gc.callbacks.remove(note)
    assert set(looked) == {0, 1}
