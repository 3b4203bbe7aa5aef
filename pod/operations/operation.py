"""What is asked and what came of it, as values. From here on nothing knows about WSGI, Flask or raw header strings.

Spec: Solid #http-definitions; RFC 9110 s9
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from pod.authorization.decision import Decision
from pod.authorization.required import Need
from pod.operations.pages import View
from pod.protocol.agent import Credentials
from pod.protocol.conditions import Conditions
from pod.protocol.modes import AccessMode
from pod.protocol.representation import ETag, MediaType
from pod.protocol.resource import Target
from pod.store.records import Kind, ResourceState

UNSUPPORTED_MODELS = frozenset(
    {"http://www.w3.org/ns/ldp#DirectContainer", "http://www.w3.org/ns/ldp#IndirectContainer"}
)
LDP_CONTAINER_TYPES = frozenset({"http://www.w3.org/ns/ldp#BasicContainer", "http://www.w3.org/ns/ldp#Container"})


@dataclass(frozen=True, slots=True)
class Body:
    """Content of a request, not yet read. `read` raises TruncatedContent when it ends before its announced length."""

    stream: BinaryIO
    media_type: MediaType
    length: int | None = None
    bytes_max: int | None = None
    """What may be sent here, where that is less than anywhere else."""


@dataclass(slots=True)
class Judged:
    """What one request was found to need of its target, and the verdict: filled in as it is admitted, told to the
    owner when it is over.
    """

    need: Need | None = None
    decision: Decision | None = None

    def took(self, modes: AccessMode) -> None:
        """What was admitted before anybody knew what it takes turned out to take this."""
        if self.need is not None:
            self.need = replace(self.need, modes=modes or AccessMode.APPEND, any_of=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """One request to a resource of a storage, with every header parsed."""

    method: str
    target: Target
    credentials: Credentials
    conditions: Conditions
    accept: str | None = None
    range: str | None = None
    body: Body | None = None
    link_types: frozenset[str] = frozenset()
    slug: str | None = None
    minimal: bool = False
    """A container is wanted without its listing. Spec: LDP 7.2.2"""
    view: View | None = None
    """A page is wanted rather than RDF."""
    network: str = ""
    """What the address that a POST came from counts as."""
    judged: Judged = field(default_factory=Judged, compare=False)

    @property
    def wants_container(self) -> bool:
        """Spec: LDP 5.2.3.4 -- the interaction model the client asks for."""
        return bool(self.link_types & LDP_CONTAINER_TYPES)


@dataclass(frozen=True, slots=True)
class Representation:
    """Bytes to send, in one of three forms: whole in memory, chunks, or an open file. `size` is None for chunks of
    unknown length.
    """

    media_type: str
    size: int | None
    content: bytes | Iterator[bytes] | BinaryIO


@dataclass(frozen=True, slots=True)
class Shape:
    """What kind of resource answers: decides `Allow`, `Accept-*` and the type links."""

    container: bool = False
    rdf: bool = False
    root: bool = False
    exists: bool = True
    inbox: bool = False
    kept: bool = False
    """By the server, and written by nobody else."""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of an operation that succeeded, told of its target. Failures are raised."""

    status: int
    target: Target
    shape: Shape
    etag: ETag | None = None
    modified: int | None = None
    representation: Representation | None = None
    created: Target | None = None
    """What a POST made; of a PUT or PATCH that creates, the target itself."""
    content_range: str | None = None
    granted: tuple[AccessMode, AccessMode] | None = None
    """Modes of the caller and of the public, for `WAC-Allow`."""
    minimal: bool = False
    """The container's listing was left out as asked."""
    page_policy: str | None = None
    """The `Content-Security-Policy` of a page of ours; None where the representation is the pod's own."""
    page_language: str | None = None
    """In which such a page is, where the request chose it."""
    offers: bool = False
    """To OPTIONS: all that may be done here is told."""
    moved_to: str | None = None
    """Path of the slash twin that exists instead."""


def shape_of(target: Target, state: ResourceState | None) -> Shape:
    """The shape of a target as it is, or as it would be if it were created."""
    if state is None:
        rdf, kept = target.auxiliary is not None, target.is_app_list
        return Shape(container=target.is_container, rdf=rdf, root=False, exists=False, kept=kept)
    return Shape(
        container=state.is_container,
        rdf=state.kind is not Kind.OTHER,
        root=target.subject == target.storage,
        inbox=target.is_inbox,
        kept=target.is_app_list,
    )
