"""Accounts as those see them who run the server for others: who they are and how much they hold, never what.

Spec: GDPR article 5(1)(c)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pod.db.connection import Row
from pod.store.accounts import AccountStatus, Role
from pod.store.interface import Queries, Writer

Standing = Literal["", "active", "disabled", "leaving", "operator"]
"""Which of them; all, if empty."""

_COLUMNS = """
a.id, a.name, a.email, a.email_verified_ms, a.status, a.role, a.created_ms, a.delete_due_ms,
COALESCE(SUM(s.bytes), 0), COALESCE(SUM(s.resources), 0), COUNT(s.id), COALESCE(MAX(s.bytes_max), 0),
COALESCE(MAX(s.resources_max), 0),
COALESCE(MAX(CASE WHEN s.bytes_max > 0 THEN s.bytes * 100 / s.bytes_max ELSE 0 END), 0)
"""
_STANDINGS = {
    "": "1 = 1",
    "active": "a.status = 'active' AND a.delete_due_ms IS NULL",
    "disabled": "a.status = 'disabled'",
    "leaving": "a.delete_due_ms IS NOT NULL",
    "operator": "a.role = 'operator'",
}
_SELECT = {
    standing: f"""
SELECT {_COLUMNS} FROM account a LEFT JOIN storage s ON s.account = a.id
WHERE a.name > ? AND {where} AND (? = '' OR a.name LIKE ? ESCAPE '!' OR lower(a.email) LIKE ? ESCAPE '!')
GROUP BY a.id ORDER BY a.name LIMIT ?
"""  # noqa: S608 -- what is joined here is constant text
    for standing, where in _STANDINGS.items()
}
_ONE = f"SELECT {_COLUMNS} FROM account a LEFT JOIN storage s ON s.account = a.id WHERE a.name = ? GROUP BY a.id"  # noqa: S608
_TOTALS = """
SELECT (SELECT COUNT(*) FROM account), (SELECT COUNT(*) FROM account WHERE status = 'disabled'),
  (SELECT COUNT(*) FROM account WHERE delete_due_ms IS NOT NULL), COALESCE(SUM(bytes), 0), COALESCE(SUM(resources), 0),
  COALESCE(SUM(CASE WHEN bytes_max > 0 AND bytes * 100 >= bytes_max * ? THEN 1 ELSE 0 END), 0)
FROM storage
"""
_SET_QUOTA = "UPDATE storage SET bytes_max = ?, resources_max = ? WHERE account = ?"
_SET_ROLE = "UPDATE account SET role = ? WHERE id = ?"
_OPERATORS = """
SELECT COUNT(*) FROM account WHERE role = 'operator' AND status = 'active' AND delete_due_ms IS NULL AND id <> ?
"""


@dataclass(frozen=True, slots=True)
class Member:
    """`bytes`, `resources` and `pods` are of all pods together; the maxima are those of each, 0 where there is none;
    `full_percent` is of the fullest.
    """

    id: int
    name: str
    email: str | None
    email_verified: bool
    status: AccountStatus
    role: Role
    created_ms: int
    delete_due_ms: int | None
    bytes: int
    resources: int
    pods: int
    bytes_max: int
    resources_max: int
    full_percent: int

    @property
    def is_suspended(self) -> bool:
        return self.status is AccountStatus.DISABLED

    @property
    def is_operator(self) -> bool:
        return self.role is Role.OPERATOR


@dataclass(frozen=True, slots=True)
class Totals:
    """`nearly_full` counts pods that reach a share of what they may hold."""

    accounts: int
    suspended: int
    leaving: int
    bytes: int
    resources: int
    nearly_full: int


class Members:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def listed(self, after: str, limit: int, *, search: str = "", standing: Standing = "") -> tuple[Member, ...]:
        """By name, after one; with a piece of text in the name or the mail address."""
        escaped = search.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        part = f"%{escaped}%"
        return tuple(map(_member, self._queries.rows(_SELECT[standing], (after, search, part, part, limit))))

    def by_name(self, name: str) -> Member | None:
        rows = self._queries.rows(_ONE, (name,))
        return _member(rows[0]) if rows else None

    def totals(self, nearly_full_percent: int) -> Totals:
        return Totals(*self._queries.rows(_TOTALS, (nearly_full_percent,))[0])

    def other_operators(self, account: int) -> int:
        """How many could run the server without this account."""
        return int(self._queries.rows(_OPERATORS, (account,))[0][0])

    def set_quota(self, tx: Writer, account: int, bytes_max: int, resources_max: int) -> None:
        """Of each of its pods; 0 is no limit. What is more already stays, and nothing more goes in."""
        tx.rows(_SET_QUOTA, (bytes_max, resources_max, account))

    def set_role(self, tx: Writer, account: int, role: Role) -> None:
        tx.rows(_SET_ROLE, (role.value, account))


def _member(row: Row) -> Member:
    key, name, email, verified_ms, status, role, *rest = row
    return Member(key, name, email, verified_ms is not None, AccountStatus(status), Role(role), *rest)
