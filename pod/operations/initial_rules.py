"""The access control resource (ACR) of a resource that nobody gave one yet: under Access Control Policy each has one
from the start, which says nothing but whose it is. Published clients read it, add to it, and send it back as a patch.

Under Web Access Control there is none: "Servers who want a resource to inherit Authorizations from a container resource
MUST NOT have a representation for the ACL resource" (WAC #server-acl-without-representation).

Spec: ACP #conforming-resource-server
"""

from __future__ import annotations

from pod.protocol.resource import Auxiliary, Target
from pod.rdf import documents
from pod.rdf.graph import Dataset
from pod.services import Services
from pod.store.records import Kind, ResourceState

TURTLE = "text/turtle"


def initial_state(services: Services, target: Target) -> ResourceState | None:
    """An ACR as if it were stored; None for what begins with nothing, or belongs to nothing."""
    if not _begins_with_something(services, target):
        return None
    subject = services.store.describe(Target(target.subject, target.subject), with_body=False).state
    if subject is None:
        return None
    content = _content(services, target)
    # Ids count up from 1 and versions too: this pair is no other resource's, whatever is remembered by it.
    return ResourceState(
        id=-subject.id,
        storage=subject.storage,
        path=target.path,
        kind=Kind.RDF,
        media_type=TURTLE,
        version=0,
        listing_version=0,
        modified_ms=subject.modified_ms,
        size=len(content),
        digest="",
        inline=content,
    )


def initial_dataset(services: Services, target: Target) -> Dataset:
    """What a patch begins with where nothing is stored."""
    if not _begins_with_something(services, target):
        return Dataset()
    return services.parse(_content(services, target), TURTLE, services.placement.url(target.path))


def _begins_with_something(services: Services, target: Target) -> bool:
    return target.auxiliary is Auxiliary.ACL and services.config.access_control == "acp"


def _content(services: Services, target: Target) -> bytes:
    return documents.access_control_resource(services.placement.url(target.subject))
