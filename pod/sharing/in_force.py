"""The rule documents in force of one resource, as the sharing page reads them: its own and those of its containers.

Reads through the reader of whoever asks, so inside a transaction what is read is what is changed.

Spec: WAC #effective-acl-resource; ACP #effective-policies
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from pod.authorization.effective import effective_acl
from pod.authorization.rules import canonical
from pod.errors import Conflict, PodError, VersionMoved
from pod.protocol.resource import Auxiliary
from pod.rdf import documents, formats
from pod.rdf.graph import Dataset
from pod.services import Services
from pod.sharing.acp_document import ACRDocument
from pod.sharing.shares import Share
from pod.sharing.wac_document import ACLDocument
from pod.store.interface import Reader
from pod.store.records import ACLReference, Snapshot

TURTLE = "text/turtle"

Document: TypeAlias = ACLDocument | ACRDocument


class RulesUnreadable(Conflict):
    """A rule document cannot be read, so nobody can say what would come of a change."""


@dataclass(frozen=True, slots=True)
class InForce:
    """`own` is None where a resource has no rules of its own; `above` are those of containers, nearest first.

    Under Web Access Control only the nearest of all counts, and is there.
    """

    path: str
    own: Document | None
    above: tuple[Document, ...]
    media_type: str = TURTLE
    """Of its own."""

    @property
    def documents(self) -> tuple[Document, ...]:
        return self.above if self.own is None else (self.own, *self.above)

    def shares(self) -> tuple[Share, ...]:
        own = () if self.own is None else self.own.shares()
        return (*own, *(share for each in self.above for share in each.inherited_shares(self.path)))


def read_in_force(services: Services, reader: Reader, snapshot: Snapshot) -> InForce:
    """Raises: RulesUnreadable; VersionMoved -- rules of the snapshot are no longer kept."""
    path = snapshot.target.subject
    found = [_read(services, reader, each) for each in _counting(services, snapshot)]
    if found and found[0][0].path == path:
        return InForce(path, found[0][0], tuple(each for each, _ in found[1:]), found[0][1])
    return InForce(path, None, tuple(each for each, _ in found))


def begun(services: Services, in_force: InForce) -> Document:
    """The resource's own rules, or what they begin with: under Web Access Control what reaches it from above, which its
    own replace; under Access Control Policy nothing, since what is above counts on.
    """
    if in_force.own is not None:
        return in_force.own
    resource = services.placement.url(in_force.path)
    document = resource + Auxiliary.ACL.value
    nearest = in_force.above[0] if in_force.above else None
    if isinstance(nearest, ACLDocument):
        return nearest.inherited_by(document, resource, in_force.path)
    spelling = partial(canonical, services.placement)
    if services.config.access_control == "acp":
        initial = services.parse(documents.access_control_resource(resource), TURTLE, document)
        return ACRDocument(initial, document, resource, in_force.path, spelling)
    return ACLDocument(Dataset(), document, resource, in_force.path, spelling)


def _counting(services: Services, snapshot: Snapshot) -> tuple[ACLReference, ...]:
    path = snapshot.target.subject
    if services.config.access_control == "acp":
        return tuple(each for each in snapshot.acls if len(each.subject) <= len(path))
    nearest = effective_acl(snapshot.acls, path)
    return () if nearest is None else (nearest,)


def _read(services: Services, reader: Reader, reference: ACLReference) -> tuple[Document, str]:
    found = reader.rules(reference)
    if found is None:
        raise VersionMoved("The access rules changed while they were read; try again.")
    media_type, content = found
    resource = services.placement.url(reference.subject)
    document = resource + Auxiliary.ACL.value
    limits = replace(services.limits, bytes=services.config.acl_bytes_max)
    try:
        dataset = formats.parse(content, media_type, base=document, limits=limits)
    except PodError as error:
        raise RulesUnreadable(
            f"The access rules in {document} cannot be read, so only the owner has access. Replace that document."
        ) from error
    kind = ACRDocument if services.config.access_control == "acp" else ACLDocument
    return kind(dataset, document, resource, reference.subject, partial(canonical, services.placement)), media_type
