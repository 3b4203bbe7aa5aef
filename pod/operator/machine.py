"""What the server stands on: Python, SQLite, limits of the system, memory, the port."""

from __future__ import annotations

import platform
import resource
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pod.config import MIB
from pod.operator.findings import Finding, fine, problem, warning

PYTHON_OLDEST = (3, 11)
SQLITE_OLDEST = (3, 35, 0)
SERIALIZED = 3
"""Of `sqlite3.threadsafety`: connections may be handed from thread to thread."""
OPEN_FILES_LOW = 4096 + 512
MEMORY_BYTES_LOW = 200 * MIB
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_MEMORY = Path("/proc/meminfo")


def check_machine() -> Iterator[Finding]:
    yield check_versions(sys.version_info[:3], sqlite3.sqlite_version_info, sqlite3.threadsafety)
    yield check_open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    yield check_memory(available_bytes())


def check_versions(python: tuple[int, ...], sqlite: tuple[int, ...], threadsafety: int) -> Finding:
    subject = "versions"
    if python < PYTHON_OLDEST:
        return problem(subject, f"this is Python {dotted(python)}", f"Install {dotted(PYTHON_OLDEST)} or newer.")
    if sqlite < SQLITE_OLDEST:
        return problem(subject, f"this is SQLite {dotted(sqlite)}", f"Install {dotted(SQLITE_OLDEST)} or newer.")
    if threadsafety != SERIALIZED:
        return problem(subject, "this SQLite is built for one thread", "Install the one of your distribution.")
    return fine(
        subject, f"Python {dotted(python)} on {platform.system()} {platform.machine()}, SQLite {dotted(sqlite)}"
    )


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def check_open_files(hard: int) -> Finding:
    subject = "open files"
    if hard != resource.RLIM_INFINITY and hard < OPEN_FILES_LOW:
        text = f"a process may have {hard} open, so fewer clients can be connected at once"
        return warning(subject, text, "Raise it: LimitNOFILE= of systemd, `ulimits` of Docker, `ulimit -Hn`.")
    return fine(subject, "a process may have enough of them")


def available_bytes() -> int | None:
    """Memory that a program could have now; None where nobody says."""
    found = []
    with suppress(OSError, StopIteration, ValueError):
        lines = _MEMORY.read_text().splitlines()
        found.append(int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 1024)
    with suppress(OSError, ValueError):
        found.append(int(_CGROUP_LIMIT.read_text()))
    return min(found, default=None)


def check_memory(available: int | None) -> Finding:
    if available is not None and available < MEMORY_BYTES_LOW:
        text = f"{available // MIB} MiB are free"
        return warning("memory", text, f"A small server needs about {MEMORY_BYTES_LOW // MIB} MiB.")
    return fine("memory", "there is enough" if available is not None else "nobody says how much there is")
