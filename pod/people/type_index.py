"""Telling apps in the private type index where things of a kind are, as it is in a new pod.

Where there is none, apps keep their own order, and nothing is written.

Spec: Type Indexes #type-registration
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from pod.errors import PodError
from pod.operations.provision import PRIVATE_TYPE_INDEX, PUBLIC_TYPE_INDEX
from pod.operations.writing import Document, read_document, write_document
from pod.protocol.agent import Credentials
from pod.protocol.resource import Target
from pod.rdf.graph import IRI, Graph, Triple
from pod.rdf.vocab import PREFIXES, RDF, SOLID
from pod.services import Services
from pod.store.interface import Reader, Writer

REGISTERED_MAX = 10
"""Things of one kind that are looked at."""


@dataclass(frozen=True, slots=True)
class Pen:
    """What writes in one pod: a transaction, as whom, and the path of the root."""

    services: Services
    tx: Writer
    who: Credentials
    storage: str

    def read(self, target: Target) -> Document | None:
        return read_document(self.services, self.tx, target)

    def write(self, target: Target, document: Document) -> None:
        write_document(self.services, self.tx, self.who, target, document)


def register(pen: Pen, kind: IRI, how: IRI, iri: IRI, *prefixes: str) -> None:
    """`how` is `solid:instance` or `solid:instanceContainer`; `prefixes` are names of those in `PREFIXES`."""
    index = Target.parse(pen.storage + PRIVATE_TYPE_INDEX)
    found = pen.read(index)
    if found is None or found[0].default.count(None, how, iri):
        return
    dataset, media_type = found
    entry = _free(dataset.default, pen.services.placement.url(index.path))
    for predicate, value in ((RDF.type, SOLID.TypeRegistration), (SOLID.forClass, kind), (how, iri)):
        dataset.default.add(Triple(entry, predicate, value))
    for name in ("solid", *prefixes):
        if PREFIXES[name] not in dataset.prefixes.values():
            dataset.prefixes.setdefault(name, PREFIXES[name])
    pen.write(index, (dataset, media_type))


def registered(services: Services, reader: Reader, storage: str, kind: IRI) -> Iterator[IRI]:
    """Single things of a kind that the type indexes name, those of the private one first."""
    left = REGISTERED_MAX
    for path in (PRIVATE_TYPE_INDEX, PUBLIC_TYPE_INDEX):
        graph = _read(services, reader, storage + path)
        for registration in graph.subjects(SOLID.forClass, kind):
            for term in graph.objects(registration, SOLID.instance):
                if isinstance(term, IRI) and left > 0:
                    left -= 1
                    yield term


def _read(services: Services, reader: Reader, path: str) -> Graph:
    try:
        found = read_document(services, reader, Target.parse(path))
    except PodError:  # an app broke it
        return Graph()
    return found[0].default if found else Graph()


def _free(graph: Graph, document: str) -> IRI:
    names = (IRI(f"{document}#registration-{number}") for number in count(1))
    return next(each for each in names if not graph.count(each) and not graph.count(o=each))
