"""A server with two web processes, so that what happens at once happens in both, and clients enough to make it happen."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from pod.store.fsck import check
from tests.support.client import SolidClient
from tests.support.fixtures import signed_in
from tests.support.processes import tree
from tests.support.server import ALICE, BOB, Account, Server, running_server
from tests.support.stores import sqlite_store
from tests.support.waiting import until

CLIENTS, CLIENTS_MAX = 12, 16


@dataclass(frozen=True, slots=True)
class Crowd:
    """A server, and clients enough of one account."""

    server: Server

    def clients(self, who: Account, number: int) -> list[SolidClient]:
        """Clients of an account, each with connections of its own."""
        first = signed_in(self.server, who)
        return [first, *(SolidClient(first.base_url, first.login, first.name) for _ in range(number - 1))]


@contextmanager
def crowd(directory: Path, *, workers: int) -> Iterator[Crowd]:
    """So many web processes. However wild it was, the store is sound afterwards."""
    settings = {"FREEHOLD_WORKERS": str(workers)}
    with running_server((ALICE, BOB), directory=directory, environment=settings) as running:
        until(lambda: listeners(running) == workers)
        yield Crowd(running)
    store = sqlite_store(running.data)
    assert list(check(store, deep=True)) == []
    store.close()


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two web processes."""
    with crowd(tmp_path_factory.mktemp("crowded"), workers=2) as made:
        yield made.server


def listeners(server: Server) -> int:
    """Web processes that take requests: the stream process has a port of its own."""
    port = urlsplit(server.base_url).port
    connections = [each for pid in tree(server.pid) for each in psutil.Process(pid).net_connections("tcp")]
    return sum(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections)


@pytest.fixture(scope="module")
def alices(crowded: Server) -> list[SolidClient]:
    return Crowd(crowded).clients(ALICE, CLIENTS_MAX)


@pytest.fixture(scope="module")
def bobs(crowded: Server) -> list[SolidClient]:
    return Crowd(crowded).clients(BOB, CLIENTS)


@pytest.fixture
def place(alices: list[SolidClient]) -> str:
    """The URL of an empty container of alice's, this test's alone."""
    url = f"{alices[0].pod}t-{uuid.uuid4().hex[:12]}/"
    alices[0].put_container(url)
    return url
