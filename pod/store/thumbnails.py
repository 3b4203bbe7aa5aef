"""Small pictures of files, as they were made once for each state of a resource: found, kept up to a limit, removed.

They are no part of any pod: nobody's quota counts them, no backup has them, and all can be made again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pod.errors import JournalGone
from pod.store.interface import Queries, ResourceStore
from pod.store.journal import entries, last_position
from pod.store.records import Cursor, ResourceState

FOLLOWER = "thumbnails"
ROW_BYTES = 200
"""What a row counts for besides its content, so that files that show nothing are counted too."""
USED_MS = 24 * 3600 * 1000
"""How exactly it is known when one was used last: whoever looks need not write each time."""
ROOM = 0.9
"""What is left of the limit once the oldest were removed, so that not every new one removes another."""
AT_ONCE_MAX = 500
OLDEST_AT_ONCE = 10
_NEVER = 2**62
"""After every version: of a resource that is no more, all go."""

_KEY = "resource = ? AND size = ? AND epoch = ? AND version = ?"
_FIND = f"SELECT width, height, content, used_ms FROM thumbnail WHERE {_KEY}"  # noqa: S608 -- constant text
_MEASURE = f"SELECT width, height FROM thumbnail WHERE {_KEY}"  # noqa: S608 -- constant text
_USE = f"UPDATE thumbnail SET used_ms = ? WHERE {_KEY}"  # noqa: S608 -- constant text
_KEEP = """
INSERT INTO thumbnail (resource, size, epoch, version, used_ms, bytes, width, height, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_REMOVE = "DELETE FROM thumbnail WHERE resource = ? AND size = ? RETURNING bytes"
_REMOVE_BEFORE = "DELETE FROM thumbnail WHERE resource = ? AND (epoch <> ? OR version < ?) RETURNING bytes"
_REMOVE_OLDEST = """
DELETE FROM thumbnail WHERE (resource, size) IN (SELECT resource, size FROM thumbnail ORDER BY used_ms LIMIT ?)
RETURNING bytes
"""
_COUNT = "UPDATE thumbnail_total SET bytes = bytes + ? RETURNING bytes"
_ANY = "SELECT 1 FROM thumbnail LIMIT 1"
_AFTER = "SELECT DISTINCT resource FROM thumbnail WHERE resource > ? ORDER BY resource LIMIT ?"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """WebP. Nothing of a file that shows nothing that can be read."""

    width: int = 0
    height: int = 0
    content: bytes = b""


def find(store: ResourceStore, state: ResourceState, size: str) -> Thumbnail | None:
    """The one of this state; None where none was made yet, or it had to go."""
    key = _key(store, state, size)
    rows = store.derived_rows(_FIND, key)
    if not rows:
        return None
    width, height, content, used_ms = rows[0]
    if store.now_ms - used_ms > USED_MS:
        store.change_derived(_USE, (store.now_ms, *key))
    return Thumbnail(width, height, bytes(content)) if content else Thumbnail()


def measured(store: ResourceStore, state: ResourceState, size: str) -> Thumbnail | None:
    """The same without what it shows: how wide and high it is, or that nothing can be read."""
    rows = store.derived_rows(_MEASURE, _key(store, state, size))
    return Thumbnail(rows[0][0] or 0, rows[0][1] or 0) if rows else None


def keep(store: ResourceStore, state: ResourceState, size: str, made: Thumbnail, bytes_max: int) -> None:
    """In place of those of earlier states. Those that nobody used for longest go when there are too many bytes."""
    counted = len(made.content) + ROW_BYTES
    if counted > bytes_max:
        return
    values = (made.width, made.height, made.content) if made.content else (None, None, None)
    with store.derive() as tx:
        before = sum(row[0] for row in tx.rows(_REMOVE, (state.id, size)))
        tx.rows(_KEEP, (state.id, size, store.epoch, state.version, store.now_ms, counted, *values))
        total = tx.rows(_COUNT, (counted - before,))[0][0]
        if total > bytes_max:
            _make_room(tx, total, int(bytes_max * ROOM))


def _make_room(tx: Queries, total: int, bytes_max: int) -> None:
    while total > bytes_max:
        removed = tx.rows(_REMOVE_OLDEST, (OLDEST_AT_ONCE,))
        if not removed:
            return
        total = _count_removed(tx, removed)


def _count_removed(tx: Queries, removed: Iterable[tuple[int, ...]]) -> int:
    total: int = tx.rows(_COUNT, (-sum(row[0] for row in removed),))[0][0]
    return total


def _key(store: ResourceStore, state: ResourceState, size: str) -> tuple[int, str, str, int]:
    return state.id, size, store.epoch, state.version


# -- what is no longer needed ------------------------------------------------------------------------------------------


def sweep_thumbnails(store: ResourceStore) -> int:
    """Remove those of files that were changed or deleted since this was done last; gives the number of files."""
    end = last_position(store)
    cursor = store.cursor(FOLLOWER)
    if not store.derived_rows(_ANY):
        if cursor.position < end or cursor.epoch != store.epoch:
            store.advance(FOLLOWER, end)
        return 0
    removed = 0
    try:
        while changes := entries(store, cursor, AT_ONCE_MAX):
            removed += _remove(store, {(each.resource, each.sequence) for each in changes})
            cursor = Cursor(store.epoch, changes[-1].position)
            store.advance(FOLLOWER, cursor.position)
    except JournalGone:
        removed += compare_thumbnails(store)
        store.advance(FOLLOWER, end)
    return removed


def compare_thumbnails(store: ResourceStore) -> int:
    """The same, found by looking at all of them: what the journal does not tell, and what was made too late."""
    removed, last = 0, 0
    while rows := store.derived_rows(_AFTER, (last, AT_ONCE_MAX)):
        kept = [row[0] for row in rows]
        last = kept[-1]
        marks = ", ".join("?" * len(kept))
        current: dict[int, int] = dict(store.rows(f"SELECT id, version FROM resource WHERE id IN ({marks})", kept))  # noqa: S608
        removed += _remove(store, {(each, current.get(each, _NEVER)) for each in kept})
    return removed


def _remove(store: ResourceStore, changed: Iterable[tuple[int, int]]) -> int:
    """All of each resource that are of a state before a version."""
    removed = 0
    with store.derive() as tx:
        for resource, version in changed:
            if rows := tx.rows(_REMOVE_BEFORE, (resource, store.epoch, version)):
                _count_removed(tx, rows)
                removed += 1
    return removed
