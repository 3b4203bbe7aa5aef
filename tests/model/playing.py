"""Plays sequences to the application and to the model side by side, and makes what they disagree on small.

A disagreement is told as the fewest steps that still show it, one JSON line each: `python -m tests.model --replay FILE`
plays them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.model.asks import Ask, Names, written
from tests.model.driving import AGAIN, FRIEND, OWNER, Driver
from tests.model.model import Model
from tests.model.model_access import Language
from tests.model.model_acp import ACP
from tests.model.model_acp import TERMS as ACP_TERMS
from tests.model.model_http import date_of
from tests.model.model_paths import ACL, DESCRIPTION
from tests.model.model_rdf import NOTHING, triples
from tests.model.model_values import Request, Triples
from tests.model.model_wac import WAC
from tests.model.model_writes import LDP
from tests.model.sequences import audit, sequence

EPISODE = 300
"""Asks to one pod."""
RUNS_MAX = 150
"""How often a disagreement is played again to make it smaller."""

LANGUAGES: dict[str, type[Language]] = {"wac": WAC, "acp": ACP}

Seen = Counter[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What was wrong with the answer to the last of these asks."""

    asks: tuple[Ask, ...]
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return f"{written(self.asks)}\n" + "\n".join(self.wrong)


class Play:
    """One pod, the model of it, and what was asked so far."""

    def __init__(self, driver: Driver, seen: Seen | None = None) -> None:
        self._driver = driver
        self._seen: Seen = Counter() if seen is None else seen
        protected = frozenset({f"{driver.root}profile/card"})
        self.language = driver.access_control
        language = LANGUAGES[self.language]()
        self.model = Model(driver.base_url, driver.root, self._web_id(OWNER), protected, language)
        self._names = Names(driver.base_url + driver.root[1:], self._known_names())
        self.operations = 0
        self._learn(driver.root)
        self.model.access.knows_creators = self._is_told_who_made_it()

    def play(self, asks: Sequence[Ask]) -> Disagreement | None:
        """The first disagreement about these asks, or about what exists after them."""
        done: list[Ask] = []
        for ask in self._with_audit(asks):
            done.append(ask)
            wrong = self._step(ask)
            if wrong:
                return Disagreement(tuple(done), tuple(wrong))
        return None

    def _with_audit(self, asks: Sequence[Ask]) -> Iterator[Ask]:
        yield from asks
        paths = [path.removeprefix(self._driver.root) for path in self.model.resources]
        yield from audit(paths, 1 + max((ask.number for ask in asks), default=0), self.language)

    def _step(self, ask: Ask) -> list[str]:
        now = self._driver.wait(ask.seconds)
        path = self._driver.root + self._names.path(ask.path)
        headers, content = self._names.headers(ask), self._names.content(ask)
        answer = self._driver.send(ask.by, ask.method, path, headers, content)
        request = Request(self._driver.agents[ask.by], ask.method, path, headers, content, now)
        self.operations += 1
        self._seen[ask.method, answer.status] += 1
        wrong = self.model.judge(request, answer)
        self._names.learn(ask, answer)
        return [f"{ask.by} {ask.method} {path}: {each}" for each in wrong]

    def _web_id(self, name: str) -> str:
        return self._driver.agents[name].agent or ""

    def _known_names(self) -> dict[str, str]:
        owner, friend, other = (self._driver.agents[each] for each in (OWNER, FRIEND, FRIEND + AGAIN))
        known = {"%ALICE%": owner.agent, "%BOB%": friend.agent, "%ISSUER%": owner.issuer}
        known |= {"%OWN%": owner.client, "%APP%": friend.client, "%OTHER%": other.client}
        return {name: value or "" for name, value in known.items()}

    # -- what is there at the beginning --------------------------------------------------------------------------------

    def _learn(self, path: str) -> None:
        """A new pod has a profile and the like; its owner may see all of it."""
        said = self._known(path)
        for suffix in (ACL, DESCRIPTION):
            self._known(path + suffix)
        for each in sorted(str(o) for _, p, o in said if p == LDP.contains) if path.endswith("/") else ():
            self._learn("/" + each.removeprefix(self._driver.base_url))

    def _is_told_who_made_it(self) -> bool:
        """Whether contexts have a creator is for the server to say. Spec: ACP s7.2"""
        answer = self._driver.send(OWNER, "OPTIONS", self._driver.root + ACL, {}, None)
        return f"<{ACP_TERMS.creator}>" in answer.header("link")

    def _known(self, path: str) -> Triples:
        """What is said there, told to the model; nothing if nothing is."""
        answer = self._driver.send(OWNER, "GET", path, {"Accept": "application/n-triples"}, None)
        if answer.status != 200:
            return NOTHING
        said = triples(answer.body, "application/n-triples", self.model.url(path))
        assert said is not None, path
        if not answer.header("etag"):
            return said  # nobody wrote it
        modified = date_of(answer.header("last-modified"))
        self.model.know(path, None if path.endswith("/") else said, modified)
        return said


def shrunk(found: Disagreement, again: Callable[[Sequence[Ask]], Disagreement | None]) -> Disagreement:
    """The same disagreement, or one like it, with fewer asks: halves, quarters and so on are left out while it stays."""
    runs, size = 0, len(found.asks) // 2
    while size and runs < RUNS_MAX:
        start = 0
        while start < len(found.asks) - 1 and runs < RUNS_MAX:
            fewer = found.asks[:start] + found.asks[start + size :]
            runs += 1
            still = again(fewer) if fewer else None
            if still is not None and len(still.asks) < len(found.asks):
                found = still
            else:
                start += size
        size //= 2
    return found


@dataclass(slots=True)
class Report:
    """What a run came to."""

    operations: int
    seen: Seen
    disagreements: list[Disagreement]


def run(new_driver: Callable[[], Driver], *, seed: int, operations: int, length: int) -> Report:
    """Episodes, each in a pod of its own, until so many requests were made; ends with the first disagreement."""
    report = Report(0, Counter(), [])
    while report.operations < operations and not report.disagreements:
        play = Play(new_driver(), report.seen)
        found = play.play(sequence(seed, min(length, operations - report.operations), play.language))
        report.operations += play.operations
        if found is not None:
            report.disagreements.append(shrunk(found, lambda asks: Play(new_driver()).play(asks)))
        seed += 1
    return report
