"""Shares of what all use together: places to wait in, threads that fetch, and what may be read for one decision.

Whoever keeps a pod chooses what its documents name, and strangers choose when rules are evaluated, so what one owner
takes must leave room for the others. Does not know who owners are, and what is fetched. Lives in one process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Lock, Thread
from typing import Generic, TypeVar

OF_ONE_OWNER = 2
"""One owner gets at most half of anything that all share."""

Owner = Hashable

T = TypeVar("T")


class Places:
    """Room for so many at a time."""

    def __init__(self, places: int) -> None:
        self._free = max(1, places)
        self._of_one = max(1, places // OF_ONE_OWNER)
        self._taken: dict[Owner, int] = {}
        self._lock = Lock()

    def take(self, owner: Owner) -> bool:
        """Whether there was a place; then it must be given back."""
        with self._lock:
            taken = self._taken.get(owner, 0)
            if not self._free or taken >= self._of_one:
                return False
            self._free -= 1
            self._taken[owner] = taken + 1
            return True

    def give_back(self, owner: Owner) -> None:
        with self._lock:
            self._free += 1
            _count_down(self._taken, owner)

    def taken(self, owner: Owner) -> int:
        with self._lock:
            return self._taken.get(owner, 0)


@dataclass(slots=True)
class Rate:
    """So many for each owner in a window of time. 0 is no limit."""

    times: int
    window_seconds: int = 60
    _window: int = 0
    _counts: dict[Owner, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def allows(self, owner: Owner, now: float) -> bool:
        """Whether there may be one more, which counts."""
        if not self.times:
            return True
        window = int(now // self.window_seconds)
        with self._lock:
            if window != self._window:
                self._window, self._counts = window, {}
            count = self._counts.get(owner, 0)
            if count >= self.times:
                return False
            self._counts[owner] = count + 1
            return True


class Budget:
    """What one decision may read of documents that rules name; each counts once. Not for several threads."""

    __slots__ = ("_counted", "_left", "is_exceeded")

    def __init__(self, bytes_max: int) -> None:
        self._left = bytes_max
        self.is_exceeded = False
        self._counted: set[Hashable] = set()

    def covers(self, document: Hashable, size: int) -> bool:
        """Whether a document may be looked into; then it counts."""
        if document in self._counted:
            return True
        if size > self._left:
            self.is_exceeded = True
            return False
        self._left -= size
        self._counted.add(document)
        return True


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    future: Future[T]
    work: Callable[[], T]


class FairThreads(Generic[T]):
    """A few threads. Owners take turns; each may keep at most half of the threads busy, and have so many jobs wait.

    They die with the process, whatever they are at: a server elsewhere does not decide when this one ends.
    """

    def __init__(self, threads: int, waiting_max: int, name: str) -> None:
        self._name = name
        self._free = threads
        self._of_one = max(1, threads // OF_ONE_OWNER)
        self._waiting_max = waiting_max
        self._waiting: dict[Owner, deque[_Job[T]]] = {}
        self._running: dict[Owner, int] = {}
        self._lock = Lock()
        self._ended = Condition(self._lock)

    def submit(self, owner: Owner, work: Callable[[], T]) -> Future[T] | None:
        """The outcome to come; None where too many jobs of the owner wait already, or the system gives no thread."""
        job = _Job(Future[T](), work)
        with self._lock:
            waiting = self._waiting.setdefault(owner, deque())
            if len(waiting) >= self._waiting_max:
                return None
            waiting.append(job)
            self._start()
            if not self._running:  # nothing ends that could begin it
                waiting.remove(job)
                if not waiting:
                    del self._waiting[owner]
                return None
        return job.future

    def close(self, seconds_max: float) -> None:
        """Begin nothing more that waits now, and wait so long for what is under way."""
        with self._lock:
            self._waiting.clear()
            self._ended.wait_for(lambda: not self._running, seconds_max)

    def _start(self) -> None:
        """Give free threads to the owners whose turn it is. Under the lock."""
        while self._free and (owner := self._next()) is not None:
            waiting = self._waiting.pop(owner)
            job = waiting.popleft()
            if waiting:
                self._waiting[owner] = waiting  # now the last one
            self._free -= 1
            self._running[owner] = self._running.get(owner, 0) + 1
            try:
                Thread(target=self._run, args=(owner, job), name=self._name, daemon=True).start()
            except RuntimeError:  # the system has none to give: the job waits for the next that ends or comes
                self._free += 1
                _count_down(self._running, owner)
                waiting.appendleft(job)
                self._waiting[owner] = waiting
                return

    def _next(self) -> Owner | None:
        return next((each for each in self._waiting if self._running.get(each, 0) < self._of_one), None)

    def _run(self, owner: Owner, job: _Job[T]) -> None:
        try:
            job.future.set_result(job.work())
        except BaseException as error:  # noqa: BLE001 -- it belongs to whoever waits for the job
            job.future.set_exception(error)
        finally:
            with self._lock:
                self._free += 1
                _count_down(self._running, owner)
                self._start()
                self._ended.notify_all()


def _count_down(counts: dict[Owner, int], key: Owner) -> None:
    """Without leaving zeros behind, one for each owner that ever came."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
