"""Pictures made anew from files that people or other servers gave, by a process apart that is bounded.

Decoders of pictures are where files from elsewhere do harm; here none runs in a process that knows anything. The
process begins with the first picture and ends by itself soon after the last, so a server that shows none holds none.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Lock, Thread
from typing import BinaryIO, cast

from pod.errors import Busy, UnprocessableContent
from pod.files.picture_process import ANSWER, ASKED, MADE, MADE_BYTES_MAX, SECONDS_MAX, UNREADABLE

AT_ONCE_MAX = 2
WAITING_MAX = 8
"""Requests that wait for a picture. Each holds a thread, and others want some too."""
WAITING_SECONDS_MAX = 20
GRACE_SECONDS = 5
"""Beyond what one picture may take: for the process to begin, and to end a child."""
IDLE_SECONDS = 10
SIDE_MAX = 4_096
SOURCE_BYTES_MAX = 64 * 1024 * 1024

_COMMAND = (sys.executable, "-P", "-m", "pod.files.picture_process", str(IDLE_SECONDS))


class Previews:
    """Makes pictures. Shared by all threads, and all of them in a process share the processes that read."""

    def picture(self, source: bytes | BinaryIO, side: int) -> bytes:
        """What a file shows, as WebP whose longer side is at most `side` pixels, without anything else that it says.

        Raises: UnprocessableContent -- it is no picture that can be read; Busy
        """
        if not 0 < side <= SIDE_MAX:
            raise unreadable()
        with _as_file(source) as file:
            if os.fstat(file).st_size > SOURCE_BYTES_MAX:
                raise unreadable()
            with _place():
                kind, made = _asked(file, side)
        if kind == MADE:
            return made
        raise unreadable() if kind == UNREADABLE else busy()


def unreadable() -> UnprocessableContent:
    return UnprocessableContent("This is no picture that can be read here. JPEG, PNG, WebP, GIF and AVIF can.")


def busy() -> Busy:
    return Busy("Too many pictures are being read; try again soon.", headers=(("Retry-After", "5"),))


@contextmanager
def _as_file(source: bytes | BinaryIO) -> Iterator[int]:
    """A descriptor from which all of it can be read. Files are not read here."""
    own = _own_descriptor(source)
    if own is not None:
        yield own
        return
    with _file_of_its_own() as file:
        file.write(source if isinstance(source, bytes) else source.read(SOURCE_BYTES_MAX + 1))
        file.seek(0)
        yield file.fileno()


def _file_of_its_own() -> BinaryIO:
    """In memory, if the system lets us."""
    with suppress(OSError, AttributeError):
        return os.fdopen(os.memfd_create("picture"), "w+b")
    return cast("BinaryIO", TemporaryFile())


def _own_descriptor(source: bytes | BinaryIO) -> int | None:
    """None of what is in memory."""
    try:
        return None if isinstance(source, bytes) else source.fileno()
    except OSError:
        return None


# -- turns -------------------------------------------------------------------------------------------------------------

_queue = BoundedSemaphore(AT_ONCE_MAX + WAITING_MAX)
_places = BoundedSemaphore(AT_ONCE_MAX)


@contextmanager
def _place() -> Iterator[None]:
    """Raises: Busy -- too many wait already, or this one waited too long."""
    if not _queue.acquire(blocking=False):
        raise busy()
    try:
        if not _places.acquire(timeout=WAITING_SECONDS_MAX):
            raise busy()
        try:
            yield
        finally:
            _places.release()
    finally:
        _queue.release()


# -- processes ---------------------------------------------------------------------------------------------------------

_idle: list[Reader] = []
_lock = Lock()


def _asked(file: int, side: int) -> tuple[int, bytes]:
    """By one that is there, else by a new one. Raises: Busy"""
    for _ in range(AT_ONCE_MAX + 1):  # those that were there may have ended meanwhile
        with _lock:
            reader = _idle.pop() if _idle else Reader()
        try:
            answer = reader.ask(file, side)
        except TimeoutError as error:
            reader.end()
            raise busy() from error
        except (OSError, EOFError):
            reader.end()
            continue
        with _lock:
            _idle.append(reader)
        return answer
    raise busy()


class Reader:
    """A process that reads pictures, one after the other."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(SECONDS_MAX + GRACE_SECONDS)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 -- the command is ours
                _COMMAND,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                start_new_session=True,
            )
        self._seeing_off = Thread(target=self._see_off, name="pictures", daemon=True)
        self._seeing_off.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, file: int, side: int) -> tuple[int, bytes]:
        """What became of the picture, and what was made.

        Raises: TimeoutError -- it is stuck; OSError, EOFError -- it has ended
        """
        socket.send_fds(self._socket, [ASKED.pack(side)], [file])
        kind: int
        length: int
        kind, length = ANSWER.unpack(self._received(ANSWER.size))
        return kind, self._received(min(length, MADE_BYTES_MAX))

    def _received(self, length: int) -> bytes:
        content = bytearray()
        while len(content) < length:
            piece = self._socket.recv(length - len(content))
            if not piece:
                raise EOFError
            content += piece
        return bytes(content)

    def end(self) -> None:
        """With its children, whatever they do."""
        self._socket.close()
        if self._process.returncode is None:  # else its number may be that of another by now
            self._kill_all()

    def _see_off(self) -> None:
        """So that nothing is left of it, nor of its children."""
        self._process.wait()
        self._kill_all()

    def _kill_all(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
