"""Many WebSockets that listen from one thread, and when each of their messages arrived. Knows no server but by URLs."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.websocket import WebSocket, connect

PIECE_BYTES = 64 * 1024
SECONDS_MAX = 120.0
ATTEND_SECONDS = 0.5


class SilenceError(Exception):
    """What was awaited did not come in time, or its connection was closed."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When something came, and what."""

    at: float
    text: str


@dataclass(slots=True)
class Listeners:
    """Open WebSockets, and whatever else is waited for with them."""

    sockets: list[WebSocket]
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def __post_init__(self) -> None:
        for number, each in enumerate(self.sockets):
            each.connection.setblocking(False)
            self._selector.register(each.connection, selectors.EVENT_READ, number)

    def gather(self, beside: socket.socket) -> tuple[Arrival, list[Arrival]]:
        """The answer that comes on the connection `beside`, and one message of each socket, in any order.

        Raises: SilenceError, Closed
        """
        messages: dict[int, Arrival] = {}
        answer: Arrival | None = None
        self._selector.register(beside, selectors.EVENT_READ, None)
        while answer is None or len(messages) < len(self.sockets):
            for number, at, piece in self._read(SECONDS_MAX):
                if number is None:
                    answer = answer or Arrival(at, piece.decode("latin-1"))
                else:
                    messages.update((number, Arrival(at, text)) for text in self._texts(number, piece))
        self._selector.unregister(beside)
        return answer, list(messages.values())

    @contextmanager
    def attended(self) -> Iterator[None]:
        """While nothing is measured: pings are answered, so that the server does not take the listeners for dead."""
        over = threading.Event()
        thread = threading.Thread(target=self._attend, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _attend(self, over: threading.Event) -> None:
        while not over.wait(ATTEND_SECONDS):
            for number, _, piece in self._read(0):
                if number is not None:
                    list(self._texts(number, piece))

    def close(self) -> None:
        self._selector.close()
        for each in self.sockets:
            each.connection.setblocking(True)
            each.close()

    def _read(self, seconds: float) -> list[tuple[int | None, float, bytes]]:
        """What can be read now. All is read before any of it is looked at, so that looking delays no arrival."""
        found = []
        for key, _ in self._selector.select(seconds):
            assert isinstance(key.fileobj, socket.socket)
            found.append((key.data, time.perf_counter(), key.fileobj.recv(PIECE_BYTES)))
        if (seconds and not found) or not all(piece for _, _, piece in found):
            raise SilenceError(f"nothing came for {SECONDS_MAX:g} s, or a connection was closed")
        return found

    def _texts(self, number: int, piece: bytes) -> Iterator[str]:
        listener = self.sockets[number]
        for frame in listener.frames.feed(piece):
            if (text := listener.take(frame)) is not None:
                yield text


@contextmanager
def listening(urls: Iterable[str]) -> Iterator[Listeners]:
    """A WebSocket at each of these. Raises: Refused, OSError"""
    opened: list[WebSocket] = []
    try:
        opened += (connect(url) for url in urls)
        listeners = Listeners(opened)
    except BaseException:
        for each in opened:
            each.close()
        raise
    try:
        yield listeners
    finally:
        listeners.close()
