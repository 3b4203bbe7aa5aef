"""PUT: give a resource its whole new state, making it and its containers where they are missing.

Spec: Solid #server-put-patch-intermediate-containers, #server-protect-containment; RFC 9110 s9.3.4
"""

from __future__ import annotations

from functools import partial

from pod.authorization import required
from pod.errors import Conflict, ContentTypeMissing, VersionMoved
from pod.operations import inbox
from pod.operations.admission import (
    actor,
    admit,
    at_once,
    check_conditions,
    check_creatable,
    check_interaction_model,
    check_not_kept,
    current_shape,
    in_passing,
    remember_regular,
    settled,
)
from pod.operations.content import EMPTY, Incoming, discarded_on_failure, receive
from pod.operations.create import create_container, create_document, effective, written
from pod.operations.operation import Operation, Result
from pod.operations.rules import check_document, keep_uses
from pod.services import Services
from pod.store.interface import Reader, Writer
from pod.store.records import Kind, ResourceState, Snapshot


def put(services: Services, operation: Operation) -> Result:
    """Create (201) or replace (204)."""
    done = at_once(services, operation, partial(_put_at_once, services, operation))
    if done is None:
        snapshot = settled(_admit)(services, operation, services.store)
        done = _commit(services, operation, _receive(services, operation, snapshot))
        remember_regular(services, operation)
    return done


def put_within(services: Services, tx: Writer, operation: Operation, incoming: Incoming) -> Result:
    """The same in a transaction of the caller's, who has read the content already."""
    return _change(services, operation, incoming, True, tx)


def _put_at_once(services: Services, operation: Operation) -> Result:
    with in_passing():
        incoming = _receive(services, operation, None)
    return _commit(services, operation, incoming, was_seen=False)


def _commit(services: Services, operation: Operation, incoming: Incoming, *, was_seen: bool = True) -> Result:
    with discarded_on_failure(services, incoming.content):
        change = partial(_change, services, operation, incoming, was_seen)
        return services.store.write_together(actor(operation), change)


def _change(services: Services, operation: Operation, incoming: Incoming, was_seen: bool, tx: Writer) -> Result:
    """Raises: VersionMoved -- nobody saw before that the target is an identity, whose content is read as such."""
    snapshot = _admit(services, operation, tx)
    if snapshot.state is not None and snapshot.state.protected and not was_seen:
        raise VersionMoved
    state = _write(services, tx, snapshot, incoming)
    return written(services, operation, state, created=snapshot.state is None)


def _admit(services: Services, operation: Operation, reader: Reader) -> Snapshot:
    """Everything that can be refused without looking at the body, in the order of RFC 9110 s13.2.1."""
    snapshot = admit(services, reader, operation, required.put)
    check_not_kept(operation.target, current_shape(snapshot))
    check_interaction_model(operation)
    if snapshot.state is None:
        check_creatable(snapshot)
    check_conditions(services, operation, snapshot.state)
    if snapshot.state is not None and snapshot.state.is_container:
        # Solid #server-protect-containment: "Servers MUST NOT allow HTTP PUT or PATCH on a container to update its
        # containment triples"; the statements a client may change live in the description resource.
        raise Conflict("This container exists. Describe it by writing to its description resource (.meta).")
    return snapshot


def _receive(services: Services, operation: Operation, snapshot: Snapshot | None) -> Incoming:
    """`snapshot` is what was seen before, None if there was no need to look."""
    target = operation.target
    if operation.body is not None:
        return receive(
            services,
            operation.body,
            target,
            room=inbox.room(services, snapshot, operation.body) if snapshot else None,
            by_account=operation.credentials.has_account,
            is_identity=snapshot is not None and snapshot.state is not None and snapshot.state.protected,
        )
    if not target.is_container:
        raise ContentTypeMissing("Say with Content-Type what the content is.")
    return Incoming(EMPTY, Kind.CONTAINER)


def _write(services: Services, tx: Writer, snapshot: Snapshot, incoming: Incoming) -> ResourceState:
    if snapshot.target.is_container:
        return create_container(services, tx, snapshot, incoming)
    content = incoming.checked()
    check_document(services, tx, snapshot, incoming.dataset)
    if snapshot.state is None:
        state = create_document(tx, snapshot, incoming.kind, content)
    else:
        state = tx.replace(snapshot.state, content, kind=incoming.kind, acl=effective(snapshot))
    services.authorizer.check_made(tx, snapshot, state)
    keep_uses(services, tx, snapshot.target, state, incoming.dataset)
    return state
