"""Preconditions: what `If-Match` and its kin ask for, and whether the state of a resource satisfies it.

Knows entity tags and dates, no store. The caller evaluates them after authorization and the rules of the
target, because preconditions count only where the answer would otherwise be a success (RFC 9110 s13.2.1).

Spec: RFC 9110 s13
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import floor
from typing import TYPE_CHECKING

from pod.protocol.representation import (
    EntityTag,
    EntityTags,
    ETag,
    parse_entity_tag,
    parse_http_date,
    same_state,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Outcome(Enum):
    """What the preconditions make of a request."""

    PROCEED = "proceed"
    NOT_MODIFIED = "not modified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditional fields of one request. None is a field that was absent, or that must be ignored."""

    if_match: EntityTags | None = None
    if_none_match: EntityTags | None = None
    if_modified_since: int | None = None
    if_unmodified_since: int | None = None
    if_range: EntityTag | int | None = None

    @classmethod
    def parse(cls, get: Callable[[str], str | None]) -> Conditions:
        """The conditions of a request. `get` gives a field by its lower-case name.

        Raises: BadRequest -- a list of entity tags that has a star among them, or too many.
        """
        texts = tuple(map(get, _FIELDS))
        if texts == _ALL_ABSENT:
            return NO_CONDITIONS
        match, none_match, modified_since, unmodified_since, if_range = texts
        return cls(
            if_match=None if match is None else ETag.parse_list(match),
            if_none_match=None if none_match is None else ETag.parse_list(none_match),
            if_modified_since=None if modified_since is None else parse_http_date(modified_since),
            if_unmodified_since=None if unmodified_since is None else parse_http_date(unmodified_since),
            if_range=None if if_range is None else _parse_if_range(if_range),
        )


_FIELDS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range")
_ALL_ABSENT = (None,) * len(_FIELDS)

NO_CONDITIONS = Conditions()


def _parse_if_range(text: str) -> EntityTag | int:
    """An entity tag or a date. What is neither becomes a tag that equals none, so that the range is ignored.

    "A valid entity-tag can be distinguished from a valid HTTP-date by examining the first three characters
    for a DQUOTE."
    """
    text = text.strip(" \t")
    if '"' in text[:3]:
        return parse_entity_tag(text)
    moment = parse_http_date(text)
    return EntityTag(text, weak=True) if moment is None else moment


def evaluate(conditions: Conditions, *, safe: bool, etag: ETag | None, modified: float | None) -> Outcome:
    """Whether to go on. `safe` is GET or HEAD; `etag` is None where there is no representation.

    Reads compare whole tags. Writes ask whether the state is the one the client saw, in whatever format.

    Spec: RFC 9110 s13.2.2
    """
    if conditions is NO_CONDITIONS:
        return Outcome.PROCEED
    if conditions.if_match is not None:
        if not _some_tag_matches(conditions.if_match, etag, exact=safe, strong=True):
            return Outcome.FAILED
    elif _changed_after(conditions.if_unmodified_since, etag, modified):
        return Outcome.FAILED
    if conditions.if_none_match is not None:
        if _some_tag_matches(conditions.if_none_match, etag, exact=safe, strong=False):
            return Outcome.NOT_MODIFIED if safe else Outcome.FAILED
    elif safe and _unchanged_since(conditions.if_modified_since, etag, modified):
        return Outcome.NOT_MODIFIED
    return Outcome.PROCEED


def range_applies(conditions: Conditions, etag: ETag | None, modified: float | None) -> bool:
    """Whether `If-Range`, if there is one, lets a `Range` count.

    A date is believed to be a strong validator because a client may send no other here (RFC 9110 s13.1.5).

    Spec: RFC 9110 s13.1.5
    """
    wanted = conditions.if_range
    if wanted is None:
        return True
    if isinstance(wanted, EntityTag):
        return etag is not None and not wanted.weak and wanted.opaque == etag.opaque
    return modified is not None and floor(modified) == wanted


def _some_tag_matches(tags: EntityTags, etag: ETag | None, *, exact: bool, strong: bool) -> bool:
    """No tag, not even `*`, matches what has no representation."""
    if etag is None:
        return False
    if tags == "*":
        return True
    candidates = [tag for tag in tags if not (strong and tag.weak)]
    if exact:
        return any(tag.opaque == etag.opaque for tag in candidates)
    return any(same_state(tag, etag.epoch, etag.version) for tag in candidates)


def _changed_after(moment: int | None, etag: ETag | None, modified: float | None) -> bool:
    return moment is not None and etag is not None and modified is not None and floor(modified) > moment


def _unchanged_since(moment: int | None, etag: ETag | None, modified: float | None) -> bool:
    return moment is not None and etag is not None and modified is not None and floor(modified) <= moment
