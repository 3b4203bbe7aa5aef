"""Taking turns at what the threads and processes of one machine must not do, or would do in vain, at the same time.

The kernel keeps the turns between processes, as record locks on a file, and ends those of a process that dies. Knows
nothing of what is done meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from zlib import crc32

from pod.errors import Busy

STRIPES = 256
_PAUSE_SECONDS = 0.0005


class Turns:
    """Turns by name. Names share stripes, so take one turn at a time. Open a file once in a process."""

    def __init__(self, file: Path, seconds_max: float) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "wb")
        self._mutexes = tuple(Lock() for _ in range(STRIPES))
        self._seconds_max = seconds_max

    @contextmanager
    def take(self, name: str) -> Iterator[None]:
        """Raises: Busy -- others kept it for longer than `seconds_max`."""
        stripe = crc32(name.encode()) % STRIPES
        with held(self._mutexes[stripe], self._file.fileno(), stripe, self._seconds_max):
            yield

    def close(self) -> None:
        self._file.close()


@contextmanager
def held(mutex: Lock, descriptor: int, record: int, seconds_max: float) -> Iterator[None]:
    """A record of a file, for this thread alone. All who ask for it in this process name the same `mutex`.

    Raises: Busy
    """
    deadline = time.monotonic() + seconds_max
    if not mutex.acquire(timeout=seconds_max):
        raise _busy()
    try:
        _lock(descriptor, record, deadline)
        try:
            yield
        finally:
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, record)
    finally:
        mutex.release()


def _lock(descriptor: int, record: int, deadline: float) -> None:
    """Asks until it may. The kernel's own waiting takes all threads of a process for one, and so sees deadlocks
    (EDEADLK) where threads of two processes merely wait for each other's records.
    """
    while True:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, record)
        except (BlockingIOError, PermissionError) as error:  # POSIX allows either
            if time.monotonic() > deadline:
                raise _busy() from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _busy() -> Busy:
    return Busy("Others keep this busy. Nothing was changed; try again.", headers=(("Retry-After", "1"),))
