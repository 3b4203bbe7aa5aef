"""One run: requests made beforehand, replayed by wrk over a few connections; the server's CPU and memory.

Knows no case and no server. Any error makes the run worthless, so it raises.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self, TypedDict
from urllib.parse import urlsplit

from tests.support.processes import cpu_seconds, machine_cpu_seconds, pss_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.servers import Target

REPLAY = Path(__file__).with_name("replay.lua")
OUT_OF_REQUESTS = 75
MEMORY_SAMPLE_SECONDS = 0.5
CLIENT_SHARE_MAX = 0.9
REQUEST_SECONDS_MAX = 20


class LoadError(Exception):
    """A run that says nothing about the server: wrk is missing or was too slow, or answers were errors."""


class OutOfRequestsError(LoadError):
    """The server was faster than expected; more requests have to be made."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it goes over the wire, but for the connection's headers."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""

    def encode(self) -> bytes:
        parts = urlsplit(self.url)
        length = {"Content-Length": str(len(self.body))} if self.body else {}
        headers = {"Host": parts.netloc, **self.headers, **length}
        lines = [
            f"{self.method} {parts.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class Report(TypedDict):
    """What replay.lua prints."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: dict[str, int]


@dataclass(frozen=True, slots=True)
class Run:
    """What one run showed. CPU is the whole process tree's; `others` is the cores other programs took."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    pss_peak_mb: float
    client_share: float
    others: float


class _Meter(NamedTuple):
    """CPU seconds used so far: by the server, by wrk, by everything."""

    server: float
    client: float
    machine: float

    @classmethod
    def read(cls, server: int) -> Self:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(cpu_seconds(server), used.ru_utime + used.ru_stime, machine_cpu_seconds())


def write_requests(requests: Iterable[Request], file: Path) -> int:
    """Write the records replay.lua reads; how many there are."""
    count = 0
    with file.open("wb") as out:
        for request in requests:
            encoded = request.encode()
            out.write(b"%08d" % len(encoded) + encoded)
            count += 1
    return count


def run(target: Target, file: Path, *, seconds: float, connections: int, loop: bool) -> Run:
    """Replay `file` against the server for a while.

    Raises: OutOfRequestsError; LoadError -- any request failed, or the client itself was the bottleneck.
    """
    with MemoryPeak(target.pid) as memory:
        before = _Meter.read(target.pid)
        told = _wrk(target, file, seconds=seconds, connections=connections, loop=loop)
        after = _Meter.read(target.pid)
    server, client = after.server - before.server, after.client - before.client
    share = client / told["seconds"]
    if not told["requests"]:
        raise LoadError(f"{target.name}: not one answer in {seconds} s; is the machine busy? Try more --seconds")
    if any(told["errors"].values()):
        raise LoadError(f"{target.name}: {told['requests']} requests, errors: {told['errors']}; see {target.log}")
    if share > CLIENT_SHARE_MAX:
        raise LoadError(f"{target.name}: wrk used {share:.0%} of its core: the figures would be its own")
    return Run(
        requests=told["requests"],
        per_second=told["requests"] / told["seconds"],
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        cpu_us=server / told["requests"] * 1e6,
        pss_peak_mb=memory.peak / 2**20,
        client_share=share,
        others=max(0.0, (after.machine - before.machine - server - client) / told["seconds"]),
    )


def wrk_program() -> str:
    """Raises: LoadError -- wrk is not installed and cannot be."""
    program = shutil.which("wrk")
    if program is None:
        raise LoadError("wrk is missing. On Debian: apt-get install wrk")
    return program


def _wrk(target: Target, file: Path, *, seconds: float, connections: int, loop: bool) -> Report:
    command = [
        wrk_program(),
        "--threads",
        "1",
        "--connections",
        str(connections),
        "--duration",
        f"{seconds:.0f}s",
    ]
    command += ["--timeout", f"{REQUEST_SECONDS_MAX}s", "--latency", "--script", str(REPLAY), target.base_url]
    command += ["--", str(file), "loop" if loop else "once"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if done.returncode == OUT_OF_REQUESTS:
        raise OutOfRequestsError(f"{target.name}: more than the requests made for {seconds} s")
    if done.returncode != 0:
        raise LoadError(f"wrk failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    report: Report = json.loads(done.stdout.splitlines()[-1])
    return report


class MemoryPeak:
    """Reads a process tree's memory twice a second; `peak` is the most it held, in bytes."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(MEMORY_SAMPLE_SECONDS):
            self.peak = max(self.peak, pss_bytes(self._pid))
