"""What a storage may hold. Pure: the counters are kept by the statement that charges them.

Spec: RFC 4918 s11.5
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.errors import QuotaExceeded
from pod.store.records import Snapshot

FULL_PERCENT = 80
"""From then on owners are told."""


@dataclass(frozen=True, slots=True)
class Held:
    """What lies in an inbox, or may."""

    bytes: int
    resources: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The counters of a storage after a change. A maximum of 0 is no limit."""

    bytes: int
    bytes_max: int
    resources: int
    resources_max: int

    def without(self, held: Held) -> Usage:
        """The same without what is not the owner's."""
        return Usage(self.bytes - held.bytes, self.bytes_max, self.resources - held.resources, self.resources_max)


def is_nearly_full(held: int, bytes_max: int) -> bool:
    return bytes_max > 0 and held >= bytes_max * FULL_PERCENT // 100


def gets_full(usage: Usage, *, bytes_more: int) -> bool:
    """Whether this change is the one after which most of what it may hold is used."""
    much = usage.bytes_max * FULL_PERCENT // 100
    return usage.bytes_max > 0 and usage.bytes - bytes_more < much <= usage.bytes


def room(snapshot: Snapshot) -> int | None:
    """How large the target's new body may be, so that no more of it is taken in; None where there is no limit."""
    if snapshot.storage is None or snapshot.storage.bytes_left is None:
        return None
    return (snapshot.state.size if snapshot.state else 0) + max(0, snapshot.storage.bytes_left)


def check(usage: Usage, *, bytes_more: int, resources_more: int) -> None:
    """Refuse a change that grows a storage beyond what it may hold; one that shrinks it always passes.

    Raises: QuotaExceeded -- it would hold more than it may.
    """
    if bytes_more > 0 and 0 < usage.bytes_max < usage.bytes:
        raise QuotaExceeded(
            f"The storage may hold {usage.bytes_max} bytes; this change needs {usage.bytes}. Delete something first.",
            bytesMax=usage.bytes_max,
            bytesNeeded=usage.bytes,
        )
    if resources_more > 0 and 0 < usage.resources_max < usage.resources:
        raise QuotaExceeded(
            f"The storage may hold {usage.resources_max} resources; this change makes {usage.resources}. "
            "Delete something first.",
            resourcesMax=usage.resources_max,
            resourcesNeeded=usage.resources,
        )
