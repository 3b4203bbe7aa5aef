"""Negotiation, preconditions and ranges as RFC 9110 has them, over the entity tags that the server was seen to give.

The model does not know how tags are made. It remembers which state of which resource each was seen with, and so knows
whether one it is shown again stands for the current state, for another, or may stand for either.

Spec: RFC 9110 s8.8.3, s12.5.1, s13, s14; REQUIREMENTS section 17, rows 19 to 21
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from tests.model.model_rdf import PARSERS, TURTLE, essence
from tests.model.model_values import OTHER, Refused, Request, Resource

HTML = "text/html"


class Truth(Enum):
    NO = 0
    MAYBE = 1
    YES = 2


def any_of(truths: Iterable[Truth]) -> Truth:
    return max(truths, key=lambda each: each.value, default=Truth.NO)


# -- negotiation -------------------------------------------------------------------------------------------------------


def acceptable(accept: str | None, resource: Resource) -> frozenset[str]:
    """The media types that an answer may have. Without wishes, RDF comes as Turtle (LDP 4.3.2.2).

    Raises: Refused -- 406
    """
    if resource.kind == OTHER:
        offered = [resource.media_type]
    elif accept is None:
        return frozenset({TURTLE})
    elif HTML in accept:
        return frozenset({HTML})
    else:
        offered = list(PARSERS)
    if accept is None:
        return frozenset(offered)
    weights = {each: _weight(accept, essence(each)) for each in offered}
    best = max(weights.values())
    if best == 0:
        raise Refused(406)
    return frozenset(each for each, weight in weights.items() if weight == best)


def _weight(accept: str, media_type: str) -> float:
    """The most specific range that fits says it."""
    weights = {}
    for member in accept.split(","):
        media_range, *parameters = (part.strip() for part in member.split(";"))
        weights[media_range] = next((float(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
    family = media_type.partition("/")[0] + "/*"
    return next((weights[each] for each in (media_type, family, "*/*") if each in weights), 0.0)


# -- entity tags -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tag was seen with: a state of a resource, and the representation (None: which one is not known)."""

    serial: int
    state: int
    shade: int
    variant: str | None


@dataclass(slots=True)
class Tags:
    """Every entity tag that was seen, by path, and the bytes that came with it. Two resources may share one."""

    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    tags: dict[Seen, str] = field(default_factory=dict)
    bodies: dict[tuple[str, str], bytes] = field(default_factory=dict)
    everywhere: set[str] = field(default_factory=set)

    def observe(self, tag: str, path: str, resource: Resource, variant: str | None) -> list[str]:
        """What is wrong with this tag for this representation of the resource as it is now."""
        if not re.fullmatch(r'"[^"]+"', tag):
            return [f"not a strong entity tag: {tag!r}"]
        now = Seen(resource.serial, resource.state, resource.shade, variant)
        before, known = self.seen.get((path, tag)), self.tags.get(now)
        self.everywhere.add(tag)
        if variant is None:
            self.seen.setdefault((path, tag), now)
            return []
        self.seen[path, tag] = now
        self.tags[now] = tag
        if known is not None and known != tag:
            return [f"the tag was {known} and became {tag}, though nothing changed"]
        if before is not None and _certainly_differ(before, now):
            return [f"the tag {tag} is that of another state or representation: {before}, now {now}"]
        return []

    def observe_body(self, tag: str, path: str, body: bytes) -> list[str]:
        """Spec: RFC 9110 s8.8.1 -- a strong validator changes whenever the representation does."""
        known = self.bodies.setdefault((path, tag), body)
        return [] if known == body else [f"two bodies with the tag {tag}"]

    def matches(self, tag: str, path: str, resource: Resource, variants: frozenset[str] | None) -> Truth:
        """Whether a tag stands for the current state; of reading, in one of these representations."""
        seen = self.seen.get((path, tag))
        if seen is None:
            return Truth.MAYBE if tag in self.everywhere else Truth.NO
        if (seen.serial, seen.state) != (resource.serial, resource.state):
            return Truth.NO
        if variants is not None and seen.variant is not None and seen.variant not in variants:
            return Truth.NO
        is_one = variants is None or (len(variants) == 1 and seen.variant is not None)
        return Truth.YES if seen.shade == resource.shade and is_one else Truth.MAYBE


def _certainly_differ(one: Seen, other: Seen) -> bool:
    if (one.serial, one.state) != (other.serial, other.state):
        return True
    return one.variant is not None and one.variant != other.variant


# -- preconditions -----------------------------------------------------------------------------------------------------


class Verdict(Enum):
    PROCEED = "proceed"
    UNCHANGED = "304"
    FAILED = "412"


def evaluate(
    request: Request, tags: Tags, resource: Resource | None, variants: frozenset[str] | None = None
) -> frozenset[Verdict]:
    """What may come of the preconditions, in the order of RFC 9110 s13.2.2. `variants`: those of a GET or HEAD."""
    match, none_match = request.header("If-Match"), request.header("If-None-Match")
    if match is not None:
        first = _no(_some_match(match, request.path, tags, resource, variants, weakly=False))
    else:
        first = _later_than(request.header("If-Unmodified-Since"), resource)
    if first is Truth.YES:
        return frozenset({Verdict.FAILED})
    otherwise = Verdict.FAILED if variants is None else Verdict.UNCHANGED
    if none_match is not None:
        second = _some_match(none_match, request.path, tags, resource, variants, weakly=True)
    else:
        second = _not_modified(request, resource) if variants is not None else Truth.NO
    found = {Verdict.FAILED} if first is Truth.MAYBE else set()
    found |= {otherwise} if second is not Truth.NO else set()
    found |= {Verdict.PROCEED} if second is not Truth.YES else set()
    return frozenset(found)


def _no(truth: Truth) -> Truth:
    return Truth(2 - truth.value)


def _some_match(
    text: str, path: str, tags: Tags, resource: Resource | None, variants: frozenset[str] | None, *, weakly: bool
) -> Truth:
    """Spec: RFC 9110 s13.1.1, s13.1.2 -- nothing, not even `*`, matches what does not exist."""
    if resource is None:
        return Truth.NO
    if text == "*":
        return Truth.YES
    members = [each.strip() for each in text.split(",")]
    strong = [each.removeprefix("W/") for each in members if weakly or not each.startswith("W/")]
    return any_of(tags.matches(each, path, resource, variants) for each in strong)


def _not_modified(request: Request, resource: Resource | None) -> Truth:
    """A container's date follows its containment alone, so it cannot vouch for its listing.

    Spec: Solid #container-last-modified-reliability; RFC 9110 s13.1.3
    """
    if request.header("If-Modified-Since") is None or resource is None or resource.is_container:
        return Truth.NO
    if date_of(request.header("If-Modified-Since")) is None:
        return Truth.NO
    return _no(_later_than(request.header("If-Modified-Since"), resource))


def _later_than(text: str | None, resource: Resource | None) -> Truth:
    """Whether the resource changed after a date; no for a date that is none."""
    date = date_of(text)
    if date is None or resource is None:
        return Truth.NO
    if resource.modified is None:
        return Truth.MAYBE
    return Truth.YES if resource.modified > date else Truth.NO


def date_of(text: str | None) -> int | None:
    try:
        parsed: datetime = parsedate_to_datetime(text or "")
    except (TypeError, ValueError, IndexError):
        return None
    return int(parsed.timestamp())


# -- ranges ------------------------------------------------------------------------------------------------------------


WHOLE, UNSATISFIABLE = "whole", "unsatisfiable"


def asked_part(text: str | None, size: int) -> tuple[int, int] | str:
    """The first and last byte asked for; WHOLE where the field counts for nothing; UNSATISFIABLE.

    Several ranges may be answered with the whole (RFC 9110 s14.2), and are.
    """
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", text or "")
    if match is None or not any(match.groups()) or size == 0:
        return WHOLE
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) else UNSATISFIABLE
    if last and int(last) < int(first):
        return WHOLE
    if int(first) >= size:
        return UNSATISFIABLE
    return int(first), min(int(last), size - 1) if last else size - 1
