"""Whom something is shared with, and how far: what the sharing page speaks of, whichever language the rules are in.

Values. They know neither documents nor the store.

Spec: WAC #acl-agent, #acl-agentgroup, #acl-agentclass, #access-modes; ACP #matcher
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum

from pod.errors import UnprocessableContent
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.rdf.graph import IRI

IRI_CHARACTERS_MAX = 2_000

_HTTP_IRI = re.compile(r"https?://[^\x00-\x20<>\"{}|^`\\/?#]+[^\x00-\x20<>\"{}|^`\\]*")


class Whom(StrEnum):
    """The kinds of audiences."""

    PERSON = "person"
    GROUP = "group"
    SIGNED_IN = "signed-in"
    EVERYONE = "everyone"
    CREATOR = "creator"
    """Whoever made a resource: policies of other tools may say so."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who something is shared with. `iri` is a person's WebID, or the IRI of a vcard:Group; else empty.

    `client`: the only app through which it counts; None for any.
    """

    whom: Whom
    iri: str = ""
    client: str | None = None

    def covers(self, other: Audience) -> bool:
        """Whether it is the same people, through this app or through any."""
        same = (self.whom, self.iri) == (other.whom, other.iri)
        return same and self.client in {None, other.client}


def is_web_iri(text: str) -> bool:
    """Whether it can be the address of somebody or something on the Web."""
    if len(text) > IRI_CHARACTERS_MAX or not _HTTP_IRI.fullmatch(text):
        return False
    try:
        IRI(text)
    except ValueError:
        return False
    return True


_KINDS = {kind.value: kind for kind in Whom if kind is not Whom.CREATOR}

SIGNED_IN = Audience(Whom.SIGNED_IN)
EVERYONE = Audience(Whom.EVERYONE)


def person(web_id: str, client: str | None = None) -> Audience:
    """Raises: UnprocessableContent -- it cannot be a WebID."""
    return parse_audience(Whom.PERSON.value, web_id, client)


def group(iri: str, client: str | None = None) -> Audience:
    """Raises: UnprocessableContent -- it cannot be a group's IRI."""
    return parse_audience(Whom.GROUP.value, iri, client)


def parse_audience(whom: str, iri: str = "", client: str | None = None) -> Audience:
    """From the words of a form. Raises: UnprocessableContent."""
    kind = _KINDS.get(whom)
    if kind is None:
        raise UnprocessableContent("Share with a person, a group, anyone signed in, or everyone.")
    if kind in {Whom.SIGNED_IN, Whom.EVERYONE}:
        return Audience(kind, client=client)
    if not is_web_iri(iri):
        raise UnprocessableContent("The address of a person or a group begins with https:// and has no spaces in it.")
    return Audience(kind, iri, client)


class Level(Enum):
    """How far something is shared. Each includes those before it; the value is the modes."""

    READ = AccessMode.READ
    ADD = AccessMode.READ | AccessMode.APPEND
    EDIT = AccessMode.READ | AccessMode.APPEND | AccessMode.WRITE
    FULL = ALL_MODES

    @property
    def modes(self) -> AccessMode:
        return self.value

    @classmethod
    def of(cls, modes: AccessMode) -> Level | None:
        """The level that is exactly these modes; None where apps gave others."""
        return next((each for each in cls if each.value == modes), None)

    @classmethod
    def named(cls, name: str) -> Level:
        """From the words of a form. Raises: UnprocessableContent."""
        try:
            return cls[name.upper()]
        except KeyError as error:
            raise UnprocessableContent("Say what they may do: see, add, edit, or everything.") from error
