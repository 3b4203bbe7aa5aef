"""Web links in `Link` fields, read and written.

Targets stay as they were written; resolving them against a base is the caller's. What follows a member that
does not parse is left out, as in the algorithm of RFC 8288 B.2.

Spec: RFC 8288 s3
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pod.protocol.headers import is_token, parameters, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

LINKS_MAX = 64

_TARGET = re.compile(r"[ \t,]*+<([^>]*+)>")
_NOT_IN_URI = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")
_ONLY_ONCE = frozenset({"anchor", "media", "title", "title*", "type"})


@dataclass(frozen=True, slots=True)
class Link:
    """A link: where to, in which relations (separated by spaces), and its other parameters."""

    target: str
    rel: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter, by its lower-case name."""
        return next((value for each, value in self.parameters if each == name), None)


@lru_cache(maxsize=256)
def parse(header: str) -> tuple[Link, ...]:
    """The first `LINKS_MAX` links of a field. A link without a relation is none.

    Spec: RFC 8288 s3.3, B.2
    """
    links: list[Link] = []
    position = 0
    while (match := _TARGET.match(header, position)) and len(links) < LINKS_MAX:
        pairs, position = parameters(header, match.end())
        rel = next((value for name, value in pairs if name == "rel"), "")
        if rel.strip():
            links.append(Link(match[1].strip(), " ".join(rel.split()), _attributes(pairs)))
    return tuple(links)


def _attributes(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """All but the relation. Of some, "occurrences after the first MUST be ignored"."""
    kept: list[tuple[str, str]] = []
    seen: set[str] = set()
    for name, value in pairs:
        if name == "rel" or (name in _ONLY_ONCE and name in seen):
            continue
        seen.add(name)
        kept.append((name, value))
    return tuple(kept)


def format(link: Link) -> str:  # noqa: A001 -- read as link.format
    """One link-value. Characters that no URI has are percent-encoded, so that nothing leaves the brackets."""
    target = _NOT_IN_URI.sub(_escape, link.target)
    pairs = (("rel", link.rel), *link.parameters)
    return f"<{target}>" + "".join(f"; {name}={_format_value(name, value)}" for name, value in pairs)


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def _format_value(name: str, value: str) -> str:
    """Extended values (RFC 8187) may not be quoted; all others are understood best when they are."""
    return value if name.endswith("*") and is_token(value) else quote(value)


def rels(links: Iterable[Link], rel: str) -> tuple[Link, ...]:
    """The links in this relation. Relation types are compared without regard to case.

    Spec: RFC 8288 s2.1.1, s2.1.2
    """
    wanted = rel.lower()
    return tuple(link for link in links if wanted in link.rel.lower().split(" "))


def requested_types(header: str | None) -> frozenset[str]:
    """The types a client asks for with `rel="type"`: LDP's way to say what to create.

    A link with an anchor speaks of something else: "link applications MUST NOT process the link without
    applying the anchor".

    Spec: LDP 5.2.3.4; RFC 8288 s3.2
    """
    links = rels(parse(header), "type") if header else ()
    return frozenset(link.target for link in links if link.parameter("anchor") is None)
