"""PATCH: change an RDF document by an N3 Patch or a SPARQL Update, making it where it is missing.

The new document is computed outside the transaction from the version that was read; the transaction then checks that
this version is still current, and the whole is tried again, a bounded number of times, when it is not. Patches of one
document take turns, or most of many at once would be computed in vain; only other writes can come between.

Spec: Solid #server-patch-n3-semantics, #server-put-patch-intermediate-containers; RFC 5789 s2.2
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from pod.authorization import required
from pod.errors import Busy, ContentTypeMissing, PatchDidNotMatch, UnsupportedMediaType, VersionMoved
from pod.operations.admission import (
    actor,
    admit,
    allowed_methods,
    check_conditions,
    check_creatable,
    current_shape,
    refuse_method,
    settled,
    spend_proof,
)
from pod.operations.content import discarded_on_failure, is_judged, read_capped, stage_document
from pod.operations.create import create_document, effective, written
from pod.operations.operation import Body, Operation, Result
from pod.operations.rules import check_document
from pod.protocol.modes import AccessMode
from pod.rdf import formats, n3patch, sparql_update
from pod.rdf.graph import Dataset
from pod.rdf.patch import Patch, apply
from pod.services import Services
from pod.store.interface import Reader, Writer
from pod.store.records import Content, Kind, ResourceState, Snapshot

PARSERS = {"text/n3": n3patch.parse, "application/sparql-update": sparql_update.parse}
ACCEPT_PATCH = ", ".join(PARSERS)
NEW_DOCUMENT_TYPE = "text/turtle"
ATTEMPTS_MAX = 10


@dataclass(frozen=True, slots=True)
class Computed:
    """The document after the patch, and the version it was computed from (None: from nothing).

    `dataset` is what it says, where rules look at that.
    """

    version: int | None
    content: Content
    dataset: Dataset | None


def patch(services: Services, operation: Operation) -> Result:
    """Update (204) or create (201)."""
    settled(_admit)(services, operation, None, services.store)
    body = _patch_body(operation)
    text = read_capped(body, services.config.patch_bytes_max)
    with services.large_work.patch(len(text)):
        update = _parse(services, operation, body, text)
        for _ in range(ATTEMPTS_MAX):
            with suppress(VersionMoved), services.store.turn(operation.target.path):
                return _attempt(services, operation, update)
    raise Busy("Others kept changing this document; try again.", headers=(("Retry-After", "1"),))


def _patch_body(operation: Operation) -> Body:
    if operation.body is None:
        raise ContentTypeMissing("A PATCH needs content and a Content-Type: text/n3 or application/sparql-update.")
    if operation.body.media_type.essence not in PARSERS:
        # RFC 5789 s2.2: "the server can ... return 415 ... response SHOULD include an Accept-Patch"
        raise UnsupportedMediaType(
            "PATCH understands text/n3 (N3 Patch) and application/sparql-update.",
            headers=(("Accept-Patch", ACCEPT_PATCH),),
        )
    return operation.body


def _parse(services: Services, operation: Operation, body: Body, text: bytes) -> Patch:
    """Raises: MalformedContent 400, UnprocessableContent 422 (Solid #server-patch-n3-invalid)"""
    base = services.placement.url(operation.target.path)
    return PARSERS[body.media_type.essence](text, base=base, limits=services.limits)


def _admit(services: Services, operation: Operation, modes: AccessMode | None, reader: Reader) -> Snapshot:
    """`modes` are what the patch needs; before it is read (None), any mode that could allow some patch will do."""
    snapshot = admit(services, reader, operation, partial(required.patch, modes=modes))
    shape = current_shape(snapshot)
    if "PATCH" not in allowed_methods(operation.target, shape):
        raise refuse_method(operation.target, shape, "Only RDF documents can be patched; containers by their .meta.")
    if snapshot.state is None:
        check_creatable(snapshot)
    check_conditions(services, operation, snapshot.state)
    return snapshot


def _attempt(services: Services, operation: Operation, update: Patch) -> Result:
    """Raises: VersionMoved -- the document changed between reading and writing."""
    snapshot = _admit(services, operation, update.modes, services.store)
    computed = _compute(services, operation, snapshot.state, update)
    with discarded_on_failure(services, computed.content), services.store.write(actor(operation)) as tx:
        snapshot = _admit(services, operation, update.modes, tx)
        if _version(snapshot.state) != computed.version:
            raise VersionMoved
        spend_proof(tx, operation)
        state = _write(services, tx, snapshot, computed)
    return written(services, operation, state, created=snapshot.state is None)


def _compute(services: Services, operation: Operation, state: ResourceState | None, update: Patch) -> Computed:
    """Raises: PatchDidNotMatch 409; UnprocessableContent 422 -- too much work"""
    media_type = state.media_type if state else NEW_DOCUMENT_TYPE
    is_identity = state is not None and state.protected
    with services.large_work.document(state.size if state else 0):
        after = apply(update, _current(services, operation, state), limits=services.limits)
        if state is None and not len(after):
            raise PatchDidNotMatch("There is nothing at this URL, and the patch adds nothing: it was not made.")
        data = formats.serialize(after, media_type)
        judged = after if is_judged(operation.target, is_identity=is_identity) else None
        del after
    content = stage_document(services, data, media_type, operation.target, is_identity=is_identity)
    return Computed(_version(state), content, judged)


def _current(services: Services, operation: Operation, state: ResourceState | None) -> Dataset:
    if state is None:
        return Dataset()
    with services.store.open(state) as file:
        return services.parse(file.read(), state.media_type, services.placement.url(operation.target.path))


def _version(state: ResourceState | None) -> int | None:
    return state.version if state else None


def _write(services: Services, tx: Writer, snapshot: Snapshot, computed: Computed) -> ResourceState:
    check_document(services, tx, snapshot, computed.dataset)
    if snapshot.state is None:
        return create_document(tx, snapshot, Kind.RDF, computed.content)
    return tx.replace(snapshot.state, computed.content, kind=Kind.RDF, acl=effective(snapshot))
