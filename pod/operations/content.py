"""Content on its way in: read to its end, staged, and parsed when it is RDF, all outside any transaction.

What is wrong with it is kept, not raised: authorization, the target and the preconditions speak first.

Spec: Solid #server-content-type-missing, #server-representation-turtle-jsonld
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pod.errors import ContentTooLarge, PodError, UnsupportedMediaType
from pod.operations.operation import Body
from pod.rdf import formats
from pod.rdf.graph import Dataset
from pod.services import Services
from pod.store.records import Content, Kind

EMPTY = Content("text/turtle", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", inline=b"")
"""The body of a container: none of its own. What a client says about it lives in its description resource."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A staged body and what is known of it."""

    content: Content
    kind: Kind
    dataset: Dataset | None = None
    problem: PodError | None = None

    def checked(self) -> Content:
        """The content, if nothing is wrong with it."""
        if self.problem:
            raise self.problem
        return self.content


def receive(services: Services, body: Body, base: str, *, rdf_only: bool = False) -> Incoming:
    """Read and stage a body. `base` is the URL relative IRIs resolve against (LDP 4.2.1.5).

    Raises: TruncatedContent, ContentTooLarge -- nothing remains staged.
    """
    if formats.is_rdf(body.media_type.essence):
        return receive_document(services, body, base)
    if rdf_only:
        problem = UnsupportedMediaType("Auxiliary resources and container descriptions are RDF: send text/turtle.")
        return Incoming(EMPTY, Kind.OTHER, problem=problem)
    content = services.store.stage(body.stream, str(body.media_type), bytes_max=services.config.blob_bytes_max)
    return Incoming(content, Kind.OTHER)


def receive_document(services: Services, body: Body, base: str) -> Incoming:
    """An RDF body: read whole under its cap, parsed, then staged as it came."""
    data = read_capped(body, services.config.document_bytes_max)
    media_type = body.media_type.essence
    content = services.store.stage(io.BytesIO(data), media_type, bytes_max=len(data))
    try:
        dataset = services.parse(data, media_type, base)
    except PodError as problem:
        return Incoming(content, Kind.RDF, problem=problem)
    return Incoming(content, Kind.RDF, dataset)


def read_capped(body: Body, bytes_max: int) -> bytes:
    """The whole body in memory. Raises: ContentTooLarge -- as soon as that is known."""
    if body.length is not None and body.length > bytes_max:
        raise _too_large(bytes_max)
    parts: list[bytes] = []
    size = 0
    while chunk := body.stream.read(256 * 1024):
        size += len(chunk)
        if size > bytes_max:
            raise _too_large(bytes_max)
        parts.append(chunk)
    return b"".join(parts)


def _too_large(bytes_max: int) -> ContentTooLarge:
    return ContentTooLarge(f"Content of this kind may have at most {bytes_max} bytes.", limit=bytes_max)


@contextmanager
def discarded_on_failure(services: Services, content: Content) -> Iterator[None]:
    """Staged content leaves with the write that wanted it."""
    try:
        yield
    except BaseException:
        services.store.discard(content)
        raise
