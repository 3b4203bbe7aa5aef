"""The conformance page, and what holds it against rows and tests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.conformance import Run, out_of_step, page, stated
from tests.support.requirements import Ambiguity, Requirement

ROWS = {
    row.id: row
    for row in (
        Requirement("solid#a", "M", "HTTP", "Does a | b."),
        Requirement("solid#b", "S!", "HTTP", "Does b."),
        Requirement("rfc9110#1.2", "Y", "reading", "Does c.", declined="Nobody needs it."),
        Requirement("wac#d/2", "i", "reading", "Does d.", excluded="later"),
    )
}
NAMED = {"solid#a": ["tests/a.py::test_it_does_a"], "solid#b": ["tests/a.py::test_it_does_a", "tests/b.py::test_b"]}
GOOD = {"tests/a.py::test_it_does_a": "passed", "tests/b.py::test_b": "passed"}
POINT = Ambiguity(1, "A point", "This.", "Because.", ("pod/app.py",), ("tests/b.py::test_b",))
PAGE = page(ROWS, [POINT], Run("2026-01-02", NAMED, GOOD))


def line(id_: str, text: str = PAGE) -> str:
    (found,) = [each for each in text.splitlines() if each.startswith((f"| [{id_}]", f"| {id_} "))]
    return found


def test_a_row_has_its_level_its_tests_and_what_became_of_them():
    tests = "[it does a](../tests/a.py), [b](../tests/b.py)"
    expected = f"| [solid#b](https://solidproject.org/ED/protocol#b) | should not | Does b. | passed | {tests} |"
    assert line("solid#b") == expected


def test_a_row_without_tests_says_why():
    assert line("rfc9110#1.2").endswith("#section-1.2) | may | Does c. | declined | Nobody needs it. |")
    assert line("wac#d/2").endswith("/#d) | relied upon | Does d. | later | later |")


@pytest.mark.parametrize(
    ("outcome", "told"), [("passed", "passed"), ("failed", "**failed**"), ("skipped", "not run"), (None, "not run")]
)
def test_one_test_decides_for_all_of_a_row(outcome: str | None, told: str):
    outcomes = {test: each for test, each in (GOOD | {"tests/b.py::test_b": outcome}).items() if each}
    text = page(ROWS, [POINT], Run("2026-01-02", NAMED, outcomes))
    assert f"| {told} |" in line("solid#b", text)
    assert "| passed |" in line("solid#a", text)


def test_what_is_above_counts_what_is_below():
    assert "| level | rows | passed | later | declined |" in PAGE
    assert "| must | 1 | 1 | 0 | 0 |" in PAGE
    assert "| all | 4 | 2 | 1 | 1 |" in PAGE


def test_an_ambiguity_says_what_is_done_and_why_and_where():
    assert "| 1 | A point | This. | Because. | [app.py](../pod/app.py) | [b](../tests/b.py) |" in PAGE


def test_a_page_that_was_just_written_is_in_step():
    assert stated(PAGE).keys() == ROWS.keys()
    assert out_of_step(PAGE, ROWS, NAMED) == []


@pytest.mark.parametrize(
    "change",
    [{"level": "S"}, {"text": "Does more."}, {"id": "solid#x"}, {"declined": "No."}],
)
def test_a_row_that_changed_is_noticed(change: dict[str, str]):
    changed = replace(ROWS["solid#b"], **change)
    rows = {row.id: row for row in (*ROWS.values(), changed) if row is changed or row.id != "solid#b"}
    assert any(changed.id in problem for problem in out_of_step(PAGE, rows, None))


def test_a_test_that_came_or_went_is_noticed():
    for named in (NAMED | {"solid#a": []}, NAMED | {"solid#a": ["tests/a.py::test_it_does_a", "tests/c.py::test_c"]}):
        assert out_of_step(PAGE, ROWS, named) == [
            "solid#a: the conformance page has other tests; run `make conformance`"
        ]


def test_a_run_for_the_page_takes_what_observes_a_row_and_tells_what_became_of_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    row = '[[requirement]]\nid = "solid#a"\nlevel = "M"\nsection = "HTTP"\ntext = "Does a."\n'
    rows = pytester.makefile(".toml", rows=row)
    pytester.makeini("[pytest]\nmarkers = requirement(id): a row\n")
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.mark.requirement('solid#a')\n@pytest.mark.parametrize('x', [1, 0, 1])\ndef test_a(x): assert x\n"
        "def test_b(): pass\n"
    )
    options = ["-p", "tests.support.requirements", "--requirements", str(rows), "--conformance", "out.json"]
    pytester.runpytest_subprocess(*options, "-n", "1").assert_outcomes(passed=2, failed=1)
    (told,) = [json.loads((pytester.path / "out.json").read_text())]
    (test,) = told["named"]["solid#a"]
    assert told["outcomes"] == {test: "failed"}
