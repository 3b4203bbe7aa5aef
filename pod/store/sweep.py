"""Removes the blobs nobody needs: bodies replaced or deleted a while ago, and what was staged and never written.

Safe to run at any time, beside any number of writers, in several processes at once. While a backup is made it removes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pod.clock import Clock
from pod.store import statements as sql
from pod.store.blobs.interface import BlobFile
from pod.store.interface import Queries, ResourceStore
from pod.store.records import SERVER

GARBAGE_GRACE_SECONDS = 60
"""Long enough for a reader that was told of a body to have opened it."""
AT_ONCE_MAX = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """How many blobs were removed."""

    garbage: int
    orphans: int


def sweep(store: ResourceStore, clock: Clock, older_than_seconds: float) -> Swept:
    """Remove replaced bodies after `GARBAGE_GRACE_SECONDS`, and what was staged too long ago to be written yet."""
    garbage = sweep_garbage(store, clock)
    swept = 0
    files = old_files(store, clock.now() - older_than_seconds)
    while batch := list(islice(files, AT_ONCE_MAX)):
        with store.blobs.sweeping() as may:
            if not may:
                break
            for orphan in orphans(store, iter(batch)):
                store.blobs.remove(orphan.name)
                swept += 1
    return Swept(garbage, swept)


def sweep_garbage(store: ResourceStore, clock: Clock) -> int:
    """The cheap half, which looks at no file that is still needed; gives the number of bodies removed."""
    swept = 0
    since_ms = int((clock.now() - GARBAGE_GRACE_SECONDS) * 1000)
    while removed := _sweep_some(store, since_ms):
        swept += removed
    store.compact()
    return swept


def _sweep_some(store: ResourceStore, since_ms: int) -> int:
    """Chosen and removed while nobody holds the blobs: a backup under way may still read what was replaced since."""
    with store.blobs.sweeping() as may:
        names = [row[0] for row in store.rows(sql.GARBAGE, (since_ms, AT_ONCE_MAX))] if may else []
        for name in names:
            store.blobs.remove(name)
    if names:
        with store.write(SERVER) as tx:
            for name in names:
                tx.rows(sql.FORGET_GARBAGE, (name,))
    return len(names)


def old_files(store: ResourceStore, before: float) -> Iterator[BlobFile]:
    """The blobs that were finished, or last written to, before a moment."""
    return (file for file in store.blobs.files() if file.modified <= before)


def orphans(queries: Queries, files: Iterator[BlobFile]) -> Iterator[BlobFile]:
    """Those of some blobs that the database does not name."""
    while batch := list(islice(files, AT_ONCE_MAX)):
        names = [file.name for file in batch]
        named = {row[0] for row in queries.rows(sql.named_blobs(len(names)), names * 2)}
        yield from (file for file in batch if file.name not in named)
