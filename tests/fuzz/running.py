"""Tries inputs on a target, each within a bound of processor time, and says what went wrong so that it can be tried again.

A target may refuse its input with a `PodError` that is the client's fault, and may not do anything else but succeed.
"""

from __future__ import annotations

import base64
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import FrameType

from pod.errors import PodError
from tests.fuzz.mutate import Mutator

CPU_SECONDS_MAX = 2.0
"""For one small input. The slowest that is in order takes a tenth of it."""
TOO_SLOW = f"more than {CPU_SECONDS_MAX} s"
AGAIN_CPU_SECONDS = 0.1
"""What is raised in a finalizer is lost, so it is raised until something ends."""
FAILURES_MAX = 5
TRIES_MAX = 400
"""How often a failure is tried again to make it shorter."""


class TooSlow(BaseException):
    """Not an Exception: nothing that is tried may keep it."""


class Wrong(Exception):
    """What was made of an input is not right."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that takes bytes from outside. `check` raises what goes wrong; `seeds` are good inputs."""

    name: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """An input, and what went wrong with it."""

    target: str
    data: bytes
    what: str

    def __str__(self) -> str:
        replay = base64.urlsafe_b64encode(self.data).decode()
        return f"{self.what}\n{self.data[:300]!r}\npython -m tests.fuzz {self.target} --replay {replay}"


@dataclass(slots=True)
class Report:
    """What a run came to."""

    target: str
    inputs: int = 0
    accepted: int = 0
    slowest_seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)


def run(target: Target, *, seed: int, inputs: int, seconds: float) -> Report:
    """So many inputs, fewer if the time is over before; the seeds themselves come first. Ends after a few failures."""
    report, end = Report(target.name), time.monotonic() + seconds
    mutator = Mutator(Random(seed), target.seeds, target.words)
    while report.inputs < inputs and time.monotonic() < end and len(report.failures) < FAILURES_MAX:
        data = target.seeds[report.inputs] if report.inputs < len(target.seeds) else mutator.draw()
        begun = time.thread_time()
        what, accepted = tried(target, data)
        report.slowest_seconds = max(report.slowest_seconds, time.thread_time() - begun)
        report.inputs += 1
        report.accepted += accepted
        if what is not None:
            report.failures.append(shrunk(target, data, what))
    return report


def tried(target: Target, data: bytes) -> tuple[str | None, bool]:
    """What went wrong with an input, if anything, and whether it was taken for a good one."""
    try:
        with _bounded():
            target.check(data)
    except PodError as error:
        return (f"{error.status}: {error.detail}" if error.status >= 500 else None), False
    except Wrong as wrong:
        return str(wrong), True
    except TooSlow:
        return TOO_SLOW, False
    except Exception:  # that nothing else comes is what is tested
        return traceback.format_exc(limit=-4), False
    return None, True


def shrunk(target: Target, data: bytes, what: str) -> Failure:
    """The same failure, or one like it, of a shorter input: pieces are left out while it stays."""
    size, tries = 0 if what == TOO_SLOW else len(data) // 2, 0
    while size and tries < TRIES_MAX:
        start = 0
        while start < len(data) and tries < TRIES_MAX:
            fewer = data[:start] + data[start + size :]
            tries += 1
            still = tried(target, fewer)[0]
            if still is None:
                start += size
            else:
                data, what = fewer, still
        size //= 2
    return Failure(target.name, data, what)


@contextmanager
def _bounded() -> Iterator[None]:
    """Processor time, not the clock's: the machine may be busy with other things."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS_MAX, AGAIN_CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
