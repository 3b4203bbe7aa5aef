"""Clients that are slow, that stop reading or that leave: each has its own time, nobody else waits, and nothing is left behind."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.test_kill_web import web_process
from tests.support.client import SolidClient, raw_connection, raw_head
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, Server, running_server
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

CLIENTS = 32
PAUSE_SECONDS = 0.02
BLOB = bytes(range(256)) * 4096 * 8
PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server((ALICE,), directory=tmp_path_factory.mktemp("rude")) as running:
        yield running


@pytest.fixture(scope="module")
def alice(server: Server) -> SolidClient:
    return signed_in(server, ALICE)


@pytest.fixture(scope="module")
def blob(alice: SolidClient) -> str:
    """The URL of a body too large for any buffer on the way."""
    url = alice.pod + "blob"
    assert alice.put(url, BLOB, headers=PLAIN).status_code == 201
    return url


def open_files(server: Server) -> int:
    return len(list(Path(f"/proc/{web_process(server)}/fd").iterdir()))


@contextmanager
def trickling(alice: SolidClient, how: str) -> Iterator[list[socket.socket]]:
    """So many uploads that get a byte now and then for as long as the block lasts."""
    fields = {"announced": "Content-Length: 1000000", "chunked": "Transfer-Encoding: chunked"}
    piece = b"1\r\nx\r\n" if how == "chunked" else b"x"
    done = threading.Event()
    with ExitStack() as opened:
        connections = [opened.enter_context(raw_connection(alice.base_url)) for _ in range(CLIENTS)]
        for number, connection in enumerate(connections):
            path = urlsplit(f"{alice.pod}trickle{number}").path
            connection.sendall(raw_head(alice, "PUT", path, "Content-Type: text/plain", fields[how]))

        def trickle() -> None:
            while not done.wait(PAUSE_SECONDS):
                for connection in connections:
                    connection.sendall(piece)

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            yield connections
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("how", ["announced", "chunked"])
def test_trickling_uploads_keep_nobody_waiting(server: Server, alice: SolidClient, how: str) -> None:
    with trickling(alice, how):
        begun = time.monotonic()
        for number in range(10):
            assert alice.get(alice.pod + "profile/card").status_code == 200
            assert alice.put(f"{alice.pod}quick", f"{number}", headers=PLAIN).status_code in {201, 204}
        assert time.monotonic() - begun < 5
    assert [alice.get(f"{alice.pod}trickle{number}").status_code for number in range(CLIENTS)] == [404] * CLIENTS


def test_readers_that_stop_reading_keep_nobody_waiting(alice: SolidClient, blob: str) -> None:
    with ExitStack() as opened:
        for _ in range(CLIENTS):
            connection = opened.enter_context(raw_connection(blob))
            connection.sendall(raw_head(alice, "GET", urlsplit(blob).path))
        begun = time.monotonic()
        for _ in range(10):
            assert alice.get(alice.pod + "profile/card").status_code == 200
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("read", [0, 1, 100_000])
def test_readers_that_leave_take_their_files_along(server: Server, alice: SolidClient, blob: str, read: int) -> None:
    alice.get(blob)
    before = open_files(server)
    for _ in range(CLIENTS):
        with raw_connection(blob) as connection:
            connection.sendall(raw_head(alice, "GET", urlsplit(blob).path))
            left = read
            while left > 0:
                left -= len(connection.recv(left))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # leave with a reset
    until(lambda: open_files(server) <= before, 5)
    assert alice.get(blob).content == BLOB


def test_writers_that_leave_take_their_bodies_along(server: Server, alice: SolidClient) -> None:
    before = open_files(server)
    for number in range(CLIENTS):
        path = urlsplit(f"{alice.pod}gone{number}").path
        with raw_connection(alice.base_url) as connection:
            connection.sendall(raw_head(alice, "PUT", path, "Content-Type: text/plain", "Content-Length: 1000000"))
            connection.sendall(BLOB[:500_000])
    until(lambda: open_files(server) <= before, 5)
    until(lambda: list(server.data.glob("blobs/??/*.part")) == [], 5)
    assert [alice.get(f"{alice.pod}gone{number}").status_code for number in range(CLIENTS)] == [404] * CLIENTS
