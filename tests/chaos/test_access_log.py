"""Who used what, when processes end: after an orderly stop all of it is in the file; after SIGKILL nothing is missing but
what happened in the last moment, which the documentation names.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pod.store.access_log import WRITTEN_SECONDS
from pod.store.access_records import ANYTHING, PER_HOUR_MAX, STRANGERS, AccessRecords, Record
from tests.chaos.harm import WEB, is_up, is_whole, named
from tests.support.client import SolidClient
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB, Server, running_server
from tests.support.subscribing import subscribe
from tests.support.waiting import SECONDS_MAX, until
from tests.support.websocket import connect

pytestmark = pytest.mark.e2e

THREADS, EACH = 4, 25
SLACK_SECONDS = 5
"""For a machine that is busy: the thread that writes has to get its turn."""
PACE_SECONDS = 0.1
TWO_PROCESSES = {"FREEHOLD_WORKERS": "2"}


@contextmanager
def kept(server: Server) -> Iterator[list[Record]]:
    """What the file of a server holds now, which may run."""
    records = AccessRecords(server.data / "access.sqlite")
    try:
        yield records.page(f"/{ALICE.name}/", ANYTHING, 100_000)
        assert records.faults() == []
    finally:
        records.close()


def times(server: Server, path: str) -> Counter[tuple[str, str]]:
    with kept(server) as records:
        found: Counter[tuple[str, str]] = Counter()
        for each in records:
            if each.path == path:
                found[each.act, each.verdict] += each.times
        return found


def test_after_an_orderly_stop_all_of_it_is_there(tmp_path: Path) -> None:
    """Of two web processes, and of the one that tells who listens."""
    with running_server((ALICE, BOB), directory=tmp_path, environment=TWO_PROCESSES) as server:
        alice, bob = (signed_in(server, who) for who in (ALICE, BOB))
        url = f"{alice.pod}private"
        alice.put_turtle(url)
        socket = connect(subscribe(alice, "WebSocketChannel2023", url)["receiveFrom"])

        def read(number: int) -> None:
            reader = signed_in(server, BOB if number % 2 else ALICE)
            for _ in range(EACH):
                reader.get(url)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(read, range(THREADS)))
        assert bob.get(url).status_code == 403
        alice.put_turtle(url, "<#a> <#b> <#c> .")
        socket.receive()
        server.stop()
        half = THREADS // 2 * EACH
        assert times(server, f"/{ALICE.name}/private") == {
            ("read", "allowed"): half + 2,  # to find out how to listen, and to listen
            ("read", "refused"): half + 1,
            ("append", "allowed"): 1,
            ("write", "allowed"): 1,
            ("notify", "allowed"): 1,
        }


def ask_often(pid: int) -> None:
    """To end. Who is impatient asks again until somebody has gone."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(pid, signal.SIGTERM)
            time.sleep(0.002)  # what is asked in between is heard once


def test_however_it_is_asked_to_end_all_of_it_is_there(tmp_path: Path) -> None:
    """One web process by itself, over and over; the server, to be started again; the server, by Ctrl-C."""
    with running_server((ALICE,), directory=tmp_path) as server:
        alice = signed_in(server, ALICE)
        url = f"{alice.pod}private"
        for number in range(3):
            assert alice.get(url).status_code == 404
            SolidClient(server.base_url).get(url)
            if number == 0:
                before = named(server, WEB)
                ask_often(before[0])
                until(lambda before=before: is_whole(server, WEB, before) and is_up(server))
            elif number == 1:
                server.restart()
            else:
                server.stop(signal.SIGINT)
            assert times(server, f"/{ALICE.name}/private") == {("read", "refused"): number + 1}


def test_what_ends_while_a_server_stops_is_written_at_once(tmp_path: Path) -> None:
    """Should others hold the stop up for long, it becomes a kill."""
    with running_server((ALICE,), directory=tmp_path) as server, upload_begun(server) as client:
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: not is_up(server))
        client.sendall(b"x")
        assert client.recv(100).startswith(b"HTTP/1.1 201")
        until(lambda: times(server, f"/{ALICE.name}/slow"), WRITTEN_SECONDS - 1)


@contextmanager
def upload_begun(server: Server) -> Iterator[socket.socket]:
    """And not ended, but for one byte."""
    alice = signed_in(server, ALICE)
    where = urlsplit(alice.pod)
    headers = {
        "Host": where.netloc,
        "Content-Length": "2",
        "Content-Type": "text/plain",
        **alice.authorization("PUT", f"{alice.pod}slow"),
    }
    lines = [f"PUT {where.path}slow HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", "x"]
    with socket.create_connection((where.hostname, where.port), SECONDS_MAX) as client:
        client.sendall("\r\n".join(lines).encode())
        yield client


@dataclass
class Stranger:
    """Asks for something else each time, and remembers when it was refused."""

    server: Server
    refused: dict[str, float] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def ask(self) -> None:
        path = f"/{ALICE.name}/none-{next(self.numbers)}"
        assert SolidClient(self.server.base_url).get(path).status_code == 401
        self.refused[path] = time.monotonic()

    def ask_until_some_is_kept(self) -> None:
        """And a little more, that is not."""
        before = self.kept()
        while self.kept() == before:
            self.ask()
            time.sleep(PACE_SECONDS)  # in an hour only so many refusals are kept one by one
        self.ask()

    def kept(self) -> set[str]:
        with kept(self.server) as records:
            return {each.path for each in records}


def kill_web(server: Server) -> None:
    before = named(server, WEB)
    os.kill(before[0], signal.SIGKILL)
    until(lambda: is_whole(server, WEB, before) and is_up(server))


def kill_all(server: Server) -> None:
    server.kill()
    server.start()


def test_a_kill_loses_no_more_than_the_last_moment(tmp_path: Path) -> None:
    with running_server((ALICE,), directory=tmp_path) as server:
        stranger = Stranger(server)
        for kill in (kill_web, kill_all):
            stranger.ask_until_some_is_kept()
            killed, before = time.monotonic(), stranger.kept()
            kill(server)
            found = stranger.kept()
            assert before <= found <= stranger.refused.keys()
            lost = {path: stranger.refused.pop(path) for path in stranger.refused.keys() - found}
            assert max((killed - moment for moment in lost.values()), default=0) < WRITTEN_SECONDS + SLACK_SECONDS
        assert next(stranger.numbers) < PER_HOUR_MAX[STRANGERS]
