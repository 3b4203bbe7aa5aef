"""What the access rules of a resource give to whom, told apart by audience: one line of the sharing page each. Values.

Spec: WAC #authorization-rule; ACP #policy
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from pod.protocol.modes import AccessMode
from pod.sharing.audiences import Audience


class Narrowing(StrEnum):
    """What narrows a share beside its audience, its app and its end. Other tools write these."""

    APPS = "apps"
    """Only through some apps."""
    ISSUERS = "issuers"
    """Only for those who sign in at some servers."""
    SITES = "sites"
    """From web apps, only from some sites."""
    MORE = "more"
    """Under conditions that are more than the page can tell."""
    UNCHECKED = "unchecked"
    """Under a condition of a kind that nobody here knows. It is as if it were not there."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one audience has. `source` is the path of the resource whose rules say so.

    `here` is on the resource itself, `inside` on all that comes into it, where it is a container.
    """

    audience: Audience
    here: AccessMode
    inside: AccessMode
    source: str
    until_ms: int | None = None
    label: str | None = None
    """The name that the audience had when it was shared with."""
    narrowed: frozenset[Narrowing] = frozenset()
    denies: bool = False
    """It takes the modes away. Only policies do that."""
    changeable: bool = True
    """Whether it can be taken back without changing what others have."""

    def stands(self, now_ms: float) -> bool:
        return self.until_ms is None or now_ms < self.until_ms


def merged(shares: Iterable[Share]) -> tuple[Share, ...]:
    """Those that differ in nothing but their modes are one."""
    found: dict[Share, Share] = {}
    for share in shares:
        key = replace(share, here=AccessMode.NONE, inside=AccessMode.NONE, label=None)
        known = found.get(key)
        if known is None:
            found[key] = share
        else:
            here, inside = known.here | share.here, known.inside | share.inside
            found[key] = replace(known, here=here, inside=inside, label=known.label or share.label)
    return tuple(found.values())
