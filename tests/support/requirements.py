"""Holds tests and requirements against each other: an id that no row has fails the run; so does, in a full run
(`--all-requirements`), a row that no test observes.

Works with pytest-xdist: each worker tells the main process what it collected.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parent.parent / "requirements.toml"
LEVELS = {"M", "M!", "S", "S!"}


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row. `excluded` says why no test observes it."""

    id: str
    level: str
    section: str
    text: str
    excluded: str = ""


def load(file: Path = FILE) -> dict[str, Requirement]:
    """Raises: ValueError -- a row is incomplete, or an id stands twice."""
    rows: dict[str, Requirement] = {}
    for members in tomllib.loads(file.read_text(encoding="utf-8"))["requirement"]:
        try:
            row = Requirement(**members)
        except TypeError as error:
            raise ValueError(f"{members.get('id', members)}: {error}") from error
        if row.level not in LEVELS or not all((row.id, row.section, row.text)):
            raise ValueError(f"{row.id}: level is one of {', '.join(sorted(LEVELS))}, and nothing is empty")
        if row.id in rows:
            raise ValueError(f"{row.id} stands twice")
        rows[row.id] = row
    return rows


def problems(rows: Mapping[str, Requirement], named: Mapping[str, Iterable[str]], *, full: bool) -> list[str]:
    """`named` maps each id to the tests that name it."""
    unknown = [f"{id_}: no such row, named by {next(iter(tests))}" for id_, tests in named.items() if id_ not in rows]
    excluded = [f"{id_}: excluded, yet a test names it" for id_ in named if id_ in rows and rows[id_].excluded]
    missing = [f"{id_}: no test observes it" for id_, row in rows.items() if not row.excluded and id_ not in named]
    return sorted(unknown + excluded) + (sorted(missing) if full else [])


def ids(item: pytest.Item) -> list[str]:
    return [id_ for mark in item.iter_markers("requirement") for id_ in mark.args]


class Check:
    """What one process collected, and what the main process makes of it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.named: dict[str, list[str]] = {}
        self.collected = False
        self.found: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Before anything is deselected: what is not run today still exists."""
        self.collected = True
        for item in items:
            for id_ in ids(item):
                self.named.setdefault(id_, []).append(item.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.named |= node.workeroutput.get("requirements", {}) if hasattr(node, "workeroutput") else {}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["requirements"] = self.named
            return
        rows = load(Path(self.config.getoption("requirements")))
        self.found = problems(rows, self.named, full=self.config.getoption("all_requirements"))
        if self.found and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.found:
            terminalreporter.section("requirements", red=True)
            for problem in self.found:
                terminalreporter.line(problem)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("requirements")
    group.addoption("--all-requirements", action="store_true", help="fail when a row has no test")
    group.addoption("--requirements", default=str(FILE), metavar="FILE", help="the rows")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Check(config), "requirements-check")
