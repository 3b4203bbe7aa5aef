"""Groups of members that operators keep: who is in them counts in access rules as long as their account stands.

A group that ended keeps its name for good, since rules that still say it must let nobody in.
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.db.connection import Row
from pod.store.interface import Queries, Writer

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

_STANDS = "a.status = 'active' AND a.delete_due_ms IS NULL"
_GROUP = f"""
SELECT g.id, g.slug, g.name, g.is_public, g.made_ms, (
  SELECT COUNT(*) FROM member_group_member m JOIN account a ON a.id = m.account
  WHERE m.member_group = g.id AND {_STANDS}
) FROM member_group g
"""
_LISTED = f"{_GROUP} WHERE g.ended_ms IS NULL ORDER BY g.name, g.id LIMIT ?"
_BY_SLUG = f"{_GROUP} WHERE g.slug = ? AND g.ended_ms IS NULL"
_OF_ACCOUNT = f"""
{_GROUP} JOIN member_group_member o ON o.member_group = g.id WHERE o.account = ? AND g.ended_ms IS NULL ORDER BY g.name
"""
_MEMBERS = f"""
SELECT a.id, a.name, (SELECT w.iri FROM web_id w WHERE w.account = a.id ORDER BY w.is_primary DESC, w.iri LIMIT 1),
  {_STANDS}
FROM member_group_member m JOIN account a ON a.id = m.account WHERE m.member_group = ? ORDER BY a.name
"""
_HOLDS = f"""
SELECT 1 FROM member_group g JOIN member_group_member m ON m.member_group = g.id JOIN account a ON a.id = m.account
JOIN web_id w ON w.account = a.id WHERE g.slug = ? AND g.ended_ms IS NULL AND w.iri = ? AND {_STANDS}
"""
_MAKE = """
INSERT INTO member_group (slug, name, is_public, made_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id
"""
_CHANGE = "UPDATE member_group SET name = ?, is_public = ? WHERE id = ?"
_END = "UPDATE member_group SET ended_ms = ? WHERE id = ?"
_EMPTY = "DELETE FROM member_group_member WHERE member_group = ?"
_ADD = "INSERT INTO member_group_member (member_group, account) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING account"
_REMOVE = "DELETE FROM member_group_member WHERE member_group = ? AND account = ? RETURNING account"


@dataclass(frozen=True, slots=True)
class MemberGroup:
    """`slug` is its name in its URL; `size` counts those whose account stands; `is_public`: everybody may see them."""

    id: int
    slug: str
    name: str
    is_public: bool
    made_ms: int
    size: int


@dataclass(frozen=True, slots=True)
class Belonging:
    """Somebody in a group, by their first WebID; who does not stand counts nowhere."""

    account: int
    name: str
    web_id: str | None
    stands: bool


class MemberGroups:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def listed(self, limit: int) -> tuple[MemberGroup, ...]:
        return tuple(map(_group, self._queries.rows(_LISTED, (limit,))))

    def by_slug(self, slug: str) -> MemberGroup | None:
        rows = self._queries.rows(_BY_SLUG, (slug,))
        return _group(rows[0]) if rows else None

    def of_account(self, account: int) -> tuple[MemberGroup, ...]:
        return tuple(map(_group, self._queries.rows(_OF_ACCOUNT, (account,))))

    def members(self, group: int) -> tuple[Belonging, ...]:
        """By name, those too who do not stand now."""
        rows = self._queries.rows(_MEMBERS, (group,))
        return tuple(Belonging(key, name, web_id, bool(stands)) for key, name, web_id, stands in rows)

    def holds(self, slug: str, web_id: str) -> bool:
        """Whether somebody is in a group, and stands. One statement."""
        return bool(self._queries.rows(_HOLDS, (slug, web_id)))

    def make(self, tx: Writer, slug: str, name: str, *, is_public: bool) -> bool:
        """False: there is one of this name in its URL, or was."""
        return bool(tx.rows(_MAKE, (slug, name, int(is_public), tx.now_ms)))

    def change(self, tx: Writer, group: int, name: str, *, is_public: bool) -> None:
        tx.rows(_CHANGE, (name, int(is_public), group))

    def end(self, tx: Writer, group: int) -> None:
        tx.rows(_EMPTY, (group,))
        tx.rows(_END, (tx.now_ms, group))

    def add(self, tx: Writer, group: int, account: int) -> bool:
        """False: they were in it."""
        return bool(tx.rows(_ADD, (group, account)))

    def remove(self, tx: Writer, group: int, account: int) -> bool:
        return bool(tx.rows(_REMOVE, (group, account)))


def _group(row: Row) -> MemberGroup:
    key, slug, name, is_public, made_ms, size = row
    return MemberGroup(key, slug, name, bool(is_public), made_ms, size)
