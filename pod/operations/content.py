"""Content on its way in: read to its end, staged, and parsed when it is RDF, all outside any transaction.

What is wrong with it is kept, not raised: authorization, the target and the preconditions speak first.

Spec: Solid #server-content-type-missing, #server-representation-turtle-jsonld
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from pod.errors import CommitUncertain, ContentTooLarge, PodError, QuotaExceeded, UnsupportedMediaType
from pod.operations.operation import Body
from pod.protocol.resource import Auxiliary, Target
from pod.rdf import formats
from pod.rdf.graph import Dataset
from pod.rdf.large import SMALL_BYTES_MAX
from pod.services import Services
from pod.store import scratch
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


def receive(
    services: Services,
    body: Body,
    target: Target,
    *,
    room: int | None,
    by_account: bool,
    is_identity: bool = False,
) -> Incoming:
    """Read and stage the content of what will be at `target`.

    `room`: the bytes that the storage's quota leaves for it, None where there is none. The write counts exactly.
    `by_account`: new JSON-LD contexts may be fetched for it; a stranger could have us ask anybody, any number of times.
    `is_identity`: it holds the WebID of an account.

    Raises: TruncatedContent, ContentTooLarge, QuotaExceeded -- nothing remains staged.
    """
    if formats.is_rdf(body.media_type.essence):
        return _receive_document(services, body, target, by_account=by_account, is_identity=is_identity)
    if target.is_container or target.auxiliary:
        problem = UnsupportedMediaType("Auxiliary resources and container descriptions are RDF: send text/turtle.")
        return Incoming(EMPTY, Kind.OTHER, problem=problem)
    return Incoming(_staged(services, body, room), Kind.OTHER)


def _staged(services: Services, body: Body, room: int | None) -> Content:
    """A body that may be large: no more of it is taken in than there is room for."""
    bytes_max = services.config.blob_bytes_max
    _check_length(body, bytes_max)
    if room is None or room >= bytes_max:
        return services.store.stage(body.stream, str(body.media_type), bytes_max=bytes_max)
    if body.length is not None and body.length > room:
        raise _no_room(room)
    try:
        return services.store.stage(body.stream, str(body.media_type), bytes_max=room)
    except ContentTooLarge as error:
        raise _no_room(room) from error


def _no_room(room: int) -> QuotaExceeded:
    return QuotaExceeded(f"The storage has room for {room} bytes here. Delete something first.", bytesLeft=room)


def _receive_document(
    services: Services, body: Body, target: Target, *, by_account: bool, is_identity: bool
) -> Incoming:
    """An RDF body: read whole under its cap, read through, then staged as it came.

    Spec: LDP 4.2.1.5 -- relative IRIs resolve against the URL of the resource it is about.
    """
    bytes_max = document_bytes_max(services, target, is_identity=is_identity)
    if body.bytes_max is not None:
        bytes_max = min(bytes_max, body.bytes_max)
    with taken_in(services, body, bytes_max) as (file, size), services.large_work.document(size):
        data = file.read()
        media_type = body.media_type.essence
        try:
            judged = is_judged(target, is_identity=is_identity)
            dataset = _understood(services, data, media_type, target, by_account=by_account, judged=judged)
        except PodError as problem:
            return Incoming(EMPTY, Kind.RDF, problem=problem)
        # A container's will stand in its description resource, whose URL is another base: make its IRIs absolute.
        # A JSON-LD context elsewhere may change, and then a profile would tell others of another issuer; and whoever
        # decides by an ACL knows no contexts but the best known: write them out.
        is_authority = is_identity or target.auxiliary is Auxiliary.ACL
        if dataset is not None and (target.is_container or (is_authority and media_type == formats.JSON_LD.media_type)):
            data = formats.serialize(dataset, media_type)
            if len(data) > bytes_max:
                return Incoming(EMPTY, Kind.RDF, problem=_too_large(bytes_max))
    return Incoming(stage_bytes(services, data, media_type), Kind.RDF, dataset)


def _understood(
    services: Services, data: bytes, media_type: str, target: Target, *, by_account: bool, judged: bool
) -> Dataset | None:
    """What the document says, if it is to be `judged`; else it is only seen that it can be read, which costs less.

    Raises: MalformedContent, ContentTooLarge, UnprocessableContent
    """
    base = services.placement.url(target.path)
    contexts = services.contexts_for(base) if by_account else services.kept_contexts
    if judged:
        return formats.parse(data, media_type, base=base, limits=services.limits, contexts=contexts)
    formats.validate(data, media_type, base=base, limits=services.limits, contexts=contexts)
    return None


def is_judged(target: Target, *, is_identity: bool) -> bool:
    """Whether rules look at what the document says: such documents are small. Of others no graph is made."""
    return is_identity or target.is_container or target.auxiliary is not None


def document_bytes_max(services: Services, target: Target, *, is_identity: bool = False) -> int:
    """What an RDF document may weigh. What is read for requests that ask for something else is kept small: an ACL for
    everything under it, a container's description for each listing, and a profile, which nobody could sign in with if
    it were more than is ever read of one.
    """
    config = services.config
    if target.auxiliary is Auxiliary.ACL:
        return config.acl_bytes_max
    if target.subject.endswith("/"):
        return config.description_bytes_max
    return config.remote_bytes_max if is_identity else config.document_bytes_max


def stage_document(
    services: Services, data: bytes, media_type: str, target: Target, *, is_identity: bool = False
) -> Content:
    """Stage a document made here. Raises: ContentTooLarge -- a patch made it grow beyond what could be read again"""
    bytes_max = document_bytes_max(services, target, is_identity=is_identity)
    if len(data) > bytes_max:
        raise _too_large(bytes_max)
    return stage_bytes(services, data, media_type)


def stage_bytes(services: Services, data: bytes, media_type: str) -> Content:
    """Stage what is in memory already."""
    return services.store.stage(io.BytesIO(data), media_type, bytes_max=len(data))


@contextmanager
def taken_in(services: Services, body: Body, bytes_max: int) -> Iterator[tuple[BinaryIO, int]]:
    """The whole body and its size. A large one is not held in memory: it may have to wait until its turn to be parsed.

    Raises: ContentTooLarge; NoSpaceLeft, StoreUnavailable
    """
    if body.length is not None and body.length <= SMALL_BYTES_MAX:
        data = read_capped(body, bytes_max)
        yield io.BytesIO(data), len(data)
        return
    with scratch.held(services.config.data, _chunks(body, bytes_max)) as held:
        yield held


def read_capped(body: Body, bytes_max: int) -> bytes:
    """The whole body in memory. Raises: ContentTooLarge -- as soon as that is known."""
    return b"".join(_chunks(body, bytes_max))


def _chunks(body: Body, bytes_max: int) -> Iterator[bytes]:
    _check_length(body, bytes_max)
    size = 0
    while chunk := body.stream.read(256 * 1024):
        size += len(chunk)
        if size > bytes_max:
            raise _too_large(bytes_max)
        yield chunk


def _check_length(body: Body, bytes_max: int) -> None:
    """A body announced too large is refused before any of it is read."""
    if body.length is not None and body.length > bytes_max:
        raise _too_large(bytes_max)


def _too_large(bytes_max: int) -> ContentTooLarge:
    return ContentTooLarge(f"Content of this kind may have at most {bytes_max} bytes.", limit=bytes_max)


@contextmanager
def discarded_on_failure(services: Services, content: Content) -> Iterator[None]:
    """Staged content leaves with the write that wanted it, unless a crash could make that happen after all."""
    try:
        yield
    except CommitUncertain:
        raise
    except BaseException:
        services.store.discard(content)
        raise
