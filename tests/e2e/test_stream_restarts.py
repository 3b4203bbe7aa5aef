"""Processes that end under listeners: who comes back with the last state misses nothing, and is told to come back."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.support.client import SolidClient
from tests.support.fixtures import signed_in
from tests.support.processes import tree
from tests.support.server import ALICE, Server, running_server
from tests.support.streams import reading
from tests.support.subscribing import subscribe
from tests.support.waiting import until
from tests.support.websocket import Closed, Refused, connect

pytestmark = pytest.mark.e2e

TEXT = {"Content-Type": "text/plain"}
SOCKET, EVENTS = "WebSocketChannel2023", "EventSourceChannel2023"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    with running_server((ALICE,), directory=tmp_path, environment={"FREEHOLD_LOG_REQUESTS": "true"}) as running:
        yield running


def process(server: Server, name: str) -> int:
    for pid in tree(server.pid):
        with suppress(OSError):
            if f"main\0{name}\0" in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
    return 0


def write(client: SolidClient, url: str) -> None:
    assert client.put(url, b"x", headers=TEXT).status_code == 201


def are_up(server: Server, source: str) -> bool:
    """Whether web and stream process answer."""
    streaming = re.sub(r"^ws(.*)/\.stream/.*", r"http\1/.stream/health", source)
    with suppress(requests.RequestException):
        return all(requests.get(url, timeout=5).ok for url in (server.url(".health"), streaming))
    return False


@pytest.mark.parametrize("killed", ["stream", "web", "worker"])
def test_who_comes_back_after_a_kill_has_missed_nothing(own_server: Server, killed: str):
    alice = signed_in(own_server, ALICE)
    alice.put_container(alice.pod + "t/")
    source = subscribe(alice, SOCKET, alice.pod + "t/")["receiveFrom"]
    socket = connect(source)
    write(alice, alice.pod + "t/0")
    state = json.loads(socket.receive())["state"]
    before = process(own_server, killed)
    os.kill(before, signal.SIGKILL)
    until(lambda: process(own_server, killed) not in {0, before} and are_up(own_server, source))
    socket.close()
    again = signed_in(own_server, ALICE)
    write(again, alice.pod + "t/1")
    socket = connect(f"{source}?state={state}")
    write(again, alice.pod + "t/2")
    told = [json.loads(socket.receive())["object"][-1] for _ in range(2)]
    socket.close()
    assert told == ["1", "2"]


def test_a_server_that_stops_tells_listeners_to_come_back_and_logs_no_secret(own_server: Server):
    alice = signed_in(own_server, ALICE)
    sources = [subscribe(alice, kind, alice.pod)["receiveFrom"] for kind in (SOCKET, EVENTS)]
    socket = connect(sources[0])
    with pytest.raises(Refused):
        connect(sources[0][:-1] + ("A" if sources[0][-1] != "A" else "B"))
    with reading(sources[1]) as stream:
        first = stream.until_id()
        os.kill(own_server.pid, signal.SIGTERM)
        with pytest.raises(Closed) as ended:
            socket.receive()
        assert (ended.value.code, "connect again" in ended.value.reason) == (1012, True)
        with pytest.raises(EOFError):
            stream.event()
        assert stream.last_id == first
    own_server.process.wait(60)
    log = own_server.log.read_text()
    assert own_server.process.returncode == 0
    assert [source for source in sources if source.rpartition("/")[2][:20] in log] == []
    assert "/.stream/" not in log
