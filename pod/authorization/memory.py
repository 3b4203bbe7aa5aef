"""A bounded memory for what can be worked out again. It knows nothing of what it holds; keys that carry a version never
go stale, so there is no way to take anything back.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Remembers what was asked for lately, up to a total weight. Threads may share it without a lock.

    Two generations: when the young one is heavy enough it becomes the old one, and the old one is forgotten. What is
    asked for in between moves back to the young one. A race loses or miscounts an entry at worst.
    """

    __slots__ = ("_half", "_old", "_weight", "_young")

    def __init__(self, weight_max: int) -> None:
        self._half = max(1, weight_max // 2)
        self._weight = 0
        self._young: dict[K, tuple[V, int]] = {}
        self._old: dict[K, tuple[V, int]] = {}

    def get(self, key: K) -> V | None:
        entry = self._young.get(key)
        if entry is None:
            entry = self._old.get(key)
            if entry is None:
                return None
            self.put(key, *entry)
        return entry[0]

    def put(self, key: K, value: V, weight: int = 1) -> None:
        if self._weight >= self._half:
            self._old, self._young, self._weight = self._young, {}, 0
        self._young[key] = (value, weight)
        self._weight += weight

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
