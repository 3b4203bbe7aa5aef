"""Statistics over pairs of runs."""

from __future__ import annotations

import json
import math

import pytest

from bench.figures import OURS, THEIRS, Fresh, Spread, cpu_ratio, errors, middle, rate_ratio
from bench.steady import percentile
from tests.unit.bench.runs import RUN, SILENT, pair, results


def test_a_ratio_is_taken_within_each_pair():
    assert rate_ratio([pair(100, 10), pair(10, 5), pair(90, 30)]) == Spread(3, 2, 10)


def test_the_cpu_ratio_says_how_much_more_the_other_needs():
    assert cpu_ratio([pair(1, 1, cpu=(2, 30))]) == Spread(15, 15, 15)


def test_whoever_does_not_answer_at_all_is_infinitely_slower():
    silent = {OURS: RUN, THEIRS: SILENT}
    assert rate_ratio([silent, pair(20, 2), pair(10, 2)]) == Spread(10, 5, math.inf)
    assert cpu_ratio([silent]) is None


def test_there_is_no_ratio_without_answers_of_ours():
    assert rate_ratio([{OURS: SILENT, THEIRS: SILENT}]) is None


def test_one_server_alone_has_figures_and_no_ratio():
    alone = [{OURS: RUN}]
    assert rate_ratio(alone) is None
    assert middle(alone, OURS, lambda run: run.per_second) == 100
    assert middle(alone, THEIRS, lambda run: run.per_second) is None


def test_errors_of_all_runs_are_added():
    assert errors([{THEIRS: SILENT}, {THEIRS: SILENT}, {OURS: RUN}], THEIRS) == 16


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1, 100), (0, 1)])
def test_a_percentile_is_the_nearest_rank(share: float, value: float):
    assert percentile(range(1, 101), share) == value


def test_no_answers_have_no_percentile():
    assert percentile([], 0.5) is None


def test_growth_is_what_comes_on_top_of_idling():
    assert Fresh(start_s=1, idle_mb=90, peak_mb=130).growth_mb == 40


def test_results_become_json_without_special_numbers():
    told = results({"up-100m": [{OURS: RUN, THEIRS: SILENT}]}, {OURS: [Fresh(1, 2, 3)]}).as_json()
    assert json.loads(json.dumps(told, allow_nan=False))["runs"]["up-100m"][0][THEIRS]["cpu_us"] is None
