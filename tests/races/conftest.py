"""A server with two web processes, so that what happens at once happens in both, and clients enough to make it happen."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psutil
import pytest

from pod.store.fsck import check
from tests.support.client import SolidClient
from tests.support.fixtures import signed_in
from tests.support.processes import tree
from tests.support.server import ALICE, BOB, Server, running_server
from tests.support.stores import sqlite_store
from tests.support.waiting import until

CLIENTS = 12


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two web processes. However wild it was, the store is sound afterwards."""
    settings = {"FREEHOLD_WORKERS": "2"}
    directory = tmp_path_factory.mktemp("crowded")
    with running_server((ALICE, BOB), directory=directory, environment=settings) as running:
        until(lambda: listeners(running) == 2)
        yield running
    store = sqlite_store(running.data)
    assert list(check(store, deep=True)) == []
    store.close()


def listeners(server: Server) -> int:
    connections = [each for pid in tree(server.pid) for each in psutil.Process(pid).net_connections("tcp")]
    return sum(each.status == psutil.CONN_LISTEN for each in connections)


@pytest.fixture(scope="module")
def alices(crowded: Server) -> list[SolidClient]:
    """Clients of alice, each with connections of its own."""
    first = signed_in(crowded, ALICE)
    return [first, *(SolidClient(first.base_url, first.login, first.name) for _ in range(CLIENTS - 1))]


@pytest.fixture(scope="module")
def bobs(crowded: Server) -> list[SolidClient]:
    """Clients of bob, each with connections of its own."""
    first = signed_in(crowded, BOB)
    return [first, *(SolidClient(first.base_url, first.login, first.name) for _ in range(CLIENTS - 1))]


@pytest.fixture
def place(alices: list[SolidClient]) -> str:
    """The URL of an empty container of alice's, this test's alone."""
    url = f"{alices[0].pod}t-{uuid.uuid4().hex[:12]}/"
    alices[0].put_container(url)
    return url
