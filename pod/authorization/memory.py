"""A bounded memory for what can be worked out again. It knows nothing of what it holds; keys that carry a version never
go stale, so there is no way to take anything back.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Remembers about the last `entries_max` values asked for. Threads may share it without a lock.

    Two generations: when the young one is full it becomes the old one, and the old one is forgotten. What is asked for
    in between moves back to the young one. A race loses an entry at worst.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, entries_max: int) -> None:
        self._half = max(1, entries_max // 2)
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[key] = value

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
