"""The content of a request: received on the event loop against a clock, read by the application on a thread.

Two things are never guessed: where the content ends (a connection that breaks is `TruncatedContent`, not an
end) and how long a slow client may take (`RequestTimeout`). Knows nothing of what the content means.

Spec: RFC 9112 s8, RFC 9110 s15.5.9
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pod.config import KIB, MIB
from pod.errors import PodError, RequestTimeout, TruncatedContent

if TYPE_CHECKING:
    from concurrent.futures import Future

GRACE_SECONDS = 10.0
PIECE_BYTES = 256 * KIB
DRAINED_BYTES_MAX = 16 * MIB
DRAINED_SECONDS_MAX = 2.0
SILENT_SECONDS = 0.5
"""Whoever sends nothing for so long is not in the middle of sending."""

Message = dict[str, Any]  # as of ASGI
Receive = Callable[[], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How slow a client may be."""

    idle_seconds_max: float
    bytes_per_second_min: float
    grace_seconds: float = GRACE_SECONDS

    def check(self, received_bytes: int, waited_seconds: float) -> None:
        """Raises: RequestTimeout -- too little came in the time spent waiting."""
        if waited_seconds > self.grace_seconds and received_bytes < waited_seconds * self.bytes_per_second_min:
            raise RequestTimeout(f"Content arrived at less than {self.bytes_per_second_min:.0f} bytes a second.")


class Content:
    """The chunks of one request, in order. `length` is the announced one, None when it is chunked."""

    def __init__(self, receive: Receive, pace: Pace, length: int | None) -> None:
        self._receive = receive
        self._pace = pace
        self._length = length
        self._received = 0
        self._waited = 0.0
        self._ended = length == 0

    async def chunk(self) -> bytes:
        """The next bytes; b"" only at the proven end.

        Raises: TruncatedContent -- the connection broke first. RequestTimeout -- the client is too slow.
        """
        while not self._ended:
            message = await self._message()
            body: bytes = message.get("body", b"")
            self._received += len(body)
            self._ended = not message.get("more_body", False) or self._received == self._length
            if self._ended and self._length is not None and self._received != self._length:
                raise TruncatedContent(f"{self._length} bytes were announced, {self._received} arrived.")
            if body:
                return body
        return b""

    async def piece(self) -> bytes:
        """About `PIECE_BYTES` more, or the rest; b"" only at the proven end. Crossing to a thread costs."""
        parts: list[bytes] = []
        size = 0
        while size < PIECE_BYTES and (part := await self.chunk()):
            parts.append(part)
            size += len(part)
        return b"".join(parts)

    async def ahead(self, bytes_max: int) -> tuple[bytes, PodError | None, bool]:
        """Up to about `bytes_max` bytes, what broke meanwhile if anything did, and whether that is all."""
        parts: list[bytes] = []
        size = 0
        try:
            while not self._ended and size < bytes_max:
                part = await self.chunk()
                parts.append(part)
                size += len(part)
        except PodError as error:
            return b"".join(parts), error, False
        return b"".join(parts), None, self._ended

    async def _message(self) -> dict[str, Any]:
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with asyncio.timeout(self._pace.idle_seconds_max):
                message = await self._receive()
        except TimeoutError as error:
            raise RequestTimeout(f"No content arrived for {self._pace.idle_seconds_max:.0f} seconds.") from error
        self._waited += clock() - started
        if message["type"] == "http.disconnect":
            raise TruncatedContent("The connection was closed before the content was complete.")
        self._pace.check(self._received, self._waited)
        return message


class Reader(io.RawIOBase):
    """`wsgi.input` for content that is long or broken: what came ahead, then the rest as it is asked for.

    While the application handles one piece, the next is already being received.
    """

    def __init__(self, ahead: bytes, error: PodError | None, content: Content, loop: asyncio.AbstractEventLoop) -> None:
        self._rest = memoryview(ahead)
        self._error = error
        self._content = content
        self._loop = loop
        self._coming: Future[bytes] | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, as they came where that is possible: a copy of each costs a tenth of an upload."""
        if size < 0:
            return self.readall()
        if not self._rest:
            piece = self._next()
            if len(piece) <= size:
                return piece
            self._rest = memoryview(piece)
        taken, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return taken

    def readinto(self, buffer: Any, /) -> int:  # any writable buffer
        if not self._rest:
            self._rest = memoryview(self._next())
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def _next(self) -> bytes:
        """Raises the same error again when asked again: a second read must not look like an end."""
        if self._error is not None:
            raise self._error
        try:
            piece = (self._coming or self._asked()).result()
        except PodError as error:
            self._error = error
            raise
        self._coming = self._asked() if piece else self._coming
        return piece

    def _asked(self) -> Future[bytes]:
        return asyncio.run_coroutine_threadsafe(self._content.piece(), self._loop)

    async def drain(self) -> None:
        """Drop what is still coming, within reason: closing on somebody who sends would take our answer from them.

        On the event loop, when the application has answered. Spec: RFC 9112 s9.6
        """
        clock, dropped = self._loop.time, 0
        end = clock() + DRAINED_SECONDS_MAX
        with suppress(PodError, TimeoutError):
            while dropped < DRAINED_BYTES_MAX and clock() < end:
                async with asyncio.timeout(SILENT_SECONDS):
                    chunk = await (asyncio.wrap_future(self._coming) if self._coming else self._content.chunk())
                self._coming = None
                if not chunk:
                    return
                dropped += len(chunk)
