"""`settings/apps.ttl`: what apps and programs of an account may do, as RDF in its pods. Only the server writes it.

A projection: the grants in the store decide, and another text here would change nothing. It is written in the
transaction of the change that it tells of. A pod that cannot take it, being full, keeps nobody from taking access back.

Spec: Linked Web Storage #access-data-model, #access-profile; ODRL Information Model s2.5; design section 8
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from pod.errors import PodError
from pod.identity.ceilings import EVERYTHING
from pod.operations.admission import check_creatable
from pod.operations.content import EMPTY
from pod.operations.create import create_containers, create_document, effective
from pod.operations.provision import PROFILE
from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.notification import format_moment
from pod.protocol.resource import APP_LIST, Target, storage_of
from pod.rdf import turtle_writer
from pod.rdf.graph import IRI, BNode, Graph, Literal, Node, Term, Triple
from pod.rdf.modes import MODES
from pod.rdf.vocab import DCTERMS, LWS, ODRL, PREFIXES, RDF, RDFS, XSD
from pod.services import Services
from pod.store.accounts import ACTIVE, Accounts
from pod.store.apps import Apps
from pod.store.interface import Writer
from pod.store.records import SERVER, Actor, Content, Kind

TURTLE = "text/turtle"
CLIENTS_MAX = 200
COMMENT = "Written by the server. What it says is decided under Account, Apps; another text here would change nothing."
PREFIXES_USED = ("acl", "dcterms", "lws", "odrl", "rdfs", "xsd")

Made = TypeVar("Made")
Property = tuple[IRI, Term]


@dataclass(frozen=True, slots=True)
class Told:
    """A client that may act as the owner: an app that was let in, or a program with a key."""

    id: str
    name: str
    client: str
    ceiling: Ceiling | None
    created_ms: int
    end_ms: int | None


class _NoRoom(Exception):
    """The pod cannot take what was to be written into it."""


def decided(
    services: Services, account: int, change: Callable[[Writer], Made], *, by: Actor = SERVER, ceiling: Ceiling | None
) -> Made:
    """What `change` gives, in one transaction with the containers that the ceiling names and the projection; alone,
    where the pod cannot take these. It may run twice.
    """
    with suppress(_NoRoom), services.store.write(by) as tx:
        made = change(tx)
        _follow(services, tx, account, ceiling)
        return made
    with services.store.write(by) as tx:
        return change(tx)


def refresh(services: Services, account: int) -> None:
    """After a change that was committed already."""
    decided(services, account, lambda _: None, ceiling=None)


def _follow(services: Services, tx: Writer, account: int, ceiling: Ceiling | None) -> None:
    """Raises: _NoRoom"""
    storages = [each.path for each in Accounts(tx).storages(account) if each.status == ACTIVE]
    try:
        for item in ceiling.items if ceiling else ():
            if item.path.endswith("/") and storage_of(item.path) in storages:
                _make(tx, item.path)
        for storage in storages:
            _tell(services, tx, account, storage)
    except PodError as error:
        raise _NoRoom from error


def _make(tx: Writer, container: str) -> None:
    """So that an app which may only add something finds where."""
    snapshot = tx.describe(Target(container, container), wide=True, with_body=False)
    if snapshot.state is None:
        check_creatable(snapshot)
        create_containers(tx, snapshot)
        tx.create(snapshot.target, Kind.CONTAINER, EMPTY, acl=effective(snapshot))


def _tell(services: Services, tx: Writer, account: int, storage: str) -> None:
    """As long as there is nothing to tell, no list is begun."""
    url, path = services.placement.url, storage + APP_LIST
    web_id = f"{url(storage + PROFILE)}#me"
    told = list(islice(_clients(tx, account, web_id), CLIENTS_MAX))
    data = document(url(path), url(storage), web_id, told, url)
    content = Content(TURTLE, len(data), sha256(data).hexdigest(), inline=data)
    snapshot = tx.describe(Target(path, path), wide=True, with_body=False)
    if snapshot.state is None and told:
        check_creatable(snapshot)
        create_document(tx, snapshot, Kind.RDF, content)
    elif snapshot.state is None:
        return
    elif snapshot.state.digest != content.digest:
        tx.replace(snapshot.state, content, kind=Kind.RDF, acl=effective(snapshot))


# -- the document ------------------------------------------------------------------------------------------------------


def _clients(tx: Writer, account: int, web_id: str) -> Iterator[Told]:
    """Those that may act as this WebID now, the ones used last first."""
    for app in Apps(tx).of_account(account):
        if app.web_id == web_id and (app.over_ms is None or app.over_ms > tx.now_ms):
            yield Told(app.id, app.name, app.client, app.ceiling, app.created_ms, app.over_ms)
    for key in Accounts(tx).clients(account):
        if key.web_id == web_id and key.holds(tx.now_ms):
            yield Told(key.id, key.label or key.id, key.id, key.ceiling, key.created_ms, key.end_ms)


def document(about: str, storage: str, web_id: str, clients: Iterable[Told], url: Callable[[str], str]) -> bytes:
    """The list as Turtle. `about` is its own URL, `url` gives those of paths."""
    graph = Graph([Triple(IRI(about), RDFS.comment, Literal(COMMENT, language="en"))])
    writer = _Writer(graph, storage, web_id, url)
    for client in clients:
        writer.grant(f"{about}#{quote(client.id, safe='')}", client)
    return turtle_writer.write(graph, {name: PREFIXES[name] for name in PREFIXES_USED})


class _Writer:
    """Adds access grants to a graph, as LWS describes them with the terms of ODRL. Actions are the modes of WAC."""

    def __init__(self, graph: Graph, storage: str, web_id: str, url: Callable[[str], str]) -> None:
        self._graph = graph
        self._storage = storage
        self._web_id = web_id
        self._url = url
        self._blank = 0

    def grant(self, name: str, client: Told) -> None:
        self._say(
            IRI(name),
            (RDF.type, LWS.AccessGrant),
            (DCTERMS.title, Literal(client.name)),
            (DCTERMS.created, _moment(client.created_ms)),
            (LWS.storage, IRI(self._storage)),
            *((LWS.access, self._policy(client, place)) for place in self._places(client.ceiling or EVERYTHING)),
        )

    def _places(self, ceiling: Ceiling) -> Iterator[CeilingItem | Ceiling]:
        """Everything, or one place after the other."""
        if ceiling.full:
            yield ceiling
        else:
            yield from ceiling.items

    def _policy(self, client: Told, place: CeilingItem | Ceiling) -> BNode:
        if isinstance(place, Ceiling):
            modes, target = place.allows("/", True), []
        else:
            modes, target = place.modes, [(ODRL.target, IRI(self._url(place.path)))]
        actions = [(ODRL.action, iri) for iri, mode in MODES.items() if mode in modes]
        constraints = [self._constraint(LWS.client, ODRL.eq, _named(client.client))]
        if client.end_ms is not None:
            constraints.append(self._constraint(ODRL.dateTime, ODRL.lteq, _moment(client.end_ms)))
        return self._nested(
            (RDF.type, LWS.AccessPolicy),
            (ODRL.assignee, IRI(self._web_id)),
            *target,
            *actions,
            *((ODRL.constraint, each) for each in constraints),
        )

    def _constraint(self, left: IRI, operator: IRI, right: Term) -> BNode:
        return self._nested((ODRL.leftOperand, left), (ODRL.operator, operator), (ODRL.rightOperand, right))

    def _nested(self, *properties: Property) -> BNode:
        self._blank += 1
        node = BNode(f"n{self._blank}")
        self._say(node, *properties)
        return node

    def _say(self, subject: Node, *properties: Property) -> None:
        for predicate, value in properties:
            self._graph.add(Triple(subject, predicate, value))


def _named(client: str) -> Term:
    """Ids of registered clients are no URLs."""
    return IRI(client) if client.startswith(("https://", "http://")) else Literal(client)


def _moment(ms: int) -> Literal:
    return Literal(format_moment(ms), datatype=XSD.dateTime)
