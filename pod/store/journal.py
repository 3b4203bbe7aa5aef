"""The journal from a follower's side: reading on from a cursor or in one storage, and how long it is kept.

Entries are written by writing.py, in the transaction of the change they tell of; nothing here changes one.
"""

from __future__ import annotations

from itertools import takewhile

from pod.clock import Clock
from pod.errors import JournalGone
from pod.store import statements as sql
from pod.store.interface import Queries, ResourceStore
from pod.store.reading import change_of
from pod.store.records import SERVER, Change, Cursor, Ending

EXPIRED_AT_ONCE_MAX = 5_000
"""Entries removed in one transaction, so that no writer waits long."""
_DAY_MS = 24 * 3600 * 1000


def entries(store: ResourceStore, cursor: Cursor, limit: int) -> list[Change]:
    """What happened since a cursor, in commit order.

    Raises: JournalGone -- the entries are no longer kept, or the store was restored from a backup meanwhile.
    """
    if cursor.epoch != store.epoch:
        raise JournalGone("The server was restored from a backup since then. Read everything anew.")
    return store.changes(cursor.position, limit)


def expire(store: ResourceStore, clock: Clock, *, days: int) -> int:
    """Remove entries older than so many days (0 keeps all), oldest first and without a gap; gives their number.

    An entry is kept, whatever its time, as long as one before it is: clocks may have been set back.
    """
    if days == 0:
        return 0
    before_ms = int(clock.now() * 1000) - days * _DAY_MS
    expired = 0
    while removed := _expire_some(store, before_ms):
        expired += removed
    return expired


def _expire_some(store: ResourceStore, before_ms: int) -> int:
    with store.write(SERVER) as tx:
        oldest = tx.rows(sql.OLDEST_CHANGES, (EXPIRED_AT_ONCE_MAX,))
        expired = [position for position, _ in takewhile(lambda row: row[1] < before_ms, oldest)]
        if expired:
            tx.rows(sql.MOVE_FLOOR, (str(expired[-1]),))
            tx.rows(sql.DELETE_CHANGES, (expired[-1],))
        return len(expired)


def changes_after(queries: Queries, storage: int, sequence: int, limit: int) -> list[Change]:
    """What happened in one storage after a point of its journal, in order, with nothing left out.

    Raises: JournalGone -- some of it is no longer kept, or the access rules of then are not; the point is yet to come
    """
    rows = queries.rows(sql.STORAGE_CHANGES, (sequence, storage, limit))
    if not rows:
        raise JournalGone("This storage is no more.")
    last, rules_floor, _, _, first = rows[0][:5]
    if sequence < rules_floor or sequence > last or first != (sequence + 1 if sequence < last else None):
        raise JournalGone("What happened since then is no longer kept.")
    return [] if first is None else [change_of(row[2:]) for row in rows]


def head(queries: Queries, storage: int) -> int:
    """The last sequence number of a storage; 0 where it is no more."""
    rows = queries.rows(sql.STORAGE_HEAD, (storage,))
    return int(rows[0][0]) if rows else 0


def last_position(queries: Queries) -> int:
    """The end of the journal of all storages."""
    floor, position = queries.rows(sql.JOURNAL_END)[0]
    return max(int(floor), int(position))


def end_of(queries: Queries, storage: int, path: str, since: int) -> Ending | None:
    """How what had a path at some point of a storage's journal went; None: it did not, as far as is still known."""
    rows = queries.rows(sql.DELETION_AFTER, (storage, path, since))
    return Ending(*rows[0]) if rows else None
