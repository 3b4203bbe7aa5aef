"""Acting on behalf of an account: writing a document by the checks of a PUT, in the caller's transaction.

What is written was read in the same transaction, so nobody's change in between is lost.

Spec: RFC 9110 s9.3.4
"""

from __future__ import annotations

from typing import TypeAlias

from pod.errors import NotAcceptable, NotFound
from pod.operations.content import Incoming, discarded_on_failure, stage_document
from pod.operations.operation import Operation
from pod.operations.put import put_within
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.resource import Target
from pod.rdf import formats
from pod.rdf.graph import Dataset
from pod.services import Services
from pod.store.accounts import Accounts
from pod.store.interface import Reader, Writer
from pod.store.records import Kind

TURTLE = "text/turtle"

Document: TypeAlias = tuple[Dataset, str]
"""What it says, and its media type."""


def acting_for(services: Services, reader: Reader, account: int, path: str) -> Credentials:
    """The WebID of an account by which it owns a storage; in other people's storages, its first.

    Raises: NotFound -- the account has none; MalformedTarget
    """
    root = Target.parse(path).storage
    storage = reader.describe(Target(root, root), with_body=False).storage
    web_ids = Accounts(reader).web_ids(account)
    owner = next((each for each in web_ids if storage and each in storage.owners), None)
    agent = owner or next(iter(web_ids), None)
    if agent is None:
        raise NotFound("There is nothing here that you may share.")
    return Credentials(agent=agent, issuer=services.placement.base_url)


def located(services: Services, reader: Reader, account: int, iri: str) -> tuple[Target, Credentials]:
    """The document of a thing that an account keeps in a pod of its own, and as whom it acts there.

    Raises: NotFound
    """
    path = services.placement.local_path(iri)
    target = Target.parse(path) if path else None
    if target is None or target.auxiliary is not None or target.is_container:
        raise NotFound("There is nothing of yours at this address.")
    return target, acting_in(services, reader, account, target.storage)


def acting_in(services: Services, reader: Reader, account: int, storage: str) -> Credentials:
    """As whom an account acts in a pod of its own, by the path of its root. Raises: NotFound."""
    who = acting_for(services, reader, account, storage)
    state = reader.describe(Target(storage, storage), with_body=False).storage
    if state is None or who.agent is None or who.agent not in state.owners:
        raise NotFound("You have no such pod.")
    return who


def rendered(services: Services, target: Target, document: Document) -> Incoming:
    """The document made ready to be written. Raises: ContentTooLarge."""
    dataset, media_type = document
    try:
        data = formats.serialize(dataset, media_type)
    except NotAcceptable:  # RDF/XML cannot say everything
        media_type = TURTLE
        data = formats.serialize(dataset, media_type)
    return Incoming(stage_document(services, data, media_type, target), Kind.RDF, dataset)


def write(services: Services, tx: Writer, who: Credentials, target: Target, incoming: Incoming) -> None:
    """Raises: what a PUT raises."""
    put_within(services, tx, Operation("PUT", target, who, NO_CONDITIONS), incoming)


def write_document(services: Services, tx: Writer, who: Credentials, target: Target, document: Document) -> None:
    """Both. Raises: ContentTooLarge, and what a PUT raises."""
    incoming = rendered(services, target, document)
    with discarded_on_failure(services, incoming.content):
        write(services, tx, who, target, incoming)


def read_document(services: Services, reader: Reader, target: Target) -> Document | None:
    """What is there now; None where there is no RDF document.

    Raises: MalformedContent -- it cannot be read
    """
    state = reader.describe(target, with_body=False).state
    if state is None or state.kind is not Kind.RDF:
        return None
    content = reader.document(state.id, state.version)
    if content is None:
        return None
    return services.parse(content, state.media_type, services.placement.url(target.path)), state.media_type
