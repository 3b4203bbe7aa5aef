"""`/.metrics`: what all processes of the machine counted and how much there is, for Prometheus.

Labels come from fixed lists, never from a request's path, host or agent: so there are few, and nothing about anybody.

Spec: Prometheus text exposition format 0.0.4
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pod import __version__
from pod.config import Config
from pod.observability.meters import KINDS, SECONDS, Histogram, Sums, cumulative, sums
from pod.services import Services
from pod.store.census import Census, take_census

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
POD = KINDS.index("pod")
_HOW_KEPT = {"kept": "singly", "folded": "together", "lost": "not"}

Sample = tuple[str, float]
"""Labels as they are written, and a value."""


def page(services: Services) -> bytes:
    counted = sums(services.config.meters)
    now = services.clock.now()
    lines = [
        *family("info", "gauge", "Which version this is", [(labels(version=__version__), 1)]),
        *_traffic(counted),
        *_writing(counted),
        *_caches(counted),
        *_worker(counted, now),
        *_access_log(counted),
        *_holdings(take_census(services.store)),
        *_machine(counted, services.config),
    ]
    return "\n".join([*lines, ""]).encode()


def family(name: str, kind: str, meaning: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP freehold_{name} {meaning}."
    yield f"# TYPE freehold_{name} {kind}"
    for label, value in samples:
        yield f"freehold_{name}{label} {number(value)}"


def histogram(name: str, meaning: str, observed: Iterable[tuple[dict[str, str], Histogram]]) -> Iterator[str]:
    yield f"# HELP freehold_{name} {meaning}."
    yield f"# TYPE freehold_{name} histogram"
    for names, one in observed:
        counts = tuple(cumulative(one.counts))
        for bound, count in zip((*SECONDS, float("inf")), counts, strict=True):
            limit = "+Inf" if bound == float("inf") else str(bound)
            yield f"freehold_{name}_bucket{labels(**names, le=limit)} {number(count)}"
        yield f"freehold_{name}_sum{labels(**names)} {number(one.total)}"
        yield f"freehold_{name}_count{labels(**names)} {number(counts[-1])}"


def labels(**values: str) -> str:
    """All values are our own words, so nothing needs to be escaped."""
    written = ",".join(f'{name}="{value}"' for name, value in values.items())
    return f"{{{written}}}" if written else ""


def number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _traffic(counted: Sums) -> Iterator[str]:
    requests = ((labels(kind=kind, method=verb, status=status), n) for kind, verb, status, n in counted.requests())
    yield from family("requests_total", "counter", "Requests by what they were for", requests)
    latencies = (({"method": method}, one) for method, one in counted.latencies(POD))
    yield from histogram("pod_request_seconds", "Time until the answer for a resource of a pod begins", latencies)
    yield from family("requests_in_flight", "gauge", "Requests that are worked on now", [("", counted.in_flight)])


def _writing(counted: Sums) -> Iterator[str]:
    yield from histogram("write_wait_seconds", "Time a write waits for its turn", [({}, counted.write_waits)])
    yield from histogram("commit_seconds", "Time until a write is on the disk", [({}, counted.commits)])


def _caches(counted: Sums) -> Iterator[str]:
    looked_up = tuple(counted.lookups())
    hits = ((labels(cache=cache), hit) for cache, hit, _ in looked_up if cache == "representation")
    yield from family("cache_hits_total", "counter", "Conversions and listings that were kept from before", hits)
    misses = ((labels(cache=cache), miss) for cache, _, miss in looked_up)
    yield from family("cache_misses_total", "counter", "What had to be made, parsed or verified anew", misses)


def _worker(counted: Sums, now: float) -> Iterator[str]:
    tasks = tuple(counted.tasks())
    ages = ((labels(task=task), max(0.0, round(now - done, 3))) for task, done, _ in tasks if done)
    yield from family("worker_task_age_seconds", "gauge", "Time since a task of the worker last ended well", ages)
    failed = ((labels(task=task), count) for task, _, count in tasks)
    yield from family("worker_task_failures_total", "counter", "Tasks of the worker that failed", failed)


def _access_log(counted: Sums) -> Iterator[str]:
    kept = ((labels(kept=how), counted.access_log(what)) for what, how in _HOW_KEPT.items())
    yield from family("access_log_decisions_total", "counter", "Decisions noted for the owners of pods", kept)
    failures = [("", counted.access_log("failures"))]
    yield from family("access_log_failures_total", "counter", "Times that these could not be written", failures)


def _holdings(census: Census) -> Iterator[str]:
    for name, kind, meaning, value in (
        ("journal_position", "gauge", "Changes ever made to pods", census.journal_position),
        ("accounts", "gauge", "Accounts", census.accounts),
        ("storages", "gauge", "Pods", census.storages),
        ("stored_bytes", "gauge", "Bytes in all pods", census.bytes),
        ("stored_resources", "gauge", "Resources in all pods", census.resources),
        ("mail_queue", "gauge", "Mails that wait to be sent", census.mails),
        ("garbage_files", "gauge", "Files of replaced bodies that wait to be removed", census.garbage),
        ("channels", "gauge", "Notification channels", census.channels),
    ):
        yield from family(name, kind, meaning, [("", value)])


def _machine(counted: Sums, config: Config) -> Iterator[str]:
    living = {role: counted.living(role) for role in ("web", "stream", "worker")}
    processes = ((labels(process=role), len(tables)) for role, tables in living.items())
    yield from family("processes", "gauge", "Processes that run", processes)
    memory = ((labels(process=role), sum(resident_bytes(t.process) for t in tables)) for role, tables in living.items())
    yield from family("resident_memory_bytes", "gauge", "Memory of all processes of a kind", memory)
    files = (file for each in (config.database, config.access_database) for file in (each, log_of(each)))
    sizes = ((labels(file=file.name), size(file)) for file in files)
    yield from family("database_bytes", "gauge", "Size of each database and of its log", sizes)
    disk = os.statvfs(config.data)
    free = [("", disk.f_bavail * disk.f_frsize)]
    yield from family("disk_free_bytes", "gauge", "What the disk with the data has left", free)


def log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


def resident_bytes(process: int) -> int:
    """0 for one that has just ended."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
