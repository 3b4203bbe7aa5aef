"""The model at length, and again: `python -m tests.model --operations 20000 --seed 7`, `python -m tests.model --replay FILE`."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

import structlog

from tests.model.asks import read
from tests.model.driving import machine
from tests.model.playing import EPISODE, Play, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--operations", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--access-control", choices=["wac", "acp"], default="wac")
    parser.add_argument("--replay", type=Path, help="a file with one ask a line")
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder, machine(Path(folder), chosen.access_control) as made:
        if chosen.replay:
            found = Play(made.new_pod()).play(read(chosen.replay.read_text(encoding="utf-8")))
            sys.stdout.write(f"{found or 'They agree.'}\n")
            return int(found is not None)
        begun = time.perf_counter()
        report = run(made.new_pod, seed=chosen.seed, operations=chosen.operations, length=EPISODE)
        seconds = time.perf_counter() - begun
    for (method, status), times in sorted(report.seen.items()):
        sys.stdout.write(f"{method:8}{status} {times:6}\n")
    sys.stdout.write(f"{report.operations} operations in {seconds:.1f} s\n")
    for each in report.disagreements:
        sys.stdout.write(f"{each}\n")
    return len(report.disagreements)


if __name__ == "__main__":
    sys.exit(main())
