"""In which order one reader hears what it missed and what happens: first the one, then the other, and nothing twice.

A reader is `BEHIND` while it is told what it missed, and what happens meanwhile is kept back; then it is `LIVE`. What
is in doubt sends it back. Pure: knows no connection and no journal.

Spec: Solid Notifications Protocol #notify-state
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from pod.notifications.messages import Activity


class Heard(NamedTuple):
    """One message for a listener. `whole`: with it, all that it hears of that change has been told. `about`: what it
    tells, so that it can be decided once more.
    """

    sequence: int
    topic: str
    body: bytes
    whole: bool
    about: Activity


class Queue:
    """Messages that wait, and how much they are."""

    __slots__ = ("_messages", "bytes")

    def __init__(self) -> None:
        self._messages: list[Heard] = []
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Heard]:
        return iter(self._messages)

    def add(self, messages: Sequence[Heard]) -> None:
        self._messages += messages
        self.bytes += sum(len(each.body) for each in messages)

    def pop(self) -> Heard:
        """The one that waited longest."""
        first = self._messages.pop(0)
        self.bytes -= len(first.body)
        return first

    def drop(self, topic: str) -> None:
        """Those of one topic."""
        for old in [each for each in self._messages if each.topic == topic]:
            self._messages.remove(old)
            self.bytes -= len(old.body)

    def take(self) -> list[Heard]:
        """All of them; none is left."""
        taken, self._messages, self.bytes = self._messages, [], 0
        return taken


class Phase(Enum):
    BEHIND = "behind"
    LIVE = "live"


class Feed:
    """Where one reader is. It begins live, with everything before it told."""

    __slots__ = ("_doubted", "_told", "kept", "phase")

    def __init__(self) -> None:
        self.phase = Phase.LIVE
        self.kept = Queue()
        """What happened while it is behind."""
        self._doubted: int | None = None  # the first change of which not all is known; only while it is behind
        self._told = -1  # up to where it caught up; whoever brings what happened may lag behind that

    def take(self, messages: Sequence[Heard]) -> Sequence[Heard]:
        """What of these is to be told now."""
        fresh = [each for each in messages if each.sequence > self._told]
        if self.phase is Phase.LIVE:
            return fresh
        self.kept.add(fresh)
        return ()

    def fall_behind(self) -> None:
        self.phase = Phase.BEHIND

    def doubt(self, sequence: int) -> bool:
        """Not all is known of a change. Whether that sends it back: who is behind comes to it anyway."""
        was_live, self.phase = self.phase is Phase.LIVE, Phase.BEHIND
        self._doubted = sequence if self._doubted is None else min(self._doubted, sequence)
        return was_live

    def settle_doubt(self) -> int:
        """After which change to look again, at all that is in doubt."""
        doubted, self._doubted = self._doubted, None
        return 0 if doubted is None else doubted - 1

    def has_doubt_after(self, sequence: int) -> bool:
        """Whether something is in doubt that comes later, so that looking up to there has not settled it."""
        return self._doubted is not None and self._doubted > sequence

    def catch_up(self, last: int) -> list[Heard]:
        """It was told all up to `last`; gives what was kept back and is newer."""
        self.phase, self._doubted = Phase.LIVE, None
        self._told = max(self._told, last)
        return [each for each in self.kept.take() if each.sequence > last]
