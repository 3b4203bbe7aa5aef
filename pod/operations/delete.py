"""DELETE: remove a resource with its auxiliary resources.

Spec: Solid #server-delete-protect-root-container, #server-delete-protect-nonempty-container,
#server-delete-remove-auxiliary-resource
"""

from __future__ import annotations

from functools import partial

from pod.authorization import required
from pod.errors import NotFound
from pod.operations.admission import (
    actor,
    admit,
    allowed_methods,
    at_once,
    check_conditions,
    check_not_kept,
    current_shape,
    refuse_method,
    remember_regular,
    settled,
)
from pod.operations.create import effective
from pod.operations.operation import Operation, Result, Shape
from pod.operations.rules import check_deletable
from pod.services import Services
from pod.store.interface import Reader, Writer
from pod.store.records import ResourceState, Snapshot


def delete(services: Services, operation: Operation) -> Result:
    """Remove the target: 204."""
    commit = partial(_delete, services, operation)
    done = at_once(services, operation, commit)
    if done is None:
        settled(_admit)(services, operation, services.store)
        done = commit()
        remember_regular(services, operation)
    return done


def delete_within(services: Services, tx: Writer, operation: Operation) -> None:
    """The same in a transaction of the caller's."""
    _change(services, operation, tx)


def _delete(services: Services, operation: Operation) -> Result:
    services.store.write_together(actor(operation), partial(_change, services, operation))
    return Result(204, operation.target, Shape(container=operation.target.is_container, exists=False))


def _change(services: Services, operation: Operation, tx: Writer) -> None:
    snapshot, state = _admit(services, operation, tx)
    tx.delete(state, acl=effective(snapshot))


def _admit(services: Services, operation: Operation, reader: Reader) -> tuple[Snapshot, ResourceState]:
    snapshot = admit(services, reader, operation, required.delete)
    if snapshot.state is None:
        raise NotFound("There is nothing here to delete.")
    shape = current_shape(snapshot)
    check_not_kept(operation.target, shape)
    if "DELETE" not in allowed_methods(operation.target, shape):
        raise refuse_method(operation.target, shape, "A storage root and its access control list cannot be deleted.")
    check_conditions(services, operation, snapshot.state)
    check_deletable(snapshot)
    return snapshot, snapshot.state
