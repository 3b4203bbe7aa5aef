"""A large file on its way, and what may happen then: lines that break, senders that lie, a server that is killed at any moment."""

from __future__ import annotations

import random
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from pod.store.fsck import Severity, check
from tests.support.browserless import Person
from tests.support.fixtures import signed_in
from tests.support.processes import pss_bytes
from tests.support.server import ALICE, BOB, Server, running_server
from tests.support.stores import sqlite_store
from tests.support.tus import TusClient
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

MIB = 1024 * 1024
PIECE = 2 * MIB
SECONDS_MAX = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"FREEHOLD_UPLOADS_PER_ACCOUNT_MAX": "60", "FREEHOLD_BODY_IDLE_SECONDS_MAX": "2"}
    with running_server((ALICE, BOB), directory=tmp_path_factory.mktemp("uploads"), environment=settings) as running:
        yield running
    store = sqlite_store(running.data)
    assert [each for each in check(store, deep=True) if each.severity is Severity.ERROR] == []
    store.close()
    assert partials(running) == set()


def partials(server: Server) -> set[str]:
    return {each.name for each in (server.data / "blobs" / "uploads").iterdir()}


@pytest.fixture(scope="module")
def she(server: Server) -> TusClient:
    """Alice, before a page of ours."""
    person = Person(server.base_url)
    person.send(".account/sign-in", name=ALICE.name, password=ALICE.password)
    page = person.browser.get(server.url(".account/password"), timeout=SECONDS_MAX).text
    token = re.findall(r'name="csrf" value="([^"]+)"', page)[0]

    def ask(method: str, path: str, headers: dict[str, str], content: Any) -> requests.Response:
        url = server.url(path)
        return person.browser.request(method, url, headers=headers, data=content, timeout=SECONDS_MAX)

    cookies = "; ".join(f"{each.name}={each.value}" for each in person.browser.cookies)
    return TusClient(ask, {"Origin": server.base_url[:-1], "X-CSRF-Token": token, "Cookie": cookies})


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def kept(server: Server, path: str) -> bytes:
    answer = signed_in(server, ALICE).get(server.url(path))
    assert answer.status_code == 200
    return answer.content


def half_sent(server: Server, she: TusClient, where: str, offset: int, given: bytes, announced: int) -> socket.socket:
    """A connection that stays open in the middle of a piece."""
    parts = urlsplit(server.base_url)
    fields = {
        **she.fields,
        "Host": parts.netloc,
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(announced),
    }
    lines = [f"PATCH {where} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    line = socket.create_connection((str(parts.hostname), parts.port or 80), timeout=SECONDS_MAX)
    line.sendall("\r\n".join([*lines, "", ""]).encode() + given)
    return line


def killed_on_the_way(server: Server, she: TusClient, kills: int, seed: int) -> None:
    """What was acknowledged before a kill is there after it, and at the end the file is what was sent, once."""
    chance, content = random.Random(seed), noise(13 * MIB + 12_345, seed)
    name = f"killed-{seed}.bin"
    where, told, ended, killed = she.begin(len(content), "/alice/in/", name), [0], Event(), 0

    def send_on() -> None:
        while told[-1] < len(content):
            answer = she.send(where, told[-1], content[told[-1] : told[-1] + MIB // 16])
            assert answer.status_code == 204, answer.text
            told.append(int(answer.headers["Upload-Offset"]))
        ended.set()

    with ThreadPoolExecutor(1) as threads:
        for left in range(kills, -1, -1):
            sending = threads.submit(send_on)
            if left and not ended.wait(chance.uniform(0.02, 0.25)):
                server.kill()
                killed += 1
                with suppress(requests.RequestException):
                    sending.result()
                server.start()
            else:
                sending.result()
            answer = she.request("HEAD", where)
            assert answer.status_code == 200
            assert int(answer.headers["Upload-Offset"]) >= told[-1], "acknowledged bytes are gone"
            told.append(int(answer.headers["Upload-Offset"]))
            if told[-1] == len(content):
                break
    assert killed
    assert sha256(kept(server, f"alice/in/{name}")).digest() == sha256(content).digest()
    listed = signed_in(server, ALICE).get(server.url("alice/in/")).text
    assert f"killed-{seed}%20(2)" not in listed


def test_a_server_that_is_killed_forgets_nothing_it_acknowledged(server: Server, she: TusClient) -> None:
    killed_on_the_way(server, she, kills=2, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 22))
def test_a_server_that_is_killed_again_and_again_forgets_nothing(server: Server, she: TusClient, seed: int) -> None:
    killed_on_the_way(server, she, kills=8, seed=seed)


def test_a_line_that_breaks_loses_nothing_that_came(server: Server, she: TusClient) -> None:
    content = noise(3 * PIECE, 0)
    where = she.begin(len(content), "/alice/in/", "broken.bin")
    line = half_sent(server, she, where, 0, content[: MIB + 77], PIECE)
    until(lambda: she.request("HEAD", where).status_code == 423)
    line.close()
    until(lambda: she.request("HEAD", where).status_code == 200)
    offset = she.offset(where)
    assert 0 < offset <= MIB + 77
    assert she.send(where, offset, content[offset:]).status_code == 204
    assert kept(server, "alice/in/broken.bin") == content


def test_one_request_at_a_time_writes_to_a_file(server: Server, she: TusClient) -> None:
    content = noise(PIECE, 3)
    where = she.begin(len(content), "/alice/in/", "twice.bin")
    first = half_sent(server, she, where, 0, content[:100_000], len(content))
    until(lambda: she.request("HEAD", where).status_code == 423)
    assert she.send(where, 0, content).status_code == 423
    first.sendall(content[100_000:])
    assert b" 204 " in first.recv(1000).split(b"\r\n")[0]
    first.close()
    assert kept(server, "alice/in/twice.bin") == content


def test_many_who_send_the_same_piece_at_once_write_it_once(server: Server, she: TusClient) -> None:
    content = noise(PIECE, 4)
    where = she.begin(2 * len(content), "/alice/in/", "many.bin")
    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(lambda _: she.send(where, 0, content).status_code, range(8)))
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {409, 423}
    assert she.offset(where) == len(content)
    she.request("DELETE", where)


def test_one_that_is_stopped_while_it_comes_leaves_nothing(server: Server, she: TusClient) -> None:
    where = she.begin(PIECE, "/alice/in/", "stopped.bin")
    line = half_sent(server, she, where, 0, b"x" * 100_000, PIECE)
    until(lambda: she.request("HEAD", where).status_code == 423)
    assert she.request("DELETE", where).status_code == 204
    line.sendall(b"x" * (PIECE - 100_000))
    assert b" 404 " in line.recv(1000).split(b"\r\n")[0]
    line.close()
    assert she.request("HEAD", where).status_code == 404
    assert signed_in(server, ALICE).get(server.url("alice/in/stopped.bin")).status_code == 404


@pytest.mark.soak
def test_who_stops_sending_is_not_waited_for_long_and_loses_nothing(server: Server, she: TusClient) -> None:
    where = she.begin(PIECE, "/alice/in/", "silent.bin")
    line = half_sent(server, she, where, 0, b"x" * 300_000, PIECE)
    until(lambda: she.request("HEAD", where).status_code == 423)
    until(lambda: she.request("HEAD", where).status_code == 200)
    line.close()
    assert she.offset(where) == 300_000
    she.request("DELETE", where)


def test_ten_thousand_that_begin_and_never_send_cost_a_row_each_and_no_more_than_allowed(
    server: Server, she: TusClient
) -> None:
    begun = time.monotonic()
    made = []
    for _ in range(300):  # of ten thousand: each after the last that is allowed is the same
        answer = she.create(10 * MIB, "/alice/in/")
        if answer.status_code == 201:
            made.append(answer.headers["Location"])
        else:
            assert answer.status_code == 429
    assert len(made) <= 60
    assert time.monotonic() - begun < SECONDS_MAX
    assert not partials(server) & {each.rpartition("/")[2] for each in made}
    for each in made:
        she.request("DELETE", each)


def test_memory_stays_flat_however_large_a_file_is(server: Server, she: TusClient) -> None:
    piece = noise(8 * MIB, 5)
    where = she.begin(160 * MIB, "/alice/in/", "huge.bin")
    she.send(where, 0, piece)
    before = pss_bytes(server.pid)
    for at in range(8 * MIB, 160 * MIB, 8 * MIB):
        assert she.send(where, at, piece).status_code == 204
    assert pss_bytes(server.pid) - before < 40 * MIB
    assert signed_in(server, ALICE).head(server.url("alice/in/huge.bin")).headers["Content-Length"] == str(160 * MIB)
