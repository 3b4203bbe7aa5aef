"""What Freehold has to reach, as data, and whether it does. Pure: figures in, verdicts out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.figures import OURS, Fresh, Pair, Results, cpu_ratio, errors, rate_ratio

Measure = Callable[[Results], "float | None"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One threshold. `case` is the one it is drawn beside, if it is a ratio of requests a second."""

    title: str
    measure: Measure
    bound: float
    unit: str
    at_least: bool = True
    case: str | None = None

    @property
    def wanted(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.bound:g}{self.unit}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A gate and the figure it was held against; None if that was not measured."""

    gate: Gate
    figure: float | None

    @property
    def held(self) -> bool | None:
        if self.figure is None:
            return None
        return self.figure >= self.gate.bound if self.gate.at_least else self.figure <= self.gate.bound


def judged(results: Results) -> list[Verdict]:
    return [Verdict(gate, gate.measure(results)) for gate in GATES]


def failed(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.held is False]


def _of_pairs(case: str, figure: Callable[[Sequence[Pair]], float | None]) -> Measure:
    def measure(results: Results) -> float | None:
        pairs = results.runs.get(case)
        return figure(pairs) if pairs else None

    return measure


def _rate(pairs: Sequence[Pair]) -> float | None:
    spread = rate_ratio(pairs)
    return spread.middle if spread else None


def _cpu(pairs: Sequence[Pair]) -> float | None:
    spread = cpu_ratio(pairs)
    return spread.middle if spread else None


def rate(case: str, title: str, bound: float) -> Gate:
    return Gate(f"{title}: requests per second", _of_pairs(case, _rate), bound, "x", case=case)


def cpu(case: str, title: str, bound: float) -> Gate:
    return Gate(f"{title}: requests per CPU-second", _of_pairs(case, _cpu), bound, "x")


def no_errors(case: str, title: str) -> Gate:
    return Gate(f"{title}: errors", _of_pairs(case, lambda pairs: errors(pairs, OURS)), 0, "", at_least=False)


def of_fresh(title: str, figure: Callable[[Fresh], float], bound: float, unit: str) -> Gate:
    def measure(results: Results) -> float | None:
        found = results.fresh.get(OURS)
        return median(map(figure, found)) if found else None

    return Gate(title, measure, bound, unit, at_least=False)


GATES = (
    rate("public-get", "Public GET", 30),
    cpu("public-get", "Public GET", 30),
    rate("not-modified", "304", 30),
    cpu("not-modified", "304", 30),
    rate("json-ld", "JSON-LD", 30),
    rate("signed-get", "Authenticated GET", 25),
    rate("deep-get", "Authenticated GET, ACL 8 levels up", 20),
    rate("put-new", "PUT", 12),
    rate("post", "POST", 12),
    rate("patch-many", "PATCH of many documents", 15),
    rate("patch-one", "PATCH of one document", 15),
    rate("patch-10k", "PATCH in 10,000 triples", 8),
    rate("listing-1k", "Listing of 1,000 members", 50),
    rate("listing-10k", "Listing of 10,000 members", 50),
    no_errors("listing-10k-64", "Listing of 10,000 members, 64 at once"),
    rate("up-100m", "100 MiB up", 0.7),
    rate("down-100m", "100 MiB down", 1),
    of_fresh("100 MiB up and down: peak memory over idle", lambda fresh: fresh.growth_mb, 100, " MB"),
    of_fresh("First 200 after the start", lambda fresh: fresh.start_s, 1, " s"),
    of_fresh("Idle memory of all processes", lambda fresh: fresh.idle_mb, 180, " MB"),
)
