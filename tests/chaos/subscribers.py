"""Subscribers of every channel type: those that listen, each on a thread of its own, come back with their last state
whenever they were cut off; to the others is sent, and now and then they refuse.

They speak the protocol as any client would. What they heard is judged elsewhere.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from tests.chaos.hearing import Heard
from tests.support.client import SECONDS_MAX
from tests.support.waiting import until
from tests.support.websocket import Closed, Refused, WebSocket, connect

PAUSE_SECONDS = 0.02
"""Between two tries to reach a server that is away."""
UNAVAILABLE = {502, 503, 504}
DISMISSALS = range(4000, 5000)
"""Codes of WebSockets that say that coming back is of no use."""
LEFT_SHARE = 0.1
"""Of the messages that a listener hears, those after which it leaves."""
REFUSED_SHARE, REFUSED_MAX = 0.02, 3
"""Of what is sent to a receiver."""

Message = dict[str, Any]


class Stream(Protocol):
    """An open connection to a channel."""

    @classmethod
    def open(cls, url: str, state: str | None) -> Self:
        """Go on after this state, if there is one. Raises: Refused, OSError, HTTPException"""
        ...

    def messages(self) -> Iterator[Message]:
        """Until it is cut off. Raises: Closed, OSError, HTTPException"""
        ...

    def cut(self) -> None:
        """By us: whoever waits for messages is told."""
        ...


@dataclass
class Socket:
    """WebSocketChannel2023"""

    opened: WebSocket

    @classmethod
    def open(cls, url: str, state: str | None) -> Self:
        opened = connect(f"{url}?state={state}" if state else url)
        opened.connection.settimeout(None)
        return cls(opened)

    def messages(self) -> Iterator[Message]:
        while True:
            yield json.loads(self.opened.receive())

    def cut(self) -> None:
        self.opened.cut()


@dataclass
class Body:
    """An answer that does not end."""

    answer: http.client.HTTPResponse
    connection: socket.socket

    @classmethod
    def open(cls, url: str, state: str | None) -> Self:
        parts = urlsplit(url)
        opened = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=SECONDS_MAX)
        opened.connect()
        connection = opened.sock
        target, headers = cls.resuming(parts.path, state)
        opened.request("GET", target, headers=headers)
        answer = opened.getresponse()
        if answer.status != 200:
            raise Refused(answer.status, answer.read().decode(errors="replace"))
        connection.settimeout(None)
        return cls(answer, connection)

    @classmethod
    def resuming(cls, path: str, state: str | None) -> tuple[str, dict[str, str]]:
        """What to ask for, to go on after this state."""
        raise NotImplementedError

    def cut(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class Events(Body):
    """EventSourceChannel2023"""

    @classmethod
    def resuming(cls, path: str, state: str | None) -> tuple[str, dict[str, str]]:
        return path, {"Accept": "text/event-stream", **({"Last-Event-ID": state} if state else {})}

    def messages(self) -> Iterator[Message]:
        while line := self.answer.readline():
            name, _, value = line.decode().partition(":")
            if name == "data":
                yield json.loads(value)
        raise Closed


class Texts(Body):
    """StreamingHTTPChannel2023"""

    @classmethod
    def resuming(cls, path: str, state: str | None) -> tuple[str, dict[str, str]]:
        return f"{path}?state={state}" if state else path, {"Accept": "application/ld+json"}

    def messages(self) -> Iterator[Message]:
        held = ""
        while piece := self.answer.read1():
            held = f"{held}{piece.decode()}".lstrip()
            while held:
                try:
                    message, end = json.JSONDecoder().raw_decode(held)
                except json.JSONDecodeError:  # the rest of it is to come
                    break
                held = held[end:].lstrip()
                yield message
        raise Closed


PULLED: dict[str, type[Stream]] = {
    "WebSocketChannel2023": Socket,
    "EventSourceChannel2023": Events,
    "StreamingHTTPChannel2023": Texts,
}


@dataclass
class Listener:
    """Listens to a channel until it is told to stop, and remembers all it heard."""

    name: str
    kind: type[Stream]
    url: str
    state: str | None = None
    chance: random.Random | None = None
    """It leaves by itself now and then, if there is one."""
    heard: list[Heard] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    connections: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _stream: Stream | None = None

    def run(self) -> None:
        try:
            while not self._over.is_set():
                with suppress(OSError, Closed, http.client.HTTPException):
                    self._listen()
                self._over.wait(PAUSE_SECONDS)
        except BaseException as failure:
            self.failures.append(failure)

    def stop(self) -> None:
        self._over.set()
        if self._stream is not None:
            self._stream.cut()

    def _listen(self) -> None:
        try:
            self._stream = self.kind.open(self.url, self.state)
        except Refused as refusal:
            if refusal.status not in UNAVAILABLE:
                raise
            return
        self.connections += 1
        if self._over.is_set():  # stopped while it was opened
            self._stream.cut()
        try:
            for message in self._stream.messages():
                self.heard.append(Heard.of(message))
                self.state = message.get("state", self.state)
                if self.chance is not None and self.chance.random() < LEFT_SHARE:
                    self._stream.cut()
                    return
        except Closed as closed:
            if closed.code in DISMISSALS:
                self.failures.append(closed)
                self._over.set()


@contextmanager
def attending(*listeners: Listener) -> Iterator[None]:
    """They listen while the block lasts."""
    threads = [threading.Thread(target=each.run, daemon=True) for each in listeners]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for each in listeners:
            each.stop()
        for thread in threads:
            thread.join(SECONDS_MAX)
    for each in listeners:
        if each.failures:
            raise each.failures[0]


# -- to whom is sent ---------------------------------------------------------------------------------------------------


@dataclass
class Receiver:
    """Where webhooks arrive: a server of its own, with a path for each channel. Refuses some at random."""

    url: str
    chance: random.Random
    heard: dict[str, list[Heard]] = field(default_factory=dict)
    refused: int = 0
    waiting: set[str] = field(default_factory=set)
    """What was not answered yet."""
    _answers: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._answers.set()

    @contextmanager
    def withholding(self) -> Iterator[None]:
        """Answers nothing while the block lasts, which begins once something waits for an answer."""
        self._answers.clear()
        try:
            until(lambda: self.waiting)
            yield
        finally:
            self._answers.set()

    def take(self, path: str, body: bytes, sender: socket.socket) -> int:
        """The status to answer with. What is refused was not heard; nor what nobody waits any more to hear about."""
        if self.refused < REFUSED_MAX and self.chance.random() < REFUSED_SHARE:
            self.refused += 1
            return 503
        self.waiting.add(path)
        self._answers.wait(SECONDS_MAX)
        self.waiting.discard(path)
        if has_gone(sender):
            return 503
        self.heard.setdefault(path.removeprefix("/"), []).append(Heard.of(json.loads(body)))
        return 204


def has_gone(peer: socket.socket) -> bool:
    """Whether the other end of a connection was closed."""
    try:
        return peer.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextmanager
def receiving(chance: random.Random) -> Iterator[Receiver]:
    receiver = Receiver("", chance)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with suppress(OSError):
                self.send_response(receiver.take(self.path, body, self.connection))
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join(SECONDS_MAX)
