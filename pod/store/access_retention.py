"""For how long it is kept who used what: as long as the owner of each storage wants, or the settings say.

The owner's wish is kept with the storage, what it is about in a file of its own. What is kept of a storage that is gone
goes too, whenever somebody looks.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog

from pod.clock import Clock
from pod.errors import PodError
from pod.store.access_records import HOUR_SECONDS, AccessRecords
from pod.store.interface import Queries, ResourceStore, Writer

DAYS_MAX = 3_650
AT_ONCE_MAX = 500
_HOURS_A_DAY = 24

log = structlog.get_logger()

_DAYS = "SELECT path, activity_days FROM storage WHERE path IN ({})"
_KEEP = "UPDATE storage SET activity_days = ? WHERE path = ?"


def days_of(queries: Queries, storages: Collection[str], default_days: int) -> dict[str, int]:
    """Of those storages that exist."""
    found: dict[str, int] = {}
    paths = list(storages)
    for start in range(0, len(paths), AT_ONCE_MAX):
        some = paths[start : start + AT_ONCE_MAX]
        for path, days in queries.rows(_DAYS.format(", ".join("?" * len(some))), some):
            found[path] = default_days if days is None else days
    return found


def keep_days(tx: Writer, storage: str, days: int) -> None:
    tx.rows(_KEEP, (days, storage))


def forget_older(records: AccessRecords, storage: str, days: int, now: float) -> int:
    """Gives how many rows went. An hour goes when all of it is over."""
    if days == 0:
        return records.forget(storage)
    return records.forget(storage, int(now) // HOUR_SECONDS - days * _HOURS_A_DAY)


def sweep_access(queries: Queries, records: AccessRecords, clock: Clock, default_days: int) -> int:
    """What is older than its owner wants, what is too much, and what is about storages that are gone."""
    swept = 0
    for storage in records.storages():
        days = days_of(queries, (storage,), default_days).get(storage, 0)
        swept += forget_older(records, storage, days, clock.now()) + records.trim(storage)
    if swept:
        records.compact()
    return swept


def forget_storages(store: ResourceStore, records: AccessRecords, storages: Collection[str]) -> None:
    """Those of the storages that are gone by now. What cannot be done now is swept later."""
    gone = set(storages) - days_of(store, storages, 0).keys()
    try:
        for storage in gone:
            records.forget(storage)
        if gone:
            records.compact()
    except PodError as error:
        log.warning("access log is not forgotten yet", why=str(error))
