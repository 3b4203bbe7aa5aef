"""Results of the benchmark made up for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.figures import OURS, THEIRS, Fresh, Pair, Results
from bench.load import Run

RUN = Run(
    requests=100,
    errors=0,
    per_second=100.0,
    p50_ms=1.0,
    p99_ms=2.0,
    cpu_us=1000.0,
    pss_peak_mb=100.0,
    client_share=0.1,
    others=0.0,
)
SILENT = replace(RUN, requests=0, errors=8, per_second=0.0, p50_ms=None, p99_ms=None, cpu_us=None)


def pair(ours: float, theirs: float, *, cpu: tuple[float, float] = (1.0, 1.0)) -> Pair:
    """So many requests a second of each."""
    return {
        OURS: replace(RUN, per_second=ours, cpu_us=cpu[0]),
        THEIRS: replace(RUN, per_second=theirs, cpu_us=cpu[1]),
    }


def results(
    runs: Mapping[str, Sequence[Pair]] | None = None, fresh: Mapping[str, Sequence[Fresh]] | None = None
) -> Results:
    return Results(
        "2026-01-01",
        "a machine",
        {OURS: "1.0", THEIRS: "2.0"},
        {"pairs": 7, "seconds": 3, "connections": 8},
        {name: list(pairs) for name, pairs in (runs or {}).items()},
        {name: list(starts) for name, starts in (fresh or {}).items()},
    )
