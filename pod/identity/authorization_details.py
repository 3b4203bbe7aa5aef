"""What an app asks for, and is told that it got, in `authorization_details`: one type, after access requests of LWS.

    {"type": "https://www.w3.org/ns/lws#AccessRequest", "actions": ["read", "append"],
     "locations": ["https://host/alice/posts/"], "datatypes": ["https://www.w3.org/ns/activitystreams#Note"],
     "duration": "P90D"}

Pure. Nothing of it is granted by being asked for: it is what a page for the owner begins with.

Spec: RFC 9396 s2, s5, s7; Linked Web Storage #access-profile
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pod.errors import BadRequest
from pod.protocol.ceiling import Ceiling
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.protocol.notification import parse_duration
from pod.protocol.placement import Placement
from pod.protocol.text import check_unicode
from pod.rdf.vocab import LWS

TYPE = LWS.AccessRequest.value
REQUESTS_MAX = 10
ITEMS_MAX = 20
IRI_CHARACTERS_MAX = 2048
CHARACTERS_MAX = 4096
"""Of the whole, as the parameter of a request: it travels through pages in URLs."""

ACTIONS: Mapping[str, AccessMode] = {
    "read": AccessMode.READ,
    "append": AccessMode.APPEND,
    "write": AccessMode.WRITE.entailed(),
    "control": AccessMode.CONTROL,
    "create": AccessMode.APPEND,
    "modify": AccessMode.WRITE.entailed(),
    "delete": AccessMode.WRITE.entailed(),
}
"""Our modes, and what LWS calls them."""

_MEMBERS = frozenset({"type", "actions", "locations", "datatypes", "duration"})

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Modes on what is at these URLs, and where data of these classes are; on everything where neither is named."""

    modes: AccessMode
    locations: tuple[str, ...] = ()
    datatypes: tuple[str, ...] = ()
    seconds: float | None = None
    """How long it is wanted for."""

    def to_json(self) -> JSON:
        """Spec: RFC 9396 s2.2"""
        said: JSON = {"type": TYPE, "actions": list(self.modes.names())}
        if self.locations:
            said["locations"] = list(self.locations)
        if self.datatypes:
            said["datatypes"] = list(self.datatypes)
        if self.seconds is not None:
            said["duration"] = f"PT{int(self.seconds)}S"
        return said


AccessRequests = tuple[AccessRequest, ...]


def parse(text: str) -> AccessRequests:
    """Raises: BadRequest -- not JSON, or see `read`."""
    try:
        value = json.loads(text, object_pairs_hook=_once)
        check_unicode(text, value)
    except (ValueError, RecursionError) as error:
        raise BadRequest("authorization_details is not JSON that names each member once.") from error
    return read(value)


def read(value: object) -> AccessRequests:
    """Raises: BadRequest -- of another type, or with members that are unknown, missing or of another form.

    Spec: RFC 9396 s5
    """
    if not isinstance(value, list) or not 1 <= len(value) <= REQUESTS_MAX:
        raise BadRequest(f"authorization_details must be an array of 1 to {REQUESTS_MAX} objects.")
    return tuple(map(_request, value))


def _request(value: object) -> AccessRequest:
    if not isinstance(value, dict) or value.get("type") != TYPE:
        raise BadRequest(f"The only type of authorization_details here is {TYPE}.")
    unknown = sorted(str(each)[:50] for each in value.keys() - _MEMBERS)
    if unknown:
        raise BadRequest(f"authorization_details of this type have no {unknown[0]}.")
    return AccessRequest(
        _modes(_strings(value, "actions")),
        _strings(value, "locations"),
        _strings(value, "datatypes"),
        _seconds(value.get("duration")),
    )


def _modes(actions: tuple[str, ...]) -> AccessMode:
    if not actions or not ACTIONS.keys() >= set(actions):
        raise BadRequest(f"actions must be some of {', '.join(ACTIONS)}.")
    modes = AccessMode.NONE
    for each in actions:
        modes |= ACTIONS[each]
    return modes


def _strings(members: Mapping[str, object], name: str) -> tuple[str, ...]:
    """Each once; none where there is no such member."""
    items = members.get(name, [])
    if not isinstance(items, list) or len(items) > ITEMS_MAX or not all(map(_is_short_text, items)):
        raise BadRequest(f"{name} must be an array of at most {ITEMS_MAX} strings.")
    return tuple(dict.fromkeys(items))


def _is_short_text(item: object) -> bool:
    return isinstance(item, str) and 0 < len(item) <= IRI_CHARACTERS_MAX and item.isprintable()


def _seconds(duration: object) -> float | None:
    if duration is None:
        return None
    seconds = parse_duration(duration) if isinstance(duration, str) else None
    if not seconds:
        raise BadRequest("duration must be an xsd:duration of some length, like P90D.")
    return seconds


def _once(members: list[tuple[str, Any]]) -> JSON:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a member is there twice")
    return found


# -- what was granted --------------------------------------------------------------------------------------------------


def granted(ceiling: Ceiling | None, placement: Placement) -> list[JSON]:
    """What a client may do under a ceiling; None is everything. Spec: RFC 9396 s7"""
    if ceiling is None or ceiling.full:
        modes = ALL_MODES if ceiling is None or ceiling.control else ALL_MODES & ~AccessMode.CONTROL
        return [AccessRequest(modes).to_json()]
    places: dict[AccessMode, list[str]] = {}
    for item in ceiling.items:
        places.setdefault(item.modes, []).append(placement.url(item.path))
    return [AccessRequest(modes, tuple(urls)).to_json() for modes, urls in places.items()]
