"""A server that is stopped, or killed at any moment, and started again on the same data: nobody notices but for the pause."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from pod.store.fsck import Severity, check
from tests.support.client import (
    SolidClient,
    authorization,
    contained,
    link,
    raw_connection,
    raw_head,
    raw_request,
)
from tests.support.fixtures import signed_in
from tests.support.processes import living, tree
from tests.support.server import ALICE, BOB, Server, running_server
from tests.support.stores import sqlite_store
from tests.support.waiting import SECONDS_MAX, until

pytestmark = pytest.mark.e2e

PLAIN = {"Content-Type": "text/plain"}
LONG = b"x" * 400_000
STARTS_CUT_SHORT = 6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server((ALICE, BOB), directory=tmp_path_factory.mktemp("restart")) as running:
        yield running
    store = sqlite_store(running.data)
    assert [each for each in check(store, deep=True) if each.severity is Severity.ERROR] == []
    store.close()


@pytest.fixture(scope="module")
def alice(server: Server) -> SolidClient:
    return signed_in(server, ALICE)


@pytest.fixture(scope="module")
def bob(server: Server) -> SolidClient:
    return signed_in(server, BOB)


def again(server: Server, how: str, *clients: SolidClient) -> None:
    """Stop or kill the server, and start it on what it left behind."""
    server.stop() if how == "stopped" else server.kill()
    server.start()
    for client in clients:
        client.session.close()


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_bodies_tags_listings_and_tokens_outlive_the_server(
    server: Server, alice: SolidClient, bob: SolidClient, how: str
) -> None:
    place = f"{alice.pod}{how}/"
    bodies = {place + "small": "small", place + "large": "large" * 50_000, place + "deep/er": "deep"}
    for url, body in bodies.items():
        alice.put(url, body, headers=PLAIN)
    owner = authorization(place, "Read Write Control", agents=(alice.web_id,), default=True)
    alice.put_acl(place, owner, authorization(place, "Read", agents=(bob.web_id,), default=True))
    urls = [place, link(alice.head(place), "acl"), alice.pod, *bodies]
    before = [(answer.content, answer.headers["ETag"]) for answer in map(alice.get, urls)]
    again(server, how, alice, bob)
    assert [(answer.content, answer.headers["ETag"]) for answer in map(alice.get, urls)] == before
    assert bob.get(place + "small").text == "small"
    assert bob.get(alice.pod).status_code == 403


@pytest.mark.requirement("rfc9449#11.1")
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_proof_is_not_accepted_again_after_a_restart(server: Server, alice: SolidClient, how: str) -> None:
    url = alice.pod + "doc"
    alice.put(url, "x", headers=PLAIN)
    put = raw_head(alice, "PUT", urlsplit(url).path, "Content-Type: text/plain", "Content-Length: 3") + b"new"
    requests = [raw_head(alice, "GET", urlsplit(url).path), put]
    assert [raw_request(url, sent).status for sent in requests] == [200, 204]
    again(server, how, alice)
    assert [raw_request(url, sent).status for sent in requests] == [401, 401]


def test_what_was_half_sent_when_the_server_was_killed_is_not_stored(server: Server, alice: SolidClient) -> None:
    old, new = alice.pod + "old", alice.pod + "new"
    alice.put(old, "old", headers=PLAIN)
    fields = ["Content-Type: text/plain", f"Content-Length: {2 * len(LONG)}"]
    connections = [raw_connection(server.base_url) for _ in (old, new)]
    for url, connection in zip((old, new), connections, strict=True):
        connection.sendall(raw_head(alice, "PUT", urlsplit(url).path, *fields) + LONG)
    until(lambda: len(list(server.data.glob("blobs/??/*.part"))) == 2)
    again(server, "killed", alice)
    for connection in connections:
        connection.close()
    assert alice.get(old).text == "old"
    assert alice.get(new).status_code == 404
    assert contained(alice, alice.pod).isdisjoint({new})


def test_a_server_killed_while_it_makes_its_data_makes_it_at_the_next_start(server: Server) -> None:
    server.stop()
    shutil.rmtree(server.data)
    server.seeded = False
    for number in range(STARTS_CUT_SHORT):
        process = subprocess.Popen(server.command, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(0.1 + 0.15 * number)
        family = tree(process.pid)
        process.kill()
        process.wait(SECONDS_MAX)
        until(lambda family=family: living(family) == [])
    server.start()
    for owner in (ALICE, BOB):
        assert signed_in(server, owner).get(server.pod(owner.name)).status_code == 200
