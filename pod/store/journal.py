"""The journal from a follower's side: reading on from a cursor, and how long entries are kept.

Entries are written by writing.py, in the transaction of the change they tell of; nothing here changes one.
"""

from __future__ import annotations

from itertools import takewhile

from pod.clock import Clock
from pod.errors import JournalGone
from pod.store import statements as sql
from pod.store.interface import ResourceStore
from pod.store.records import SERVER, Change, Cursor

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
