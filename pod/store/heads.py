"""How far a storage has come, for what is remembered until something in it changes."""

from __future__ import annotations

from dataclasses import dataclass

from pod.store.interface import Queries

_HEAD = "SELECT id, sequence, status FROM storage WHERE path = ?"


@dataclass(frozen=True, slots=True)
class Head:
    """Of one storage. `sequence` is that of its last change; `status` as in `StorageState`."""

    id: int
    sequence: int
    status: str


def head_of(queries: Queries, path: str) -> Head | None:
    """Of the storage at a path; None where there is none. One statement."""
    rows = queries.rows(_HEAD, (path,))
    return Head(int(rows[0][0]), int(rows[0][1]), str(rows[0][2])) if rows else None
