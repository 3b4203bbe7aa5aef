"""The address books of a pod as SolidOS and the contacts modules of other apps keep them: one document about the book,
an index of its people, an index of its groups; each person has a document of their own.

All here happens inside a transaction of the caller's.

Spec: pdsinterop conventions, address book; Type Indexes #type-registration
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

from pod.errors import Conflict, PodError
from pod.operations.writing import TURTLE, Document, read_document
from pod.people.type_index import Pen, register, registered
from pod.protocol.resource import Target
from pod.rdf.graph import IRI, Dataset, Graph, Literal, Triple
from pod.rdf.vocab import ACL, DC, PREFIXES, RDF, SOLID, VCARD
from pod.services import Services
from pod.store.interface import Reader, Writer
from pod.store.records import Kind

CONTACTS = "contacts/"
"""Below a storage root."""
GROUPS = f"{CONTACTS}groups/"
BOOK = "index.ttl"
PEOPLE = "people.ttl"
GROUP_INDEX = "groups.ttl"
PERSONS = "Person/"
TITLE = "Contacts"
BOOKS_MAX = 100
GROUPS_READ_MAX = 200
CONTACTS_MAX = 10_000
"""In one book."""


@dataclass(frozen=True, slots=True)
class Book:
    """`people` and `groups` are the documents of its indexes; None where they are not in this pod."""

    iri: IRI
    people: Target | None
    groups: Target | None

    @property
    def base(self) -> str:
        """The IRI of the container that it is in."""
        return self.iri.value.partition("#")[0].rpartition("/")[0] + "/"


def books(services: Services, reader: Reader, storage: str) -> list[Book]:
    """Those that apps find, then the one that is where ours is made."""
    ours = IRI(services.placement.url(f"{storage}{CONTACTS}{BOOK}") + "#this")
    named = dict.fromkeys([*registered(services, reader, storage, VCARD.AddressBook), ours])
    found = (_book(services, reader, storage, each) for each in named)
    return [each for each in found if each is not None]


def book_to_fill(pen: Pen) -> Book:
    """Where new contacts go: the first that apps find, or a new one."""
    usable = (each for each in books(pen.services, pen.tx, pen.storage) if each.people is not None)
    return next(usable, None) or _make(pen)


def index_person(graph: Graph, book: Book, person: IRI, name: str) -> None:
    """Raises: Conflict -- the book is full."""
    if graph.count(None, VCARD.inAddressBook, book.iri) >= CONTACTS_MAX:
        raise Conflict(f"An address book holds at most {CONTACTS_MAX} contacts.")
    graph.add(Triple(person, VCARD.inAddressBook, book.iri))
    graph.add(Triple(person, VCARD.fn, Literal(name)))


def rename_person(pen: Pen, person: IRI, name: str) -> None:
    """In the indexes that list them."""
    for target, document in _listing(pen, person):
        graph = document[0].default
        said = list(graph.match(person, VCARD.fn))
        if [triple.object for triple in said] != [Literal(name)]:
            for triple in said:
                graph.discard(triple)
            graph.add(Triple(person, VCARD.fn, Literal(name)))
            pen.write(target, document)


def forget_person(pen: Pen, person: IRI) -> None:
    """In the indexes that list them: whatever those say of them was said for the contact."""
    for target, document in _listing(pen, person):
        for triple in list(document[0].default.match(person)):
            document[0].default.discard(triple)
        pen.write(target, document)


def index_group(pen: Pen, group: IRI, name: str | None) -> None:
    """Make the group indexes of the books say what a group is called: the first, if none lists it; none if `name` is
    None, since it is gone.
    """
    found = [
        (each, _document(pen.services, pen.tx, each.groups))
        for each in books(pen.services, pen.tx, pen.storage)
        if each.groups
    ]
    listing = [(book, document) for book, document in found if document[0].default.count(o=group)]
    for book, document in listing or (found[:1] if name is not None else []):
        graph = document[0].default
        before = graph.copy()
        for triple in list(graph.match(group, VCARD.fn)) if name is not None else _about(graph, group):
            graph.discard(triple)
        if name is not None:
            for triple in _group(book, group, name):
                graph.add(triple)
        if graph != before and book.groups is not None:
            pen.write(book.groups, document)


def _about(graph: Graph, thing: IRI) -> list[Triple]:
    return [*graph.match(thing), *graph.match(o=thing)]


def _group(book: Book, group: IRI, name: str) -> tuple[Triple, ...]:
    return (
        Triple(book.iri, VCARD.includesGroup, group),
        Triple(group, RDF.type, VCARD.Group),
        Triple(group, VCARD.fn, Literal(name)),
    )


# -- documents ---------------------------------------------------------------------------------------------------------


def _listing(pen: Pen, person: IRI) -> Iterator[tuple[Target, Document]]:
    """The people indexes that know somebody."""
    targets = dict.fromkeys(each.people for each in books(pen.services, pen.tx, pen.storage) if each.people)
    for target in targets:
        document = _document(pen.services, pen.tx, target)
        if document[0].default.count(person):
            yield target, document


def _document(services: Services, reader: Reader, target: Target | None) -> Document:
    """What is there, or an empty one."""
    found = read_document(services, reader, target) if target else None
    return found or (Dataset(prefixes={"vcard": PREFIXES["vcard"]}), TURTLE)


def _book(services: Services, reader: Reader, storage: str, iri: IRI) -> Book | None:
    """None for what is no book, or not in this pod."""
    target = _own(services, storage, iri)
    try:
        found = read_document(services, reader, target) if target else None
    except PodError:  # an app broke it
        return None
    if found is None or not found[0].default.count(iri, RDF.type, VCARD.AddressBook):
        return None
    graph = found[0].default
    indexes = (
        next((_own(services, storage, term) for term in graph.objects(iri, each) if isinstance(term, IRI)), None)
        for each in (VCARD.nameEmailIndex, VCARD.groupIndex)
    )
    return Book(iri, *indexes)


def _own(services: Services, storage: str, iri: IRI) -> Target | None:
    """The document of something in this pod; None for anything else."""
    path = services.placement.local_path(iri.value)
    try:
        target = Target.parse(path) if path else None
    except PodError:
        return None
    is_document = target is not None and target.auxiliary is None and not target.is_container
    return target if is_document and target is not None and target.storage == storage else None


def _make(pen: Pen) -> Book:
    base = _free(pen.tx, pen.storage)
    people, groups = Target.parse(base + PEOPLE), Target.parse(base + GROUP_INDEX)
    url = pen.services.placement.url
    book = Book(IRI(url(base + BOOK) + "#this"), people, groups)
    said = Graph((
        Triple(book.iri, RDF.type, VCARD.AddressBook),
        Triple(book.iri, DC.title, Literal(TITLE)),
        Triple(book.iri, VCARD.nameEmailIndex, IRI(url(people.path))),
        Triple(book.iri, VCARD.groupIndex, IRI(url(groups.path))),
        *((Triple(book.iri, ACL.owner, IRI(pen.who.agent)),) if pen.who.agent else ()),
    ))  # fmt: skip
    prefixes = {name: PREFIXES[name] for name in ("vcard", "acl")} | {"dc": DC.iri}
    pen.write(Target.parse(base + BOOK), (Dataset(said, prefixes=prefixes), TURTLE))
    listed = Graph(t for group, name in _groups(pen.services, pen.tx, pen.storage) for t in _group(book, group, name))
    for target, graph in ((people, Graph()), (groups, listed)):
        if pen.tx.describe(target, with_body=False).state is None:
            document = Dataset(graph, prefixes={"vcard": PREFIXES["vcard"]})
            pen.write(target, (document, TURTLE))
    register(pen, VCARD.AddressBook, SOLID.instance, book.iri, "vcard")
    return book


def _free(tx: Writer, storage: str) -> str:
    """Raises: Conflict."""
    for number in count(1):
        if number > BOOKS_MAX:
            raise Conflict("There is no room for an address book: delete what is in contacts/.")
        base = f"{storage}{CONTACTS}" if number == 1 else f"{storage}{CONTACTS.rstrip('/')}-{number}/"
        if tx.describe(Target.parse(base + BOOK), with_body=False).state is None:
            return base
    raise AssertionError("counting ends")


def _groups(services: Services, reader: Reader, storage: str) -> Iterator[tuple[IRI, str]]:
    """Those that were made before there was a book."""
    state = reader.describe(Target.parse(storage + GROUPS), with_body=False).state
    if state is None or not state.is_container:
        return
    for member in islice(reader.members(state.id), GROUPS_READ_MAX):
        if member.kind is Kind.RDF:
            try:
                graph = _document(services, reader, Target.parse(member.path))[0].default
            except PodError:
                continue
            for group in graph.subjects(RDF.type, VCARD.Group):
                names = [each for each in graph.objects(group, VCARD.fn) if isinstance(each, Literal)]
                if isinstance(group, IRI) and names:
                    yield group, names[0].value
