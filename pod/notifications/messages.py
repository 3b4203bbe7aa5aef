"""What is said of a change: which activities it is, on which topics, and the message that tells of one.

Pure but for rendering. Does not know who may hear it.

Spec: Solid Notifications Protocol #notification-message-data-model; REQUIREMENTS section 17, row 38
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from pod.authorization.memory import Memory
from pod.protocol.notification import ACTIVITY_CONTEXT, State, format_moment
from pod.protocol.resource import Auxiliary, Target, parent_of
from pod.rdf import formats
from pod.services import Services
from pod.store.channels import Channel
from pod.store.records import Change, ChangeKind

RENDERED_MAX = 1_000
"""Messages kept by one process: all that hear of a change get the same bytes."""
JSON_LD = formats.JSON_LD.media_type
_UUID_VERSION = 8

_HAPPENED = {ChangeKind.CREATE: "Create", ChangeKind.UPDATE: "Update", ChangeKind.DELETE: "Delete"}
_MEMBERSHIP = {ChangeKind.CREATE: "Add", ChangeKind.DELETE: "Remove"}


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened, as one topic tells of it. `topic`, `object` and `target` are paths in the store."""

    type: str
    topic: str
    object: str
    target: str | None
    storage: int
    sequence: int
    time_ms: int
    change: Change


def activities(change: Change) -> tuple[Activity, ...]:
    """What a change is to those who listen to the resource itself, and to its container.

    Auxiliary resources are no members. The description of a container is part of it, as its listing shows.
    """
    if change.kind not in _HAPPENED:
        return ()
    own = _activity(change, _HAPPENED[change.kind], change.path)
    target = Target.parse(change.path)
    if target.auxiliary is Auxiliary.DESCRIPTION and target.subject.endswith("/"):
        return own, _activity(change, "Update", target.subject, of=target.subject)
    if target.auxiliary or target.parent is None or change.kind not in _MEMBERSHIP:
        return (own,)
    return own, _activity(change, _MEMBERSHIP[change.kind], target.parent, target=target.parent)


def beneath(change: Change, topic: str) -> Activity | None:
    """What a change is to those who listen to all that is in a container; None for what is not, or not for them."""
    if change.kind not in _HAPPENED or not topic.endswith("/"):
        return None
    if not change.path.startswith(topic) or change.path == topic or Target.parse(change.path).auxiliary:
        return None
    return _activity(change, _HAPPENED[change.kind], topic, target=topic)


def heard(channel: Channel, change: Change) -> tuple[Activity, ...]:
    """What a change is to one channel, if its subscriber may hear it."""
    if change.storage != channel.storage or not channel.covers(change.time_ms):
        return ()
    told = tuple(each for each in activities(change) if each.topic in channel.topics)
    if channel.subtree:
        told += tuple(each for topic in channel.topics if (each := beneath(change, topic)) is not None)
    return told


def topics_of(change: Change) -> tuple[str, ...]:
    """Every topic, its own or one whose subtree it lies in, on which something may be told of a change."""
    containers = [change.path]
    while (parent := parent_of(containers[-1])) is not None:
        containers.append(parent)
    return (*(each.topic for each in activities(change)), *containers[1:])


def _activity(change: Change, kind: str, topic: str, *, of: str | None = None, target: str | None = None) -> Activity:
    return Activity(kind, topic, of or change.path, target, change.storage, change.sequence, change.time_ms, change)


class Writer:
    """Makes messages, each once for all who get the same. Shared by all threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rendered: Memory[tuple[str, str, str, bool], bytes] = Memory(RENDERED_MAX)

    def message(self, activity: Activity, context: str, media_type: str = JSON_LD, *, with_state: bool = True) -> bytes:
        """`with_state=False` for what is not yet all that a channel hears of a change: a receiver that lost the
        connection then, and came back with the last state it saw, would miss the rest.
        """
        name = self.name(activity)
        key = (name, context, media_type, with_state)
        rendered = self._rendered.get(key)
        if rendered is None:
            rendered = self._render(activity, name, context, media_type, with_state)
            self._rendered.put(key, rendered)
        return rendered

    def state(self, activity: Activity) -> str:
        """The state its message carries: where its receiver can go on from."""
        return str(State(self._services.store.epoch, activity.sequence))

    def name(self, activity: Activity) -> str:
        """The `id` of its message: the same each time it is delivered, and of no other."""
        facts = (self._services.store.epoch, activity.storage, activity.sequence, activity.type, activity.topic)
        digest = hashlib.sha256("\n".join(map(str, facts)).encode()).digest()
        number = int.from_bytes(digest[:16], "big")
        number = number & ~(0xF000 << 64) | _UUID_VERSION << 76
        number = number & ~(0xC000 << 48) | 0x8000 << 48
        return UUID(int=number).urn

    def _render(self, activity: Activity, name: str, context: str, media_type: str, with_state: bool) -> bytes:
        url = self._services.placement.url
        message = {
            "@context": [ACTIVITY_CONTEXT, context],
            "id": name,
            "type": activity.type,
            "object": url(activity.object),
        }
        if activity.target is not None:
            message["target"] = url(activity.target)
        if with_state:
            message["state"] = self.state(activity)
        message["published"] = format_moment(activity.time_ms)
        body = json.dumps(message).encode()
        if media_type == JSON_LD:
            return body
        return formats.serialize(self._services.parse(body, JSON_LD, self._services.placement.base_url), media_type)
