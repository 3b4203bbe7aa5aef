"""GET, HEAD and OPTIONS: read a resource, or ask what could be done with it.

Spec: Solid #server-safe-methods, #server-authorization-redirect; RFC 9110 s13.2.2, s14.2
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from pod.authorization import required
from pod.authorization.decision import Decision
from pod.errors import AccessDenied, NotAuthenticated, NotFound, PreconditionFailed
from pod.operations.admission import current_shape, settled
from pod.operations.initial_rules import initial_state
from pod.operations.operation import Operation, Representation, Result, Shape
from pod.operations.pages import View
from pod.operations.patch import ACCEPT_PATCH
from pod.operations.representations import choose_media_type, represent, show, slice_of
from pod.protocol import wac_allow
from pod.protocol.conditions import Conditions, Outcome, evaluate, range_applies
from pod.protocol.modes import AccessMode
from pod.protocol.ranges import resolve
from pod.protocol.representation import ETag
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.records import Kind, ResourceState, Snapshot


@settled
def get(services: Services, operation: Operation) -> Result:
    """200, 206, 304; 301 to the slash twin a reader may see."""
    with_body = operation.method == "GET"
    snapshot = services.store.describe(operation.target, operation.credentials.grant, with_body=with_body)
    try:
        decision = _authorized(services, operation, snapshot)
    except AccessDenied as refusal:
        raise _telling_what_may_be_done(services, operation, snapshot, refusal) from refusal
    state = snapshot.state
    if state is None:
        state = initial_state(services, operation.target)
        if state is None:
            return _redirect_to_twin(services, operation)
        # Nothing is stored that a precondition could be about, so no validators go out.
        dateless = replace(operation, conditions=_without_dates(operation.conditions))
        initial = _answer(services, dateless, snapshot, state, (decision.modes, decision.public))
        return replace(initial, etag=None, modified=None)
    return _answer(services, operation, snapshot, state, (decision.modes, decision.public))


@settled
def options(services: Services, operation: Operation) -> Result:
    """204 with what the target supports, for whoever may read it."""
    snapshot = services.store.describe(operation.target, operation.credentials.grant, with_body=False)
    _authorized(services, operation, snapshot)
    return Result(204, operation.target, current_shape(snapshot), offers=True)


def _answer(
    services: Services,
    operation: Operation,
    snapshot: Snapshot,
    state: ResourceState,
    granted: tuple[AccessMode, AccessMode],
) -> Result:
    variant = _variant(services, operation, state)
    outcome = evaluate(_conditions(operation, state), safe=True, etag=variant.etag, modified=state.modified)
    if outcome is Outcome.FAILED:
        raise PreconditionFailed("The resource is not in the state the request asks for.")
    sent = Sent(304)
    if outcome is Outcome.PROCEED:
        whole = _representation(services, operation, state, variant)
        sent = _whole_or_part(operation, whole, variant.etag, state.modified)
    return Result(
        sent.status,
        operation.target,
        current_shape(snapshot),
        etag=variant.etag,
        modified=state.modified,
        representation=sent.representation,
        content_range=sent.content_range,
        granted=granted,
        minimal=variant.minimal,
        page_policy=variant.view.renderer.policy_of(operation.target) if variant.view else None,
        page_language=variant.view.renderer.language if variant.view else None,
    )


class Variant(NamedTuple):
    """Which of its representations answers: a page where there is a `view`, else the media type."""

    etag: ETag
    media_type: str = ""
    minimal: bool = False
    view: View | None = None


def _variant(services: Services, operation: Operation, state: ResourceState) -> Variant:
    """Raises: NotAcceptable."""
    if operation.view is not None and state.kind is not Kind.OTHER:
        etag = ETag(services.store.epoch, state.state_version, operation.view.code)
        return Variant(etag, view=operation.view)
    media_type = choose_media_type(state, operation.accept)
    minimal = operation.minimal and state.is_container
    return Variant(services.etag(state, media_type, minimal=minimal), media_type, minimal)


class Sent(NamedTuple):
    """What goes out of a representation: all of it, a part, or nothing."""

    status: int
    representation: Representation | None = None
    content_range: str | None = None


def _conditions(operation: Operation, state: ResourceState) -> Conditions:
    """A container's date follows its containment only, so a date cannot tell whether its listing changed.

    Spec: Solid #container-last-modified-reliability
    """
    if state.is_container and operation.conditions.if_modified_since is not None:
        return replace(operation.conditions, if_modified_since=None)
    return operation.conditions


def _without_dates(conditions: Conditions) -> Conditions:
    """Spec: RFC 9110 s13.1.3, s13.1.4, for what "does not have a modification date available"."""
    return replace(conditions, if_modified_since=None, if_unmodified_since=None)


def _representation(services: Services, operation: Operation, state: ResourceState, variant: Variant) -> Representation:
    """To HEAD, what is stored is not opened."""
    if variant.view is not None:
        return show(services, state, operation.target, variant.view)
    media_type = variant.media_type
    if operation.method == "HEAD" and not state.is_container and media_type == state.media_type:
        return Representation(media_type, state.size, b"")
    return represent(services, state, operation.target, media_type, minimal=variant.minimal)


def _whole_or_part(operation: Operation, whole: Representation, etag: ETag, modified: int) -> Sent:
    if operation.method != "GET" or operation.range is None or whole.size is None:
        return Sent(200, whole)
    if not range_applies(operation.conditions, etag, modified):
        return Sent(200, whole)
    part = resolve(operation.range, whole.size)
    if part is None:
        return Sent(200, whole)
    partial = Representation(whole.media_type, part.length, slice_of(whole.content, part.first, part.length))
    return Sent(206, partial, part.content_range(whole.size))


def _redirect_to_twin(services: Services, operation: Operation) -> Result:
    """301 when the other slash form exists and this caller may read it; otherwise there is nothing here.

    Spec: Solid #server-authorization-redirect -- "Servers MUST authorize prior to this optional redirect"
    """
    twin = operation.target.twin
    if twin is None:
        raise _nothing(operation)
    target = Target(twin, twin)
    snapshot = services.store.describe(target, operation.credentials.grant, with_body=False)
    if snapshot.state is None or not _may_read(services, operation, snapshot):
        raise _nothing(operation)
    return Result(301, operation.target, Shape(exists=False), moved_to=twin)


def _nothing(operation: Operation) -> NotFound:
    """Tells that a PATCH would create it: rdflib.js takes its way of writing from what a 404 accepts."""
    headers = () if operation.target.is_container else (("Accept-Patch", ACCEPT_PATCH),)
    return NotFound("There is nothing at this URL.", headers=headers)


def _telling_what_may_be_done(
    services: Services, operation: Operation, snapshot: Snapshot, refusal: AccessDenied
) -> AccessDenied:
    """Spec: WAC #server-wac-allow; REQUIREMENTS section 17, row 27 -- an app can tell what is left for it to do"""
    granted = services.authorizer.allowed(services.store, snapshot, operation.credentials)
    told = ("WAC-Allow", wac_allow.format(*granted))
    return type(refusal)(refusal.detail, headers=(*refusal.headers, told), **refusal.extras)


def _may_read(services: Services, operation: Operation, snapshot: Snapshot) -> bool:
    try:
        _authorized(services, operation, snapshot)
    except (NotAuthenticated, AccessDenied):
        return False
    return True


def _authorized(services: Services, operation: Operation, snapshot: Snapshot) -> Decision:
    needs = required.read(snapshot)
    operation.judged.need, operation.judged.decision = needs[0], None
    decision = services.authorizer.authorize(services.store, snapshot, operation.credentials, needs, may_wait=True)
    operation.judged.decision = decision
    return decision
