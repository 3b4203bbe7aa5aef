"""What a receiver that was away did not hear: the journal from the state it last saw.

Access is not decided here: each activity is, when it is delivered.

Spec: Solid Notifications Protocol #notify-state
"""

from __future__ import annotations

from collections.abc import Iterator

from pod.errors import JournalGone
from pod.notifications.messages import Activity, heard
from pod.protocol.notification import State
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.channels import Channel
from pod.store.journal import changes_after, head
from pod.store.records import Change, ChangeKind, ResourceState

__all__ = ["changes_after", "head", "missed", "present"]

PAGE = 500
"""Entries read at once."""
_TOO_LATE = "What happened since then can no longer be told. Read the topic anew, and subscribe again."


def missed(services: Services, channel: Channel, after: State) -> Iterator[Activity]:
    """What its topics tell of what came after a state, in order. All of one change follow each other.

    Raises (before the first, or between two of them): JournalGone -- that state is too long ago, or of another history
    """
    if after.epoch != services.store.epoch:
        raise JournalGone(_TOO_LATE)
    sequence, left = after.sequence, services.config.missed_changes_max
    while True:
        changes = changes_after(services.store, channel.storage, sequence, min(PAGE, left + 1))
        left -= len(changes)
        if left < 0:
            raise JournalGone(_TOO_LATE)
        for change in changes:
            yield from heard(channel, change)
        if len(changes) < PAGE:
            return
        sequence = changes[-1].sequence


def present(services: Services, channel: Channel) -> Iterator[Activity]:
    """How things are now, as one Update of each topic that exists: for who cannot be told what it missed."""
    storage, now_ms = channel.storage, int(services.clock.now() * 1000)
    sequence = head(services.store, storage)
    for topic in channel.topics if channel.covers(now_ms) else ():
        state = services.store.describe(Target.parse(topic), with_body=False).state
        if state is not None:
            change = _as_if_changed(state, sequence, now_ms)
            yield Activity("Update", topic, topic, None, storage, sequence, now_ms, change)


def _as_if_changed(state: ResourceState, sequence: int, now_ms: int) -> Change:
    return Change(
        position=0,
        storage=state.storage,
        sequence=sequence,
        time_ms=now_ms,
        kind=ChangeKind.UPDATE,
        resource=state.id,
        path=state.path,
        old_path=None,
        subject=None,
        media_type=state.media_type,
        size=state.size,
        digest=state.digest,
        previous_version=None,
        previous_digest=None,
        agent=None,
        client=None,
        operation="",
        acl=None,
        acl_version=None,
    )
