"""For how long an owner wants it kept who used what: said, and heeded at once."""

from __future__ import annotations

from pod.errors import UnprocessableContent
from pod.services import Services
from pod.store.access_retention import DAYS_MAX, days_of, forget_older, keep_days
from pod.store.records import SERVER

CHOICES = (0, 7, 30, 90, 365)
"""Days that a page offers; an operator's own default comes beside them."""


def kept_days(services: Services, storage: str) -> int:
    default = services.config.activity_days
    return days_of(services.store, (storage,), default).get(storage, default)


def keep_for(services: Services, storage: str, text: str) -> None:
    """From now on; what is older goes before this returns.

    Raises: UnprocessableContent; StoreUnavailable, StorageDamaged, Busy -- it is forgotten later
    """
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(DAYS_MAX)) else -1
    if not 0 <= days <= DAYS_MAX:
        raise UnprocessableContent(f"It can be kept for up to {DAYS_MAX} days.")
    with services.store.write(SERVER) as tx:
        keep_days(tx, storage, days)
    records = services.access_log.records
    if forget_older(records, storage, days, services.clock.now()):
        records.compact()
