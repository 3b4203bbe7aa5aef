"""Links that work once and for a while: a new password, a verified address, an invitation.

Kept under the digest of what stands in the link. Taking one removes it, so of two who follow it at once one comes late.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pod.db.connection import Row
from pod.errors import LinkExpired
from pod.store.interface import Queries, Writer

SWEPT_AT_ONCE_MAX = 1_000

_LINK = "hash, purpose, account, email, created_ms, expires_ms"
_INSERT = f"INSERT INTO single_use_link ({_LINK}) VALUES (?, ?, ?, ?, ?, ?) RETURNING {_LINK}"  # noqa: S608
_FIND = f"SELECT {_LINK} FROM single_use_link WHERE hash = ? AND purpose = ? AND expires_ms > ?"  # noqa: S608
_TAKE = f"DELETE FROM single_use_link WHERE hash = ? AND purpose = ? AND expires_ms > ? RETURNING {_LINK}"  # noqa: S608
_REMOVE = "DELETE FROM single_use_link WHERE hash = ? AND purpose = ? RETURNING hash"
_REMOVE_OF_ACCOUNT = "DELETE FROM single_use_link WHERE account = ? AND purpose = ?"
_REMOVE_INVITATIONS_TO = "DELETE FROM single_use_link WHERE purpose = 'invitation' AND lower(email) = lower(?)"
_INVITATIONS = (
    f"SELECT {_LINK} FROM single_use_link WHERE purpose = 'invitation' AND expires_ms > ? "  # noqa: S608
    "ORDER BY created_ms, hash"
)
_SWEEP = """
DELETE FROM single_use_link WHERE hash IN (SELECT hash FROM single_use_link WHERE expires_ms <= ? LIMIT ?) RETURNING 1
"""


class Purpose(StrEnum):
    """What a link is good for, and nothing else."""

    RESET = "reset"
    VERIFY = "verify"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Link:
    """A link somebody was given. `id` is the digest of its token, and opens nothing."""

    id: str
    purpose: Purpose
    account: int | None
    email: str | None
    created_ms: int
    expires_ms: int


class Links:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def create(
        self, tx: Writer, key: str, purpose: Purpose, *, account: int | None, email: str | None, lifetime_ms: int
    ) -> Link:
        values = (key, purpose.value, account, email, tx.now_ms, tx.now_ms + lifetime_ms)
        return _link(tx.rows(_INSERT, values)[0])

    def find(self, key: str, purpose: Purpose, now_ms: int) -> Link | None:
        """One that would still work."""
        rows = self._queries.rows(_FIND, (key, purpose.value, now_ms))
        return _link(rows[0]) if rows else None

    def take(self, tx: Writer, key: str, purpose: Purpose) -> Link:
        """Use it up. Raises: LinkExpired."""
        rows = tx.rows(_TAKE, (key, purpose.value, tx.now_ms))
        if not rows:
            raise LinkExpired("This link works once and for a while: it was used before or is too old. Get a new one.")
        return _link(rows[0])

    def remove(self, tx: Writer, key: str, purpose: Purpose) -> bool:
        """Whether there was one."""
        return bool(tx.rows(_REMOVE, (key, purpose.value)))

    def remove_of_account(self, tx: Writer, account: int, purpose: Purpose) -> None:
        tx.rows(_REMOVE_OF_ACCOUNT, (account, purpose.value))

    def remove_invitations_to(self, tx: Writer, email: str) -> None:
        tx.rows(_REMOVE_INVITATIONS_TO, (email,))

    def invitations(self, now_ms: int) -> tuple[Link, ...]:
        """Those that still work, the oldest first."""
        return tuple(_link(row) for row in self._queries.rows(_INVITATIONS, (now_ms,)))

    def sweep(self, tx: Writer) -> int:
        """Removes some that no longer work; gives their number."""
        return len(tx.rows(_SWEEP, (tx.now_ms, SWEPT_AT_ONCE_MAX)))


def _link(row: Row) -> Link:
    key, purpose, *rest = row
    return Link(key, Purpose(purpose), *rest)
