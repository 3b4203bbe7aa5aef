"""Where apps look for posts: the entries of the private type index, which say that posts are in `posts/`.

Spec: Type Indexes #type-registration, #private-type-index
"""

from __future__ import annotations

from pod.operations.provision import PRIVATE_TYPE_INDEX
from pod.operations.writing import read_document, write_document
from pod.posts.post import OURS
from pod.protocol.agent import Credentials
from pod.protocol.resource import Target
from pod.rdf.graph import IRI, Graph, Triple
from pod.rdf.vocab import RDF, SOLID
from pod.services import Services
from pod.sharing import rule_names
from pod.store.interface import Writer

POSTS = "posts/"
"""Below a storage root."""


def register(services: Services, tx: Writer, who: Credentials, storage: str) -> None:
    """Where there is the private type index of a new pod; elsewhere apps keep their own order."""
    index = Target.parse(storage + PRIVATE_TYPE_INDEX)
    found = read_document(services, tx, index)
    if found is None:
        return
    dataset, media_type = found
    place, before = IRI(services.placement.url(storage + POSTS)), len(dataset)
    for kind in OURS:
        if not _is_there(dataset.default, kind, place):
            entry = IRI(rule_names.free_name(dataset.default, services.placement.url(index.path)))
            dataset.default.add(Triple(entry, RDF.type, SOLID.TypeRegistration))
            dataset.default.add(Triple(entry, SOLID.forClass, kind))
            dataset.default.add(Triple(entry, SOLID.instanceContainer, place))
    if len(dataset) > before:
        rule_names.name_namespaces(dataset, "solid", "as")
        write_document(services, tx, who, index, (dataset, media_type))


def _is_there(graph: Graph, kind: IRI, place: IRI) -> bool:
    return any(graph.count(each, SOLID.forClass, kind) for each in graph.subjects(SOLID.instanceContainer, place))
