"""What a reader that comes back has missed: the journal from its last state on, judged and rendered as it is sent.

Read in pieces, so that no reader, however slow, holds the database or much memory. Blocks: for threads.

Spec: Solid Notifications Protocol #notify-state
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter

from pod.notifications.audience import Audience
from pod.notifications.feed import Heard
from pod.notifications.messages import Activity, Writer
from pod.store.channels import Channel
from pod.store.interface import Reader, ResourceStore

CHANGES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """Some messages; the last ones if `is_last`."""

    messages: tuple[Heard, ...]
    is_last: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """Activities that follow a point of the journal; those of one change follow each other."""

    activities: Iterator[Activity]
    after: int


class Replay:
    """What came after a state, piece by piece."""

    __slots__ = ("_audience", "_changes", "_channel", "_store", "_writer", "last")

    def __init__(
        self, store: ResourceStore, audience: Audience, writer: Writer, channel: Channel, missed: Missed
    ) -> None:
        self._store = store
        self._audience = audience
        self._writer = writer
        self._channel = channel
        self._changes: Iterator[tuple[int, Iterator[Activity]]] = groupby(missed.activities, attrgetter("sequence"))
        self.last = missed.after
        """How far it was looked at."""

    def next(self) -> Batch:
        """Waits for documents of remote groups, where access depends on them. Raises: JournalGone, Busy"""
        changes = [(sequence, tuple(told)) for sequence, told in islice(self._changes, CHANGES_AT_ONCE)]
        found: list[Heard] = []
        # All of these happened before this moment, so it knows what they are about; and it reads each resource once.
        with self._store.snapshot() as reader:
            for sequence, told in changes:
                found += render(self._writer, self._channel, self._allowed(reader, told))
                self.last = sequence
        return Batch(tuple(found), is_last=len(changes) < CHANGES_AT_ONCE)

    def _allowed(self, reader: Reader, told: Sequence[Activity]) -> list[Activity]:
        credentials = self._channel.credentials
        return [each for each in told if self._audience.may_hear(reader, each, credentials)]


def render(writer: Writer, channel: Channel, allowed: Sequence[Activity]) -> tuple[Heard, ...]:
    """The messages about one change. Only the last one carries its state."""
    last = len(allowed) - 1
    return tuple(
        Heard(
            activity.sequence,
            activity.topic,
            writer.message(activity, channel.context, channel.accept, with_state=number == last),
            whole=number == last,
            about=activity,
        )
        for number, activity in enumerate(allowed)
    )
