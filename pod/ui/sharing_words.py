"""What shares are called on pages: audiences by their names, modes as what people do; IRIs where nobody knows a name.

Spec: WAC #access-modes
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pod.protocol.modes import AccessMode
from pod.sharing.audiences import Audience, Level, Whom
from pod.sharing.shares import Narrowing, Share
from pod.ui.views import name_of, shown_iri

READ, APPEND, WRITE, CONTROL = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE, AccessMode.CONTROL

LEVELS = {Level.READ: "see", Level.ADD: "see and add", Level.EDIT: "see and change", Level.FULL: "do everything"}
_DOING = ((READ, "see"), (WRITE, "change"), (APPEND, "add"), (CONTROL, "decide who has access"))
_UNNAMED = {
    Whom.SIGNED_IN: "Anyone who is signed in",
    Whom.EVERYONE: "Everyone",
    Whom.CREATOR: "Whoever made it",
}
_NARROWED = {
    Narrowing.APPS: "only through some apps",
    Narrowing.ISSUERS: "only if they signed in at some servers",
    Narrowing.SITES: "in a browser only from some sites",
    Narrowing.MORE: "under conditions that another tool set",
    Narrowing.UNCHECKED: "another tool set a condition that this server does not check",
}


def doing(modes: AccessMode) -> str:
    """What modes let people do: `see and change`."""
    level = Level.of(modes)
    if level is not None:
        return LEVELS[level]
    if modes == APPEND:
        return "add, without seeing what is there"
    told = [word for mode, word in _DOING if mode & modes and not (mode is APPEND and WRITE in modes)]
    return " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:]))) or "do nothing"


def called(audience: Audience, names: Mapping[str, str], label: str | None = None) -> str:
    """What to call an audience: as the owner knows it, else as it was called when it was shared with."""
    if audience.whom in _UNNAMED:
        return _UNNAMED[audience.whom]
    return names.get(audience.iri) or label or shown_iri(audience.iri)


class Line(NamedTuple):
    """One share, as a line of a page."""

    share: Share
    name: str
    what: str
    """What they can do, as the end of a sentence: `can see and change`."""
    remarks: tuple[str, ...]
    is_over: bool
    source: str
    """The name of the resource whose rules say so."""

    @classmethod
    def of(cls, share: Share, path: str, names: Mapping[str, str], now_ms: int) -> Line:
        return cls(
            share,
            called(share.audience, names, share.label),
            _what(share, is_container=path.endswith("/")),
            tuple(_remarks(share)),
            not share.stands(now_ms),
            name_of(share.source),
        )

    @property
    def level(self) -> str:
        """The level to begin with in a form that changes it."""
        found = Level.of(self.share.here | self.share.inside)
        return found.name.lower() if found else ""


def _what(share: Share, *, is_container: bool) -> str:
    can = "may not" if share.denies else "can"
    if not is_container or share.here == share.inside:
        return f"{can} {doing(share.here)}"
    if not share.inside:
        return f"{can} {doing(share.here)}: the folder itself, not what is in it"
    if not share.here:
        return f"{can} {doing(share.inside)}: what is in the folder, not the folder itself"
    return f"{can} {doing(share.here)}; in the folder, {doing(share.inside)}"


def _remarks(share: Share) -> Iterator[str]:
    if share.audience.client is not None:
        yield f"only through the app {shown_iri(share.audience.client)}"
    for each in Narrowing:
        if each in share.narrowed:
            yield _NARROWED[each]
