"""How long access rules are kept that ended: by them is judged who may hear of what happened while they were in force.

They are written by writing.py, in the transaction that ends them, and count in no quota; so what one storage has of
them is bounded here. Whatever is forgotten raises the storage's floor, below which its journal is told to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from pod.clock import Clock
from pod.config import MIB
from pod.db.connection import Row
from pod.store.interface import ResourceStore
from pod.store.records import SERVER

BYTES_MAX = 16 * MIB
"""Of past rules of one storage."""
AT_ONCE_MAX = 500
_DAY_MS = 24 * 3600 * 1000

_OLD = "SELECT id, version, storage, until_sequence FROM past_acl WHERE until_ms < ? ORDER BY until_ms LIMIT ?"
_EXCESS = """
SELECT id, version, storage, until_sequence FROM (
  SELECT id, version, storage, until_sequence,
    SUM(size + 256) OVER (PARTITION BY storage ORDER BY until_sequence DESC, id) AS kept FROM past_acl
) counted WHERE kept > ? LIMIT ?
"""
_FORGET = "DELETE FROM past_acl WHERE id = ? AND version = ?"
_RAISE_FLOOR = "UPDATE storage SET rules_floor = ? WHERE id = ? AND rules_floor < ?"


def sweep_past_rules(store: ResourceStore, clock: Clock, *, days: int) -> int:
    """Forget rules that ended so many days ago, and the oldest where a storage has too many; gives their number."""
    before_ms = int(clock.now() * 1000) - days * _DAY_MS
    return sum(chain(_batches(store, _OLD, before_ms), _batches(store, _EXCESS, BYTES_MAX)))


def _batches(store: ResourceStore, statement: str, bound: int) -> Iterator[int]:
    while rows := store.rows(statement, (bound, AT_ONCE_MAX)):
        _forget(store, rows)
        yield len(rows)


def _forget(store: ResourceStore, rows: list[Row]) -> None:
    floors: dict[int, int] = {}
    with store.write(SERVER) as tx:
        for key, version, storage, until in rows:
            tx.rows(_FORGET, (key, version))
            floors[storage] = max(until, floors.get(storage, 0))
        for storage, floor in floors.items():
            tx.rows(_RAISE_FLOOR, (floor, storage, floor))
