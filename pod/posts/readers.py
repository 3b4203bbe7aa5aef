"""Who may read a post: nobody else, some people and groups, or everyone. It is written as access rules like all that is
shared, and read from them, so it is the same here as on the sharing page and in other apps.

Spec: WAC #acl-agent, #acl-agentgroup, #acl-agentclass; ACP #matcher
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pod.errors import UnprocessableContent
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.audiences import EVERYONE, Audience, Level, Whom
from pod.sharing.in_force import read_in_force
from pod.sharing.shares import Share
from pod.sharing.sharing import Sharing
from pod.store.interface import Reader, Writer
from pod.store.records import StorageState

AUDIENCES_MAX = 50
"""That one post is written for: each is a rule."""


class Reach(StrEnum):
    """How far a post goes, as a form says it."""

    ME = "me"
    SOME = "some"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Readers:
    """Whom a post is for, beside the owners of the pod. `names` are what rules call them, by their IRIs."""

    reach: Reach = Reach.ME
    audiences: tuple[Audience, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def chosen(cls, reach: str, some: Iterable[Audience]) -> Readers:
        """From a form. Raises: UnprocessableContent."""
        if reach == Reach.EVERYONE:
            return cls(Reach.EVERYONE, (EVERYONE,))
        if reach != Reach.SOME:
            return ONLY_ME
        named = tuple(dict.fromkeys(some))
        if not named:
            raise UnprocessableContent("Choose at least one person or group, or that only you can see it.")
        if len(named) > AUDIENCES_MAX:
            raise UnprocessableContent(f"Choose at most {AUDIENCES_MAX}; a group holds many people.")
        return cls(Reach.SOME, named)

    @classmethod
    def of(cls, shares: Iterable[Share]) -> Readers:
        """What rules say."""
        names: dict[str, str] = {}
        audiences: dict[Audience, None] = {}
        for each in shares:
            audiences[each.audience] = None
            if each.label:
                names[each.audience.iri] = each.label
        if any(each.whom is Whom.EVERYONE for each in audiences):
            return cls(Reach.EVERYONE, tuple(audiences), names)
        return cls(Reach.SOME, tuple(audiences), names) if audiences else ONLY_ME


ONLY_ME = Readers()


def readers_among(shares: Iterable[Share], storage: StorageState, now_ms: float) -> Readers:
    """Who may read now, beside the owners of a storage, by the shares in force of something in it."""
    return Readers.of(each for each in shares if _reads(each, storage, now_ms))


def open_to(
    services: Services, tx: Writer, account: int, path: str, readers: Readers, *, labels: Mapping[str, str]
) -> None:
    """From now on these read a resource of a post, and nobody else but its owners.

    Who may do more than read keeps that. `labels`: what audiences are called, by their IRIs.

    Raises: Conflict -- the rules of a folder above count as well, and cannot be taken back here; RulesUnreadable
    """
    sharing = Sharing(services)
    has = [each.audience for each in _shares(services, tx, path)]
    for audience in has:
        if not any(each.covers(audience) for each in readers.audiences):
            sharing.unshare_within(tx, account, path, audience)
    for audience in readers.audiences:
        if audience not in has:
            sharing.share_within(tx, account, path, audience, Level.READ, label=labels.get(audience.iri))


def _shares(services: Services, reader: Reader, path: str) -> list[Share]:
    snapshot = reader.describe(Target.parse(path), wide=True, with_body=False)
    storage, now_ms = snapshot.storage, services.clock.now() * 1000
    found = read_in_force(services, reader, snapshot).shares()
    return [each for each in found if storage is not None and _reads(each, storage, now_ms)]


def _reads(share: Share, storage: StorageState, now_ms: float) -> bool:
    is_owners = share.audience.iri in storage.owners
    return bool(share.here & AccessMode.READ) and share.stands(now_ms) and not share.denies and not is_owners
