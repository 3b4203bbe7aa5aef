"""Places for work on large documents, so that a few of them take neither all memory nor everybody's turn.

A large document takes many times its size in memory, and all threads share one interpreter: two at a time are done no
sooner than one after the other. So each lane has one place. Documents of middle size have a lane of their own and need
not wait for the largest; patches have one because their work holds the turn of a document, for which nobody who holds a
place of another lane ever waits. What is small needs no place.

docs/decisions/0012-large-documents.md
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock, Semaphore

from pod.config import KIB, MIB
from pod.errors import Busy

SMALL_BYTES_MAX = 128 * KIB
MIDDLE_BYTES_MAX = 2 * MIB
WAIT_SECONDS_MAX = 60.0
SWITCH_SECONDS = 0.0005
"""How long a thread may compute while others wait for it, as long as there is large work; else Python's own 0.005."""

ARENAS_MAX = 2
"""glibc would make up to eight for each core, each with gaps of its own after large documents."""

_NEVER = 2**31 - 1
_RETRY = (("Retry-After", "10"),)


class LargeWork:
    """The places of one process. At most `waiting_max` wait in a lane: they hold threads that others need."""

    def __init__(self, waiting_max: int) -> None:
        self._turns = _QuickTurns()
        self._middle = _Lane(waiting_max)
        self._large = _Lane(waiting_max)
        self._patches = _Lane(waiting_max)

    def document(self, size: int) -> AbstractContextManager[None]:
        """A place for a document of `size` bytes, held through the block. Within it wait for nothing but this machine.

        Raises: Busy -- too many wait already, or it takes too long.
        """
        if size <= SMALL_BYTES_MAX:
            return nullcontext()
        return self._held(self._middle if size <= MIDDLE_BYTES_MAX else self._large)

    def patch(self, size: int) -> AbstractContextManager[None]:
        """The same for a patch, from when it is parsed until it is applied. Ask before the turn of its document."""
        return nullcontext() if size <= SMALL_BYTES_MAX else self._held(self._patches)

    @contextmanager
    def _held(self, lane: _Lane) -> Iterator[None]:
        with lane.place(), self._turns:
            yield


class _Lane:
    """One place and a bounded number of those who wait for it."""

    def __init__(self, waiting_max: int) -> None:
        self._place = Lock()
        self._room = Semaphore(1 + max(1, waiting_max))

    @contextmanager
    def place(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise Busy("Too many large documents are being worked on; try again soon.", headers=_RETRY)
        try:
            if not self._place.acquire(timeout=WAIT_SECONDS_MAX):
                raise Busy("Other large documents take all the time; try again soon.", headers=_RETRY)
            try:
                yield
            finally:
                self._place.release()
        finally:
            self._room.release()


class _QuickTurns:
    """While anybody is inside, threads that compute give way to others soon, and the collector of garbage looks at
    young objects only: a look at all that a large document consists of takes a fifth of a second, in which nobody
    else gets a turn. What the last one took is given back.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._usual = (sys.getswitchinterval(), gc.get_threshold())

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._usual = (sys.getswitchinterval(), gc.get_threshold())
                sys.setswitchinterval(SWITCH_SECONDS)
                gc.set_threshold(*gc.get_threshold()[:2], _NEVER)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                seconds, thresholds = self._usual
                sys.setswitchinterval(seconds)
                gc.set_threshold(*thresholds)
        give_memory_back()


def share_few_arenas() -> None:
    """Before the first thread is made: have all threads allocate from few arenas, whose gaps the next one can fill."""
    tune = getattr(_LIBC, "mallopt", None)
    if tune is not None:
        tune(_M_ARENA_MAX, ARENAS_MAX)


def give_memory_back() -> None:
    """What was freed goes back to the system. glibc keeps it otherwise."""
    trim = getattr(_LIBC, "malloc_trim", None)
    if trim is not None:
        trim(0)


_LIBC = ctypes.CDLL(None)
_M_ARENA_MAX = -8  # malloc.h
