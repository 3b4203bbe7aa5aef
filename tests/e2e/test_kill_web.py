"""Processes are killed with SIGKILL in the midst of concurrent writes over HTTP, again and again: what was acknowledged is
there, what was not is there wholly or not at all, and nobody has to lend a hand.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from pod.store.fsck import Severity, check
from tests.support.client import SolidClient
from tests.support.diary import Diary
from tests.support.fixtures import signed_in
from tests.support.processes import living, tree
from tests.support.server import ALICE, Server, running_server
from tests.support.stores import sqlite_store
from tests.support.together import together
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

WEB_ROUNDS = [10, pytest.param(100, marks=pytest.mark.soak)]
SERVER_ROUNDS = [2, pytest.param(30, marks=pytest.mark.soak)]
WRITERS = 10
BACK_SECONDS_MAX = 30
"""A start takes one or two; a machine may be busy with other work."""
FREEHOLD = str(Path(sys.executable).with_name("freehold"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running_server((ALICE,), directory=tmp_path) as running:
        yield running


@pytest.fixture
def diaries(server: Server) -> list[Diary]:
    first = signed_in(server, ALICE)
    clients = [SolidClient(first.base_url, first.login, first.name) for _ in range(WRITERS)]
    for number, client in enumerate(clients):
        client.put_container(f"{client.pod}{number}/")
    return [Diary(client, f"{client.pod}{number}/") for number, client in enumerate(clients)]


@contextmanager
def writing(diaries: list[Diary], at_least: int) -> Iterator[None]:
    """All write until the server is gone; the block begins when so many writes more are acknowledged, and ends it."""
    before, wrong = sum(diary.acknowledged for diary in diaries), []

    def write(diary: Diary) -> None:
        try:
            diary.write_on()
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=write, args=(diary,), daemon=True) for diary in diaries]
    for thread in threads:
        thread.start()
    until(lambda: wrong or sum(diary.acknowledged for diary in diaries) >= before + at_least)
    yield
    for thread in threads:
        thread.join()
    assert wrong == []


def web_process(server: Server) -> int:
    """The process id of the only web process; 0 while there is none."""
    for pid in tree(server.pid):
        with suppress(OSError):  # ended meanwhile
            if b"main\0web\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return 0


def is_back(server: Server, killed: int) -> bool:
    try:
        return web_process(server) not in {0, killed} and requests.get(server.url(".health"), timeout=5).ok
    except requests.RequestException:
        return False


def errors(server: Server) -> list[str]:
    """What is wrong with the store, beside the server that works on it."""
    store = sqlite_store(server.data)
    found = [f"{each.path}: {each.text}" for each in check(store) if each.severity is Severity.ERROR]
    store.close()
    return found


def assert_sound(server: Server) -> None:
    """Nothing is wrong with any body either, and the journal has no gap."""
    command = [FREEHOLD, "fsck", "--deep", "--data", str(server.data)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (checked.returncode, "error" in checked.stdout) == (0, False), checked.stdout
    store = sqlite_store(server.data)
    positions = [change.position for change in store.changes(0, 1_000_000)]
    store.close()
    assert positions == list(range(1, len(positions) + 1))


@pytest.mark.parametrize("rounds", WEB_ROUNDS)
def test_a_web_process_killed_in_the_midst_of_writes_loses_nothing(
    server: Server, diaries: list[Diary], rounds: int
) -> None:
    for turn in range(rounds):
        with writing(diaries, at_least=20 + 7 * (turn % 10)):
            killed = web_process(server)
            os.kill(killed, signal.SIGKILL)
        until(lambda killed=killed: is_back(server, killed))
        together(WRITERS, lambda number: diaries[number].check())
        assert errors(server) == []
    together(WRITERS, lambda number: diaries[number].check_all())
    assert_sound(server)


@pytest.mark.parametrize("rounds", SERVER_ROUNDS)
def test_a_server_killed_in_the_midst_of_writes_starts_again_at_once(
    server: Server, diaries: list[Diary], rounds: int
) -> None:
    for turn in range(rounds):
        with writing(diaries, at_least=20 + 17 * (turn % 10)):
            family = tree(server.pid)
            server.kill()
        assert living(family) == []
        begun = time.monotonic()
        server.start()
        assert time.monotonic() - begun < BACK_SECONDS_MAX
        together(WRITERS, lambda number: diaries[number].check())
    together(WRITERS, lambda number: diaries[number].check_all())
    assert_sound(server)
