"""What shares are called on pages: audiences by their names, modes as what people do; IRIs where nobody knows a name.

Spec: WAC #access-modes
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pod.protocol.modes import AccessMode
from pod.sharing.audiences import Audience, Level, Whom
from pod.sharing.shares import Narrowing, Share
from pod.ui.language import gettext as _
from pod.ui.language import marked
from pod.ui.views import name_of, shown_iri

READ, APPEND, WRITE, CONTROL = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE, AccessMode.CONTROL

LEVELS = {
    Level.READ: marked("see"),
    Level.ADD: marked("see and add"),
    Level.EDIT: marked("see and change"),
    Level.FULL: marked("do everything"),
}
_DOING = (
    (READ, marked("see")),
    (WRITE, marked("change")),
    (APPEND, marked("add")),
    (CONTROL, marked("decide who has access")),
)
_UNNAMED = {
    Whom.SIGNED_IN: marked("Anyone who is signed in"),
    Whom.EVERYONE: marked("Everyone"),
    Whom.CREATOR: marked("Whoever made it"),
}
_NARROWED = {
    Narrowing.APPS: marked("only through some apps"),
    Narrowing.ISSUERS: marked("only if they signed in at some servers"),
    Narrowing.SITES: marked("in a browser only from some sites"),
    Narrowing.MORE: marked("under conditions that another tool set"),
    Narrowing.UNCHECKED: marked("another tool set a condition that this server does not check"),
}


def doing(modes: AccessMode) -> str:
    """What modes let people do: `see and change`."""
    level = Level.of(modes)
    if level is not None:
        return _(LEVELS[level])
    if modes == APPEND:
        return _("add, without seeing what is there")
    told = [_(word) for mode, word in _DOING if mode & modes and not (mode is APPEND and WRITE in modes)]
    if len(told) < 2:
        return told[0] if told else _("do nothing")
    return _("%(several)s and %(last)s", several=", ".join(told[:-1]), last=told[-1])


def called(audience: Audience, names: Mapping[str, str], label: str | None = None) -> str:
    """What to call an audience: as the owner knows it, else as it was called when it was shared with."""
    if audience.whom in _UNNAMED:
        return _(_UNNAMED[audience.whom])
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
    can = _may_not if share.denies else _can
    if not is_container or share.here == share.inside:
        return can(doing(share.here))
    if not share.inside:
        return _("%(can)s: the folder itself, not what is in it", can=can(doing(share.here)))
    if not share.here:
        return _("%(can)s: what is in the folder, not the folder itself", can=can(doing(share.inside)))
    return _("%(can)s; in the folder, %(do)s", can=can(doing(share.here)), do=doing(share.inside))


def _can(do: str) -> str:
    return _("can %(do)s", do=do)


def _may_not(do: str) -> str:
    return _("may not %(do)s", do=do)


def _remarks(share: Share) -> Iterator[str]:
    if share.audience.client is not None:
        yield _("only through the app %(app)s", app=shown_iri(share.audience.client))
    for each in Narrowing:
        if each in share.narrowed:
            yield _(_NARROWED[each])
