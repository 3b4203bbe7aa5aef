"""Killing processes of a server, and waiting for it to be whole again, by itself."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import requests

from tests.support.processes import living, tree
from tests.support.server import Server
from tests.support.waiting import until

WEB, WORKER, STREAM, SUPERVISOR = "web", "worker", "stream", "supervisor"


def named(server: Server, name: str) -> list[int]:
    """The process ids of the children that run `freehold NAME`."""
    return [pid for pid in tree(server.pid) if f"main\0{name}\0" in _command(pid)]


def _command(pid: int) -> str:
    with suppress(OSError):  # ended meanwhile
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def is_up(server: Server) -> bool:
    try:
        return requests.get(server.url(".health"), timeout=5).ok
    except requests.RequestException:
        return False


def kill(server: Server, what: str, chance: random.Random) -> float:
    """SIGKILL to one process; gives the seconds until the server was whole again."""
    begun = time.monotonic()
    if what == SUPERVISOR:
        family = tree(server.pid)
        server.kill()
        assert living(family) == []
        begun = time.monotonic()
        server.start()
    else:
        before = named(server, what)
        until(lambda: named(server, what))
        os.kill(chance.choice(before), signal.SIGKILL)
        until(lambda: is_whole(server, what, before))
    until(lambda: is_up(server))
    return time.monotonic() - begun


def is_whole(server: Server, what: str, before: list[int]) -> bool:
    """As many processes as before, and one of them is new."""
    now = named(server, what)
    return len(now) == len(before) and now != before


def strays(server: Server, workers: int) -> list[int]:
    """Processes of the server beyond those it needs: supervisor, worker, stream and the web processes."""
    return tree(server.pid)[3 + workers :]
