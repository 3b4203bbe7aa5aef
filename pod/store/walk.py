"""All resources of a storage by path, auxiliary ones too, in pieces, so that no read of the database lasts long.

Each resource is as it was when it was read; what comes or goes meanwhile may be missed.
"""

from __future__ import annotations

from collections.abc import Iterator

from pod.store.interface import Queries
from pod.store.reading import state_of
from pod.store.records import ResourceState
from pod.store.statements import OTHER, STATE

AT_ONCE_MAX = 200

_AFTER = f"SELECT {OTHER}, {STATE}, NULL FROM resource WHERE path > ? AND path < ? ORDER BY path LIMIT ?"  # noqa: S608
_ROOT = f"SELECT {OTHER}, {STATE}, NULL FROM resource WHERE path = ?"  # noqa: S608


def walk(queries: Queries, storage: str) -> Iterator[ResourceState]:
    """The root container first. `storage` is its path."""
    after, end = storage, storage[:-1] + chr(ord("/") + 1)
    yield from (state_of(row) for row in queries.rows(_ROOT, (storage,)))
    while rows := queries.rows(_AFTER, (after, end, AT_ONCE_MAX)):
        for row in rows:
            state = state_of(row)
            after = state.path
            yield state
