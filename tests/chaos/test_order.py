"""The order in which things become durable: a body and its name before the commit that names them, the commit before the
answer. What keeps an acknowledged write when the power fails, seen where it is decided.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.support.counting import Counts
from tests.support.inprocess import Answer, LocalServer
from tests.support.waiting import SECONDS_MAX, until

PLAIN = {"Content-Type": "text/plain"}
BLOB = b"x" * 200_000
FULL, NORMAL = 2, 1
PATIENCE_SECONDS = 0.3
"""In which an answer that does not wait for its commit would have come."""
AT_ONCE = 8


@dataclass
class Order(Counts):
    """What became durable, in order. While `holding`, a commit takes a permit."""

    events: list[str] = field(default_factory=list)
    connections: list[sqlite3.Connection] = field(default_factory=list)
    permits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    holding: bool = False
    waited: int = 0

    def has_held(self, commits: int) -> bool:
        """Whether one more than so many was held back so far."""
        return self.waited > commits

    def let_go(self) -> None:
        self.holding = False
        self.permits.release(AT_ONCE)

    def on_connect(self, connection: sqlite3.Connection) -> None:
        self.connections.append(connection)
        connection.set_trace_callback(self._ran)

    def sync(self, descriptor: int) -> None:
        self.events.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        os.fsync(descriptor)

    def _ran(self, statement: str) -> None:
        if statement == "COMMIT":
            if self.holding:
                self.waited += 1
                self.permits.acquire(timeout=60)
            self.events.append("commit")


@pytest.fixture
def order() -> Order:
    return Order()


@pytest.fixture
def server(tmp_path: Path, order: Order) -> Iterator[LocalServer]:
    running = LocalServer(tmp_path / "data", counts=order)
    order.events.clear()
    yield running
    order.let_go()
    running.close()


def test_a_body_and_its_directory_are_synced_before_the_commit_that_names_it(server: LocalServer, order: Order) -> None:
    assert server.request("PUT", "/alice/blob", PLAIN, BLOB).status == 201
    (folder,) = {each.parent for each in (server.data / "blobs").glob("??/*")}
    (name,) = (each.name for each in folder.iterdir())
    assert order.events == [f"{folder / name}.part", str(folder), "commit"]


def test_every_connection_syncs_what_it_commits(server: LocalServer, order: Order) -> None:
    for each in order.connections:
        file = Path(each.execute("PRAGMA database_list").fetchone()[2]).name
        assert each.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert each.execute("PRAGMA synchronous").fetchone() == ({"pod.sqlite": FULL, "derived.sqlite": NORMAL}[file],)


def test_no_answer_comes_before_its_commit(server: LocalServer, order: Order) -> None:
    answers: list[Answer] = []

    def put(number: int) -> None:
        answers.append(server.request("PUT", f"/alice/doc{number}", PLAIN, b"x"))

    order.holding = True
    threads = [threading.Thread(target=put, args=(number,)) for number in range(AT_ONCE)]
    threads[0].start()
    until(partial(order.has_held, 0))
    for thread in threads[1:]:  # these wait for the first, and then commit together
        thread.start()
    threads[0].join(PATIENCE_SECONDS)
    assert answers == []
    order.permits.release()
    until(partial(order.has_held, 1))
    threads[0].join(SECONDS_MAX)
    threads[-1].join(PATIENCE_SECONDS)
    assert len(answers) == 1
    order.let_go()
    for thread in threads:
        thread.join(SECONDS_MAX)
    assert [each.status for each in answers] == [201] * AT_ONCE
