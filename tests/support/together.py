"""Doing things at the same moment, from threads of one test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tests.support.waiting import SECONDS_MAX

Given = TypeVar("Given")


def together(count: int, work: Callable[[int], Given]) -> list[Given]:
    """What `work(0)` to `work(count - 1)` give, each on a thread of its own, all begun at once."""
    start = threading.Barrier(count)

    def begin(number: int) -> Given:
        start.wait(SECONDS_MAX)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def at_once(*works: Callable[[], Given]) -> list[Given]:
    """What each of these gives, all begun at once."""
    return together(len(works), lambda number: works[number]())
