"""What operators keep from others, and whom they keep out: lists that are nearly always empty and asked at every
request, so each process keeps them for moments. And what people reported.

Spec: RFC 7725 (451)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlsplit

from pod.clock import Clock
from pod.db.connection import Row
from pod.store.interface import Queries, Writer

KEPT_SECONDS = 2.0
"""After that long at most, a decision of operators holds in every process."""
LISTED_MAX = 1_000
OPEN_REPORTS_MAX = 5_000

Blocked = Literal["host", "agent"]
Outcome = Literal["open", "kept", "taken down"]

_LISTS = """
SELECT 'path', path, since_ms, reason FROM takedown UNION ALL SELECT kind, name, since_ms, reason FROM blocked
"""
_TAKE_DOWN = "INSERT INTO takedown (path, since_ms, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING path"
_GIVE_BACK = "DELETE FROM takedown WHERE path = ? RETURNING path"
_BLOCK = "INSERT INTO blocked (kind, name, since_ms, reason) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING name"
_UNBLOCK = "DELETE FROM blocked WHERE kind = ? AND name = ? RETURNING name"
_HOW_MANY = "SELECT (SELECT COUNT(*) FROM takedown) + (SELECT COUNT(*) FROM blocked)"
_REPORT = "id, at_ms, url, path, reason, contact, outcome, settled_ms, settled_by"
_ADD_REPORT = "INSERT INTO report (at_ms, url, path, reason, contact) VALUES (?, ?, ?, ?, ?)"
_OPEN = "SELECT COUNT(*) FROM report WHERE outcome = 'open'"
_REPORTS = f"SELECT {_REPORT} FROM report ORDER BY outcome <> 'open', id DESC LIMIT ?"  # noqa: S608
_ONE = f"SELECT {_REPORT} FROM report WHERE id = ?"  # noqa: S608
_SETTLE = """
UPDATE report SET outcome = ?, settled_ms = ?, settled_by = ? WHERE id = ? AND outcome = 'open' RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something kept from others (a path) or somebody kept out (a host, a WebID)."""

    kind: str
    name: str
    since_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """`path` is None where the URL is none of a pod here; `contact` is what the reporter gave, or nothing."""

    id: int
    at_ms: int
    url: str
    path: str | None
    reason: str
    contact: str
    outcome: Outcome
    settled_ms: int | None
    settled_by: str | None


@dataclass(frozen=True, slots=True)
class Lists:
    """`paths` are resources, `within` containers with all that is in them."""

    paths: frozenset[str] = frozenset()
    within: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: tuple[Entry, ...]) -> Lists:
        named = {kind: [each.name for each in entries if each.kind == kind] for kind in ("path", "host", "agent")}
        within = tuple(each for each in named["path"] if each.endswith("/"))
        return cls(frozenset(named["path"]), within, frozenset(named["host"]), frozenset(named["agent"]))

    def covers(self, path: str) -> bool:
        """Whether a resource is kept from all but its owner."""
        return path in self.paths or path.startswith(self.within)

    def keeps_out(self, *iris: str | None) -> bool:
        """Whether somebody is: they, or the host of one of these."""
        if not self.hosts and not self.agents:
            return False
        return any(iri in self.agents or self.blocks_host(urlsplit(iri).hostname) for iri in iris if iri)

    def blocks_host(self, host: str | None) -> bool:
        """With all hosts below it."""
        if not self.hosts or not host:
            return False
        labels = host.lower().rstrip(".").split(".")
        return any(".".join(labels[at:]) in self.hosts for at in range(len(labels)))


class Moderates(Protocol):
    """Whoever knows the lists as they are now."""

    def lists(self) -> Lists: ...


class Nobody:
    """Keeps nothing from anyone."""

    def lists(self) -> Lists:
        return _EMPTY


class Moderation:
    """Of one process; shared by all threads."""

    def __init__(self, queries: Queries, clock: Clock) -> None:
        self._queries = queries
        self._clock = clock
        self._known: tuple[float, Lists] | None = None

    def lists(self) -> Lists:
        """At most `KEPT_SECONDS` old; one statement when they are."""
        known, now = self._known, self._clock.now()
        if known is None or not 0 <= now - known[0] < KEPT_SECONDS:
            known = self._known = now, Lists.of(entries(self._queries))
        return known[1]

    def forget(self) -> None:
        """They were changed here."""
        self._known = None


def entries(queries: Queries) -> tuple[Entry, ...]:
    return tuple(Entry(*row) for row in queries.rows(_LISTS))


class Cases:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def take_down(self, tx: Writer, path: str, reason: str) -> bool:
        """False if it was before."""
        return bool(tx.rows(_TAKE_DOWN, (path, tx.now_ms, reason)))

    def give_back(self, tx: Writer, path: str) -> bool:
        return bool(tx.rows(_GIVE_BACK, (path,)))

    def block(self, tx: Writer, kind: Blocked, name: str, reason: str) -> bool:
        """False if it was before."""
        return bool(tx.rows(_BLOCK, (kind, name, tx.now_ms, reason)))

    def unblock(self, tx: Writer, kind: Blocked, name: str) -> bool:
        return bool(tx.rows(_UNBLOCK, (kind, name)))

    def how_many(self) -> int:
        """Of both lists together."""
        return int(self._queries.rows(_HOW_MANY)[0][0])

    def add_report(self, tx: Writer, url: str, path: str | None, reason: str, contact: str) -> None:
        tx.rows(_ADD_REPORT, (tx.now_ms, url, path, reason, contact))

    def open_reports(self) -> int:
        return int(self._queries.rows(_OPEN)[0][0])

    def reports(self, limit: int) -> tuple[Report, ...]:
        """Those that wait first, then the newest."""
        return tuple(map(_report, self._queries.rows(_REPORTS, (limit,))))

    def report(self, key: int) -> Report | None:
        rows = self._queries.rows(_ONE, (key,))
        return _report(rows[0]) if rows else None

    def settle(self, tx: Writer, key: int, outcome: Outcome, by: str) -> bool:
        """False: somebody else was faster."""
        return bool(tx.rows(_SETTLE, (outcome, tx.now_ms, by, key)))


def _report(row: Row) -> Report:
    return Report(*row)


_EMPTY = Lists()
