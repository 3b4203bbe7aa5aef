"""Signed-in browsers: a row for each, under the digest of the secret in its cookie.

A session falls when it is ended, when it is too old or idle too long, and while its account is disabled: the last is
read with it each time. Changes are made in the Writer the caller opened. Knows no cookie.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pod.db.connection import Row
from pod.store.account_statements import ACCOUNT
from pod.store.accounts import Account, account_of
from pod.store.interface import Queries, Writer
from pod.store.notices import UNREAD

SWEPT_AT_ONCE_MAX = 1_000

_SESSION = "s.id, s.created_ms, s.authenticated_ms, s.seen_ms, s.user_agent, s.network"
_INSERT = """
INSERT INTO web_session (id, account, created_ms, authenticated_ms, seen_ms, user_agent, network)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_FIND = f"SELECT {UNREAD}, {_SESSION}, {ACCOUNT} FROM web_session s JOIN account a ON a.id = s.account WHERE s.id = ?"  # noqa: S608
_OF_ACCOUNT = (
    f"SELECT {_SESSION}, {ACCOUNT} FROM web_session s JOIN account a ON a.id = s.account "  # noqa: S608
    "WHERE s.account = ? ORDER BY s.seen_ms DESC, s.id"
)
_SEE = "UPDATE web_session SET seen_ms = ?, network = ? WHERE id = ?"
_END = "DELETE FROM web_session WHERE id = ? AND account = ? RETURNING id"
_END_OTHERS = "DELETE FROM web_session WHERE account = ? AND id <> ?"
_HAND_OVER = "UPDATE access_grant SET session = ? WHERE session = ?"
_SWEEP = """
DELETE FROM web_session WHERE id IN (SELECT id FROM web_session WHERE created_ms < ? OR seen_ms < ? LIMIT ?)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which an account is signed in. `id` opens nothing."""

    id: str
    account: Account
    created_ms: int
    authenticated_ms: int
    """When its person last showed who they are."""
    seen_ms: int
    user_agent: str
    network: str
    """Where it was last seen from: an address, or the network of one; empty where nobody knows."""
    unread: int = field(default=0, compare=False)
    """How many notices its account has not read, counted where it was found by its secret."""


class Sessions:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def create(
        self, tx: Writer, key: str, account: Account, user_agent: str, network: str, *, shown_ms: int | None = None
    ) -> Session:
        """`shown_ms` is when its owner showed who they are, if that was before now."""
        now_ms = tx.now_ms
        since_ms = now_ms if shown_ms is None else min(now_ms, shown_ms)
        tx.rows(_INSERT, (key, account.id, now_ms, since_ms, now_ms, user_agent, network))
        return Session(key, account, now_ms, since_ms, now_ms, user_agent, network)

    def find(self, key: str) -> Session | None:
        """Whatever its age."""
        rows = self._queries.rows(_FIND, (key,))
        return _session(rows[0][1:], rows[0][0]) if rows else None

    def of_account(self, account: int) -> tuple[Session, ...]:
        """The last seen first."""
        return tuple(_session(row) for row in self._queries.rows(_OF_ACCOUNT, (account,)))

    def see(self, tx: Writer, key: str, network: str) -> None:
        tx.rows(_SEE, (tx.now_ms, network, key))

    def end(self, tx: Writer, account: int, key: str) -> bool:
        """Whether the account had such a session."""
        return bool(tx.rows(_END, (key, account)))

    def end_others(self, tx: Writer, account: int, key: str) -> None:
        """All sessions of the account but one."""
        tx.rows(_END_OTHERS, (account, key))

    def hand_over(self, tx: Writer, old: str, new: str) -> None:
        """What was granted in one session goes on in another."""
        tx.rows(_HAND_OVER, (new, old))

    def sweep(self, tx: Writer, *, created_before_ms: int, seen_before_ms: int) -> tuple[str, ...]:
        """Removes some of those that are over; gives their ids."""
        rows = tx.rows(_SWEEP, (created_before_ms, seen_before_ms, SWEPT_AT_ONCE_MAX))
        return tuple(row[0] for row in rows)


def _session(row: Row, unread: int = 0) -> Session:
    key, created_ms, authenticated_ms, seen_ms, user_agent, network, *account = row
    owner = account_of(tuple(account))
    return Session(key, owner, created_ms, authenticated_ms, seen_ms, user_agent, network, unread)
