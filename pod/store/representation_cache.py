"""Conversions and listings kept in memory, keyed by the version they were made from and bounded in bytes.

Ids are never reused and versions never repeat, so an entry is right for ever and nothing is invalidated.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from pod.observability.meters import CACHES, METERS

Key = tuple[int, int, str]
"""Resource id, state version, media type."""
REPRESENTATION = CACHES.index("representation")


class RepresentationCache:
    """Bytes by key, the least recently used forgotten first. A key's meaning never changes."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._entries: OrderedDict[Key, bytes] = OrderedDict()
        self._lock = Lock()
        self._making: dict[Key, tuple[Lock, int]] = {}

    @contextmanager
    def making(self, key: Key) -> Iterator[None]:
        """One at a time for each key: whoever waited looks again, and finds it made."""
        with self._lock:
            turn, users = self._making.get(key) or (Lock(), 0)
            self._making[key] = turn, users + 1
        try:
            with turn:
                yield
        finally:
            with self._lock:
                self._making[key] = turn, self._making[key][1] - 1
                if self._making[key][1] == 0:
                    del self._making[key]

    def get(self, key: Key) -> bytes | None:
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
        METERS.looked_up(REPRESENTATION, hit=found is not None)
        return found

    def put(self, key: Key, content: bytes) -> None:
        """Keep what is worth it: one entry may take an eighth of the whole."""
        if len(content) > self._bytes_max // 8:
            return
        with self._lock:
            self._bytes += len(content) - len(self._entries.pop(key, b""))
            self._entries[key] = content
            while self._bytes > self._bytes_max:
                self._bytes -= len(self._entries.popitem(last=False)[1])
