"""What a server shows when it is alone and just started: the time to its first 200, its memory left alone, and the most
it takes while large bodies go up and down.

Each server has one data directory with one pod, and is started on it again and again, on all cores. It must run alone:
memory that it shares with a second one of its kind would count half.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from bench.cases import CASES, Case
from bench.figures import Fresh
from bench.load import MemoryPeak
from bench.pairs import Plan, lane, prepare, say
from bench.servers import READY_SECONDS_MAX, SERVERS, StartError, Target, end
from bench.tokens import Session
from tests.support.processes import pss_bytes

LARGE_BODIES = ("up-100m", "down-100m")
AT_ONCE = 8
IDLE_SECONDS = 3.0
POLL_SECONDS = 0.005
MEMORY_SAMPLE_SECONDS = 0.05


def measure_fresh(servers: Sequence[str], directories: Sequence[Path], plan: Plan) -> dict[str, list[Fresh]]:
    """Start after start, the order turned each time. Raises: LoadError, StartError, RefusedError."""
    targets = [_made_ready(name, where) for name, where in zip(servers, directories, strict=True)]
    found: dict[str, list[Fresh]] = {name: [] for name in servers}
    for pair in range(1, 1 + plan.pairs):
        for target in targets[:: 1 if pair % 2 else -1]:
            found[target.name].append(_fresh_start(pair, target, plan))
    return found


def _made_ready(name: str, directory: Path) -> Target:
    """Start it once, so that it has data, a pod and what will be read."""
    with SERVERS[name](directory, pinned=False) as target:
        prepare(_large_bodies()[0].place, Session(target))
    return target


def _fresh_start(pair: int, target: Target, plan: Plan) -> Fresh:
    with _started(target) as (process, seconds):
        time.sleep(IDLE_SECONDS)
        idle = pss_bytes(process.pid)
        session = Session(replace(target, pid=process.pid))
        with MemoryPeak(process.pid, MEMORY_SAMPLE_SECONDS) as memory:
            for case in _large_bodies():
                lane(replace(case, connections=AT_ONCE, count=AT_ONCE), session).measure(plan)
    found = Fresh(round(seconds, 3), round(idle / 2**20, 1), round(memory.peak / 2**20, 1))
    say(
        f"{pair:4} fresh          {target.name:9} first 200 after {found.start_s:.2f} s, idle {found.idle_mb:.0f} MB, "
        f"peak {found.peak_mb:.0f} MB"
    )
    return found


def _large_bodies() -> list[Case]:
    return [case for case in CASES if case.name in LARGE_BODIES]


@contextmanager
def _started(target: Target) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """The process, and how long it took to the first 200. Raises: StartError."""
    with target.log.open("ab") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(
            target.command, stdout=log, stderr=subprocess.STDOUT, env=dict(target.environment), start_new_session=True
        )
    try:
        while not _answers(target.base_url):
            if process.poll() is not None or time.perf_counter() - begun > READY_SECONDS_MAX:
                raise StartError(f"{target.name} did not start again; see {target.log}")
            time.sleep(POLL_SECONDS)
        yield process, time.perf_counter() - begun
    finally:
        end(process)


def _answers(base_url: str) -> bool:
    """Whether it gives its description, as both servers do."""
    parts = urlsplit(base_url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=READY_SECONDS_MAX)
    try:
        connection.request("GET", "/.well-known/openid-configuration")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
