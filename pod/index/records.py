"""What lists show of the things in a pod, as values; and how their JSON at rest is read.

Every value is bounded by the reader of the documents (shapes.py), whatever those hold. What a document says is told as
it says it: nothing here is fit for HTML without escaping, nor for a link without a check.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from pod.db.connection import Row
from pod.store.things import ThingKind


@dataclass(frozen=True, slots=True)
class ThingRow:
    """Anything that a document describes. `path` is the document's."""

    iri: str
    path: str
    kind: ThingKind
    name: str
    mark: str
    """What a next page begins after."""

    @classmethod
    def of(cls, row: Row) -> ThingRow:
        iri, path, kind, name, sort, *_ = row
        return cls(iri, path, ThingKind(kind), name, sort_mark(sort, iri))


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Somebody in an address book. Addresses and numbers are without `mailto:` and `tel:`."""

    iri: str
    path: str
    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    web_id: str | None
    """The first, where there are several `web_ids`."""
    web_ids: tuple[str, ...]
    picture: str | None
    organization: str
    role: str
    is_organization: bool
    mark: str
    """What a next page begins after."""

    @classmethod
    def of(cls, row: Row) -> ContactRow:
        iri, path, _, name, sort, _, web_id, data = row[:8]
        said = json.loads(data)
        return cls(
            iri,
            path,
            name,
            tuple(said.get("emails", ())),
            tuple(said.get("phones", ())),
            web_id,
            tuple(said.get("web_ids", (web_id,) if web_id else ())),
            said.get("picture"),
            said.get("organization", ""),
            said.get("role", ""),
            said.get("is_organization", False),
            sort_mark(sort, iri),
        )


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group. `members` is how many it has."""

    iri: str
    path: str
    name: str
    members: int

    @classmethod
    def of(cls, row: Row) -> GroupRow:
        return cls(row[0], row[1], row[3], row[8])


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Who is in a group: by the IRI that the group names, and the contact of this pod that it is."""

    iri: str
    name: str
    contact: str | None
    web_id: str | None

    @property
    def mark(self) -> str:
        return self.iri


@dataclass(frozen=True, slots=True)
class PostRow:
    """A note, an article, or what another app calls a post. `type` is the local name of its class.

    `author` is whom its document names: anybody may be.
    """

    iri: str
    path: str
    type: str
    name: str
    summary: str
    """The beginning as plain text."""
    author: str | None
    published_ms: int
    updated_ms: int | None
    attachments: int
    picture: str | None
    audience: tuple[str, ...]
    in_reply_to: str | None
    mark: str
    """What a next page begins before."""

    @classmethod
    def of(cls, row: Row) -> PostRow:
        iri, path, _, name, _, at_ms, web_id, data = row[:8]
        said = json.loads(data)
        return cls(
            iri,
            path,
            said.get("type", "Note"),
            name,
            said.get("summary", ""),
            web_id,
            at_ms,
            said.get("updated_ms"),
            said.get("attachments", 0),
            said.get("picture"),
            tuple(said.get("audience", ())),
            said.get("in_reply_to"),
            f"{at_ms} {iri}",
        )


@dataclass(frozen=True, slots=True)
class FileRow:
    path: str
    media_type: str
    size: int
    modified_ms: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are. `unread` are documents that could not be read, or not as a whole.

    `is_complete` once all were looked at.
    """

    contacts: int = 0
    groups: int = 0
    posts: int = 0
    unread: int = 0
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A document that mentions what it was asked for; only perhaps, where it could not be read as a whole."""

    path: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """What somebody's profile says to everyone. `picture_key` names a picture of ours: `/.people/{key}`."""

    name: str | None
    picture_key: str | None


def sort_mark(sort: str, iri: str) -> str:
    return f"{sort}\n{iri}"


def after_mark(mark: str | None) -> tuple[str, str]:
    """What is no mark begins at the first."""
    sort, separator, iri = (mark or "").partition("\n")
    return (sort, iri) if separator else ("", "")


def before_mark(mark: str | None) -> tuple[int, str]:
    """What is no mark begins at the last."""
    at, _, iri = (mark or "").partition(" ")
    digits = at.removeprefix("-")
    is_time = digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS_MAX
    return (int(at), iri) if is_time else (_END_MS, "")


_DIGITS_MAX = 16
_END_MS = 10**_DIGITS_MAX
