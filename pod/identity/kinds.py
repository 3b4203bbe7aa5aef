"""Kinds of data, in people's words, and where a pod keeps them: its profile, and what its type indexes register.

An owner lets an app have "contacts"; what the app then may touch are the places that were found at that moment, and
were shown. What an app writes into a type index later changes nothing of that, and what it wrote before is seen.

Spec: Type Indexes #type-indexes; WebID Profile #webid-profile-data-model
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeGuard

from pod.config import KIB
from pod.errors import PodError
from pod.operations.provision import PREFERENCES, PRIVATE_TYPE_INDEX, PROFILE, SETTINGS
from pod.protocol.ceiling import KIND_CHARACTERS_MAX
from pod.protocol.resource import INBOX, Target, parent_of
from pod.rdf.graph import IRI, Graph
from pod.rdf.vocab import AS, FOAF, PIM, RDF, SOLID, VCARD
from pod.rdf.words import local_name, words
from pod.services import Services
from pod.store.records import Kind as ResourceKind

DOCUMENT_BYTES_MAX = 256 * KIB
"""Of a profile, preferences or type index that is read for a page."""
INDEXES_MAX = 4
REGISTRATIONS_MAX = 200
PLACES_OF_KIND_MAX = 5
OTHER_KINDS_MAX = 8

INDEX = "index"
INDEX_NAME = "The list of what is where"
"""What an app reads to find the rest."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data that everybody has. `folder` is where it goes while no type index names a place."""

    id: str
    name: str
    classes: frozenset[str]
    folder: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where data of one kind is, or of none: a container, or one document. `beside` is what must be read to find it."""

    kind: str | None
    name: str
    path: str
    beside: tuple[str, ...] = ()


def _iris(*terms: IRI) -> frozenset[str]:
    return frozenset(term.value for term in terms)


_PROFILE, _CONTACTS = "profile", "contacts"
_WRITTEN_ELSEWHERE = frozenset(
    f"{scheme}://schema.org/{name}" for scheme in ("http", "https") for name in ("SocialMediaPosting", "BlogPosting")
) | {"http://rdfs.org/sioc/ns#Post"}
"""What other vocabularies call a post."""
KINDS = (
    Kind(_PROFILE, "Your profile", _iris(FOAF.PersonalProfileDocument, FOAF.Person, FOAF.Agent), "profile/"),
    Kind(_CONTACTS, "Your contacts", _iris(VCARD.AddressBook, VCARD.Individual, VCARD.Group), "contacts/"),
    Kind("posts", "Your posts", _iris(AS.Note, AS.Article) | _WRITTEN_ELSEWHERE, "posts/"),
)
"""Data of other classes are kinds of their own, under the IRI of the class."""
_BY_CLASS = {iri: kind for kind in KINDS for iri in kind.classes}
_SHARED_FOLDERS = frozenset({"profile/", SETTINGS, INBOX})
"""Below a storage root, with more in them than what one registration is about."""


class Pod:
    """One storage and the WebID that owns it, as far as kinds of data need it. Reads as its owner."""

    def __init__(self, services: Services, root: str, web_id: str) -> None:
        self._services = services
        self.root = root
        self.web_id = web_id
        self._registered: dict[str, list[str]] | None = None
        self._graphs: dict[str, Graph] = {}

    def places(self) -> Iterator[Place]:
        """Where every kind of data is that is known of."""
        for kind in KINDS:
            yield from self._places(kind)
        others = (iri for iri in self._registrations() if iri not in _BY_CLASS)
        for iri in islice(others, OTHER_KINDS_MAX):
            yield from self.of_class(iri)
        private = self.root + PRIVATE_TYPE_INDEX
        yield Place(INDEX, INDEX_NAME, next(iter(self._private_indexes()), private), self._to_index())

    def of_class(self, iri: str) -> tuple[Place, ...]:
        """Where data of a class are, or would be."""
        kind = _BY_CLASS.get(iri)
        if kind is not None:
            return tuple(self._places(kind))
        if len(iri) > KIND_CHARACTERS_MAX:
            return ()
        folder = "".join(each for each in local_name(iri).lower() if each.isascii() and each.isalnum())[:40]
        return tuple(self._places(Kind(iri, kind_name(iri), frozenset({iri}), f"{folder or 'data'}/")))

    def _places(self, kind: Kind) -> Iterator[Place]:
        is_fixed = kind.id == _PROFILE
        registered = [path for iri in kind.classes for path in self._registrations().get(iri, ()) if not is_fixed]
        if kind.id == _CONTACTS:
            registered = [self._book(path) for path in registered]
        found = sorted(set(registered))[:PLACES_OF_KIND_MAX] or [self.root + kind.folder]
        yield from (Place(kind.id, kind.name, path) for path in found)

    def _book(self, path: str) -> str:
        """An address book is registered by its first document; its people are in others beside that."""
        folder = parent_of(path)
        is_own = folder is not None and folder.removeprefix(self.root) not in {"", *_SHARED_FOLDERS}
        return folder if folder is not None and is_own and not path.endswith("/") else path

    # -- type indexes --------------------------------------------------------------------------------------------------

    def _registrations(self) -> dict[str, list[str]]:
        """The registered places in this storage, by class. The whole storage is none: nobody means that by a kind."""
        if self._registered is None:
            self._registered = {}
            for path in islice(self._indexes(), INDEXES_MAX):
                for iri, place in self._registered_in(self._graph(path)):
                    self._registered.setdefault(iri, []).append(place)
        return self._registered

    def _registered_in(self, index: Graph) -> Iterator[tuple[str, str]]:
        for subject in islice(index.subjects(RDF.type, SOLID.TypeRegistration), REGISTRATIONS_MAX):
            classes = [each.value for each in index.objects(subject, SOLID.forClass) if _is_class(each)]
            for predicate in (SOLID.instanceContainer, SOLID.instance):
                for place in index.objects(subject, predicate):
                    path = self._here(place)
                    is_of_form = path is not None and path.endswith("/") is (predicate == SOLID.instanceContainer)
                    yield from ((iri, path) for iri in classes if path is not None and is_of_form)

    def _indexes(self) -> Iterator[str]:
        yield from self._private_indexes()
        yield from self._named(self._graph(self.root + PROFILE), SOLID.publicTypeIndex)

    def _private_indexes(self) -> Iterator[str]:
        for document in (self.root + PROFILE, *self._to_index()):
            yield from self._named(self._graph(document), SOLID.privateTypeIndex)

    def _to_index(self) -> tuple[str, ...]:
        """The preferences document, which names the private type index. Only the one that the pod came with: an app
        that may change the profile could name any other, and whoever is let see the index would be let see that.
        """
        named = self._named(self._graph(self.root + PROFILE), PIM.preferencesFile)
        return tuple(path for path in islice(named, 1) if path == self.root + PREFERENCES)

    def _named(self, graph: Graph, predicate: IRI) -> Iterator[str]:
        """Documents of this storage that something is said to be."""
        for term in graph.objects(IRI(self.web_id), predicate):
            path = self._here(term)
            if path is not None and not path.endswith("/"):
                yield path

    def _here(self, term: object) -> str | None:
        """The path of an IRI in this storage, below its root; None for everything else."""
        path = self._services.placement.local_path(term.value) if isinstance(term, IRI) else None
        try:
            target = Target.parse(path or "")
        except PodError:
            return None
        is_below = target.auxiliary is None and target.storage == self.root and not target.is_storage_root
        return target.path if is_below else None

    def _graph(self, path: str) -> Graph:
        """What a document says; nothing where there is none that can be read here."""
        if path not in self._graphs:
            self._graphs[path] = self._read(path)
        return self._graphs[path]

    def _read(self, path: str) -> Graph:
        store = self._services.store
        state = store.describe(Target(path, path), with_body=False).state
        if state is None or state.kind is not ResourceKind.RDF or state.size > DOCUMENT_BYTES_MAX:
            return Graph()
        try:
            content = store.document(state.id, state.version) or b""
            return self._services.parse(content, state.media_type, self._services.placement.url(path)).default
        except PodError:
            return Graph()


def kind_name(kind: str) -> str:
    """What people call a kind, whoever named it."""
    known = {each.id: each.name for each in KINDS} | {INDEX: INDEX_NAME}
    return known.get(kind) or "".join(each for each in words(kind) if each.isprintable())


def _is_class(term: object) -> TypeGuard[IRI]:
    return isinstance(term, IRI) and len(term.value) <= KIND_CHARACTERS_MAX
