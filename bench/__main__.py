"""`python -m bench`: start the servers, compare them, write results and tables.

A whole run (seven pairs) publishes bench/results/latest.json and docs/performance.md; a quick one or one of a
single server only prints. Exit status 1 if any request failed: no figures with errors in them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.cases import CASES
from bench.load import LoadError, wrk_program
from bench.pairs import Plan, compare, say
from bench.report import Results, markdown, publish
from bench.servers import CLIENT_CORE, SERVERS, WORKSPACE, StartError
from bench.tokens import RefusedError
from tests.support.node import NodeError
from tests.support.server import ServerError

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results" / "latest.json"
PAGE = ROOT / "docs" / "performance.md"
PUBLISHED_PAIRS_MIN = 5


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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=7, help="interleaved pairs of runs (1: a quick look)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a run")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--cases", nargs="+", choices=[case.name for case in CASES], default=[])
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, end)
    try:
        results = measure_all(arguments)
    except (LoadError, NodeError, RefusedError, ServerError, StartError) as error:
        sys.exit(f"bench: {error}")
    print(markdown(results))
    whole = set(arguments.servers) == set(SERVERS) and not arguments.cases
    if whole and arguments.pairs >= PUBLISHED_PAIRS_MIN:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        publish(results, PAGE)
        say(f"published {RESULTS.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}")


def measure_all(arguments: argparse.Namespace) -> Results:
    """Start the servers, compare them, end them."""
    WORKSPACE.mkdir(exist_ok=True)
    ensure_wrk()
    with ExitStack() as running:
        directories = [
            Path(running.enter_context(tempfile.TemporaryDirectory(dir=WORKSPACE))) for _ in arguments.servers
        ]
        targets = [
            running.enter_context(SERVERS[name](where))
            for name, where in zip(arguments.servers, directories, strict=True)
        ]
        keep_to_one_core()
        return compare(targets, Plan(arguments.pairs, arguments.seconds, arguments.connections, arguments.cases))


if __name__ == "__main__":
    main()
