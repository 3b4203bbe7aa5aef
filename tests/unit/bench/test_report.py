"""Tables and the page they are put into."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cases import CASES
from bench.figures import OURS, THEIRS, Fresh
from bench.gates import judged
from bench.report import BEGIN, END, PLOTS, gate_table, markdown, micros, millis, number, publish, table
from tests.unit.bench.runs import RUN, SILENT, pair, results


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (number(1234.5), "1,234"),
        (number(12.34), "12.3"),
        (number(1.234), "1.23"),
        (number(30), "30"),
        (micros(125.4), "125 µs"),
        (micros(1540), "1.54 ms"),
        (millis(12_345), "12.3 s"),
    ],
)
def test_numbers_are_shown_with_three_digits(shown: str, text: str):
    assert shown == text


def test_a_table_aligns_its_figures_to_the_right():
    assert table(["A", "B"], [["x", "1"]]) == "| A | B |\n| --- | ---: |\n| x | 1 |"


def test_a_row_has_medians_and_the_range_of_ratios():
    text = markdown(results({"post": [pair(100, 10), pair(120, 10), pair(140, 10)]}))
    assert "| POST of a new document | 120 | 10 | **12x** (10-14) |" in text


def test_errors_of_the_other_are_shown_beside_none_of_ours():
    text = markdown(results({"up-100m": [{OURS: RUN, THEIRS: SILENT}]}))
    assert "| none | 8 of 8 |" in text
    assert "| PUT of 100 MiB | 10,000 | 0 | **∞x** (∞-∞) |" in text


def test_a_gate_that_does_not_hold_stands_out():
    text = gate_table(judged(results({"post": [pair(11, 1)]}, {OURS: [Fresh(0.5, 90, 100)]})))
    assert "| POST: requests per second | at least 12x | 11x | **not held** |" in text
    assert "| First 200 after the start | at most 1 s | 0.50 s | held |" in text
    assert "| PUT: requests per second | at least 12x |  | not measured |" in text


def test_every_case_can_be_shown():
    text = markdown(results({case.name: [pair(2, 1)] for case in CASES}))
    assert all(text.count(f"| {case.title} |") >= 2 for case in CASES)


def test_only_what_is_between_the_markers_is_rewritten(tmp_path: Path):
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter.\n")
    publish(results({"post": [pair(2, 1)]}), page)
    text = page.read_text()
    assert (text.startswith(f"# Before\n\n{BEGIN}\n"), text.endswith(f"{END}\n\nAfter.\n")) == (True, True)
    assert "\nold\n" not in text
    assert all(f"](performance/{name})" in text for name in PLOTS)
