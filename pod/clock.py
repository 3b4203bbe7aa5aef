"""The only module that asks the system for the time. Everything else takes a `Clock`, so tests can hold it still."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Gives the present moment."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()


class Deadline:
    """A moment after which something is given up, on a clock that nobody can set."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        """Zero once the moment has passed."""
        return max(0.0, self._end - time.monotonic())
