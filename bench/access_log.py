"""`python -m bench.access_log`: what it costs a request that owners see who used what.

CPU for an authenticated GET on a server that notes it, beside one that was made not to, in interleaved pairs. A whole
run (at least seven pairs) writes bench/results/access-log.json; exit status 1 with `--gates` if the gate does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pod
from bench.__main__ import RESULTS, ROOT, end, ensure_wrk, keep_to_one_core, machine
from bench.cases import CASES
from bench.load import LoadError
from bench.pairs import Lane, Plan, await_idle, lane, one_run, prepare, say
from bench.servers import WORKSPACE, Target, own_core
from bench.tokens import RefusedError, Session
from pod.store.access_log import WRITTEN_SECONDS
from pod.store.access_records import AccessRecords
from tests.support.server import ALICE, ServerError, running_server

ACCESS_LOG = RESULTS.with_name("access-log.json")
CPU_RATIO_MAX = 1.10
WHOLE_PAIRS_MIN = 7
(SIGNED_GET,) = (case for case in CASES if case.name == "signed-get")
NOTED = "from pod.operations import watched\n"
UNNOTED = f"{NOTED}watched._note_allowed = watched._note_refused = lambda *_, **__: None\n"
"""What each process of a server runs when it starts. They differ in nothing but what is measured."""


@dataclass(frozen=True, slots=True)
class Results:
    """bench/results/access-log.json. `cpu_us`: of each pair, with and without."""

    date: str
    machine: str
    version: str
    settings: dict[str, int]
    cpu_us: list[tuple[float, float]]

    @property
    def ratio(self) -> float:
        return median(noted / unnoted for noted, unnoted in self.cpu_us)


def main() -> None:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, end)
    try:
        results = measure(Plan(arguments.pairs, arguments.seconds, arguments.connections))
    except (LoadError, RefusedError, ServerError) as error:
        sys.exit(f"bench: {error}")
    has_held = results.ratio <= CPU_RATIO_MAX
    verdict = "held    " if has_held else "NOT HELD"
    noted, unnoted = (median(each) for each in zip(*results.cpu_us, strict=True))
    print(f"{verdict} CPU of an authenticated GET that is noted: {results.ratio:.3f} x, at most {CPU_RATIO_MAX:.2f}")
    print(f"no gate  {noted:.0f} us with, {unnoted:.0f} us without")
    if arguments.pairs >= WHOLE_PAIRS_MIN:
        ACCESS_LOG.write_text(json.dumps(asdict(results), indent=1) + "\n", encoding="utf-8")
        say(f"published {ACCESS_LOG.relative_to(ROOT)}")
    if arguments.gates and not has_held:
        sys.exit("bench: a gate does not hold")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.access_log", description=__doc__)
    parser.add_argument("--pairs", type=int, default=7, help="interleaved pairs of runs (1: a quick look)")
    parser.add_argument("--seconds", type=int, default=6, help="length of a run: longer than what is noted waits")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--gates", action="store_true", help="exit with status 1 if the gate does not hold")
    return parser.parse_args()


def measure(plan: Plan) -> Results:
    WORKSPACE.mkdir(exist_ok=True)
    ensure_wrk()
    with ExitStack() as running:
        servers = [running.enter_context(_server(running, first)) for first in (NOTED, UNNOTED)]
        sessions = [Session(target) for target, _ in servers]
        keep_to_one_core()
        for session in sessions:
            prepare(SIGNED_GET.place, session)
        lanes = [lane(SIGNED_GET, session) for session in sessions]
        cpu = [_pair(number, lanes, plan) for number in range(1 + plan.pairs)][1:]  # the first only warms up
        await_written()
        if [has_notes(data) for _, data in servers] != [True, False]:
            raise RefusedError("the servers do not differ in what they note")
    settings = {"pairs": plan.pairs, "seconds": plan.seconds, "connections": plan.connections}
    return Results(f"{datetime.now(UTC):%Y-%m-%d}", machine(), pod.__version__, settings, cpu)


def await_written() -> None:
    time.sleep(2 * WRITTEN_SECONDS)


def has_notes(data: Path) -> bool:
    with closing(AccessRecords(data / "access.sqlite")) as records:
        return any(records.storages())


@contextmanager
def _server(running: ExitStack, first: str) -> Iterator[tuple[Target, Path]]:
    """And where its data is."""
    directory, modules = (Path(running.enter_context(tempfile.TemporaryDirectory(dir=WORKSPACE))) for _ in range(2))
    (modules / "sitecustomize.py").write_text(first, encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(modules), os.environ.get("PYTHONPATH"))))
    with running_server([ALICE], directory=directory, prefix=own_core(), environment={"PYTHONPATH": path}) as server:
        client = ALICE.clients[0]
        target = Target(
            *("freehold", pod.__version__, server.pid, server.log, server.base_url),
            *(server.pod(ALICE.name), server.web_id(ALICE.name), client.id, client.secret),
            *(server.command, server.environment),
        )
        yield target, server.data


def _pair(number: int, lanes: list[Lane], plan: Plan) -> tuple[float, float]:
    """CPU for each GET, in microseconds."""
    found = {}
    for each in lanes[:: 1 if number % 2 else -1]:
        await_idle([lane.target.pid for lane in lanes])
        found[each.target.base_url] = one_run(number, each, plan).cpu_us or 0.0
    noted, unnoted = (found[each.target.base_url] for each in lanes)
    return noted, unnoted


if __name__ == "__main__":
    main()
