"""What happened to the ways into an account, for its owner to read; and the browsers it was signed in with before.

Changes are made in the Writer each is given. Cookies arrive digested by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.store.interface import Queries, Writer
from pod.store.mail import MailKind

SWEPT_AT_ONCE_MAX = 1_000
EVENTS_MAX = 100
"""Of one account; of what happened most often, the oldest goes: who repeats one thing hides no other by it."""
BROWSERS_MAX = 50
"""Of one account: those that were not seen for longest are forgotten, and told of when they come again."""

_ADD = "INSERT INTO account_event (account, at_ms, kind) VALUES (?, ?, ?)"
_TRIM = """
DELETE FROM account_event WHERE ? < (SELECT COUNT(*) FROM account_event WHERE account = ?) AND id = (
  SELECT MIN(id) FROM account_event WHERE account = ?
  GROUP BY kind ORDER BY COUNT(*) DESC, MAX(id) DESC LIMIT 1
)
"""
_LATEST = """
SELECT MAX(at_ms), kind, COUNT(*) FROM account_event WHERE account = ?
GROUP BY kind, at_ms / 86400000 ORDER BY MAX(id) DESC LIMIT ?
"""
_SWEEP_EVENTS = """
DELETE FROM account_event WHERE id IN (SELECT id FROM account_event WHERE at_ms < ? LIMIT ?) RETURNING 1
"""

_KNOWN = "UPDATE known_browser SET seen_ms = ? WHERE account = ? AND hash = ? RETURNING hash"
_MEET = "INSERT INTO known_browser (account, hash, seen_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_TRIM_BROWSERS = """
DELETE FROM known_browser WHERE account = ? AND hash IN (
  SELECT hash FROM known_browser WHERE account = ? ORDER BY seen_ms DESC, hash LIMIT ? OFFSET ?
)
"""
_FORGET_BROWSERS = "DELETE FROM known_browser WHERE account = ?"
_SWEEP_BROWSERS = """
DELETE FROM known_browser WHERE (account, hash) IN (SELECT account, hash FROM known_browser WHERE seen_ms < ? LIMIT ?)
RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """Something its owner would get mail about: so often on one day, the last time at `at_ms`."""

    at_ms: int
    kind: MailKind
    times: int


class AccountEvents:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def add(self, tx: Writer, account: int, kind: MailKind) -> None:
        tx.rows(_ADD, (account, tx.now_ms, kind.value))
        tx.rows(_TRIM, (EVENTS_MAX, account, account))

    def latest(self, account: int, limit: int) -> tuple[AccountEvent, ...]:
        """The newest first."""
        rows = self._queries.rows(_LATEST, (account, limit))
        return tuple(AccountEvent(at_ms, MailKind(kind), times) for at_ms, kind, times in rows)

    def meet_browser(self, tx: Writer, account: int, key: str) -> bool:
        """Whether the account was signed in there before. From now on it was."""
        if tx.rows(_KNOWN, (tx.now_ms, account, key)):
            return True
        tx.rows(_MEET, (account, key, tx.now_ms))
        tx.rows(_TRIM_BROWSERS, (account, account, BROWSERS_MAX, BROWSERS_MAX))
        return False

    def forget_browsers(self, tx: Writer, account: int) -> None:
        """Its owner is told of each that signs in from now on."""
        tx.rows(_FORGET_BROWSERS, (account,))

    def sweep_events(self, tx: Writer, before_ms: int) -> int:
        """Removes some that are older; gives their number."""
        return len(tx.rows(_SWEEP_EVENTS, (before_ms, SWEPT_AT_ONCE_MAX)))

    def sweep_browsers(self, tx: Writer, before_ms: int) -> int:
        """Removes some that were not seen since; gives their number."""
        return len(tx.rows(_SWEEP_BROWSERS, (before_ms, SWEPT_AT_ONCE_MAX)))
