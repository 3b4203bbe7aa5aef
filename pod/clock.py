"""The only module that asks the system for the time. Everything else takes a `Clock`, so tests can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable
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


class SteadyClock:
    """Runs no faster than time passes: for removing what may not be removed too early.

    When the machine's clock jumps ahead, this one follows after `BELIEVED_SECONDS`; when it is set back, at once.
    """

    BELIEVED_SECONDS = 24 * 3600
    TOLERATED_SECONDS = 60

    def __init__(self, clock: Clock, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._elapsed = elapsed
        self._ahead_since: float | None = None
        self._set(clock.now(), elapsed())

    def now(self) -> float:
        told, elapsed = self._clock.now(), self._elapsed()
        passed = self._start + elapsed - self._begun
        if told <= passed + self.TOLERATED_SECONDS:
            self._ahead_since = None
            return min(told, passed)
        if self._ahead_since is None:
            self._ahead_since = elapsed
        if elapsed - self._ahead_since < self.BELIEVED_SECONDS:
            return passed
        self._set(told, elapsed)
        return told

    def _set(self, start: float, begun: float) -> None:
        self._start, self._begun = start, begun


class Deadline:
    """A moment after which something is given up, on a clock that nobody can set."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        """Zero once the moment has passed."""
        return max(0.0, self._end - time.monotonic())
