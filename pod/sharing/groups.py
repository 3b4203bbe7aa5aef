"""Groups of people that an owner keeps in their pod, for access rules to name: a vcard:Group each, in a document of its
own, which apps find by the private type index.

Whoever leaves a group loses at once what the group has: decisions read the document as it is.

Spec: WAC #acl-agentgroup; Type Indexes #type-registration
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from itertools import count

from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.operations.delete import delete
from pod.operations.operation import Operation
from pod.operations.watched import note_own, watched
from pod.operations.writing import TURTLE, acting_in, located, read_document, write_document
from pod.people.books import GROUPS, index_group
from pod.people.type_index import Pen, register
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.rdf.graph import IRI, Dataset, Graph, Literal, Triple
from pod.rdf.vocab import OWL, PREFIXES, RDF, SOLID, VCARD
from pod.services import Services
from pod.sharing import rule_names
from pod.store.interface import Reader, Writer
from pod.store.records import Actor

NAME_CHARACTERS_MAX = 100
MEMBERS_MAX = 1_000
SAME_NAME_MAX = 100

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")

Change = Callable[[Graph, IRI], None]


class Groups:
    """The groups of one account. Shared by all threads."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def make(self, account: int, storage: str, name: str) -> str:
        """The IRI of a new group without members.

        Raises: UnprocessableContent -- it needs a name; Conflict -- there are too many of that name; QuotaExceeded
        """
        name = _checked(name)
        who = acting_in(self._services, self._services.store, account, storage)
        target, iri = self._services.store.write_together(Actor(who.agent), partial(self._made, who, storage, name))
        note_own(self._services, target.path, who.agent, AccessMode.APPEND)
        return iri

    def add(self, account: int, group: str, web_id: str, name: str | None = None, contact: str | None = None) -> None:
        """`contact` is theirs in an address book, if there is one: who has no WebID is in a group by that alone.

        Raises: NotFound -- no such group in a pod of theirs; Conflict -- it has too many members
        """

        def added(graph: Graph, iri: IRI) -> None:
            if graph.count(iri, VCARD.hasMember) >= MEMBERS_MAX:
                raise Conflict(f"A group has at most {MEMBERS_MAX} members.")
            graph.add(Triple(iri, VCARD.hasMember, IRI(web_id)))
            if name and not graph.count(IRI(web_id), VCARD.fn):
                graph.add(Triple(IRI(web_id), VCARD.fn, Literal(name[:NAME_CHARACTERS_MAX])))
            if contact and contact != web_id:
                graph.add(Triple(IRI(web_id), OWL.sameAs, IRI(contact)))

        self._change(account, group, added)

    def remove(self, account: int, group: str, web_id: str) -> None:
        """Raises: NotFound -- see `add`."""

        def removed(graph: Graph, iri: IRI) -> None:
            graph.discard(Triple(iri, VCARD.hasMember, IRI(web_id)))
            rule_names.forget(graph, IRI(web_id), (VCARD.fn, OWL.sameAs))

        self._change(account, group, removed)

    def rename(self, account: int, group: str, name: str) -> None:
        """Raises: UnprocessableContent -- it needs a name; NotFound -- see `add`."""
        name = _checked(name)

        def renamed(graph: Graph, iri: IRI) -> None:
            for triple in list(graph.match(iri, VCARD.fn)):
                graph.discard(triple)
            graph.add(Triple(iri, VCARD.fn, Literal(name)))

        self._change(account, group, renamed, name)

    def delete(self, account: int, group: str) -> None:
        """With its document. Whatever the group had, nobody has by it any more. Raises: NotFound -- see `add`."""
        target, who = self._located(self._services.store, account, group)
        found = read_document(self._services, self._services.store, target)
        if found is None or not _is_alone(found[0].default, IRI(group)):
            raise NotFound("There is no group here that this page could delete.")
        operation = Operation("DELETE", target, who, NO_CONDITIONS)
        watched(self._services, delete, operation, app=self._services.placement.base_url)
        self._services.store.write_together(Actor(who.agent), partial(self._unlisted, who, target, IRI(group)))

    # -- inside a transaction ------------------------------------------------------------------------------------------

    def _made(self, who: Credentials, storage: str, name: str, tx: Writer) -> tuple[Target, str]:
        target = _free(tx, f"{storage}{GROUPS}{_slug(name)}")
        iri = IRI(f"{self._services.placement.url(target.path)}#it")
        said = Graph((Triple(iri, RDF.type, VCARD.Group), Triple(iri, VCARD.fn, Literal(name))))
        dataset = Dataset(said, prefixes={"vcard": PREFIXES["vcard"]})
        write_document(self._services, tx, who, target, (dataset, TURTLE))
        pen = Pen(self._services, tx, who, storage)
        container = IRI(self._services.placement.url(storage + GROUPS))
        register(pen, VCARD.Group, SOLID.instanceContainer, container, "vcard")
        index_group(pen, iri, name)
        return target, iri.value

    def _unlisted(self, who: Credentials, target: Target, group: IRI, tx: Writer) -> None:
        index_group(Pen(self._services, tx, who, target.storage), group, None)

    def _change(self, account: int, group: str, change: Change, name: str | None = None) -> None:
        """`name`: what it is called from now on."""
        target, who = self._located(self._services.store, account, group)
        act = partial(self._changed, account, group, change, name)
        if self._services.store.write_together(Actor(who.agent), act):
            note_own(self._services, target.path, who.agent, AccessMode.WRITE)

    def _changed(self, account: int, group: str, change: Change, name: str | None, tx: Writer) -> bool:
        """Whether there was anything to change."""
        target, who = self._located(tx, account, group)
        found = read_document(self._services, tx, target)
        if found is None or not found[0].default.count(IRI(group), RDF.type, VCARD.Group):
            raise NotFound("There is no such group.")
        dataset, media_type = found
        before = dataset.default.copy()
        change(dataset.default, IRI(group))
        if dataset.default == before:
            return False
        write_document(self._services, tx, who, target, (dataset, media_type))
        if name is not None:
            index_group(Pen(self._services, tx, who, target.storage), IRI(group), name)
        return True

    def _located(self, reader: Reader, account: int, group: str) -> tuple[Target, Credentials]:
        """The document of a group in a pod of the account. Raises: NotFound."""
        return located(self._services, reader, account, group)


def _checked(name: str) -> str:
    """Raises: UnprocessableContent."""
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise UnprocessableContent(f"Give the group a name of at most {NAME_CHARACTERS_MAX} letters.")
    return name


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_NAMES.sub("-", plain).strip("-") or "group"


def _free(reader: Reader, path: str) -> Target:
    """Raises: Conflict."""
    for number in count(1):
        if number > SAME_NAME_MAX:
            raise Conflict("There are too many groups of this name already.")
        target = Target.parse(f"{path}.ttl" if number == 1 else f"{path}-{number}.ttl")
        if reader.describe(target, with_body=False).state is None:
            return target
    raise AssertionError("counting ends")


def _is_alone(graph: Graph, group: IRI) -> bool:
    """Whether a document holds a group and nothing else but what its members are called."""
    members = set(graph.objects(group, VCARD.hasMember))
    return bool(graph.count(group, RDF.type, VCARD.Group)) and all(
        triple.subject == group
        or (triple.subject in members and triple.predicate in {VCARD.fn, OWL.sameAs})
        or triple.predicate == VCARD.includesGroup  # SolidOS names the book
        for triple in graph
    )
