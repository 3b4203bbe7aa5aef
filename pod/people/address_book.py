"""The contacts of a pod: read, added, changed and taken out, in whichever address book they are.

Each change reads and writes in one transaction, and touches only what it is about: what other apps keep beside it
stays.

Spec: pdsinterop conventions, address book; vCard Ontology
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeGuard

from pod.clock import Clock
from pod.errors import NotFound
from pod.operations.watched import note_own
from pod.operations.writing import TURTLE, Document, acting_in, located, read_document
from pod.people.books import PERSONS, Book, book_to_fill, forget_person, index_person, rename_person
from pod.people.card import Card
from pod.people.card_document import change_card, hints, is_person, read_card
from pod.people.pictures import drop_picture, put_picture, take_away
from pod.people.type_index import Pen
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.notification import format_moment
from pod.protocol.resource import Target
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Node, Triple
from pod.rdf.vocab import DCTERMS, PREFIXES, RDF, VCARD, XSD
from pod.services import Services
from pod.store.interface import Reader, Writer
from pod.store.records import Actor

PREFIXES_OF_CARDS = ("dcterms", "foaf", "vcard", "xsd")


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody in an address book. `odd` names what of the document is not as the shape says."""

    iri: str
    path: str
    card: Card
    odd: tuple[str, ...] = ()

    @property
    def storage(self) -> str:
        return Target.parse(self.path).storage


@dataclass(frozen=True, slots=True)
class New:
    """Somebody to be added, with a picture that was made here."""

    card: Card
    picture: bytes = b""


class AddressBook:
    """The contacts of all accounts. Shared by all threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._clock: Clock = services.clock

    def contact(self, account: int, iri: str) -> Contact:
        """Raises: NotFound -- there is no such contact in a pod of theirs; MalformedContent."""
        target, _ = located(self._services, self._services.store, account, iri)
        graph, node = self._found(self._services.store, target, iri)[0].default, IRI(iri)
        return Contact(iri, target.path, read_card(graph, node), hints(graph, node))

    def add(self, account: int, storage: str, new: New) -> str:
        """The IRI of a new contact. Raises: Conflict -- the book is full; QuotaExceeded."""
        [iri] = self.add_all(account, storage, [new])
        return iri

    def add_all(self, account: int, storage: str, people: Sequence[New]) -> list[str]:
        """All or none, in one transaction. Raises: see `add`."""
        who = acting_in(self._services, self._services.store, account, storage)
        act = partial(self._added, who, storage, people)
        iris = self._services.store.write_together(Actor(who.agent), act)
        self._note(iris, who, AccessMode.APPEND)
        return iris

    def change(self, account: int, iri: str, before: Card, after: Card, picture: bytes | None = None) -> None:
        """Make of what somebody saw of a contact what they want. `picture` is a new one; empty takes it away.

        Raises: NotFound, QuotaExceeded
        """
        _, who = located(self._services, self._services.store, account, iri)
        act = partial(self._changed, account, iri, (before, after), picture)
        if self._services.store.write_together(Actor(who.agent), act):
            self._note([iri], who, AccessMode.WRITE)

    def remove(self, account: int, iri: str) -> None:
        """With its document and picture, unless they hold anything else. Raises: NotFound."""
        _, who = located(self._services, self._services.store, account, iri)
        self._services.store.write_together(Actor(who.agent), partial(self._removed, account, iri))
        self._note([iri], who, AccessMode.WRITE)

    # -- inside a transaction ------------------------------------------------------------------------------------------

    def _added(self, who: Credentials, storage: str, people: Iterable[New], tx: Writer) -> list[str]:
        pen = Pen(self._services, tx, who, storage)
        book = book_to_fill(pen)
        if book.people is None:
            raise NotFound("The address book has no index of people.")
        index = pen.read(book.people) or _empty()
        iris = []
        for new in people:
            iri = self._person(pen, book, new)
            index_person(index[0].default, book, iri, new.card.name)
            iris.append(iri.value)
        pen.write(book.people, index)
        return iris

    def _person(self, pen: Pen, book: Book, new: New) -> IRI:
        document = f"{book.base}{PERSONS}{uuid.uuid4()}/index.ttl"
        iri = IRI(f"{document}#this")
        target = self._target(document)
        card = replace(new.card, photo=put_picture(pen, target, new.picture))
        made = format_moment(int(self._clock.now() * 1000))
        said = Graph((
            Triple(iri, RDF.type, VCARD.Individual),
            Triple(IRI(document), DCTERMS.created, Literal(made, datatype=XSD.dateTime)),
        ))  # fmt: skip
        change_card(said, iri, Card(), card)
        prefixes = {name: PREFIXES[name] for name in PREFIXES_OF_CARDS}
        pen.write(target, (Dataset(said, prefixes=prefixes), TURTLE))
        return iri

    def _changed(self, account: int, iri: str, cards: tuple[Card, Card], picture: bytes | None, tx: Writer) -> bool:
        """Whether there was anything to change."""
        pen, target = self._pen(tx, account, iri)
        document = self._found(tx, target, iri)
        graph, node, (before, after) = document[0].default, IRI(iri), cards
        was = graph.copy()
        if picture is not None:
            held = read_card(graph, node).photo
            drop_picture(pen, target, held)
            before = replace(before, photo=held)
            after = replace(after, photo=put_picture(pen, target, picture))
        change_card(graph, node, before, after)
        if graph == was:
            return False
        pen.write(target, document)
        rename_person(pen, node, read_card(graph, node).name)
        return True

    def _removed(self, account: int, iri: str, tx: Writer) -> None:
        pen, target = self._pen(tx, account, iri)
        document = self._found(tx, target, iri)
        graph, node = document[0].default, IRI(iri)
        photo = read_card(graph, node).photo
        forget_person(pen, node)
        _take_out(graph, node)
        if _is_rest(graph, IRI(iri.partition("#")[0])) and not any(map(len, document[0].named.values())):
            take_away(pen, target)
        else:
            pen.write(target, document)
        drop_picture(pen, target, photo)
        if target.parent and f"/{PERSONS}" in target.parent:
            take_away(pen, Target.parse(target.parent))

    def _pen(self, tx: Writer, account: int, iri: str) -> tuple[Pen, Target]:
        target, who = located(self._services, tx, account, iri)
        return Pen(self._services, tx, who, target.storage), target

    def _found(self, reader: Reader, target: Target, iri: str) -> Document:
        """Raises: NotFound, MalformedContent"""
        document = read_document(self._services, reader, target)
        graph = document[0].default if document else Graph()
        if document is None or not (is_person(graph, IRI(iri)) or graph.count(IRI(iri), VCARD.fn)):
            raise NotFound("There is no such contact.")
        return document

    def _target(self, url: str) -> Target:
        return Target.parse(self._services.placement.local_path(url) or "")

    def _note(self, iris: Iterable[str], who: Credentials, mode: AccessMode) -> None:
        for iri in iris:
            note_own(self._services, self._target(iri).path, who.agent, mode)


def _empty() -> Document:
    return Dataset(prefixes={"vcard": PREFIXES["vcard"]}), TURTLE


def _take_out(graph: Graph, person: Node) -> None:
    """What a document says of a person, and of what only that leads to; another contact in it is not theirs."""
    gone = [person]
    while gone:
        node = gone.pop()
        said = list(graph.match(node))
        for triple in said:
            graph.discard(triple)
        parts = dict.fromkeys(each.object for each in said)
        gone += [
            each for each in parts if _is_part(each, person) and not graph.count(o=each) and not is_person(graph, each)
        ]


def _is_part(term: object, person: Node) -> TypeGuard[Node]:
    return isinstance(term, BNode) or (isinstance(term, IRI) and _is_beside(term, person))


def _is_beside(part: IRI, node: Node) -> bool:
    """Whether it has a name in the same document."""
    document = node.value.partition("#")[0]
    return "#" in part.value and part.value.partition("#")[0] == document and part != node


def _is_rest(graph: Graph, document: IRI) -> bool:
    """Whether there is nothing left but what a document says of itself."""
    return all(triple.subject == document for triple in graph)
