"""A resource with all beneath it, counted, and taken apart from within."""

from __future__ import annotations

from typing import NamedTuple

from pod.protocol.resource import Target
from pod.store.interface import Queries

_COUNT = """
SELECT COUNT(*), COALESCE(SUM(size), 0), COALESCE(SUM(CASE WHEN kind = 'container' OR subject IS NOT NULL THEN 0 ELSE 1
  END), 0) FROM resource WHERE path = ? OR (path > ? AND path < ?)
"""
_LINKS = """
SELECT COUNT(*) FROM share_link l JOIN resource r ON r.id = l.resource
WHERE l.storage = ? AND (r.path = ? OR (r.path > ? AND r.path < ?)) AND l.revoked_ms IS NULL
  AND (l.end_ms IS NULL OR l.end_ms > ?) AND (l.uses_max IS NULL OR l.uses < l.uses_max)
"""
_STORAGE = "SELECT storage FROM resource WHERE path = ?"
_PROTECTED = "SELECT 1 FROM resource WHERE protected = 1 AND (path = ? OR (path > ? AND path < ?)) LIMIT 1"
_INNERMOST = """
SELECT path FROM resource WHERE subject IS NULL AND (path = ? OR (path > ? AND path < ?)) ORDER BY path DESC LIMIT ?
"""


class Counted(NamedTuple):
    """`resources` counts auxiliary ones and the root of the tree too; `links` are share links that could be used."""

    resources: int
    bytes: int
    documents: int
    links: int


def count(queries: Queries, target: Target) -> Counted:
    counted = queries.rows(_COUNT, _range(target))[0]
    storages = queries.rows(_STORAGE, (target.path,))
    if not storages:
        return Counted(0, 0, 0, 0)
    links = queries.rows(_LINKS, (storages[0][0], *_range(target), queries.now_ms))
    resources, size, documents = map(int, counted)
    return Counted(resources, size, documents, int(links[0][0]))


def holds_protected(queries: Queries, target: Target) -> bool:
    return bool(queries.rows(_PROTECTED, _range(target)))


def innermost(queries: Queries, target: Target, limit: int) -> list[str]:
    """Paths, what is in a container before the container: it has a longer name that begins with it. Auxiliary resources
    are left out.
    """
    return [str(path) for (path,) in queries.rows(_INNERMOST, (*_range(target), limit))]


def _range(target: Target) -> tuple[str, str, str]:
    """Equal to the first, or between the others."""
    path = target.path
    return (path, path, f"{path[:-1]}0") if target.is_container else (path, path, path)
