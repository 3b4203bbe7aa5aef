"""The part every verb shares: describe the target and let authorization decide, on a read snapshot or in a transaction.

Verbs call `admit` twice for a write: once before the body is read, so that a stranger's body never is, and once inside
the write transaction, where the authorization that counts and the effect see one state. Those who wrote into the same
container lately are spared the first.

Spec: WAC #server-operations; RFC 9110 s13.2.1; RFC 9449 s11.1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import ParamSpec, TypeVar

from pod.authorization.decision import Decision
from pod.authorization.required import Needs
from pod.config import KIB
from pod.errors import (
    AccessDenied,
    BadRequest,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    PodError,
    PreconditionFailed,
    SlashTwinExists,
    VersionMoved,
)
from pod.operations.operation import UNSUPPORTED_MODELS, Body, Operation, Result, Shape, shape_of
from pod.protocol.conditions import Outcome, evaluate
from pod.protocol.resource import Target, lineage
from pod.rdf import formats
from pod.services import Regular, Services
from pod.store.interface import Reader
from pod.store.reading import twin_of
from pod.store.records import Actor, ResourceState, Snapshot

NeedsOf = Callable[[Snapshot], Needs]
Given = ParamSpec("Given")
Made = TypeVar("Made")

SETTLE_ATTEMPTS_MAX = 5
LITTLE_BYTES = 16 * KIB
"""Of content that is read, or changed in a transaction, in passing."""


def admit(services: Services, reader: Reader, operation: Operation, needs: NeedsOf) -> Snapshot:
    """The wide snapshot a write decides on, once the caller may do it.

    Outside a transaction this may wait for documents of remote groups; inside, what was learned then decides.

    Raises: NotAuthenticated, AccessDenied, InvalidToken, NotFound
    """
    return admitted(services, reader, operation, needs)[0]


def admitted(
    services: Services, reader: Reader, operation: Operation, needs: NeedsOf, *, with_body: bool = False
) -> tuple[Snapshot, Decision]:
    """The same, with what the caller may do beside what is needed, and on request the target's body."""
    snapshot = reader.describe(operation.target, operation.credentials.grant, wide=True, with_body=with_body)
    needed, may_wait = needs(snapshot), reader is services.store
    operation.judged.need, operation.judged.decision = needed[0], None
    decision = services.authorizer.authorize(reader, snapshot, operation.credentials, needed, may_wait=may_wait)
    operation.judged.decision = decision
    return snapshot, decision


def at_once(services: Services, operation: Operation, step: Callable[[], Result]) -> Result | None:
    """What `step` gives, if the caller was let write into this container lately and sends little; else None.

    `step` reads what was sent before anybody knows whether it may be written; its transaction decides. None also for
    whoever is refused there: to the refusal belongs the whole way, on which groups of other servers are asked.
    """
    key = _regular(operation)
    if not _is_little(operation.body) or not services.regulars.get(key):
        return None
    try:
        return step()
    except (NotAuthenticated, AccessDenied):
        services.regulars.put(key, value=False)
    except VersionMoved:
        pass
    if operation.body:
        operation.body.stream.seek(0)
    return None


@contextmanager
def in_passing() -> Iterator[None]:
    """Around reading content in a step of `at_once`: what is wrong with it is told after what is wrong with the
    request, so the whole way has to find both.
    """
    try:
        yield
    except PodError as error:
        raise VersionMoved from error


def remember_regular(services: Services, operation: Operation) -> None:
    """That the caller was let write here."""
    services.regulars.put(_regular(operation), value=True)


def _regular(operation: Operation) -> Regular:
    path, who = operation.target.path, operation.credentials
    container = path if operation.method == "POST" else path[: path.rstrip("/").rfind("/") + 1]
    return who.agent, who.client, who.origin, container


def _is_little(body: Body | None) -> bool:
    """Whether the content can be read without waiting for anybody: new contexts of JSON-LD may have to be fetched."""
    if body is None:
        return True
    here = body.length is not None and body.length <= LITTLE_BYTES and body.stream.seekable()
    return here and body.media_type.essence != formats.JSON_LD.media_type


def settled(step: Callable[Given, Made]) -> Callable[Given, Made]:
    """Try a step again when a resource or its rules changed between two of its reads; nobody keeps that up."""

    @wraps(step)
    def tried(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        for _ in range(SETTLE_ATTEMPTS_MAX - 1):
            with suppress(VersionMoved):
                return step(*args, **kwargs)
        return step(*args, **kwargs)

    return tried


def actor(operation: Operation) -> Actor:
    return Actor(operation.credentials.agent, operation.credentials.client)


def check_conditions(services: Services, operation: Operation, state: ResourceState | None) -> None:
    """Spec: RFC 9110 s13.2.1 -- after the checks of the target, before the content is looked at."""
    etag = services.etag(state) if state else None
    outcome = evaluate(operation.conditions, safe=False, etag=etag, modified=state.modified if state else None)
    if outcome is Outcome.FAILED:
        raise PreconditionFailed("The resource was changed, made or removed meanwhile; read it again and retry.")


def check_interaction_model(operation: Operation) -> None:
    """Spec: LDP 5.2.3.4 -- what a client asks to create is honoured or refused, never made as something else."""
    if operation.link_types & UNSUPPORTED_MODELS:
        raise BadRequest("Containers here are basic containers; direct and indirect containers are not offered.")
    if operation.wants_container and operation.method == "PUT" and not operation.target.is_container:
        raise BadRequest("The URL of a container ends in a slash.")


def check_creatable(snapshot: Snapshot) -> None:
    """Refuse names that cannot come to be: no storage, no subject, or a slash twin anywhere on the way.

    Spec: Solid #server-uri-trailing-slash-distinct, #server-hierarchical-containment
    """
    target = snapshot.target
    if snapshot.storage is None:
        raise NotFound("No storage has this URL.")
    if target.auxiliary and target.subject not in snapshot.others:
        raise NotFound("An auxiliary resource belongs to a resource; create that one first.")
    for path in lineage(target.subject)[:-1]:
        if (twin := twin_of(path)) in snapshot.others:
            raise SlashTwinExists(
                f"{twin!r} exists, so {path!r} cannot; names may not differ in a trailing slash alone."
            )


def refuse_method(target: Target, shape: Shape, why: str) -> MethodNotAllowed:
    return MethodNotAllowed(why, headers=(("Allow", ", ".join(allowed_methods(target, shape))),))


def allowed_methods(target: Target, shape: Shape) -> tuple[str, ...]:
    """What this very target supports: the `Allow` header.

    Spec: Solid #server-allow-methods, #server-disallow-delete
    """
    if shape.kept:
        return ("OPTIONS", "HEAD", "GET")
    deletable = () if shape.root and target.auxiliary is None else ("DELETE",)
    if target.auxiliary:
        deletable = () if shape.root and target.path == target.acl else ("DELETE",)
        return ("OPTIONS", "HEAD", "GET", "PUT", "PATCH", *deletable)
    if not shape.exists:
        return ("OPTIONS", "HEAD", "GET", "PUT") if shape.container else ("OPTIONS", "HEAD", "GET", "PUT", "PATCH")
    if shape.container:
        return ("OPTIONS", "HEAD", "GET", "POST", *deletable)
    return ("OPTIONS", "HEAD", "GET", "PUT", *(("PATCH",) if shape.rdf else ()), *deletable)


def check_not_kept(target: Target, shape: Shape) -> None:
    """Raises: MethodNotAllowed -- the server itself writes it."""
    if shape.kept:
        raise refuse_method(target, shape, "The server writes this list. What it says is changed under Account, Apps.")


def current_shape(snapshot: Snapshot) -> Shape:
    return shape_of(snapshot.target, snapshot.state)
