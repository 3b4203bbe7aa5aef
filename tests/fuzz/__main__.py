"""Fuzzing by hand: `python -m tests.fuzz`, `python -m tests.fuzz turtle --seed 7 --seconds 60`, `... turtle --replay BASE64`."""

from __future__ import annotations

import argparse
import base64
import sys

from tests.fuzz.running import Target, run, tried
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", choices=[*TARGETS, []], help="all of them if none is named")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--replay", help="an input, as a failure was told")
    chosen = parser.parse_args()
    targets = [TARGETS[name] for name in chosen.target or TARGETS]
    if chosen.replay:
        return _replayed(targets[0], base64.urlsafe_b64decode(chosen.replay))
    found = 0
    for target in targets:
        report = run(target, seed=chosen.seed, inputs=chosen.inputs, seconds=chosen.seconds)
        found += len(report.failures)
        sys.stdout.write(
            f"{target.name:15}{report.inputs:9} inputs, {report.accepted:8} good, {report.slowest_seconds:.3f} s\n"
        )
        for each in report.failures:
            sys.stdout.write(f"{each}\n")
    return min(found, 100)


def _replayed(target: Target, data: bytes) -> int:
    what, accepted = tried(target, data)
    sys.stdout.write(f"{what or ('A good one.' if accepted else 'Refused, as it should be.')}\n")
    return int(what is not None)


if __name__ == "__main__":
    sys.exit(main())
