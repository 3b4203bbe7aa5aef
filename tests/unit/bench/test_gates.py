"""What is held against the gates."""

from __future__ import annotations

import pytest

from bench.cases import CASES
from bench.figures import OURS, THEIRS, Fresh
from bench.gates import GATES, Gate, Verdict, failed, judged
from tests.unit.bench.runs import RUN, SILENT, pair, results


def verdict(gates: list[Verdict], title: str) -> Verdict:
    return next(each for each in gates if each.gate.title == title)


@pytest.mark.parametrize(("ratio", "held"), [(29.9, False), (30, True)])
def test_a_ratio_of_requests_is_held_at_its_bound(ratio: float, held: bool):
    found = judged(results({"public-get": [pair(ratio, 1)]}))
    assert verdict(found, "Public GET: requests per second").held is held


def test_the_median_of_the_pairs_counts():
    found = judged(results({"post": [pair(1, 1), pair(12, 1), pair(13, 1)]}))
    assert verdict(found, "POST: requests per second").figure == 12


def test_cpu_is_a_gate_of_its_own():
    found = judged(results({"public-get": [pair(100, 1, cpu=(1, 29))]}))
    assert [each.gate.title for each in failed(found)] == ["Public GET: requests per CPU-second"]


@pytest.mark.parametrize(("start", "held"), [(1.0, True), (1.01, False)])
def test_what_may_not_be_exceeded_is_held_at_its_bound(start: float, held: bool):
    found = judged(results(fresh={OURS: [Fresh(start, 100, 150)]}))
    assert verdict(found, "First 200 after the start").held is held


def test_only_our_errors_break_the_gate_of_many_connections():
    found = judged(results({"listing-10k-64": [{OURS: RUN, THEIRS: SILENT}]}))
    assert verdict(found, "Listing of 10,000 members, 64 at once: errors").held is True


def test_what_was_not_measured_is_neither_held_nor_failed():
    found = judged(results())
    assert {each.held for each in found} == {None}
    assert failed(found) == []


@pytest.mark.parametrize("gate", [gate for gate in GATES if gate.case], ids=lambda gate: gate.title)
def test_a_gate_names_a_case_that_is_measured(gate: Gate):
    assert gate.case in {case.name for case in CASES}


@pytest.mark.parametrize("case", [case.name for case in CASES])
def test_every_gate_of_a_case_sees_its_runs(case: str):
    of_case = [gate for gate in GATES if gate.case == case]
    found = judged(results({case: [pair(1, 1)]}))
    assert all(each.figure == 1 for each in found if each.gate in of_case)
