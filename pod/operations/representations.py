"""Which representation a reader gets, and how it is made: the stored bytes as they are, a conversion, or a listing.

A conversion is made once per version and kept within a bound, so no read parses twice what did not change. Large ones
are made one at a time.

Spec: Solid #server-representation-turtle-jsonld, #server-contained-resource-metadata; RFC 9110 s12.5.1; LDP 4.3.2
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import BinaryIO, cast

from pod.config import MIB
from pod.errors import NotAcceptable
from pod.operations.operation import Representation
from pod.operations.pages import HTML, View, listing_page
from pod.protocol.conneg import negotiate
from pod.protocol.resource import Target
from pod.rdf import containment, formats
from pod.rdf.containment import ListedMember
from pod.rdf.graph import Graph
from pod.services import Services
from pod.store import scratch
from pod.store.records import Kind, Member, ResourceState

SENT_FROM_MEMORY_BYTES_MAX = 4 * MIB
"""What is larger, and so is not kept, waits on the disk for readers, who may be slow and many."""


def choose_media_type(state: ResourceState, accept: str | None) -> str:
    """Raises: NotAcceptable -- the Accept header leaves nothing."""
    offers = _offers(state.kind, state.media_type, named=accept is not None)
    chosen = negotiate(accept, offers)
    if chosen is None:
        raise NotAcceptable(f"This resource is available as {', '.join(offers)}.")
    return chosen


@lru_cache(maxsize=64)
def _offers(kind: Kind, media_type: str, *, named: bool) -> tuple[str, ...]:
    """Best first. `named`: the client says what it accepts."""
    if kind is Kind.OTHER:
        return (media_type,)
    # LDP 4.3.2.2: Turtle where no Accept says otherwise
    return formats.offers(media_type if named else "text/turtle")


def represent(
    services: Services, state: ResourceState, target: Target, media_type: str, *, minimal: bool = False
) -> Representation:
    """The representation of a resource in a media type that `choose_media_type` gave."""
    if state.is_container:
        return _cached(
            services,
            state,
            media_type,
            minimal,
            lambda: _listing(services, state, target, media_type, minimal),
        )
    if media_type == state.media_type:
        return _as_stored(services, state)
    return _cached(services, state, media_type, False, lambda: _conversion(services, state, target, media_type))


def show(services: Services, state: ResourceState, target: Target, view: View) -> Representation:
    """The page about a container or an RDF source."""
    if (shell := view.renderer.shell) is not None:
        return Representation(HTML, len(shell), shell)
    make = _container_page if state.is_container else _document_page
    return _kept(services, state, HTML, view.code, lambda: make(services, state, target, view))


def _cached(
    services: Services, state: ResourceState, media_type: str, minimal: bool, make: Callable[[], bytes]
) -> Representation:
    return _kept(services, state, media_type, f"{media_type};minimal" if minimal else media_type, make)


def _kept(
    services: Services, state: ResourceState, media_type: str, variant: str, make: Callable[[], bytes]
) -> Representation:
    key = (state.id, state.state_version, variant)
    content = services.representations.get(key)
    if content is None:
        # In this order: of those who want the same large one, too, only so many may wait.
        with services.large_work.document(state.size), services.representations.making(key):
            content = services.representations.get(key) or make()
            services.representations.put(key, content)
            if len(content) > SENT_FROM_MEMORY_BYTES_MAX:
                return Representation(media_type, len(content), scratch.written(services.config.data, content))
    return Representation(media_type, len(content), content)


def _as_stored(services: Services, state: ResourceState) -> Representation:
    """Byte for byte what was written, without a parse."""
    content = state.inline if state.inline is not None else services.store.open(state)
    return Representation(state.media_type, state.size, content)


def slice_of(content: bytes | Iterator[bytes] | BinaryIO, first: int, length: int) -> bytes | BinaryIO:
    """`length` bytes of a stored body from `first` on.

    Spec: RFC 9110 s14.2
    """
    if isinstance(content, bytes):
        return content[first : first + length]
    assert isinstance(content, io.IOBase)
    content.seek(first)
    return cast("BinaryIO", FilePart(content, length))


class FilePart(io.RawIOBase):
    """An open file that ends `length` bytes after where it stands."""

    def __init__(self, file: io.IOBase, length: int) -> None:
        self._file = file
        self._left = length

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        chunk: bytes = self._file.read(wanted)
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._file.close()
        super().close()


def _conversion(services: Services, state: ResourceState, target: Target, media_type: str) -> bytes:
    with services.store.open(state) as file:
        dataset = services.parse(file.read(), state.media_type, services.placement.url(target.path))
    return formats.serialize(dataset, media_type)


def _listing(services: Services, state: ResourceState, target: Target, media_type: str, minimal: bool) -> bytes:
    """Containment, the members' metadata, and what clients said about the container in its description resource.

    Raises: VersionMoved -- the container is no longer as `state` says. The members, read last, tell that of both.
    """
    listed = containment.ListedContainer(
        url=services.placement.url(state.path), modified=state.modified, root=target.is_storage_root
    )
    description = _description(services, target)
    members = _members(services, services.store.members(state.id, state.listing_version))
    if minimal:
        next(members, None)
        members = iter(())
    return b"".join(containment.write(listed, members, description, media_type))


def _container_page(services: Services, state: ResourceState, target: Target, view: View) -> bytes:
    """The members are read last: they tell that nothing changed since `state`, the description included."""
    description = _description(services, target)
    listing = listing_page(lambda: services.store.members(state.id, state.listing_version), view.number)
    return view.renderer.container(target, listing, description)


def _document_page(services: Services, state: ResourceState, target: Target, view: View) -> bytes:
    with services.store.open(state) as file:
        content = file.read()
    dataset = services.parse(content, state.media_type, services.placement.url(target.path))
    return view.renderer.document(target, state, content, dataset)


def _members(services: Services, members: Iterator[Member]) -> Iterator[ListedMember]:
    url = services.placement.url
    for each in members:
        modified = each.modified_ms // 1000
        yield ListedMember(url(each.path), each.kind is Kind.CONTAINER, each.media_type, each.size, modified)


def _description(services: Services, target: Target) -> Graph | None:
    snapshot = services.store.describe(Target.parse(target.description))
    if snapshot.state is None:
        return None
    with services.store.open(snapshot.state) as file:
        base = services.placement.url(target.description)
        return services.parse(file.read(), snapshot.state.media_type, base).default
