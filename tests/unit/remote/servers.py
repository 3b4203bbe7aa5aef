"""Small servers on loopback that answer as badly as they are told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Answer = Callable[[socket.socket, bytes], None]


def answering(data: bytes) -> Answer:
    return lambda connection, _request: connection.sendall(data)


def ok(body: bytes = b"hello", media_type: str = "text/plain", *extra: str) -> bytes:
    lines = ("HTTP/1.1 200 OK", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *extra)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@contextmanager
def serving(answer: Answer, wrap: Callable[[socket.socket], socket.socket] = lambda each: each) -> Iterator[int]:
    """A server on a free port of 127.0.0.1, a thread a connection; gives its port."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, answer, wrap, stop), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        stop.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _accept(listener, answer, wrap, stop):
    while not stop.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_talk, args=(connection, answer, wrap), daemon=True).start()


def _talk(connection, answer, wrap):
    with suppress(OSError), wrap(connection) as connection:
        request = b""
        while b"\r\n\r\n" not in request:
            part = connection.recv(4096)
            if not part:
                return
            request += part
        answer(connection, request)
