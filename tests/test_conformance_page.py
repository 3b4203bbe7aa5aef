"""The committed conformance page and the table of ambiguities say what is there, without running anything again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.conformance import out_of_step, stated
from tests.support.requirements import Ambiguity, ambiguities, load, specifications

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
POINTS = ambiguities()


def functions(file: str) -> set[str]:
    """The tests of a file, and those that it may have from files beside it."""
    assert (ROOT / file).is_file()
    texts = (each.read_text(encoding="utf-8") for each in (ROOT / file).parent.glob("*.py"))
    return {name for text in texts for name in re.findall(r"^ *def (test_\w+)\(", text, re.MULTILINE)}


def test_the_page_has_every_requirement_as_it_is():
    assert out_of_step(PAGE, load(), None) == []


def test_every_specification_has_a_title():
    names = {id_.partition("#")[0] for id_ in load()}
    assert {name for name in names if not re.fullmatch(r"rfc\d+", name)} == set(specifications())


def test_the_page_names_tests_that_are_there():
    for id_, (_, tests) in stated(PAGE).items():
        for file, _, said in (each.partition(": ") for each in tests):
            assert f"test_{said.replace(' ', '_')}" in functions(file), id_


def test_nothing_on_the_page_failed():
    assert "**failed**" not in PAGE


@pytest.mark.parametrize("point", POINTS, ids=lambda each: str(each.number))
def test_an_ambiguity_names_files_and_tests_that_are_there(point: Ambiguity):
    assert all((ROOT / file).is_file() for file in point.where)
    for file, _, name in (test.partition("::") for test in point.tests):
        assert name in functions(file)


def test_ambiguities_are_numbered_without_gaps_and_on_the_page():
    assert [point.number for point in POINTS] == list(range(1, len(POINTS) + 1))
    assert all(f"| {point.number} | {point.point} | {point.ours} | {point.why} |" in PAGE for point in POINTS)
