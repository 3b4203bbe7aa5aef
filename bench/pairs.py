"""The measurement itself: every case on every server, in interleaved pairs of runs, so that both see the same machine.

Starts nothing and publishes nothing.
"""

from __future__ import annotations

import itertools
import os
import platform
import secrets
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cases import CASES, Case
from bench.load import LoadError, OutOfRequestsError, Request, Run, run, write_requests
from bench.servers import WORKSPACE, Target
from bench.tokens import RefusedError, Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.report import Results

LOOPED_REQUESTS = 100
FIRST_RATE = 500.0
SUPPLY_MARGIN = 1.6
SUPPLY_RETRIES_MAX = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often. `cases` are names; none means all."""

    pairs: int
    seconds: int
    connections: int
    cases: Sequence[str] = ()


@dataclass(slots=True)
class Lane:
    """One case on one server: where its documents are, and how fast it went so far."""

    case: Case
    session: Session
    home: str
    rate: float = FIRST_RATE

    @property
    def target(self) -> Target:
        return self.session.target

    def prepare(self) -> None:
        """Make what the case needs, see that its first request does what it should. Raises: RefusedError."""
        token = self.session.access_token()
        self.case.prepare(self.session, token, self.home)
        first = next(self.case.requests(self.home, secrets.token_hex(3)))
        signed = token if self.case.signed else None
        answer = self.session.send(signed, first.method, first.url, first.headers, first.body or None)
        if answer.status not in self.case.statuses:
            raise RefusedError(f"{self.target.name}: {self.case.title}: unexpected status {answer.status}")

    def measure(self, seconds: float, connections: int) -> Run:
        """One run, with requests made for it alone. Raises: LoadError."""
        file = WORKSPACE / "requests.bin"
        for _ in range(SUPPLY_RETRIES_MAX):
            write_requests(self._requests(seconds), file)
            try:
                done = run(
                    self.session.target,
                    file,
                    seconds=seconds,
                    connections=connections,
                    loop=not self.case.signed,
                )
            except OutOfRequestsError:
                self.rate *= 2
            else:
                self.rate = done.per_second
                return done
        raise LoadError(f"{self.case.title}: no supply of requests was large enough")

    def _requests(self, seconds: float) -> Iterator[Request]:
        endless = self.case.requests(self.home, secrets.token_hex(3))
        if not self.case.signed:
            return itertools.islice(endless, LOOPED_REQUESTS)
        token = self.session.access_token()
        count = int(self.rate * seconds * SUPPLY_MARGIN) + LOOPED_REQUESTS
        return (self._signed(each, token) for each in itertools.islice(endless, count))

    def _signed(self, request: Request, token: str) -> Request:
        headers = {**request.headers, **self.session.headers(token, request.method, request.url)}
        return Request(request.method, request.url, headers, request.body)


def lanes_for(case: Case, targets: list[Target]) -> list[Lane]:
    return [Lane(case, Session(target), f"{target.pod}bench/{case.name}/") for target in targets]


def compare(targets: list[Target], plan: Plan) -> Results:
    """All cases on all servers, pair by pair, the order turned each time. The first pair warms up and is dropped."""
    chosen = [case for case in CASES if not plan.cases or case.name in plan.cases]
    lanes = {case.name: lanes_for(case, targets) for case in chosen}
    for lane in itertools.chain.from_iterable(lanes.values()):
        lane.prepare()
    runs: dict[str, list[dict[str, dict[str, float]]]] = {case.name: [] for case in chosen}
    for pair in range(1 + plan.pairs):
        for case in chosen:
            order = lanes[case.name][:: 1 if pair % 2 else -1]
            runs[case.name].append({each.target.name: one_run(pair, each, plan) for each in order})
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "versions": {target.name: target.version for target in targets},
        "settings": {key: getattr(plan, key) for key in ("pairs", "seconds", "connections")},
        "titles": {case.name: case.title for case in chosen},
        "runs": {name: pairs[1:] for name, pairs in runs.items()},
    }


def one_run(pair: int, lane: Lane, plan: Plan) -> dict[str, float]:
    done = lane.measure(plan.seconds, plan.connections)
    say(
        f"{pair or 'warm':4} {lane.case.name:12} {lane.target.name:9} {done.per_second:9.1f}/s "
        f"{done.cpu_us:9.0f} us CPU p50 {done.p50_ms:8.2f} p99 {done.p99_ms:8.2f} ms "
        f"{done.pss_peak_mb:6.0f} MB client {done.client_share:.0%} others {done.others:.0%}"
    )
    return {name: round(figure, 3) for name, figure in asdict(done).items()}


def machine() -> str:
    described = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in described if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
