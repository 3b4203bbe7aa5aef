"""One run: a client drives a server while the server's CPU and memory are watched.

Knows no case and no server, and not how the client does it: bench/replay.py and bench/steady.py do.
"""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlsplit

from tests.support.processes import cpu_seconds, machine_cpu_seconds, pss_bytes

if TYPE_CHECKING:
    from bench.servers import Target

MEMORY_SAMPLE_SECONDS = 0.5
CLIENT_SHARE_MAX = 0.9


class LoadError(Exception):
    """A run that says nothing about the server: the client is missing or was too slow, or Freehold answered errors."""


class OutOfRequestsError(LoadError):
    """The server was faster than expected; more requests have to be made."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it goes over the wire, but for the connection's headers."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def all_headers(self) -> dict[str, str]:
        length = {"Content-Length": str(len(self.body))} if self.body else {}
        return {"Host": urlsplit(self.url).netloc, **self.headers, **length}

    def encode(self) -> bytes:
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in self.all_headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True, slots=True)
class Answers:
    """What a client saw: good answers, how long all took, and what else came, by kind. No answers have no latency."""

    good: int
    seconds: float
    p50_ms: float | None
    p99_ms: float | None
    errors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Run:
    """What one run showed. CPU is the whole tree's for each good answer, `others` the cores other programs took."""

    requests: int
    errors: int
    per_second: float
    p50_ms: float | None
    p99_ms: float | None
    cpu_us: float | None
    pss_peak_mb: float
    client_share: float
    others: float


class _Meter(NamedTuple):
    """CPU seconds used so far: by the server, by this program and its children, by everything."""

    server: float
    client: float
    machine: float

    @classmethod
    def read(cls, server: int) -> Self:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        client = sum(each.ru_utime + each.ru_stime for each in used)
        return cls(cpu_seconds(server), client, machine_cpu_seconds())


def metered(target: Target, drive: Callable[[], Answers]) -> tuple[Run, Answers]:
    """Let the client do its work and say what it cost the server.

    Raises: LoadError -- the client itself was the bottleneck; what `drive` raises.
    """
    with MemoryPeak(target.pid) as memory:
        before = _Meter.read(target.pid)
        seen = drive()
        after = _Meter.read(target.pid)
    server, client = after.server - before.server, after.client - before.client
    share = client / seen.seconds
    if share > CLIENT_SHARE_MAX:
        raise LoadError(f"{target.name}: the client used {share:.0%} of its core: the figures would be its own")
    run = Run(
        requests=seen.good,
        errors=sum(seen.errors.values()),
        per_second=round(seen.good / seen.seconds, 3),
        p50_ms=seen.p50_ms,
        p99_ms=seen.p99_ms,
        cpu_us=round(server / seen.good * 1e6, 1) if seen.good else None,
        pss_peak_mb=round(memory.peak / 2**20, 1),
        client_share=round(share, 3),
        others=round(max(0.0, (after.machine - before.machine - server - client) / seen.seconds), 3),
    )
    return run, seen


class MemoryPeak:
    """Reads a process tree's memory now and then; `peak` is the most it held, in bytes."""

    def __init__(self, pid: int, every_seconds: float = MEMORY_SAMPLE_SECONDS) -> None:
        self.peak = 0
        self._pid, self._every, self._over = pid, every_seconds, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self.peak = pss_bytes(self._pid)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            self.peak = max(self.peak, pss_bytes(self._pid))
