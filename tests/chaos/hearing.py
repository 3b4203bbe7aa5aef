"""What subscribers heard, held against the journal: everything they may hear, nothing else, in order.

Knows no server and listens to nothing: what was heard and what happened come in, verdicts go out. Messages may come more
than once, but then they are the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pod.store.records import Change, ChangeKind
from tests.chaos.ledger import Verdict

HAPPENED = {ChangeKind.CREATE: "Create", ChangeKind.UPDATE: "Update", ChangeKind.DELETE: "Delete"}
MEMBERSHIP = {ChangeKind.CREATE: "Add", ChangeKind.DELETE: "Remove"}
SHOWN_MAX = 5


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something a topic tells of: what became of which resource, as of which entry of the storage's journal."""

    sequence: int
    type: str
    object: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that arrived."""

    id: str
    type: str
    object: str
    target: str
    sequence: int | None
    """None if it carries no state: the next that does is of the same change."""

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Heard:
        state = message.get("state")
        sequence = None if state is None else int(re.fullmatch(r"[0-9a-f]+\.(\d+)", state)[1])  # type: ignore[index]
        return cls(message["id"], message["type"], message["object"], message.get("target", ""), sequence)


def events(heard: Sequence[Heard]) -> list[tuple[str, Event]]:
    """What was heard with the id of its message. What carries no state at the end is left out: its state was to come."""
    found: list[tuple[str, Event]] = []
    sequence: int | None = None
    for each in reversed(heard):
        sequence = each.sequence if each.sequence is not None else sequence
        if sequence is not None:
            found.append((each.id, Event(sequence, each.type, each.object, each.target)))
    return found[::-1]


def told_beneath(changes: Iterable[Change], base_url: str, container: str, concealed: str = "") -> set[Event]:
    """All that a subtree channel on this container tells, but what begins with `concealed`: URLs that may not be read."""
    found = set()
    for change in changes:
        url = base_url + change.path.removeprefix("/")
        if url in {container, f"{container}.meta"}:
            found.add(Event(change.sequence, "Update" if url != container else HAPPENED[change.kind], container))
        elif url.startswith(container) and not url.endswith((".acl", ".meta")):
            found |= set(_member(change, url, container, concealed))
    return found


def _member(change: Change, url: str, container: str, concealed: str) -> Iterator[Event]:
    """Of members, whoever may read the container hears that they come and go."""
    if not concealed or not url.startswith(concealed):
        yield Event(change.sequence, HAPPENED[change.kind], url, container)
    is_direct = "/" not in url.removeprefix(container).rstrip("/")
    if is_direct and change.kind in MEMBERSHIP:
        yield Event(change.sequence, MEMBERSHIP[change.kind], url, container)


def judged(name: str, expected: set[Event], heard: Sequence[Heard]) -> Iterator[Verdict]:
    """Everything wrong with what one subscriber heard."""
    found = events(heard)
    told = {event for _, event in found}
    if missing := sorted(expected - told):
        yield Verdict("unheard", name, f"{len(missing)} of {len(expected)}: {missing[:SHOWN_MAX]}")
    if more := sorted(told - expected):
        yield Verdict("overheard", name, f"{len(more)}: {more[:SHOWN_MAX]}")
    yield from _ambiguous(name, found)
    yield from _out_of_order(name, found)


def _ambiguous(name: str, found: Sequence[tuple[str, Event]]) -> Iterator[Verdict]:
    """An id names one event, and an event has one id."""
    pairs = set(found)
    if not len(pairs) == len({key for key, _ in pairs}) == len({event for _, event in pairs}):
        yield Verdict("overheard", name, "one id for two events, or two for one")


def _out_of_order(name: str, found: Sequence[tuple[str, Event]]) -> Iterator[Verdict]:
    """What is heard for the first time is never older than what was heard before."""
    seen: set[Event] = set()
    latest = 0
    for _, event in found:
        if event not in seen and event.sequence < latest:
            yield Verdict("disordered", name, f"{event} after {latest}")
        seen.add(event)
        latest = max(latest, event.sequence)
