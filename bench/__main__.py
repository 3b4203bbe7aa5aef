"""`python -m bench`: start the servers, compare them, write results, tables and plots.

A whole run (at least five pairs) publishes bench/results/latest.json, docs/performance.md and docs/performance/; a
quick one, or one of a single server or of some cases, only prints. Exit status 1 if a request to Freehold failed: no
figures with errors of ours in them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from bench.cases import CASES
from bench.figures import Fresh, Pair, Results
from bench.fresh import measure_fresh
from bench.gates import failed, judged
from bench.load import LoadError
from bench.pairs import Plan, compare, say
from bench.replay import wrk_program
from bench.report import markdown, publish
from bench.servers import CLIENT_CORE, SERVERS, WORKSPACE, StartError
from bench.tokens import RefusedError
from tests.support.node import NodeError
from tests.support.server import ServerError

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results" / "latest.json"
PAGE = ROOT / "docs" / "performance.md"
PUBLISHED_PAIRS_MIN = 5
FRESH = "fresh"
"""Beside the cases: what a server shows that was just started."""


def main() -> None:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, end)
    try:
        results = measure_all(arguments)
    except (LoadError, NodeError, RefusedError, ServerError, StartError) as error:
        sys.exit(f"bench: {error}")
    print(markdown(results))
    whole = set(arguments.servers) == set(SERVERS) and not arguments.cases
    if whole and arguments.pairs >= PUBLISHED_PAIRS_MIN:
        publish_all(results)
    broken = failed(judged(results))
    if arguments.gates and broken:
        sys.exit(f"bench: {len(broken)} gates do not hold: {'; '.join(each.gate.title for each in broken)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=7, help="interleaved pairs of runs (1: a quick look)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a run; slow answers are waited for")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--cases", nargs="+", choices=[*(case.name for case in CASES), FRESH], default=[])
    parser.add_argument("--gates", action="store_true", help="exit with status 1 if a gate does not hold")
    return parser.parse_args()


def measure_all(arguments: argparse.Namespace) -> Results:
    """Servers that were just started first, as long as none other runs; then the cases."""
    WORKSPACE.mkdir(exist_ok=True)
    ensure_wrk()
    cases = [name for name in arguments.cases if name != FRESH]
    plan = Plan(arguments.pairs, arguments.seconds, arguments.connections, cases)
    fresh = _fresh(arguments.servers, plan) if not arguments.cases or FRESH in arguments.cases else {}
    versions, runs = _compared(arguments.servers, plan) if cases or not arguments.cases else ({}, {})
    settings = {"pairs": plan.pairs, "seconds": plan.seconds, "connections": plan.connections}
    return Results(f"{datetime.now(UTC):%Y-%m-%d}", machine(), versions, settings, runs, fresh)


def _fresh(servers: Sequence[str], plan: Plan) -> dict[str, list[Fresh]]:
    with ExitStack() as temporary:
        return measure_fresh(servers, _directories(temporary, servers), plan)


def _compared(servers: Sequence[str], plan: Plan) -> tuple[dict[str, str], dict[str, list[Pair]]]:
    """The servers' versions and the runs of all cases."""
    with ExitStack() as running:
        directories = _directories(running, servers)
        targets = [
            running.enter_context(SERVERS[name](where)) for name, where in zip(servers, directories, strict=True)
        ]
        keep_to_one_core()
        return {target.name: target.version for target in targets}, compare(targets, plan)


def _directories(temporary: ExitStack, servers: Sequence[str]) -> list[Path]:
    return [Path(temporary.enter_context(tempfile.TemporaryDirectory(dir=WORKSPACE))) for _ in servers]


def publish_all(results: Results) -> None:
    plots = import_module("bench.plots")  # whose library only whole runs need
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results.as_json(), indent=1) + "\n", encoding="utf-8")
    publish(results, PAGE)
    plots.draw(results, PAGE.with_suffix(""))
    say(f"published {RESULTS.relative_to(ROOT)}, {PAGE.relative_to(ROOT)} and its plots")


def machine() -> str:
    described = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in described if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def ensure_wrk() -> None:
    """Raises: LoadError -- it is missing and cannot be installed here."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["/usr/bin/apt-get", "install", "-y", "-qq", "wrk"], check=False, stdout=subprocess.DEVNULL)
    wrk_program()


def keep_to_one_core() -> None:
    if CLIENT_CORE in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {CLIENT_CORE})


def end(*_: object) -> None:
    """Leave by the way out that ends the servers too."""
    sys.exit("bench: told to stop")


if __name__ == "__main__":
    main()
