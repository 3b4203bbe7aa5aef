"""A disk that is full or refuses: writes are refused with a problem and change nothing, reads go on, and once there is room
again everything works without a hand.

The limit on the size of a file stands in for the disk: what a process may not write fails as on a full one.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from pod.store.fsck import check
from tests.chaos.disk import LITTLE_BYTES, limit
from tests.chaos.harm import WEB, kill
from tests.support.client import SPARQL, SolidClient, assert_problem, contained
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, Server, running_server
from tests.support.stores import sqlite_store
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

PLAIN = {"Content-Type": "text/plain"}
INDEX_BYTES = 64 * 1024
"""Room for the index of the database's log, which each start makes anew in the place of the old one."""
BLOB = b"x" * 300_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server((ALICE,), directory=tmp_path_factory.mktemp("disk")) as running:
        until(lambda: running.log.stat().st_size > LITTLE_BYTES)
        yield running
    store = sqlite_store(running.data)
    assert list(check(store, deep=True)) == []
    store.close()


@pytest.fixture(scope="module")
def alice(server: Server) -> SolidClient:
    return signed_in(server, ALICE)


@contextmanager
def full_disk(server: Server) -> Iterator[None]:
    """No file may grow beyond a little: the database takes nothing more, nor does the log of the server."""
    limit(server, LITTLE_BYTES)
    try:
        yield
    finally:
        limit(server, resource.RLIM_INFINITY)


WRITES = {
    "new": ("PUT", "new", PLAIN, b"x"),
    "new, large": ("PUT", "new", PLAIN, BLOB),
    "in new containers": ("PUT", "a/b/c", PLAIN, b"x"),
    "replaced": ("PUT", "doc", PLAIN, b"x"),
    "replaced, large": ("PUT", "doc", PLAIN, BLOB),
    "patched": ("PATCH", "graph", SPARQL, b"INSERT DATA { <#a> <#b> <#c> }"),
    "posted": ("POST", "", PLAIN, b"x"),
    "posted, large": ("POST", "", PLAIN, BLOB),
    "deleted": ("DELETE", "doc", {}, None),
}


@pytest.mark.parametrize("how", WRITES)
def test_a_full_disk_refuses_writes_and_recovers(server: Server, alice: SolidClient, how: str) -> None:
    method, name, headers, content = WRITES[how]
    place = f"{alice.pod}{list(WRITES).index(how)}/"
    alice.put_turtle(place + "graph", "<#it> <#is> <#here> .")
    alice.put(place + "doc", "old", headers=PLAIN)
    with full_disk(server):
        assert_problem(alice.request(method, place + name, data=content, headers=headers), 503, 507)
        assert alice.get(place + "doc").text == "old"
        assert contained(alice, place) == {place + "graph", place + "doc"}
    assert alice.request(method, place + name, data=content, headers=headers).status_code in {201, 204}


def test_a_web_process_that_dies_on_a_full_disk_is_back_to_answer_reads(server: Server, alice: SolidClient) -> None:
    alice.put(alice.pod + "doc", "kept", headers=PLAIN)
    with full_disk(server):
        kill(server, WEB, Random(1))
        assert alice.get(alice.pod + "doc").text == "kept"
        assert_problem(alice.put(alice.pod + "doc", "new", headers=PLAIN), 503, 507)
    until(lambda: alice.put(alice.pod + "doc", "new", headers=PLAIN).status_code == 204)


def test_a_server_started_on_a_full_disk_answers_reads(server: Server, alice: SolidClient) -> None:
    alice.put(alice.pod + "doc", "kept", headers=PLAIN)
    command = server.command
    server.kill()
    server.command = ("prlimit", f"--fsize={INDEX_BYTES}", *command)
    server.start()
    assert alice.get(alice.pod + "doc").text == "kept"
    assert_problem(alice.put(alice.pod + "doc", BLOB, headers=PLAIN), 507)
    server.command = command
    server.restart()
    assert alice.put(alice.pod + "doc", BLOB, headers=PLAIN).status_code == 204
