"""Whatever comes from outside is read or refused: nearly right input for every parser, in `make soak`.

What fails prints the input and the line that tries it again.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.fuzz.running import Target, Wrong, run, tried
from tests.fuzz.targets import TARGETS
from tests.support.figures import record

SEED, INPUTS, SECONDS = 20_261_122, 200_000, 6.0
GUIDED = ("lists", "link", "turtle", "json-ld", "rdf-xml", "n3-patch", "sparql-update", "dpop-proof", "claims")
"""Grammars that are read by our own Python, which can be followed."""
GUIDED_RUNS, GUIDED_SECONDS = 100_000, 12
ENDS_SECONDS_MAX = 300


def test_every_seed_is_read_or_refused() -> None:
    for target in TARGETS.values():
        for seed in target.seeds:
            what, _ = tried(target, seed)
            assert what is None, f"{target.name}: {what}\n{seed!r}"


def test_every_target_takes_some_of_its_seeds() -> None:
    for target in TARGETS.values():
        assert any(tried(target, seed)[1] for seed in target.seeds), target.name


@pytest.mark.soak
def test_nearly_right_input_is_read_or_refused() -> None:
    reports = [run(target, seed=SEED, inputs=INPUTS, seconds=SECONDS) for target in TARGETS.values()]
    failures = [each for report in reports for each in report.failures]
    figures = {
        "parsers": len(reports),
        "inputs": sum(report.inputs for report in reports),
        "inputs that were good": sum(report.accepted for report in reports),
        "slowest input, s of processor time": max(report.slowest_seconds for report in reports),
        "failures": len(failures),
    }
    record("Fuzzing the parsers", figures)
    assert not failures, "\n".join(map(str, failures))


@pytest.mark.soak
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_input_that_follows_coverage_is_read_or_refused() -> None:
    outcomes = {name: _guided(name) for name in GUIDED}
    found = [text for _, texts in outcomes.values() for text in texts]
    record(
        "Fuzzing the parsers, following coverage",
        {"parsers": len(outcomes), "inputs": sum(runs for runs, _ in outcomes.values()), "failures": len(found)},
    )
    assert not found, "\n".join(found)


def _guided(name: str) -> tuple[int, list[str]]:
    """How many inputs there were, and what was found."""
    limits = [f"--runs={GUIDED_RUNS}", f"--seconds={GUIDED_SECONDS}", f"--seed={SEED}"]
    command = [sys.executable, "-m", "tests.fuzz.guided", name, *limits]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=ENDS_SECONDS_MAX, check=False
    )
    told = done.stdout.decode(errors="replace")
    runs = re.search(r"number_of_executed_units: (\d+)", told)
    found = re.findall(r"FOUND .*?--replay \S+", told, re.DOTALL)
    if done.returncode and not found:
        found = [f"{name} ended with {done.returncode}\n{told[-2000:]}"]
    return int(runs[1]) if runs else 0, found


# -- fuzzing itself ----------------------------------------------------------------------------------------------------


def fragile(data: bytes) -> None:
    if b"((" in data:
        raise ZeroDivisionError
    if data.count(b"1") > 3:
        raise Wrong("too many ones")


def endless(_data: bytes) -> None:
    while True:
        pass


PLANTED = Target("planted", fragile, (b"(a 1)", b"[b]"), (b"(", b"]"))


def test_what_breaks_is_found_and_told_so_that_it_can_be_tried_again() -> None:
    report = run(PLANTED, seed=1, inputs=20_000, seconds=60)
    assert report.failures
    for each in report.failures:
        assert tried(PLANTED, each.data)[0] is not None
        assert "--replay" in str(each)


def test_the_same_seed_gives_the_same_inputs() -> None:
    one, other = (run(PLANTED, seed=3, inputs=5_000, seconds=60) for _ in range(2))
    assert [each.data for each in one.failures] == [each.data for each in other.failures]
    assert one.inputs == other.inputs


@pytest.mark.parametrize(
    ("check", "data", "what"),
    [(fragile, b"((", "ZeroDivisionError"), (fragile, b"1111", "ones"), (endless, b"", "more than")],
)
def test_every_way_to_break_is_told(check: Callable[[bytes], None], data: bytes, what: str) -> None:
    assert what in str(tried(Target("planted", check, (data,)), data)[0])
