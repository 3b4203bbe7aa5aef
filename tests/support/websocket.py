"""A WebSocket client for tests and measurements: it opens, reads text, answers pings and closes, on a plain socket.

Small enough to be trusted, and to cost next to nothing where hundreds listen at once. Knows no server.

Spec: RFC 6455 s4.1, s5
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SECONDS_MAX = 60
HEAD_BYTES_MAX = 64 * 1024
PIECE_BYTES = 64 * 1024
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NORMAL = 1000


class Refused(Exception):
    """The server did not open the socket: the status and the content of its answer."""

    def __init__(self, status: int, content: str) -> None:
        super().__init__(f"{status} {content}")
        self.status, self.content = status, content


class Closed(Exception):
    """The connection is over: the code the server gave, 1006 if it gave none."""

    def __init__(self, code: int = 1006, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the server's. Messages are taken to be one frame each."""

    opcode: int
    payload: bytes


@dataclass(slots=True)
class Frames:
    """Bytes in, whole frames out."""

    _held: bytearray = field(default_factory=bytearray)

    def feed(self, received: bytes) -> Iterator[Frame]:
        self._held += received
        while (ends := self._ends()) is not None:
            begins, end = ends
            assert self._held[0] & 0x80, "a message in several frames"
            frame = Frame(self._held[0] & 0x0F, bytes(self._held[begins:end]))
            del self._held[:end]
            yield frame

    def _ends(self) -> tuple[int, int] | None:
        """Where the payload of the first frame begins and ends, if all of it is here."""
        if len(self._held) < 2:
            return None
        assert not self._held[1] & 0x80, "a server masks nothing"
        length, begins = self._held[1] & 0x7F, 2
        if length >= 126:
            begins += 2 if length == 126 else 8
            length = int.from_bytes(self._held[2:begins], "big")
        return (begins, begins + length) if len(self._held) >= max(begins, begins + length) else None


@dataclass(slots=True)
class WebSocket:
    """An open connection."""

    connection: socket.socket
    subprotocol: str | None
    frames: Frames = field(default_factory=Frames)
    _waiting: list[Frame] = field(default_factory=list)

    def receive(self) -> str:
        """The next message. Raises: Closed, TimeoutError"""
        while True:
            while self._waiting:
                if (text := self.take(self._waiting.pop(0))) is not None:
                    return text
            self._waiting += self.frames.feed(self._received())

    def take(self, frame: Frame) -> str | None:
        """The message in a frame, if it is one; pings are answered. Raises: Closed"""
        if frame.opcode == TEXT:
            return frame.payload.decode()
        if frame.opcode == PING:
            self._send(PONG, frame.payload)
        if frame.opcode == CLOSE:
            raise Closed(int.from_bytes(frame.payload[:2], "big") or 1005, frame.payload[2:].decode())
        return None

    def send(self, text: str) -> None:
        self._send(TEXT, text.encode())

    def close(self) -> None:
        """Say goodbye, and go without waiting for an answer."""
        with suppress(OSError):
            self._send(CLOSE, NORMAL.to_bytes(2, "big"))
        self.cut()

    def cut(self) -> None:
        """Be gone without a word; whoever waits in `receive` is told."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def _received(self) -> bytes:
        try:
            received = self.connection.recv(PIECE_BYTES)
        except TimeoutError:
            raise
        except OSError as error:
            raise Closed from error
        if not received:
            raise Closed
        return received

    def _send(self, opcode: int, payload: bytes) -> None:
        self.connection.sendall(masked(opcode, payload))


def masked(opcode: int, payload: bytes) -> bytes:
    """A frame as clients must send it. Spec: RFC 6455 s5.3"""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
    mask = os.urandom(4)
    covered = bytes(each ^ mask[number % 4] for number, each in enumerate(payload))
    return bytes([0x80 | opcode]) + length + mask + covered


def connect(url: str, *subprotocols: str, headers: Mapping[str, str] = {}, seconds: float = SECONDS_MAX) -> WebSocket:
    """Raises: Refused, OSError -- nobody answered, or not in time."""
    connection = _reach(url, seconds)
    try:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(_request(url, key, subprotocols, headers))
        head, begun = _head(connection)
        status, answered = _parsed(head)
        if status != 101:
            raise Refused(status, _rest(connection, begun, answered))
        assert answered["sec-websocket-accept"] == _accepted(key)
    except BaseException:
        connection.close()
        raise
    opened = WebSocket(connection, answered.get("sec-websocket-protocol"))
    opened._waiting += opened.frames.feed(begun)
    return opened


def _reach(url: str, seconds: float) -> socket.socket:
    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    connection = socket.create_connection((str(parts.hostname), parts.port or (443 if secure else 80)), seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return (
        ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname) if secure else connection
    )


def _request(url: str, key: str, subprotocols: tuple[str, ...], headers: Mapping[str, str]) -> bytes:
    parts = urlsplit(url)
    fields = {
        "Host": parts.netloc,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        **({"Sec-WebSocket-Protocol": ", ".join(subprotocols)} if subprotocols else {}),
        **headers,
    }
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The head of the answer, and what was read of what follows."""
    held = b""
    while b"\r\n\r\n" not in held and len(held) < HEAD_BYTES_MAX:
        piece = connection.recv(PIECE_BYTES)
        if not piece:
            raise ConnectionResetError("closed before it answered")
        held += piece
    head, _, rest = held.partition(b"\r\n\r\n")
    return head, rest


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    named = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in named}


def _rest(connection: socket.socket, begun: bytes, headers: Mapping[str, str]) -> str:
    """The content of a refusal, as far as it says its length."""
    held, wanted = begun, int(headers.get("content-length", "0"))
    while len(held) < wanted and (piece := connection.recv(PIECE_BYTES)):
        held += piece
    return held.decode(errors="replace")


def _accepted(key: str) -> str:
    return base64.b64encode(hashlib.sha1(f"{key}{MAGIC}".encode()).digest()).decode()
