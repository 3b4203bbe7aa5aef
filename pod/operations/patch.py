"""PATCH: change an RDF document by an N3 Patch or a SPARQL Update, making it where it is missing.

A small patch of a small document is computed in the transaction that writes it, so that any number of them may come at
once. Otherwise the new document is computed before the transaction from the version that was read; the transaction
checks that this version is still current, and the whole is tried again, a bounded number of times, when it is not.
Patches that are computed so take turns at their document, or most of many would be computed in vain.

Spec: Solid #server-patch-n3-semantics, #server-put-patch-intermediate-containers; RFC 5789 s2.2
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial

from pod.authorization import required
from pod.authorization.decision import Decision
from pod.errors import (
    Busy,
    ContentTooLarge,
    ContentTypeMissing,
    PatchDidNotMatch,
    UnprocessableContent,
    UnsupportedMediaType,
    VersionMoved,
)
from pod.operations.admission import (
    LITTLE_BYTES,
    actor,
    admitted,
    allowed_methods,
    at_once,
    check_conditions,
    check_creatable,
    check_not_kept,
    current_shape,
    in_passing,
    refuse_method,
    remember_regular,
    settled,
)
from pod.operations.content import discarded_on_failure, is_judged, read_capped, stage_document
from pod.operations.create import create_document, effective, written
from pod.operations.initial_rules import initial_dataset
from pod.operations.operation import Body, Operation, Result
from pod.operations.rules import check_document, keep_uses
from pod.protocol.modes import AccessMode
from pod.rdf import formats, n3patch, sparql_update
from pod.rdf.formats import Limits
from pod.rdf.graph import Dataset
from pod.rdf.patch import Patch, apply
from pod.services import Services
from pod.store.interface import Reader, Writer
from pod.store.records import Content, Kind, ResourceState, Snapshot

PARSERS = {"text/n3": n3patch.parse, "application/sparql-update": sparql_update.parse}
ACCEPT_PATCH = ", ".join(PARSERS)
NEW_DOCUMENT_TYPE = "text/turtle"
ATTEMPTS_MAX = 10
SMALL_STEPS = 2_000
"""Matching steps that a patch may take in a transaction, while other writes wait."""
SMALL_EXPANSION_BYTES = 8 * LITTLE_BYTES
"""What the document may say and the patch may add there, written out: a short one can name a long thing many times."""
SMALL_CONTEXT_STEPS = 2_000
"""What the contexts of a document may cost there: a short one can name large ones."""


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
    done = at_once(services, operation, partial(_patch_at_once, services, operation))
    if done is None:
        snapshot, decision = settled(_admit)(services, operation, None, services.store)
        done = _patch(services, operation, snapshot, decision)
        remember_regular(services, operation)
    return done


def _patch_at_once(services: Services, operation: Operation) -> Result:
    with in_passing():
        update = _parse(services, operation, _read(services, operation))
    return services.store.write_together(actor(operation), partial(_small, services, operation, update, None))


def _patch(services: Services, operation: Operation, snapshot: Snapshot, decision: Decision) -> Result:
    """With what is known before the patch is read."""
    text = _read(services, operation)
    with services.large_work.patch(len(text)):
        return _applied(services, operation, text, snapshot, decision)


def _applied(services: Services, operation: Operation, text: bytes, snapshot: Snapshot, decision: Decision) -> Result:
    update = _parse(services, operation, text)
    if snapshot.state is None or update.modes not in decision.modes:
        snapshot, _ = settled(_admit)(services, operation, update.modes, services.store)
    if len(text) <= LITTLE_BYTES and _is_small(snapshot.state):
        with suppress(VersionMoved):
            change = partial(_small, services, operation, update, update.modes)
            return services.store.write_together(actor(operation), change)
    for _ in range(ATTEMPTS_MAX):
        with suppress(VersionMoved), services.store.turn(operation.target.path):
            return _attempt(services, operation, update)
    raise Busy("Others kept changing this document; try again.", headers=(("Retry-After", "1"),))


def _read(services: Services, operation: Operation) -> bytes:
    return read_capped(_patch_body(operation), services.config.patch_bytes_max)


def _is_small(state: ResourceState | None) -> bool:
    return state is None or (state.size <= LITTLE_BYTES and state.blob is None)


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


def _parse(services: Services, operation: Operation, text: bytes) -> Patch:
    """Raises: MalformedContent 400, UnprocessableContent 422 (Solid #server-patch-n3-invalid)"""
    base = services.placement.url(operation.target.path)
    return PARSERS[_patch_body(operation).media_type.essence](text, base=base, limits=services.limits)


def _admit(
    services: Services, operation: Operation, modes: AccessMode | None, reader: Reader
) -> tuple[Snapshot, Decision]:
    """`modes` are what the patch needs; before it is read (None), any mode that could allow some patch will do."""
    needs = partial(required.patch, modes=modes)
    with_body = modes is not None or reader is not services.store
    snapshot, decision = admitted(services, reader, operation, needs, with_body=with_body)
    shape = current_shape(snapshot)
    check_not_kept(operation.target, shape)
    if "PATCH" not in allowed_methods(operation.target, shape):
        raise refuse_method(operation.target, shape, "Only RDF documents can be patched; containers by their .meta.")
    if snapshot.state is None:
        check_creatable(snapshot)
    check_conditions(services, operation, snapshot.state)
    return snapshot, decision


@cache
def _small_limits(limits: Limits) -> Limits:
    return replace(
        limits,
        patch_steps=min(SMALL_STEPS, limits.patch_steps),
        expansion_bytes=min(SMALL_EXPANSION_BYTES, limits.expansion_bytes),
        context_steps=min(SMALL_CONTEXT_STEPS, limits.context_steps),
    )


def _small(services: Services, operation: Operation, update: Patch, modes: AccessMode | None, tx: Writer) -> Result:
    """All in one transaction. `modes`: those of the patch, or None where nobody looked before, as in `_admit`.

    Raises: VersionMoved -- it is not as small as it seemed, and too much for where everybody waits.
    """
    snapshot, decision = _admit(services, operation, modes, tx)
    if modes is None and (snapshot.state is None or update.modes not in decision.modes):
        snapshot, _ = _admit(services, operation, update.modes, tx)
    operation.judged.took(update.modes)
    if not _is_small(snapshot.state):
        raise VersionMoved
    try:
        computed = _compute(services, operation, snapshot.state, update, _small_limits(services.limits))
    except (UnprocessableContent, ContentTooLarge) as error:
        raise VersionMoved from error
    with discarded_on_failure(services, computed.content):
        return _written(services, operation, snapshot, computed, tx)


def _attempt(services: Services, operation: Operation, update: Patch) -> Result:
    """Raises: VersionMoved -- the document changed between reading and writing."""
    snapshot, _ = _admit(services, operation, update.modes, services.store)
    computed = _compute(services, operation, snapshot.state, update, services.limits)
    with discarded_on_failure(services, computed.content):
        change = partial(_change, services, operation, update, computed)
        return services.store.write_together(actor(operation), change)


def _change(services: Services, operation: Operation, update: Patch, computed: Computed, tx: Writer) -> Result:
    snapshot, _ = _admit(services, operation, update.modes, tx)
    if _version(snapshot.state) != computed.version:
        raise VersionMoved
    return _written(services, operation, snapshot, computed, tx)


def _compute(
    services: Services, operation: Operation, state: ResourceState | None, update: Patch, limits: Limits
) -> Computed:
    """Raises: PatchDidNotMatch 409; UnprocessableContent 422 -- too much work"""
    media_type = state.media_type if state else NEW_DOCUMENT_TYPE
    url, is_identity = services.placement.url(operation.target.path), state is not None and state.protected
    with services.large_work.document(state.size if state else 0):
        after = apply(update, _current(services, operation, state, limits), limits=limits)
        if state is None and not len(after):
            raise PatchDidNotMatch("There is nothing at this URL, and the patch adds nothing: it was not made.")
        data = formats.serialize(after, media_type)
        judged = after if is_judged(operation.target, is_identity=is_identity) else None
        content = stage_document(services, data, media_type, operation.target, is_identity=is_identity)
        services.datasets.put(url, content.digest, after, len(data))
        del after
    return Computed(_version(state), content, judged)


def _current(services: Services, operation: Operation, state: ResourceState | None, limits: Limits) -> Dataset:
    if state is None:
        return initial_dataset(services, operation.target)
    url = services.placement.url(operation.target.path)
    kept = services.datasets.get(url, state.digest)
    if kept is not None:
        return kept
    with services.store.open(state) as file:
        return services.parse(file.read(), state.media_type, url, limits)


def _version(state: ResourceState | None) -> int | None:
    return state.version if state else None


def _written(services: Services, operation: Operation, snapshot: Snapshot, computed: Computed, tx: Writer) -> Result:
    check_document(services, tx, snapshot, computed.dataset)
    if snapshot.state is None:
        state = create_document(tx, snapshot, Kind.RDF, computed.content)
    else:
        state = tx.replace(snapshot.state, computed.content, kind=Kind.RDF, acl=effective(snapshot))
    services.authorizer.check_made(tx, snapshot, state)
    keep_uses(services, tx, snapshot.target, state, computed.dataset)
    return written(services, operation, state, created=snapshot.state is None)
