"""Whom an owner knows: people and groups that their own documents name, found as apps find them.

People are those that the profile says the owner knows, those in address books, and the members of groups. Address books
and groups are found through the type indexes. Only documents of the owner's own pod are read, and not more than a
bounded number of them; the many of an address book are known from the index, as far as it has come.

Spec: Type Indexes #type-registration; WAC #acl-agentgroup
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pod.errors import PodError
from pod.index.index import Index
from pod.index.records import ContactRow
from pod.people.card_document import read_card
from pod.protocol.resource import Target, storage_of
from pod.rdf.graph import IRI, Graph, Literal, Node
from pod.rdf.outline import NAMES
from pod.rdf.vocab import FOAF, PIM, RDF, SOLID, VCARD
from pod.rdf.words import local_name
from pod.services import Services
from pod.sharing.audiences import is_web_iri
from pod.store.interface import Reader
from pod.store.records import Kind

DOCUMENTS_MAX = 100
CARDS_MAX = 1_000
"""Of one address book."""
DOCUMENT_BYTES_MAX = 256 * 1024
PEOPLE_MAX = 200
GROUPS_MAX = 50
MEMBERS_READ_MAX = 1_000
"""In a container of groups: how many resources are looked at."""
NOTHING = Graph()


@dataclass(frozen=True, slots=True)
class Group:
    """A vcard:Group. `members` are those that count in access rules: what is a WebID or may be one."""

    iri: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contacts:
    """People by WebID and groups by IRI, each with a name."""

    people: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        return {**self.people, **{iri: group.name for iri, group in self.groups.items()}}


def contacts_of(services: Services, reader: Reader, storage: str, web_id: str) -> Contacts:
    """Of the owner of the storage at a path. For that owner alone: nothing here asks whether they may read."""
    return _Search(services, reader, storage).contacts(web_id)


class _Search:
    """One look through a pod."""

    def __init__(self, services: Services, reader: Reader, storage: str) -> None:
        self._services = services
        self._reader = reader
        self._storage = storage
        self._index = Index(services)
        self._left = DOCUMENTS_MAX
        self._graphs: dict[str, Graph] = {}

    def contacts(self, web_id: str) -> Contacts:
        people: dict[str, str] = {}
        groups: dict[str, Group] = {}
        for found in self._known(web_id):
            people.setdefault(*found)
        for group in islice(self._groups(web_id), GROUPS_MAX):
            groups.setdefault(group.iri, group)
        named = {iri: name for iri, name in islice(people.items(), PEOPLE_MAX) if is_web_iri(iri) and iri != web_id}
        return Contacts(named, groups)

    # -- people --------------------------------------------------------------------------------------------------------

    def _known(self, web_id: str) -> Iterator[tuple[str, str]]:
        for index in self._registered(web_id, VCARD.AddressBook, SOLID.instance):
            yield from self._in_book(index)
        for group in islice(self._groups(web_id), GROUPS_MAX):
            graph = self._graph(group.iri)
            for member in group.members:
                yield member, _name(graph, IRI(member)) or self._unnamed(member)
        profile = self._graph(web_id)
        for term in profile.objects(IRI(web_id), FOAF.knows):
            if isinstance(term, IRI):
                yield term.value, _name(profile, term) or term.value

    def _in_book(self, book: str) -> Iterator[tuple[str, str]]:
        """Those of an address book as SolidOS writes it: an index of cards, each of which names WebIDs."""
        for index in self._objects(book, VCARD.nameEmailIndex):
            graph = self._graph(index)
            cards = (each for each in graph.subjects(VCARD.inAddressBook, IRI(book)) if isinstance(each, IRI))
            named = {card.value: name for card in islice(cards, CARDS_MAX) if (name := _name(graph, card))}
            indexed = self._indexed(list(named))
            for card, name in named.items():
                web_ids = indexed[card].web_ids if card in indexed else self._web_ids(card)
                yield from ((web_id, name) for web_id in web_ids)

    def _indexed(self, cards: Sequence[str]) -> Mapping[str, ContactRow]:
        """What is known of cards without reading them: nothing, unless the index tells how they are now."""
        root = self._reader.describe(Target.parse(self._storage), with_body=False).state
        is_current = root is not None and bool(cards) and self._index.catch_up(root.storage)
        return self._index.contacts_at(root.storage, cards) if root is not None and is_current else {}

    def _web_ids(self, card: str) -> tuple[str, ...]:
        return read_card(self._graph(card), IRI(card)).web_ids

    # -- groups --------------------------------------------------------------------------------------------------------

    def _groups(self, web_id: str) -> Iterator[Group]:
        for book in self._registered(web_id, VCARD.AddressBook, SOLID.instance):
            for index in self._objects(book, VCARD.groupIndex):
                for iri in self._objects(book, VCARD.includesGroup, document=index):
                    yield self._group(iri, self._graph(index))
        for iri in self._registered(web_id, VCARD.Group, SOLID.instance):
            yield self._group(iri)
        for container in self._registered(web_id, VCARD.Group, SOLID.instanceContainer):
            for path in self._members(container):
                graph = self._graph(self._services.placement.url(path))
                groups = graph.subjects(RDF.type, VCARD.Group)
                yield from (self._group(each.value) for each in groups if isinstance(each, IRI))

    def _group(self, iri: str, index: Graph = NOTHING) -> Group:
        graph = self._graph(iri)
        members = (each.value for each in graph.objects(IRI(iri), VCARD.hasMember) if isinstance(each, IRI))
        name = _name(graph, IRI(iri)) or _name(index, IRI(iri)) or local_name(iri)
        return Group(iri, name, tuple(sorted(members)))

    def _members(self, container: str) -> Iterator[str]:
        path = self._own_path(container)
        state = self._reader.describe(Target.parse(path), with_body=False).state if path else None
        if state is not None and state.is_container:
            for member in islice(self._reader.members(state.id), MEMBERS_READ_MAX):
                if member.kind is Kind.RDF:
                    yield member.path

    def _unnamed(self, web_id: str) -> str:
        """What to call somebody whom only a group names: as their pod is called, if that is here."""
        path = self._services.placement.local_path(web_id)
        return storage_of(path).strip("/") if path else web_id

    # -- documents -----------------------------------------------------------------------------------------------------

    def _registered(self, web_id: str, kind: IRI, how: IRI) -> Iterator[str]:
        """What the owner's type indexes say holds things of a class. Spec: Type Indexes #type-registration"""
        for index in self._indexes(web_id):
            graph = self._graph(index)
            for registration in graph.subjects(SOLID.forClass, kind):
                yield from (each.value for each in graph.objects(registration, how) if isinstance(each, IRI))

    def _indexes(self, web_id: str) -> Iterator[str]:
        for preferences in self._objects(web_id, PIM.preferencesFile):
            yield from self._objects(web_id, SOLID.privateTypeIndex, document=preferences)
        yield from self._objects(web_id, SOLID.publicTypeIndex)

    def _objects(self, subject: str, predicate: IRI, document: str | None = None) -> tuple[str, ...]:
        found = self._graph(document or subject).objects(IRI(subject), predicate)
        return tuple(term.value for term in found if isinstance(term, IRI))

    def _graph(self, iri: str) -> Graph:
        """What a document of this storage says: nothing, if it is elsewhere, missing, large, no RDF, one too many."""
        path = self._own_path(iri)
        if path is None:
            return NOTHING
        if path not in self._graphs:
            self._left -= 1
            self._graphs[path] = self._read(path) if self._left >= 0 else NOTHING
        return self._graphs[path]

    def _own_path(self, iri: str) -> str | None:
        path = self._services.placement.local_path(iri)
        try:
            found = Target.parse(path).path if path else None
        except PodError:
            return None
        return found if found and storage_of(found) == self._storage else None

    def _read(self, path: str) -> Graph:
        state = self._reader.describe(Target.parse(path), with_body=False).state
        if state is None or state.kind is not Kind.RDF or state.size > DOCUMENT_BYTES_MAX:
            return NOTHING
        content = self._reader.document(state.id, state.version)
        try:
            url = self._services.placement.url(path)
            return NOTHING if content is None else self._services.parse(content, state.media_type, url).default
        except PodError:
            return NOTHING


def _name(graph: Graph, node: Node) -> str | None:
    found = (graph.value(node, each) for each in NAMES)
    return next((each.value for each in found if isinstance(each, Literal) and each.value.strip()), None)
