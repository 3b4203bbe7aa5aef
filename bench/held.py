"""`python -m bench.held`: connections that are held open and hear nothing, in a process of their own.

Reads a line of JSON, a list of URLs: a WebSocket is opened at `ws` URLs, a stream at others. Says how many are open as
soon as they are, answers pings, and says it again when its input ends. Costs next to nothing meanwhile.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.support.websocket import Closed, WebSocket, connect

PIECE_BYTES = 16 * 1024
OPEN_SECONDS_MAX = 60.0


class HeldError(Exception):
    """Not all connections could be opened, or some did not stay open."""


@dataclass(slots=True)
class Stream:
    """A streaming answer of which nothing is kept."""

    connection: socket.socket

    def read(self) -> None:
        """Raises: Closed"""
        if not self.connection.recv(PIECE_BYTES):
            raise Closed


@dataclass(slots=True)
class Socket:
    """A WebSocket that says nothing but that it lives."""

    opened: WebSocket

    @property
    def connection(self) -> socket.socket:
        return self.opened.connection

    def read(self) -> None:
        """Raises: Closed"""
        received = self.connection.recv(PIECE_BYTES)
        if not received:
            raise Closed
        for frame in self.opened.frames.feed(received):
            self.opened.take(frame)


def opened(url: str) -> Stream | Socket:
    """Raises: OSError, HeldError, Refused"""
    if url.startswith("ws"):
        return Socket(connect(url))
    parts = urlsplit(url)
    connection = socket.create_connection((str(parts.hostname), parts.port), OPEN_SECONDS_MAX)
    connection.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    answer = connection.recv(PIECE_BYTES)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise HeldError(answer[:200].decode("latin-1"))
    return Stream(connection)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    selector = selectors.DefaultSelector()
    for url in json.loads(sys.stdin.readline()):
        each = opened(url)
        each.connection.setblocking(False)
        selector.register(each.connection, selectors.EVENT_READ, each)
    _say_count(len(selector.get_map()))
    selector.register(sys.stdin, selectors.EVENT_READ)
    while _read_some(selector):
        pass
    _say_count(len(selector.get_map()) - 1)


def _read_some(selector: selectors.BaseSelector) -> bool:
    """False once the input has ended."""
    for key, _ in selector.select():
        if key.data is None:
            return False
        try:
            key.data.read()
        except (Closed, ConnectionError):
            selector.unregister(key.fileobj)
    return True


def _say_count(count: int) -> None:
    print(count, flush=True)


@contextmanager
def held(urls: Sequence[str]) -> Iterator[None]:
    """Connections to all of these, for as long as the block lasts. Raises: HeldError"""
    command = [sys.executable, "-m", "bench.held"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(urls) + "\n")
        process.stdin.flush()
        _check(process.stdout.readline(), urls, "opened")
        try:
            yield
        finally:
            with suppress(OSError):
                process.stdin.close()
            left = process.stdout.readline()
    _check(left, urls, "stayed open")


def _check(count: str, urls: Sequence[str], what: str) -> None:
    if count.strip() != str(len(urls)):
        raise HeldError(f"of {len(urls)} connections {count.strip() or 'none'} {what}")


if __name__ == "__main__":
    main()
