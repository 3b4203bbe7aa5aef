"""The conformance page: one line for each requirement, with its tests and what became of them. `make conformance` runs the
tests and writes it; `make test` and tests/test_conformance_page.py hold what is committed against rows and tests.

python -m tests.support.conformance RESULTS PAGE
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pod import __version__
from tests.support.requirements import LEVELS, Ambiguity, Requirement, ambiguities, load, specifications

PASSED, FAILED, NOT_RUN, LATER, DECLINED = "passed", "**failed**", "not run", "later", "declined"
OUTCOMES = {"passed": PASSED, "failed": FAILED, "skipped": NOT_RUN}
RESULTS = (PASSED, FAILED, NOT_RUN, LATER, DECLINED)

HEAD = """\
# Conformance

What the specifications ask of a server, and whether Freehold does it: Freehold {version}, tested on {date}. Written by
`make conformance`, which runs the tests named here; they talk to the server over HTTP wherever that can show it. The rows stand in
[tests/requirements.toml](../tests/requirements.toml), in our own words; each id leads to the specification's.

Levels are the specifications' own: must, must not, should, should not, may. "Relied upon" is what they do not demand, yet clients or the
official tests expect. A row that is declined says why.

"""
AMBIGUITIES_HEAD = """\
## Where the specifications are silent or disagree

What Freehold does, and why. Kept in [tests/ambiguities.toml](../tests/ambiguities.toml).

| | point | what we do | why | where | tests |
| --- | --- | --- | --- | --- | --- |
"""
_ROW = re.compile(r"\| \[?([^\s|\]]+)\]?(?:\([^)]*\))? \| ([a-z ]+) \| .* \| .* \| (.*) \|")
_TEST = re.compile(r"\[([^\]]+)\]\(\.\./([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the tests showed: which functions observe each row, and what became of each function."""

    date: str
    named: Mapping[str, list[str]]
    outcomes: Mapping[str, str]

    def of(self, tests: Iterable[str]) -> str:
        """What became of several together: one that failed or did not run counts for all."""
        seen = {OUTCOMES[self.outcomes.get(test, "skipped")] for test in tests}
        return next((each for each in (FAILED, NOT_RUN) if each in seen), PASSED)


def result(row: Requirement, run: Run) -> str:
    if row.declined:
        return DECLINED
    return LATER if row.excluded else run.of(run.named.get(row.id, ()) or [""])


# -- writing -----------------------------------------------------------------------------------------------------------


def page(rows: Mapping[str, Requirement], points: Iterable[Ambiguity], run: Run) -> str:
    sections: dict[str, list[Requirement]] = {}
    for row in rows.values():
        sections.setdefault(row.section, []).append(row)
    parts = [HEAD.format(version=__version__, date=run.date), _summary(rows.values(), run)]
    parts += [_section(name, members, run) for name, members in sections.items()]
    parts += [AMBIGUITIES_HEAD, *(_point(each, run) for each in points), "\n", _texts(rows)]
    return "".join(parts)


def _summary(rows: Iterable[Requirement], run: Run) -> str:
    counts = Counter((row.level, result(row, run)) for row in rows)
    shown = [each for each in RESULTS if each in {PASSED, DECLINED} or any(found == each for _, found in counts)]
    lines = [f"| level | rows | {' | '.join(shown)} |", "| --- |" + " ---: |" * (len(shown) + 1)]
    for level, name in LEVELS.items():
        numbers = [counts[level, each] for each in shown]
        lines.append(f"| {name} | {sum(numbers)} | {' | '.join(map(str, numbers))} |")
    totals = [sum(counts[level, each] for level in LEVELS) for each in shown]
    lines.append(f"| all | {sum(totals)} | {' | '.join(map(str, totals))} |")
    return "## Summary\n\n" + "\n".join(lines) + "\n\n"


def _section(name: str, rows: Iterable[Requirement], run: Run) -> str:
    head = f"## {name[0].upper()}{name[1:]}\n\n| requirement | level | what it asks | result | tests |\n| --- | --- | --- | --- | --- |\n"
    return head + "".join(f"{_line(row, run)}\n" for row in rows) + "\n"


def _line(row: Requirement, run: Run) -> str:
    found = result(row, run)
    last = row.without_test or _links(run.named.get(row.id, ()))
    return f"| {_linked(row.id)} | {LEVELS[row.level]} | {_escaped(row.text)} | {found} | {last} |"


def _point(each: Ambiguity, run: Run) -> str:
    where = ", ".join(f"[{Path(file).name}](../{file})" for file in each.where)
    outcome = "" if not each.tests or run.of(each.tests) == PASSED else f"{run.of(each.tests)}: "
    cells = (str(each.number), each.point, each.ours, each.why, where, outcome + _links(each.tests))
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |\n"


def _links(tests: Iterable[str]) -> str:
    """The names of tests are sentences."""
    return ", ".join(f"[{_said(test)}](../{test.partition('::')[0]})" for test in tests)


def _said(test: str) -> str:
    return test.rpartition("::")[2].removeprefix("test_").replace("_", " ")


def _linked(id_: str) -> str:
    url = _url(id_)
    return f"[{id_}]({url})" if url else id_


def _url(id_: str) -> str:
    name, _, anchor = id_.partition("#")
    if re.fullmatch(r"rfc\d+", name):
        return f"https://www.rfc-editor.org/rfc/{name}#section-{anchor.partition('/')[0]}"
    url = specifications()[name][2]
    return url + anchor.partition("/")[0] if url.endswith("#") else url


def _texts(rows: Mapping[str, Requirement]) -> str:
    used = {id_.partition("#")[0] for id_ in rows}
    lines = [f"| {name} | {_titled(*text)} |" for name, text in specifications().items() if name in used]
    head = "## Which texts are meant\n\n| | specification | version |\n| --- | --- | --- |\n"
    return head + "\n".join(lines) + "\n"


def _titled(title: str, version: str, url: str) -> str:
    return f"[{title}]({url.removesuffix('#')}) | {version}" if url else f"{title} | {version}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


# -- holding what is committed against what is there -------------------------------------------------------------------


def stated(text: str) -> dict[str, tuple[str, set[str]]]:
    """Of each requirement on the page, its level and its tests."""
    return {
        match[1]: (match[2], {f"{file}: {said}" for said, file in _TEST.findall(match[3])})
        for line in text.splitlines()
        if (match := _ROW.fullmatch(line)) and "#" in match[1]
    }


def out_of_step(text: str, rows: Mapping[str, Requirement], named: Mapping[str, Iterable[str]] | None) -> list[str]:
    """What the page says otherwise than the rows and, where `named` tells them, the tests."""
    said, wrong = stated(text), []
    for id_, row in rows.items():
        level, tests = said.get(id_, ("", set()))
        told = _escaped(row.text) in text and row.without_test in text
        if level != LEVELS[row.level] or not told:
            wrong.append(f"{id_}: not on the conformance page as it is here")
        elif named is not None and not row.without_test:
            there = {f"{test.partition('::')[0]}: {_said(test)}" for test in named.get(id_, ())}
            wrong += [f"{id_}: the conformance page has other tests"] if there != tests else []
    wrong += [f"{id_}: on the conformance page, and no row" for id_ in said if id_ not in rows]
    return [f"{each}; run `make conformance`" for each in wrong]


def main(results: str, to: str) -> None:
    found = json.loads(Path(results).read_text(encoding="utf-8"))
    run = Run(datetime.now(UTC).date().isoformat(), found["named"], found["outcomes"])
    Path(to).write_text(page(load(), ambiguities(), run), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
