"""POST: create a resource in a container under a name the server chooses.

Spec: Solid #server-post-uri-assignment, #server-post-container-create-resource, #server-post-target-not-found;
RFC 5023 s9.7
"""

from __future__ import annotations

import io
import secrets
from contextlib import suppress
from dataclasses import replace
from functools import partial

from pod.authorization import required
from pod.authorization.decision import Decision
from pod.errors import Busy, ContentTypeMissing, NotFound, VersionMoved
from pod.operations import inbox
from pod.operations.admission import (
    actor,
    admitted,
    allowed_methods,
    at_once,
    check_conditions,
    check_creatable,
    check_interaction_model,
    current_shape,
    in_passing,
    refuse_method,
    remember_regular,
    settled,
)
from pod.operations.content import EMPTY, Incoming, discarded_on_failure, document_bytes_max, read_capped, receive
from pod.operations.create import create_container, create_document
from pod.operations.operation import Operation, Result, Shape
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.protocol.slug import segment, with_suffix
from pod.rdf import formats
from pod.services import Services
from pod.store.interface import Reader, Writer
from pod.store.records import Kind, ResourceState, Snapshot

NAME_ATTEMPTS_MAX = 8


def post(services: Services, operation: Operation) -> Result:
    """Create in the target container: 201 with the new URL in `Location`."""
    done = at_once(services, operation, partial(_post_at_once, services, operation))
    if done is None:
        snapshot, decision = settled(_admit)(services, operation, services.store)
        if inbox.takes_notification(snapshot, decision):
            operation = inbox.bounded(services, operation)
        done = _post(services, operation, _wish(operation, decision), inbox.room(services, snapshot, operation.body))
        remember_regular(services, operation)
    return done


def _post_at_once(services: Services, operation: Operation) -> Result:
    """Raises: VersionMoved -- the content depends on the name, and so takes a closer look."""
    if _speaks_of_itself(operation):
        raise VersionMoved
    with in_passing():
        incoming = _receive(services, operation, _child(operation, "new"), None)

    def change(tx: Writer) -> ResourceState:
        decision = _let_in(services, operation, incoming, tx)
        return _create(services, tx, _free(services, operation, tx, _wish(operation, decision)), incoming)

    with discarded_on_failure(services, incoming.content):
        return _created(services, operation, services.store.write_together(actor(operation), change))


def _post(services: Services, operation: Operation, wish: str, left: int | None) -> Result:
    if not _speaks_of_itself(operation) or operation.body is None:
        return _attempt(services, operation, wish, _child(operation, wish), left)
    text = read_capped(operation.body, document_bytes_max(services, _child(operation, wish)))
    for _ in range(NAME_ATTEMPTS_MAX):
        again = replace(operation, body=replace(operation.body, stream=io.BytesIO(text), length=len(text)))
        with suppress(VersionMoved):
            return _attempt(services, again, wish, _free(services, operation, services.store, wish).target, left)
    raise Busy("Others kept taking the name of this container; try again.", headers=(("Retry-After", "1"),))


def _attempt(services: Services, operation: Operation, wish: str, child: Target, left: int | None) -> Result:
    """Raises: VersionMoved -- another took the name, and the content speaks of the URL it was to have."""
    incoming = _receive(services, operation, child, left)

    def change(tx: Writer) -> ResourceState:
        _let_in(services, operation, incoming, tx)
        snapshot = _free(services, operation, tx, wish, child)
        if snapshot.target != child and _speaks_of_itself(operation):
            raise VersionMoved
        return _create(services, tx, snapshot, incoming)

    with discarded_on_failure(services, incoming.content):
        return _created(services, operation, services.store.write_together(actor(operation), change))


def _created(services: Services, operation: Operation, state: ResourceState) -> Result:
    return Result(
        201,
        operation.target,
        Shape(container=True, rdf=True, root=operation.target.is_storage_root, inbox=operation.target.is_inbox),
        etag=services.etag(state),
        modified=state.modified,
        created=Target(state.path, state.path),
    )


def _admit(services: Services, operation: Operation, reader: Reader) -> tuple[Snapshot, Decision]:
    snapshot, decision = admitted(services, reader, operation, required.post)
    shape = current_shape(snapshot)
    if snapshot.state is None:
        raise NotFound("There is no container here to create anything in.")
    if "POST" not in allowed_methods(operation.target, shape):
        raise refuse_method(operation.target, shape, "POST creates resources in containers; this is not a container.")
    check_interaction_model(operation)
    check_conditions(services, operation, snapshot.state)
    if inbox.takes_notification(snapshot, decision):
        inbox.check_announced(operation)
    return snapshot, decision


def _let_in(services: Services, operation: Operation, incoming: Incoming, tx: Writer) -> Decision:
    """The admission that counts, with what is known of the content."""
    container, decision = _admit(services, operation, tx)
    if container.state is not None and inbox.takes_notification(container, decision):
        inbox.take(services, tx, operation, container.state, incoming.checked())
    return decision


def _wish(operation: Operation, decision: Decision) -> str:
    """A name for what is to be made: the client's own where it gives one.

    Never just that for whoever may not read the container: it would tell whether the name was free.
    """
    name = segment(operation.slug)
    if name is None:
        return secrets.token_hex(8)
    return name if AccessMode.READ in decision.modes else with_suffix(name, secrets.token_hex(4))


def _speaks_of_itself(operation: Operation) -> bool:
    """Whether the content is kept with the URL of what it makes written into it: a container's description is."""
    described = operation.body is not None and formats.is_rdf(operation.body.media_type.essence)
    return described and operation.wants_container


def _child(operation: Operation, name: str) -> Target:
    return Target.parse(operation.target.path + name + ("/" if operation.wants_container else ""))


def _receive(services: Services, operation: Operation, child: Target, left: int | None) -> Incoming:
    """Spec: LDP 5.2.3.7 -- relative IRIs resolve against the URL of the created resource."""
    if operation.body is not None:
        by_account = operation.credentials.has_account
        return receive(services, operation.body, child, room=left, by_account=by_account)
    if not operation.wants_container:
        raise ContentTypeMissing("Say with Content-Type what the content is.")
    return Incoming(EMPTY, Kind.CONTAINER)


def _free(services: Services, operation: Operation, reader: Reader, wish: str, child: Target | None = None) -> Snapshot:
    """The wished name if it is free, and no group that the app may not make; else the same with a suffix: a Slug is a
    hint, never a reason to fail.
    """
    child = child or _child(operation, wish)
    for _ in range(NAME_ATTEMPTS_MAX):
        snapshot = reader.describe(child, operation.credentials.grant, wide=True, with_body=False)
        is_free = snapshot.state is None and child.twin not in snapshot.others and not child.is_app_list
        if is_free and not services.authorizer.held_back(snapshot):
            return snapshot
        child = _child(operation, with_suffix(wish, secrets.token_hex(4)))
    raise AssertionError("eight random names were all taken")


def _create(services: Services, tx: Writer, snapshot: Snapshot, incoming: Incoming) -> ResourceState:
    check_creatable(snapshot)
    if snapshot.target.is_container:
        return create_container(services, tx, snapshot, incoming)
    return create_document(tx, snapshot, incoming.kind, incoming.checked())
