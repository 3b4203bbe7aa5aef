"""Clients that are slow, that stop reading or that leave: each has its own time, nobody else waits, and nothing is left behind."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from pod.config import Config
from tests.chaos.harm import WEB, named
from tests.support.browserless import Person
from tests.support.client import SolidClient, raw_connection, raw_head, raw_request
from tests.support.fixtures import signed_in
from tests.support.processes import open_files
from tests.support.server import ALICE, Server, running_server
from tests.support.waiting import SECONDS_MAX, until

pytestmark = pytest.mark.e2e

CLIENTS = Config().threads
"""So many that nobody else would be answered if each of them kept a thread."""
PAUSE_SECONDS = 0.02
PROMPT_SECONDS = 20
"""For ten or twenty requests on a busy machine: far less than one of them would wait for a client that is slow."""
BLOB = bytes(range(256)) * 4096 * 8
PLAIN = {"Content-Type": "text/plain"}
RESET = b"\1\0\0\0\0\0\0\0"
NEVER = {"FREEHOLD_BODY_IDLE_SECONDS_MAX": "86400"}
"""No deadline of the server's: what a client left behind goes because the client left, or not at all."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server((ALICE,), directory=tmp_path_factory.mktemp("rude"), environment=NEVER) as running:
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


def bodies(server: Server) -> set[str]:
    """The files of bodies that the web process has open, staged ones included."""
    return {each for each in open_files(named(server, WEB)[0]) if each.startswith(str(server.data.resolve() / "blobs"))}


def sockets(server: Server) -> set[str]:
    return {each for each in open_files(named(server, WEB)[0]) if each.startswith("socket:")}


@contextmanager
def nothing_left(server: Server) -> Iterator[None]:
    """The web process soon has neither a body open nor a socket that it had not before the block. Connections to the
    database do not count: more requests at once need more of them, and the pool keeps them.
    """
    until(lambda: not bodies(server))
    before = sockets(server)
    yield
    until(lambda: not bodies(server) and sockets(server) <= before)


@contextmanager
def leaving(server: Server, *, reset: bool) -> Iterator[socket.socket]:
    """A connection that is closed as it is at the end of the block."""
    with raw_connection(server.base_url) as connection:
        yield connection
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


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
            thread.join(SECONDS_MAX)


@pytest.mark.parametrize("how", ["announced", "chunked"])
def test_trickling_uploads_keep_nobody_waiting(server: Server, alice: SolidClient, how: str) -> None:
    with trickling(alice, how):
        begun = time.monotonic()
        for number in range(10):
            assert alice.get(alice.pod + "profile/card").status_code == 200
            assert alice.put(f"{alice.pod}quick", f"{number}", headers=PLAIN).status_code in {201, 204}
        assert time.monotonic() - begun < PROMPT_SECONDS
    assert [alice.get(f"{alice.pod}trickle{number}").status_code for number in range(CLIENTS)] == [404] * CLIENTS


def test_readers_that_stop_reading_keep_nobody_waiting(alice: SolidClient, blob: str) -> None:
    with ExitStack() as opened:
        for _ in range(CLIENTS):
            connection = opened.enter_context(raw_connection(blob))
            connection.sendall(raw_head(alice, "GET", urlsplit(blob).path))
        begun = time.monotonic()
        for _ in range(10):
            assert alice.get(alice.pod + "profile/card").status_code == 200
        assert time.monotonic() - begun < PROMPT_SECONDS


def test_exports_that_nobody_reads_keep_nobody_waiting(server: Server, alice: SolidClient) -> None:
    """Each keeps files open and would compress, so the server makes only so many at once, and others later."""
    assert alice.put(alice.pod + "noise", os.urandom(len(BLOB)), headers=PLAIN).status_code == 201
    person = Person(server.base_url)
    person.send(".account/sign-in", name=ALICE.name, password=ALICE.password)
    sent = person.as_sent(".account/export")
    with ExitStack() as opened:
        answers = []
        for _ in range(CLIENTS):
            connection = opened.enter_context(raw_connection(server.base_url))
            connection.sendall(sent)
            answers.append(connection.recv(12))
        begun = time.monotonic()
        for _ in range(10):
            assert alice.get(alice.pod + "profile/card").status_code == 200
        assert time.monotonic() - begun < PROMPT_SECONDS
        assert Counter(answers) == {b"HTTP/1.1 200": CLIENTS // 4, b"HTTP/1.1 429": CLIENTS - CLIENTS // 4}
    until(lambda: status_of(server, sent) == b"HTTP/1.1 200")


def status_of(server: Server, sent: bytes) -> bytes:
    with raw_connection(server.base_url) as connection:
        connection.sendall(sent)
        return connection.recv(12)


@pytest.mark.parametrize("read", [0, 1, 100_000])
def test_readers_that_leave_take_their_files_along(server: Server, alice: SolidClient, blob: str, read: int) -> None:
    path = urlsplit(blob).path
    with nothing_left(server):
        for _ in range(CLIENTS):
            with leaving(server, reset=True) as connection, connection.makefile("rb") as answer:
                connection.sendall(raw_head(alice, "GET", path))
                assert len(answer.read(read)) == read
        assert raw_request(blob, raw_head(alice, "GET", path)).body == BLOB  # who comes last is accepted last


@pytest.mark.parametrize("reset", [False, True])
def test_writers_that_leave_take_their_bodies_along(server: Server, alice: SolidClient, reset: bool) -> None:
    paths = [urlsplit(f"{alice.pod}gone{number}").path for number in range(CLIENTS)]
    fields = ["Content-Type: text/plain", f"Content-Length: {len(BLOB)}"]
    with nothing_left(server):
        for path in paths:
            with leaving(server, reset=reset) as connection:
                connection.sendall(raw_head(alice, "PUT", path, *fields) + BLOB[:500_000])
        whole = raw_head(alice, "PUT", urlsplit(alice.pod + "stays").path, *fields) + BLOB
        assert raw_request(alice.base_url, whole).status in {201, 204}
    until(lambda: list(server.data.glob("blobs/??/*.part")) == [])
    assert [alice.get(path).status_code for path in paths] == [404] * CLIENTS
