"""Results as values: the runs of all cases, what fresh servers showed, and the statistics over pairs.

Ratios are taken within a pair, in which both servers saw the same machine. Pure: reads and writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Self

from bench.load import Run

OURS, THEIRS = "freehold", "css"
NAMES = {OURS: "Freehold", THEIRS: "CSS"}
Pair = dict[str, Run]


@dataclass(frozen=True, slots=True)
class Fresh:
    """A server just started: seconds to its first 200, memory left alone, and the most with large bodies under way."""

    start_s: float
    idle_mb: float
    peak_mb: float

    @property
    def growth_mb(self) -> float:
        return self.peak_mb - self.idle_mb


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some figures and how far they lie apart."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self | None:
        return cls(median(values), min(values), max(values)) if values else None


@dataclass(frozen=True, slots=True)
class Results:
    """bench/results/latest.json. `runs` holds for each case one entry a pair, `fresh` for each server one a start."""

    date: str
    machine: str
    versions: dict[str, str]
    settings: dict[str, int]
    runs: dict[str, list[Pair]]
    fresh: dict[str, list[Fresh]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:  # what json.dumps takes
        return asdict(self)


def middle(pairs: Sequence[Pair], server: str, of: Callable[[Run], float | None]) -> float | None:
    """The median of what one server showed; None if it never did."""
    found = [value for pair in pairs if server in pair and (value := of(pair[server])) is not None]
    return median(found) if found else None


def rate_ratio(pairs: Sequence[Pair]) -> Spread | None:
    """Our requests a second for each of theirs: infinite where they gave no good answer, none without any of ours."""
    both = _both(pairs)
    return Spread.of([_times(ours.per_second, theirs.per_second) for ours, theirs in both if ours.per_second])


def cpu_ratio(pairs: Sequence[Pair]) -> Spread | None:
    """Their CPU time a request for each of ours."""
    both = _both(pairs)
    return Spread.of([theirs.cpu_us / ours.cpu_us for ours, theirs in both if theirs.cpu_us and ours.cpu_us])


def errors(pairs: Sequence[Pair], server: str) -> int:
    return sum(pair[server].errors for pair in pairs if server in pair)


def _times(ours: float, theirs: float) -> float:
    return ours / theirs if theirs else math.inf


def _both(pairs: Sequence[Pair]) -> list[tuple[Run, Run]]:
    return [(pair[OURS], pair[THEIRS]) for pair in pairs if OURS in pair and THEIRS in pair]
