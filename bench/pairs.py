"""The measurement itself: every case on every server, in interleaved pairs of runs, so that both see the same machine.

Errors of Freehold end it; those of the other server are counted. Starts nothing and publishes nothing.
"""

from __future__ import annotations

import itertools
import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.cases import CASES, Case
from bench.figures import OURS, Pair
from bench.load import Answers, LoadError, OutOfRequestsError, Request, Run, metered
from bench.places import Place, Scene
from bench.replay import replay, write_requests
from bench.servers import WORKSPACE, Target
from bench.steady import steady
from bench.tokens import RefusedError, Session
from tests.support.processes import cpu_seconds

LOOPED_REQUESTS = 100
FIRST_RATE = 200.0
SUPPLY_MARGIN = 1.6
SUPPLY_RETRIES_MAX = 6
WARM_UP = 0
IDLE_SECONDS_MAX = 90.0
IDLE_LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often. `cases` are names; none means all."""

    pairs: int
    seconds: int
    connections: int
    cases: Sequence[str] = ()

    def chosen(self) -> list[Case]:
        return [case for case in CASES if not self.cases or case.name in self.cases]


@dataclass(slots=True)
class Lane:
    """One case on one server: where it takes place, and how fast it went so far."""

    case: Case
    session: Session
    home: str
    rate: float = field(default=FIRST_RATE)

    @property
    def target(self) -> Target:
        return self.session.target

    def check(self) -> None:
        """See that the first request does what it should. Raises: RefusedError."""
        scene = self._scene()
        self.case.before(scene)
        first = next(self.case.requests(scene))
        signed = scene.token if self.case.signed else None
        status = self.session.ask(signed, first.method, first.url, first.headers, first.body or None).status
        self.case.after(scene)
        if status not in self.case.statuses:
            raise RefusedError(f"{self.target.name}: {self.case.title}: unexpected status {status}")

    def measure(self, plan: Plan) -> tuple[Run, Answers]:
        """One run, with requests made for it alone. Raises: LoadError."""
        for _ in range(SUPPLY_RETRIES_MAX):
            scene = self._scene()
            self.case.before(scene)
            try:
                return self._measured(scene, plan)
            except OutOfRequestsError:
                self.rate *= 2
            finally:
                self.case.after(scene)
        raise LoadError(f"{self.case.title}: no supply of requests was large enough")

    def _measured(self, scene: Scene, plan: Plan) -> tuple[Run, Answers]:
        case, loop = self.case, not self.case.signed
        connections = case.connections or plan.connections
        requests = self._requests(scene, plan.seconds)
        if self.target.name in case.drained:
            prepared, count = list(requests), case.count
            run, seen = metered(
                self.target,
                lambda: steady(
                    *(self.target.base_url, prepared),
                    seconds=plan.seconds,
                    connections=connections,
                    loop=loop,
                    count=count,
                ),
            )
        else:
            file = WORKSPACE / "requests.bin"
            write_requests(requests, file)
            run, seen = metered(
                self.target,
                lambda: replay(self.target.base_url, file, seconds=plan.seconds, connections=connections, loop=loop),
            )
        self.rate = run.per_second
        return run, seen

    def _requests(self, scene: Scene, seconds: float) -> Iterator[Request]:
        endless = self.case.requests(scene)
        if not self.case.signed:
            return itertools.islice(endless, LOOPED_REQUESTS)
        likely = int(self.rate * seconds * SUPPLY_MARGIN) + LOOPED_REQUESTS
        return (self._signed(each, scene.token) for each in itertools.islice(endless, self.case.count or likely))

    def _signed(self, request: Request, token: str) -> Request:
        headers = {**request.headers, **self.session.headers(token, request.method, request.url)}
        return Request(request.method, request.url, headers, request.body)

    def _scene(self) -> Scene:
        return Scene(self.session, self.session.access_token(), self.home, secrets.token_hex(3))


def lane(case: Case, session: Session) -> Lane:
    return Lane(case, session, home_of(session, case.place))


def home_of(session: Session, place: Place) -> str:
    return f"{session.target.pod}bench/{place.name}/"


def prepare(place: Place, session: Session) -> None:
    """Raises: RefusedError."""
    say(f"prep {place.name:12} {session.target.name}")
    place.prepare(Scene(session, session.access_token(), home_of(session, place), ""))


def compare(targets: Sequence[Target], plan: Plan) -> dict[str, list[Pair]]:
    """All cases on all servers, pair by pair, the order turned each time. A first pair of fast cases only warms up."""
    cases, sessions = plan.chosen(), [Session(target) for target in targets]
    for place, session in itertools.product(dict.fromkeys(case.place for case in cases), sessions):
        prepare(place, session)
    lanes = {case.name: [lane(case, session) for session in sessions] for case in cases}
    for each in itertools.chain.from_iterable(lanes.values()):
        _checked(each)
    found: dict[str, list[Pair]] = {case.name: [] for case in cases}
    for pair in range(1 + plan.pairs):
        for case in cases:
            order = lanes[case.name][:: 1 if pair % 2 else -1]
            if pair == WARM_UP and not case.drained:
                _runs(pair, order, plan)
            elif pair > plan.pairs - (case.pairs_max or plan.pairs):
                found[case.name].append(_runs(pair, order, plan))
    return found


def _checked(lane: Lane) -> None:
    """Raises: RefusedError -- Freehold does not do what is measured; of others it is only said."""
    try:
        lane.check()
    except RefusedError as error:
        if lane.target.name == OURS:
            raise
        say(f"{error}; going on")


def _runs(pair: int, lanes: Sequence[Lane], plan: Plan) -> Pair:
    runs: Pair = {}
    for each in lanes:
        await_idle([lane.target.pid for lane in lanes])
        runs[each.target.name] = one_run(pair, each, plan)
    return runs


def await_idle(pids: Sequence[int]) -> None:
    """Until no server works on what was asked of it before: of one that gave up answering, that can take a minute."""
    deadline = time.monotonic() + IDLE_SECONDS_MAX
    while time.monotonic() < deadline:
        before = sum(map(cpu_seconds, pids))
        time.sleep(IDLE_LOOK_SECONDS)
        if sum(map(cpu_seconds, pids)) - before < IDLE_LOOK_SECONDS / 10:
            return


def one_run(pair: int, lane: Lane, plan: Plan) -> Run:
    """Raises: LoadError -- an error of Freehold."""
    os.sync()  # nobody pays for what another left to be written
    done, seen = lane.measure(plan)
    say(
        f"{pair or 'warm':4} {lane.case.name:14} {lane.target.name:9} {done.per_second:9.2f}/s "
        f"{_or_none(done.cpu_us, '.0f'):>9} us CPU p50 {_or_none(done.p50_ms, '.2f'):>8} "
        f"p99 {_or_none(done.p99_ms, '.2f'):>8} ms {done.pss_peak_mb:6.0f} MB "
        f"client {done.client_share:.0%} others {done.others:.0%} errors {dict(seen.errors) or 'none'}"
    )
    if done.errors and lane.target.name == OURS:
        raise LoadError(f"{lane.case.title}: Freehold answered errors: {dict(seen.errors)}; see {lane.target.log}")
    return done


def _or_none(value: float | None, form: str) -> str:
    return "none" if value is None else format(value, form)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
