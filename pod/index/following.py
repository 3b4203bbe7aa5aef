"""Keeps up in the background with every storage that anybody looked into, so that pages find little left to do.

When nothing was written it asks for nothing of any storage: whether anything was is told by the database, what it was
by the journal of all storages together. Any number of processes may do this beside each other.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from pod.index.index import BACKGROUND, FORMAT, Index
from pod.services import Services
from pod.store import things
from pod.store.journal import last_position
from pod.store.things import Gone

NEWS_AT_ONCE = 1_000
STORAGES_AT_ONCE = 500
COMPARED_EVERY_SECONDS = 3600.0
"""How often all storages are compared with what is kept of them, and those that are gone forgotten."""

log = structlog.get_logger()


class Following:
    """One thread's work; `work` is called again and again."""

    def __init__(self, services: Services, index: Index) -> None:
        self._store = services.store
        self._clock = services.clock
        self._index = index
        self._nudge = services.store.watch()
        self._position = 0
        self._compared = float("-inf")

    def work(self) -> None:
        """What is to be done now; a little of it for each storage that has much."""
        due = set(things.unfinished(self._store, STORAGES_AT_ONCE))
        if not 0 <= self._clock.now() - self._compared < COMPARED_EVERY_SECONDS:
            due |= self._compare()
        elif self._nudge.has_changed():
            due |= self._news()
        self._catch_up(due)

    def close(self) -> None:
        self._nudge.close()

    def _catch_up(self, storages: Iterable[int]) -> None:
        for storage in sorted(storages):
            try:
                self._index.catch_up(storage, BACKGROUND)
            except Exception:  # the border: one storage's failure must not stop the others
                log.exception("documents not read", storage=storage)

    def _news(self) -> set[int]:
        """Storages in which something happened."""
        try:
            news = things.news_after(self._store, self._position, NEWS_AT_ONCE)
        except Gone:
            return self._compare()
        found: set[int] = set()
        while news:
            found |= things.with_places(self._store, sorted({storage for _, storage in news}))
            self._position = news[-1][0]
            news = things.news_after(self._store, self._position, NEWS_AT_ONCE)
        return found

    def _compare(self) -> set[int]:
        """Storages that are not where their rows are, or no more: whatever was missed until now is found so."""
        self._nudge.has_changed()
        self._position = last_position(self._store)
        self._compared = self._clock.now()
        due: set[int] = set()
        after = 0
        while places := things.places_after(self._store, after, STORAGES_AT_ONCE):
            heads = things.heads(self._store, [place.storage for place in places])
            for place in places:
                is_current = place.epoch == self._store.epoch and place.format == FORMAT
                if not is_current or heads.get(place.storage) != place.sequence:
                    due.add(place.storage)
            after = places[-1].storage
        return due
