"""What lists of a folder's things need beyond `Reader.members`: how many there are, some of very many, and the versions
of those that are shown. Each is one statement, and none reads more rows than it gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pod.store.interface import Queries
from pod.store.records import Kind, Member
from pod.store.statements import MEMBERS_COUNT

_AFTER = """
SELECT path, kind, media_type, size, modified_ms FROM resource WHERE parent = ? AND path > ? ORDER BY path LIMIT ?
"""


class Listed(NamedTuple):
    """A member and the version it is at: not part of a listing, which is read from its index alone."""

    path: str
    kind: Kind
    media_type: str
    size: int
    modified_ms: int
    version: int


def count(reader: Queries, container: int) -> int:
    """How many members a container has. 0 of one that is gone."""
    rows = reader.rows(MEMBERS_COUNT, (container,))
    return int(rows[0][0]) if rows else 0


def members_after(reader: Queries, container: int, after: str, limit: int) -> list[Member]:
    """The next ones in the order of paths; `after` is the path of the last one that is known."""
    rows = reader.rows(_AFTER, (container, after, limit))
    return [
        Member(path, Kind(kind), media_type, size, modified_ms) for path, kind, media_type, size, modified_ms in rows
    ]


def with_versions(reader: Queries, members: Iterable[Member]) -> list[Listed]:
    """In the order in which they come; without those that went in the meantime."""
    asked = list(members)
    if not asked:
        return []
    marks = ", ".join("?" * len(asked))
    statement = f"SELECT path, version FROM resource WHERE path IN ({marks})"  # noqa: S608 -- marks alone
    found: dict[str, int] = {row[0]: row[1] for row in reader.rows(statement, [each.path for each in asked])}
    return [Listed(*each, found[each.path]) for each in asked if each.path in found]
