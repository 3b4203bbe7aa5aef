"""What operators did about members: for the operators together, and for each member what concerns them.

Written in the transaction of what it tells of, with a notice for the member whom it concerns. Names are kept beside the
accounts, which may go.

Spec: GDPR article 5(2)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pod.db.connection import Row
from pod.store.accounts import Account
from pod.store.interface import Queries, Writer
from pod.store.notices import NoticeKind, Notices

_ACT = "id, at_ms, operator_name, kind, about, detail"
_ADD = """
INSERT INTO operator_act (at_ms, operator, operator_name, kind, member, about, detail) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_BEFORE = f"SELECT {_ACT} FROM operator_act WHERE id < ? ORDER BY id DESC LIMIT ?"  # noqa: S608
_ABOUT = f"SELECT {_ACT} FROM operator_act WHERE member = ? ORDER BY id DESC LIMIT ?"  # noqa: S608
NEWEST = 2**62
"""As `before`: from the last one on."""


class ActKind(StrEnum):
    """What an operator did."""

    INVITED = "invited"
    WITHDRAWN = "invitation withdrawn"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    QUOTA = "quota"
    ROLE = "role"
    RESET_SENT = "reset sent"
    DELETION = "deletion"
    KEPT = "kept"
    ORGANISATION = "organisation"
    PROVIDER = "sign-in provider"
    TAKEN_DOWN = "taken down"
    GIVEN_BACK = "given back"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    REPORT_KEPT = "report kept"
    GROUP = "group"
    JOINED = "joined group"
    LEFT = "left group"
    EXPORT_OFFERED = "export offered"
    HANDOVER = "hand-over"
    HANDOVER_ENDED = "hand-over ended"


@dataclass(frozen=True, slots=True)
class OperatorAct:
    """`about` is the member's name, or the address that was invited; `detail` says more, in words or numbers."""

    id: int
    at_ms: int
    operator: str
    kind: ActKind
    about: str
    detail: str


class OperatorActs:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def add(
        self, tx: Writer, operator: Account, kind: ActKind, member: Account | None, *, about: str = "", detail: str = ""
    ) -> None:
        who = (None, about) if member is None else (member.id, about or member.name)
        tx.rows(_ADD, (tx.now_ms, operator.id, operator.name, kind.value, *who, detail))
        if member is not None and member.id != operator.id:
            Notices(tx).add(tx, member.id, NoticeKind.OPERATORS, thing=kind.value)

    def latest(self, limit: int, before: int = NEWEST) -> tuple[OperatorAct, ...]:
        """All that was done, the newest first, from before one of them on."""
        return tuple(map(_act, self._queries.rows(_BEFORE, (before, limit))))

    def about(self, account: int, limit: int) -> tuple[OperatorAct, ...]:
        """What concerns one member, the newest first."""
        return tuple(map(_act, self._queries.rows(_ABOUT, (account, limit))))


def _act(row: Row) -> OperatorAct:
    key, at_ms, operator, kind, about, detail = row
    return OperatorAct(key, at_ms, operator, ActKind(kind), about, detail)
