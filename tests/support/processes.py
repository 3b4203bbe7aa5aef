"""What the kernel says about a process and its descendants: who they are, their CPU, their memory, what they have open.

Reads /proc and nothing else. Knows no server.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """The process ids of `root` and all its living descendants, `root` first; empty when it has ended."""
    parents = {pid: int(fields[1]) for pid, fields in _all_stats().items()}
    found = [root] if root in parents else []
    for pid in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of `root` and all its descendants, those that ended and were waited for included."""
    stats = _all_stats()
    ticks = sum(int(value) for pid in tree(root) if pid in stats for value in stats[pid][11:15])
    return ticks / TICKS_PER_SECOND


def machine_cpu_seconds() -> float:
    """Time all cores together were busy since the machine started, with whatever."""
    fields = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _waiting, *interrupts_and_stolen = (int(each) for each in fields[:8])
    return (user + nice + system + sum(interrupts_and_stolen)) / TICKS_PER_SECOND


def pss_bytes(root: int) -> int:
    """Proportional set size of `root` and all its descendants: memory shared among them counts once."""
    return sum(_rollup(pid, "Pss") for pid in tree(root))


def unshared_bytes(root: int) -> int:
    """Memory of `root` and all its descendants that stands for no file: others that come and go do not change it."""
    return sum(_rollup(pid, "Pss_Anon") for pid in tree(root))


def open_files(pid: int) -> list[str]:
    """What each descriptor of one process stands for: a path, or a kind and a number, such as `socket:[7]`."""
    found = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.append(str(each.readlink()))
    return found


def living(pids: Iterable[int]) -> list[int]:
    """Those of `pids` that still run; a zombie does not."""
    stats = _all_stats()
    return [pid for pid in pids if pid in stats and stats[pid][0] != "Z"]


def _all_stats() -> dict[int, list[str]]:
    """/proc/PID/stat of every process, from its third field (the state) on."""
    return {int(each.name): stat for each in Path("/proc").iterdir() if each.name.isdigit() and (stat := _stat(each))}


def _stat(directory: Path) -> list[str]:
    try:
        return (directory / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # ended meanwhile
        return []


def _rollup(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # ended meanwhile
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)
