"""Accounts that are to change hands: begun by an operator, agreed to by whoever has it, taken by whoever gets it."""

from __future__ import annotations

from dataclasses import dataclass

from pod.db.connection import Row
from pod.store.interface import Queries, Writer

_HANDOVER = """
SELECT h.account, a.name, h.successor, s.name, h.operator_name, h.at_ms, h.agreed_ms
FROM handover h JOIN account a ON a.id = h.account JOIN account s ON s.id = h.successor
"""
_OF = f"{_HANDOVER} WHERE h.account = ?"
_TO = f"{_HANDOVER} WHERE h.successor = ? AND h.agreed_ms IS NOT NULL ORDER BY h.agreed_ms"
_BEGIN = """
INSERT INTO handover (account, successor, operator_name, at_ms) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING account
"""
_AGREE = "UPDATE handover SET agreed_ms = ? WHERE account = ? AND successor = ? RETURNING account"
_END = "DELETE FROM handover WHERE account = ? RETURNING account"


@dataclass(frozen=True, slots=True)
class Handover:
    """`agreed_ms` is when whoever has the account said yes."""

    account: int
    name: str
    successor: int
    successor_name: str
    operator: str
    at_ms: int
    agreed_ms: int | None


class Handovers:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def of(self, account: int) -> Handover | None:
        rows = self._queries.rows(_OF, (account,))
        return _handover(rows[0]) if rows else None

    def to(self, successor: int) -> tuple[Handover, ...]:
        """Those that were agreed to."""
        return tuple(map(_handover, self._queries.rows(_TO, (successor,))))

    def begin(self, tx: Writer, account: int, successor: int, operator: str) -> bool:
        """False: one is under way."""
        return bool(tx.rows(_BEGIN, (account, successor, operator, tx.now_ms)))

    def agree(self, tx: Writer, account: int, successor: int) -> bool:
        """False: it is another one meanwhile, or none."""
        return bool(tx.rows(_AGREE, (tx.now_ms, account, successor)))

    def end(self, tx: Writer, account: int) -> bool:
        return bool(tx.rows(_END, (account,)))


def _handover(row: Row) -> Handover:
    return Handover(*row)
