"""The details of a resource: what it is, since when, who can see it, what mentions it; for the curious, its protocol.

Everything is for whoever may read the resource; what tells of others is for its owner alone.

Spec: RFC 9110 s8; WAC #wac-allow; Solid #server-link-auxiliary-type
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Response

from pod.errors import NotFound, PodError
from pod.http.response import answer
from pod.index.index import Index
from pod.operations.get import get
from pod.operations.operation import Operation, Result
from pod.operations.watched import watched
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.rdf import formats
from pod.sharing.sharing import Sharing, SharingState
from pod.store.records import Kind, ResourceState
from pod.ui.data_desk import PREFIX, Desk
from pod.ui.data_view import frame
from pod.ui.language import gettext as _
from pod.ui.render import render
from pod.ui.sharing_words import Line, doing
from pod.ui.views import Crumb, kind_of, name_of, shown_iri

MENTIONS_MAX = 50
SHARES_SHOWN_MAX = 20
NOT_SHOWN = frozenset({"updates-via"})
"""Fields that let whoever knows them act as the one who asks."""


class Why(NamedTuple):
    """One reason why somebody may do something, in words."""

    what: str
    rule: str | None
    acl: str | None
    denies: bool


class Details:
    """One request for the details of a resource."""

    def __init__(self, desk: Desk, index: Index) -> None:
        self._desk = desk
        self._services = desk.services
        self._target = desk.target
        self._index = index

    def page(self) -> Response:
        services, target, desk = self._services, self._target, self._desk
        asked = Operation("HEAD", target, desk.credentials, NO_CONDITIONS)
        result = watched(services, get, asked, app=services.placement.base_url)
        state = services.store.describe(target, with_body=False).state
        if state is None or result.moved_to is not None:
            raise NotFound(_("There is nothing here that you may see."))
        return render(
            "data/details.html",
            **frame(desk, "details", target),
            **self._about(state),
            **self._access(result),
            **(self._for_owner(state) if desk.reader.is_owner else NOT_THE_OWNERS),
            headers=self._headers(result),
            acl=desk.url(Target.parse(target.acl)),
            acl_home=f"{PREFIX}{target.acl}?view=data",
            has_acl=services.store.describe(Target.parse(target.acl), with_body=False).state is not None,
            description=f"{PREFIX}{target.description}?view=data",
        )

    def _about(self, state: ResourceState) -> dict[str, Any]:  # values of a template
        sign, kind = kind_of(state.kind, state.media_type)
        return {
            "sign": sign,
            "kind": kind,
            "media_type": state.media_type,
            "is_document": state.kind is Kind.RDF,
            "bytes": None if state.is_container else state.size,
            "modified_ms": state.modified_ms,
            "offers": formats.offers(state.media_type) if state.kind is not Kind.OTHER else (),
        }

    def _access(self, result: Result) -> dict[str, Any]:
        """What whoever asks may do here, and what everybody may."""
        mine, public = result.granted or (AccessMode.NONE, AccessMode.NONE)
        return {"mine": doing(mine), "public": doing(public) if public else "", "whys": self._whys()}

    def _whys(self) -> tuple[Why, ...]:
        """The rules that let whoever asks in; they are told to owners."""
        if not self._desk.reader.is_owner:
            return ()
        subject = Target.parse(self._target.subject)
        reader = self._services.store
        found = reader.describe(subject, with_body=False)
        decision = self._services.authorizer.decide(reader, found, self._desk.credentials)
        return tuple(Why(doing(each.modes), each.rule, each.acl, each.denies) for each in decision.reasons)

    def _headers(self, result: Result) -> list[tuple[str, str]]:
        """As an app of the same person gets them."""
        fields = answer(self._services, result, self._desk.credentials, head=True).headers
        return [(name, value) for name, value in fields if name.lower() not in NOT_SHOWN]

    # -- what owners are told ------------------------------------------------------------------------------------------

    def _for_owner(self, state: ResourceState) -> dict[str, Any]:
        creator = self._services.store.creator(self._target.path)
        shares, more, has_own = self._shares(creator)
        return {
            "creator": self._called(creator),
            "creator_iri": creator,
            "shares": shares,
            "more_shares": more,
            "has_own": has_own,
            "mentions": self._mentions(state),
        }

    def _shares(self, creator: str | None) -> tuple[list[Line], int, bool]:
        if self._target.auxiliary is not None:
            return [], 0, False
        try:
            state: SharingState = Sharing(self._services).state(self._desk.reader.account.id, self._target.path)
        except PodError:  # the rules cannot be read: the page about sharing says so
            return [], 0, True
        names = self._names(state, creator)
        lines = [Line.of(each, self._target.path, names, state.now_ms) for each in state.shares[:SHARES_SHOWN_MAX]]
        return lines, state.more + max(0, len(state.shares) - SHARES_SHOWN_MAX), state.has_own

    def _names(self, state: SharingState, creator: str | None) -> dict[str, str]:
        """As far as they are known: nobody is asked."""
        wanted = [each.audience.iri for each in state.shares[:SHARES_SHOWN_MAX] if each.audience.iri]
        found = self._index.people([*wanted, *([creator] if creator else [])])
        return {web_id: seen.name for web_id, seen in found.items() if seen.name}

    def _called(self, creator: str | None) -> str:
        if creator is None:
            return ""
        if creator == self._desk.credentials.agent:
            return _("You")
        seen = self._index.people([creator]).get(creator)
        return seen.name if seen and seen.name else shown_iri(creator)

    def _mentions(self, state: ResourceState) -> list[Crumb]:
        """Documents of the pod that link here; some, if there are many."""
        self._index.catch_up(state.storage)
        found = self._index.documents_mentioning(state.storage, self._target.path)
        sure = [each.path for each in found if each.is_sure and each.path != self._target.path]
        return [Crumb(_name(path), f"{PREFIX}{path}?view=data") for path in sure[:MENTIONS_MAX]]


NOT_THE_OWNERS: dict[str, Any] = {
    "creator": "",
    "creator_iri": None,
    "shares": [],
    "more_shares": 0,
    "has_own": False,
    "mentions": [],
}


def _name(path: str) -> str:
    """With its folder: many documents are called `index.ttl`."""
    target = Target.parse(path)
    folder = name_of(target.parent or "")
    return f"{folder}/{name_of(path)}" if folder else name_of(path)
