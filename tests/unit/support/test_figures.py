"""The figures of a soak run in a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.figures import BEGIN, END, PAGE, record


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{BEGIN}\n{END}\n\nAfter.\n")
    return page


def cells(page: Path) -> list[tuple[str, ...]]:
    table = page.read_text().partition(BEGIN)[2].partition(END)[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [tuple(cell.strip() for cell in line.split("|")[1:4]) for line in lines[2:]]


def test_figures_stand_between_the_markers(page: Path):
    record("killed", {"rounds": 1234, "seconds": 1.2345, "kinds": "web 3"}, page)
    assert cells(page) == [
        ("killed", "rounds", "1,234"),
        ("killed", "seconds", "1.23"),
        ("killed", "kinds", "web 3"),
    ]
    assert page.read_text().startswith("# Before\n\n<!--")
    assert page.read_text().endswith(f"\n\n{END}\n\nAfter.\n")


def test_a_run_replaces_all_of_its_figures_and_none_of_others(page: Path):
    record("killed", {"rounds": 1, "gone": 2}, page)
    record("model", {"operations": 3}, page)
    record("killed", {"rounds": 4, "new": 5}, page)
    assert cells(page) == [("killed", "rounds", "4"), ("killed", "new", "5"), ("model", "operations", "3")]


def test_recording_the_same_again_changes_nothing(page: Path):
    record("killed", {"rounds": 1}, page)
    before = page.read_text()
    record("killed", {"rounds": 1}, page)
    assert page.read_text() == before


def test_the_page_has_both_markers_once():
    text = PAGE.read_text(encoding="utf-8")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
