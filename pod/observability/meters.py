"""What the processes of one machine count: numbers in memory that they share, added up by whoever asks.

Each process adds to a table of its own, a file that it maps and locks as long as it lives; the next process takes over
the table of one that ended, and counts on. So sums over all tables never go back while processes come and go, and a
count costs no more than an addition. Knows no request, no store and no format: metrics.py writes them down.

docs/decisions/0011-own-metrics.md says why no library does this.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from threading import Event, Lock, Thread
from zlib import crc32

from pod.observability.requests import under_way

SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Upper bounds of the buckets of every histogram; one more bucket takes the rest."""
BUCKETS = len(SECONDS) + 1
METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE", "other")
KINDS = ("pod", "sign-in", "page", "operator", "other")
CLASSES = ("2xx", "3xx", "4xx", "5xx")
CACHES = ("representation", "acl", "token")
TASKS = (
    "send mail",
    "remove accounts",
    "forget sign-ins",
    "sweep replaced bodies",
    "sweep orphans",
    "expire journal",
    "end channels",
    "forget past rules",
    "renew signing keys",
    "forget apps that nobody used",
    "sweep small pictures",
    "look for small pictures of nothing",
    "forget groups of old rules",
    "forget who used what",
    "sweep uploads",
)
ACCESS_LOG = ("kept", "folded", "lost", "failures")
"""What became of decisions that were noted for owners, and how often they could not be written."""
TABLES_MAX = 256
NOTED_SECONDS = 0.1
"""How long an answer is only noted, so that others do not see it yet."""
Answered = tuple[int, str, int, float, float]
_VALUE_BYTES = 8
_HEADER = struct.Struct("<8sII")
_HEADER_BYTES = 16
_MAGIC = b"meters\x00\x01"

_METHOD = {method: number for number, method in enumerate(METHODS)}
_OTHER = len(METHODS) - 1
_TASK = {task: number for number, task in enumerate(TASKS)}

# Where each value stands in a table.
_HISTOGRAM = BUCKETS + 1
"""Buckets, not yet added up, and the sum of what was observed."""
_ANSWERS = 0
_WRITE_WAITS = _ANSWERS + len(KINDS) * len(METHODS) * len(CLASSES) * _HISTOGRAM
_COMMITS = _WRITE_WAITS + _HISTOGRAM
_HITS = _COMMITS + _HISTOGRAM
_MISSES = _HITS + len(CACHES)
_TASKS_DONE = _MISSES + len(CACHES)
_TASKS_FAILED = _TASKS_DONE + len(TASKS)
_ACCESS_LOG = _TASKS_FAILED + len(TASKS)
_COUNTERS = _ACCESS_LOG + len(ACCESS_LOG)
"""What stands before is only ever added to; what follows is of the process that lives, and is cleared for the next."""
_IN_FLIGHT = _COUNTERS
_PROCESS = _IN_FLIGHT + 1
_BACK_BY = _PROCESS + 1
_VALUES = _BACK_BY + 1
_LAYOUT = crc32(repr((SECONDS, METHODS, KINDS, CLASSES, CACHES, TASKS, ACCESS_LOG)).encode())
_FILE_BYTES = _HEADER_BYTES + _VALUES * _VALUE_BYTES


def _private() -> memoryview[float]:
    return memoryview(bytearray(_VALUES * _VALUE_BYTES)).cast("d")


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes down what others noted, a moment after the first of them: in one go that costs a fraction of a place in
    each request. Sleeps while nothing happens.
    """

    write: Callable[[], bool]
    """Gives whether there is more to come."""
    due: Event = field(default_factory=Event)

    def start(self) -> None:
        Thread(target=self._run, name="meters", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.due.wait()
            time.sleep(NOTED_SECONDS)
            self.due.clear()
            if self.write():
                self.due.set()


class Meters:
    """The table of this process, private until `share`. Any thread may count."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._table = _private()
        self._descriptor: int | None = None
        self._noted: deque[Answered] = deque()
        self._pen: Pen | None = None
        self.answered = self._noted.append
        """An answer begins: the kind of request (an index of KINDS), method, status, when it came and when this is."""
        self.asleep = True
        """Whoever takes a request sees to it that this is false: `wake`."""

    def share(self, directory: Path, role: str) -> None:
        """Count in a table of `directory` from now on, where other processes see it. What was counted goes along.

        Raises: OSError -- the disk takes no new file, or all tables are taken.
        """
        descriptor, table = _take(directory, role)
        with self._lock:
            for number in range(_COUNTERS):
                table[number] += self._table[number]
            table[_PROCESS] = os.getpid()
            self._table, self._descriptor = table, descriptor

    def wake(self) -> None:
        with self._lock:
            self.asleep = False
            if self._pen is None:
                self._pen = Pen(self._write_some)
                self._pen.start()
        self._pen.due.set()

    def write_down(self) -> None:
        """What was noted until now."""
        with self._lock:
            table, noted = self._table, self._noted
            table[_IN_FLIGHT] = len(under_way)
            for _ in range(len(noted)):
                kind, method, status, started, ended = noted.popleft()
                answer = (kind * len(METHODS) + _METHOD.get(method, _OTHER)) * len(CLASSES) + status // 100 - 2
                first = _ANSWERS + answer * _HISTOGRAM
                seconds = ended - started
                table[first + bisect_left(SECONDS, seconds)] += 1
                table[first + BUCKETS] += seconds

    def _write_some(self) -> bool:
        self.asleep = True  # before looking, so that who comes meanwhile wakes us again
        self.write_down()
        return bool(under_way or self._noted)

    def waited(self, seconds: float) -> None:
        """A write had its turn after so long."""
        self._observe(_WRITE_WAITS, seconds)

    def committed(self, seconds: float) -> None:
        self._observe(_COMMITS, seconds)

    def looked_up(self, cache: int, *, hit: bool) -> None:
        """`cache` is an index of CACHES."""
        with self._lock:
            self._table[(_HITS if hit else _MISSES) + cache] += 1

    def task_ended(self, task: str, now: float, *, failed: bool) -> None:
        """When a task of the worker was last done well, and how often it failed. Only those of TASKS are counted."""
        number = _TASK.get(task)
        if number is None:
            return
        with self._lock:
            if failed:
                self._table[_TASKS_FAILED + number] += 1
            else:
                self._table[_TASKS_DONE + number] = now

    def access_log(self, what: str, count: int = 1) -> None:
        """`what` is of ACCESS_LOG."""
        with self._lock:
            self._table[_ACCESS_LOG + ACCESS_LOG.index(what)] += count

    def back_by(self, moment: float) -> None:
        """A promise to be heard of again until then, or something holds this process up."""
        self._table[_BACK_BY] = moment

    def _observe(self, histogram: int, seconds: float) -> None:
        bucket = histogram + bisect_left(SECONDS, seconds)
        with self._lock:
            self._table[bucket] += 1
            self._table[histogram + BUCKETS] += seconds

    def unshared(self) -> tuple[Table, ...]:
        """What this process counted where no other sees it."""
        self.write_down()
        return () if self._descriptor is not None else (Table("", True, tuple(self._table)),)

    def close(self) -> None:
        """Count in private again; another process may have the table."""
        self.write_down()
        with self._lock:
            table, descriptor = self._table, self._descriptor
            if descriptor is not None:
                table[_IN_FLIGHT] = table[_PROCESS] = table[_BACK_BY] = 0
                self._table, self._descriptor = _private(), None
                os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts` by bucket, not added up; `total` of all observed values."""

    counts: tuple[float, ...]
    total: float


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of one process as they were at one moment. `lives`: that process still has it."""

    role: str
    lives: bool
    values: tuple[float, ...]

    @property
    def process(self) -> int:
        return int(self.values[_PROCESS])

    @property
    def back_by(self) -> float:
        return self.values[_BACK_BY]


@dataclass(frozen=True, slots=True)
class Sums:
    """The tables of a machine added up."""

    tables: tuple[Table, ...]

    def requests(self) -> Iterator[tuple[str, str, str, float]]:
        """Kind, method, class of status and number, of those that there were."""
        for number, (kind, method, status) in enumerate(product(KINDS, METHODS, CLASSES)):
            if count := sum(self._histogram(_ANSWERS + number * _HISTOGRAM).counts):
                yield kind, method, status, count

    def latencies(self, kind: int) -> Iterator[tuple[str, Histogram]]:
        """Of one kind of requests, by method."""
        for number, method in enumerate(METHODS):
            first = _ANSWERS + (kind * len(METHODS) + number) * len(CLASSES) * _HISTOGRAM
            parts = [self._histogram(first + each * _HISTOGRAM) for each in range(len(CLASSES))]
            counts = tuple(sum(each) for each in zip(*(part.counts for part in parts), strict=True))
            if any(counts):
                yield method, Histogram(counts, sum(part.total for part in parts))

    @property
    def write_waits(self) -> Histogram:
        return self._histogram(_WRITE_WAITS)

    @property
    def commits(self) -> Histogram:
        return self._histogram(_COMMITS)

    @property
    def in_flight(self) -> float:
        return sum(table.values[_IN_FLIGHT] for table in self.tables if table.lives)

    def lookups(self) -> Iterator[tuple[str, float, float]]:
        """Cache, hits, misses."""
        for number, cache in enumerate(CACHES):
            yield cache, self._sum(_HITS + number), self._sum(_MISSES + number)

    def tasks(self) -> Iterator[tuple[str, float, float]]:
        """Task, when it last ended well (0: not yet), how often it failed."""
        for number, task in enumerate(TASKS):
            done = max((table.values[_TASKS_DONE + number] for table in self.tables), default=0.0)
            yield task, done, self._sum(_TASKS_FAILED + number)

    def access_log(self, what: str) -> float:
        return self._sum(_ACCESS_LOG + ACCESS_LOG.index(what))

    def living(self, role: str) -> tuple[Table, ...]:
        return tuple(table for table in self.tables if table.lives and table.role == role)

    def _sum(self, number: int) -> float:
        return sum(table.values[number] for table in self.tables)

    def _histogram(self, first: int) -> Histogram:
        *counts, total = (self._sum(first + number) for number in range(_HISTOGRAM))
        return Histogram(tuple(counts), total)


METERS = Meters()
"""Those of this process."""


def sums(directory: Path) -> Sums:
    """What all processes counted that share a directory, since it was made, and this one if it shares none."""
    found = (_read(file) for file in _files(directory))
    return Sums((*METERS.unshared(), *(table for table in found if table is not None)))


def _files(directory: Path) -> Iterable[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return ()


def _read(file: Path) -> Table | None:
    """None for what is no table, or one of another version."""
    with suppress(OSError), file.open("rb") as stream:
        content = stream.read(_FILE_BYTES + 1)
        if _fits(content):
            values = struct.unpack_from(f"<{_VALUES}d", content, _HEADER_BYTES)
            return Table(file.name.partition("-")[0], _is_locked(stream.fileno()), values)
    return None


def _fits(content: bytes) -> bool:
    return len(content) == _FILE_BYTES and _HEADER.unpack_from(content) == (_MAGIC, _VALUES, _LAYOUT)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _take(directory: Path, role: str) -> tuple[int, memoryview[float]]:
    """A table that no living process has, and the descriptor that locks it."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(TABLES_MAX):
        descriptor = os.open(directory / f"{role}-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor, _mapped(descriptor)
        except BlockingIOError:
            os.close(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
    raise OSError(f"all {TABLES_MAX} tables of {directory} are taken")


def _mapped(descriptor: int) -> memoryview[float]:
    """The room is taken on the disk now: a mapped page that finds the disk full later would kill the process."""
    if not _fits(os.pread(descriptor, _FILE_BYTES + 1, 0)):
        os.ftruncate(descriptor, 0)
        os.posix_fallocate(descriptor, 0, _FILE_BYTES)
        os.pwrite(descriptor, _HEADER.pack(_MAGIC, _VALUES, _LAYOUT), 0)
    table = memoryview(mmap.mmap(descriptor, _FILE_BYTES))[_HEADER_BYTES:].cast("d")
    for number in range(_COUNTERS, _VALUES):
        table[number] = 0
    return table


def cumulative(counts: Sequence[float]) -> Iterator[float]:
    """Each bucket with all below it."""
    total = 0.0
    for count in counts:
        total += count
        yield total
