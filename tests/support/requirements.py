"""Holds tests and requirements against each other: an id that no row has fails the run; so does, in a full run
(`--all-requirements`), a row that no test observes, and a conformance page that says something else.

With `--conformance FILE` only the tests run that observe a row or an ambiguity, and what became of them is written to the
file. Works with pytest-xdist: each worker tells the main process what it collected.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent.parent
FILE = TESTS / "requirements.toml"
AMBIGUITIES = TESTS / "ambiguities.toml"
LEVELS = {"M": "must", "M!": "must not", "S": "should", "S!": "should not", "Y": "may", "i": "relied upon"}
RANKS = ("skipped", "passed", "failed")
"""What may become of a test; of several of one function, the last that occurs counts."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row. `excluded` says why no test observes it yet, `declined` why it is not done."""

    id: str
    level: str
    section: str
    text: str
    excluded: str = ""
    declined: str = ""

    @property
    def without_test(self) -> str:
        return self.excluded or self.declined


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A point on which specifications are silent or disagree: what is done here and why, and in which files."""

    number: int
    point: str
    ours: str
    why: str
    where: tuple[str, ...]
    tests: tuple[str, ...] = ()


# -- the rows ----------------------------------------------------------------------------------------------------------


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
        if row.excluded and row.declined:
            raise ValueError(f"{row.id}: either declined or excluded")
        if row.id in rows:
            raise ValueError(f"{row.id} stands twice")
        rows[row.id] = row
    return rows


@cache
def specifications(file: Path = FILE) -> dict[str, tuple[str, str, str]]:
    """Title, version and URL of each specification that has a name of its own; RFCs have their number."""
    return {
        name: (title, version, url)
        for name, (title, version, url) in tomllib.loads(file.read_text(encoding="utf-8"))["specification"].items()
    }


def ambiguities(file: Path = AMBIGUITIES) -> list[Ambiguity]:
    return [
        Ambiguity(**{name: tuple(value) if isinstance(value, list) else value for name, value in members.items()})
        for members in tomllib.loads(file.read_text(encoding="utf-8"))["ambiguity"]
    ]


def problems(rows: Mapping[str, Requirement], named: Mapping[str, Iterable[str]], *, full: bool) -> list[str]:
    """`named` maps each id to the tests that name it."""
    unknown = [f"{id_}: no such row, named by {next(iter(tests))}" for id_, tests in named.items() if id_ not in rows]
    excluded = [f"{id_}: excluded, yet a test names it" for id_ in named if id_ in rows and rows[id_].excluded]
    declined = [f"{id_}: declined, yet a test names it" for id_ in named if id_ in rows and rows[id_].declined]
    missing = [f"{id_}: no test observes it" for id_, row in rows.items() if not row.without_test and id_ not in named]
    return sorted(unknown + excluded + declined) + (sorted(missing) if full else [])


# -- the tests ---------------------------------------------------------------------------------------------------------


def ids(item: pytest.Item) -> list[str]:
    return [id_ for mark in item.iter_markers("requirement") for id_ in mark.args]


def function_of(node: str) -> str:
    """`tests/a.py::test_b[c]` -> `tests/a.py::test_b`."""
    return node.partition("[")[0]


class Check:
    """What one process collected, and what the main process makes of it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.named: dict[str, list[str]] = {}
        self.outcomes: dict[str, str] = {}
        self.found: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Before anything is deselected: what is not run today still exists, but for what is not run every day."""
        for item in items:
            for id_ in ids(item) if item.get_closest_marker("soak") is None else ():
                self.named.setdefault(id_, []).append(item.nodeid)
        if self.config.getoption("conformance"):
            self._select(items)

    def _select(self, items: list[pytest.Item]) -> None:
        wanted = {test for each in ambiguities() for test in each.tests}
        kept = [item for item in items if ids(item) or function_of(item.nodeid) in wanted]
        self.config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that cannot begin or end has failed."""
        if report.when == "call" or report.outcome != "passed":
            name = function_of(report.nodeid)
            self.outcomes[name] = max(self.outcomes.get(name, RANKS[0]), report.outcome, key=RANKS.index)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.named |= node.workeroutput.get("requirements", {}) if hasattr(node, "workeroutput") else {}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["requirements"] = self.named
            return
        rows = load(Path(self.config.getoption("requirements")))
        full = self.config.getoption("all_requirements")
        self.found = problems(rows, self.named, full=full)
        self.found += self._page_problems(rows) if full else []
        if self.found and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if file := self.config.getoption("conformance"):
            Path(file).write_text(json.dumps({"named": self._tests(), "outcomes": self.outcomes}), encoding="utf-8")

    def _tests(self) -> dict[str, list[str]]:
        """The functions that observe each row."""
        return {id_: sorted({function_of(test) for test in tests}) for id_, tests in self.named.items()}

    def _page_problems(self, rows: Mapping[str, Requirement]) -> list[str]:
        from tests.support import conformance  # which knows the page, and needs the rows

        page = self.config.getoption("conformance_page")
        return conformance.out_of_step(Path(page).read_text(encoding="utf-8"), rows, self._tests()) if page else []

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.found:
            terminalreporter.section("requirements", red=True)
            for problem in self.found:
                terminalreporter.line(problem)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("requirements")
    group.addoption("--all-requirements", action="store_true", help="fail when a row has no test")
    group.addoption("--requirements", default=str(FILE), metavar="FILE", help="the rows")
    group.addoption("--conformance", metavar="FILE", help="run what observes a row, and write what became of it")
    group.addoption("--conformance-page", metavar="FILE", help="in a full run, hold this page against rows and tests")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Check(config), "requirements-check")
