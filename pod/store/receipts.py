"""Receipts of what left this server, changed hands, or was deleted: when, by whom, how much, and digests.

The digest of contents is over lines of digest, two spaces and path, one a resource, in the order of their paths: two
receipts about the same things say the same. No receipt says what anything is called.

Spec: GDPR articles 5(2) and 17; FIPS 180-4
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from pod.db.connection import Row
from pod.store.interface import Queries, Writer
from pod.store.walk import walk

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

_RECEIPT = (
    "id, at_ms, kind, operator_name, member, member_name, successor_name, resources, bytes, contents, archive, done_ms"
)
_ADD = f"""
INSERT INTO receipt (at_ms, kind, operator_name, member, member_name, successor_name, resources, bytes, contents,
  archive, done_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_RECEIPT}
"""
_LATEST = f"""
SELECT {_RECEIPT} FROM receipt WHERE id < ? AND (operator_name <> '' OR kind = 'deletion') ORDER BY id DESC LIMIT ?
"""
_OF_MEMBER = f"SELECT {_RECEIPT} FROM receipt WHERE member = ? ORDER BY id DESC LIMIT ?"
_ABOUT = f"SELECT {_RECEIPT} FROM receipt WHERE member = ? AND operator_name <> '' ORDER BY id DESC LIMIT ?"
_BEGUN = "SELECT 1 FROM receipt WHERE member = ? AND kind = 'deletion' AND done_ms IS NULL"
_FINISH = "UPDATE receipt SET done_ms = ? WHERE member = ? AND kind = 'deletion' AND done_ms IS NULL"
_ASKED_BY = """
SELECT operator_name FROM operator_act WHERE member = ? AND kind = 'deletion' ORDER BY id DESC LIMIT 1
"""
_NAME = "SELECT name FROM account WHERE id = ?"
_OFFER = """
INSERT INTO offered_export (account, operator_name, at_ms) VALUES (?, ?, ?)
ON CONFLICT (account) DO UPDATE SET operator_name = excluded.operator_name, at_ms = excluded.at_ms
"""
_OFFERED = "SELECT operator_name FROM offered_export WHERE account = ?"
_TAKE_OFFER = "DELETE FROM offered_export WHERE account = ? RETURNING operator_name"


class ReceiptKind(StrEnum):
    """What became of an account's things."""

    EXPORT = "export"
    HANDOVER = "hand-over"
    DELETION = "deletion"


@dataclass(frozen=True, slots=True)
class Tally:
    """How much there is, and the digest of it."""

    resources: int
    bytes: int
    contents: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """`operator` is empty where the member did it alone; `archive` is the digest of the file that was sent, if one was;
    `done_ms` is None while a deletion is under way.
    """

    id: int
    at_ms: int
    kind: ReceiptKind
    operator: str
    member: int
    member_name: str
    successor: str
    resources: int
    bytes: int
    contents: str
    archive: str
    done_ms: int | None


class Receipts:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def add(
        self,
        tx: Writer,
        kind: ReceiptKind,
        member: tuple[int, str],
        tally: Tally,
        *,
        operator: str = "",
        successor: str = "",
        archive: str = "",
    ) -> Receipt:
        """`member` is the account and its name. That of a deletion is not done yet."""
        done_ms = None if kind is ReceiptKind.DELETION else tx.now_ms
        who = (operator, *member, successor)
        values = (tx.now_ms, kind.value, *who, tally.resources, tally.bytes, tally.contents, archive, done_ms)
        return _receipt(tx.rows(_ADD, values)[0])

    def latest(self, limit: int, before: int) -> tuple[Receipt, ...]:
        """Those that concern operators, the newest first: what members take along by themselves is their business."""
        return tuple(map(_receipt, self._queries.rows(_LATEST, (before, limit))))

    def of_member(self, account: int, limit: int) -> tuple[Receipt, ...]:
        """All of somebody's, for themselves."""
        return tuple(map(_receipt, self._queries.rows(_OF_MEMBER, (account, limit))))

    def about(self, account: int, limit: int) -> tuple[Receipt, ...]:
        """Those of one member that concern operators."""
        return tuple(map(_receipt, self._queries.rows(_ABOUT, (account, limit))))

    def offer(self, tx: Writer, account: int, operator: str) -> None:
        """An operator asks somebody to take their things along."""
        tx.rows(_OFFER, (account, operator, tx.now_ms))

    def offered_by(self, account: int) -> str:
        """Which operator asked; empty where none did."""
        rows = self._queries.rows(_OFFERED, (account,))
        return str(rows[0][0]) if rows else ""

    def take_offer(self, tx: Writer, account: int) -> str:
        """It was taken up; gives who made it, or nothing."""
        rows = tx.rows(_TAKE_OFFER, (account,))
        return str(rows[0][0]) if rows else ""


def tally(queries: Queries, storages: Iterable[str]) -> Tally:
    """Of all resources of storages, by their paths, in pieces."""
    resources, size, digest = 0, 0, sha256()
    for storage in sorted(storages):
        for state in walk(queries, storage):
            resources, size = resources + 1, size + state.size
            digest.update(f"{state.digest or '-'}  {state.path}\n".encode())
    return Tally(resources, size, digest.hexdigest())


def begin_deletion(tx: Writer, account: int, found: Tally) -> None:
    """Before the first of its things goes; a second time changes nothing."""
    if tx.rows(_BEGUN, (account,)):
        return
    names, asked = tx.rows(_NAME, (account,)), tx.rows(_ASKED_BY, (account,))
    if names:
        operator = str(asked[0][0]) if asked else ""
        Receipts(tx).add(tx, ReceiptKind.DELETION, (account, names[0][0]), found, operator=operator)


def finish_deletion(tx: Writer, account: int) -> None:
    """Nothing is left of it."""
    tx.rows(_FINISH, (tx.now_ms, account))


def _receipt(row: Row) -> Receipt:
    key, at_ms, kind, *rest = row
    return Receipt(key, at_ms, ReceiptKind(kind), *rest)
