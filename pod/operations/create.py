"""Bringing a resource into being inside a transaction, with the containers on the way. Shared by PUT, POST and PATCH.

Spec: Solid #server-put-patch-intermediate-containers, #server-hierarchical-containment
"""

from __future__ import annotations

from dataclasses import replace

from pod.operations.content import EMPTY, Incoming
from pod.operations.operation import Operation, Result, shape_of
from pod.operations.rules import check_description
from pod.protocol.resource import Target, lineage
from pod.services import Services
from pod.store.interface import Writer
from pod.store.records import ACLReference, Content, Kind, ResourceState, Snapshot


def create_document(tx: Writer, snapshot: Snapshot, kind: Kind, content: Content) -> ResourceState:
    """Make the target, and every container that is missing above it."""
    create_containers(tx, snapshot)
    return tx.create(snapshot.target, kind, content, acl=effective(snapshot))


def create_container(services: Services, tx: Writer, snapshot: Snapshot, description: Incoming) -> ResourceState:
    """Make the target, a container; the body it came with becomes its description resource."""
    create_containers(tx, snapshot)
    target = snapshot.target
    state = tx.create(target, Kind.CONTAINER, EMPTY, acl=effective(snapshot))
    content = description.checked()
    if not content.size:
        return state
    if description.dataset is not None:
        check_description(services, target.path, description.dataset.default)
    described = tx.create(Target.parse(target.description), Kind.RDF, content, acl=effective(snapshot))
    services.authorizer.check_made(tx, snapshot, described)
    return replace(state, listing_version=described.version)


def create_containers(tx: Writer, snapshot: Snapshot) -> None:
    """The missing containers above the target, topmost first."""
    if snapshot.target.auxiliary:
        return
    missing = [path for path in lineage(snapshot.target.path)[1:] if path not in snapshot.others]
    for path in reversed(missing):
        tx.create(Target(path, path), Kind.CONTAINER, EMPTY, acl=effective(snapshot))


def effective(snapshot: Snapshot) -> ACLReference | None:
    """The ACL in force before the change; the journal keeps it."""
    return snapshot.acls[0] if snapshot.acls else None


def written(services: Services, operation: Operation, state: ResourceState, *, created: bool) -> Result:
    """The answer to a PUT or PATCH. Spec: RFC 9110 s9.3.4"""
    return Result(
        201 if created else 204,
        operation.target,
        shape_of(operation.target, state),
        etag=services.etag(state),
        modified=state.modified,
        created=operation.target if created else None,
    )
