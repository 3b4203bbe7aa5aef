"""The names of the rules that the sharing page writes, and what else both languages of rules have in common for it.

Spec: RDF Schema 1.1 s3.6 (rdfs:label)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pod.protocol.notification import format_moment
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Node, Term, Triple
from pod.rdf.vocab import FH, PREFIXES, RDFS, XSD
from pod.sharing.audiences import is_web_iri

LABEL_CHARACTERS_MAX = 120
_NUMBER = re.compile("[0-9]{1,18}")
OURS = "#share-"
"""How the fragment of such a name begins. What it is labelled is what the audience was called."""


def free_name(graph: Graph, document: str) -> str:
    """One that nothing in the graph has, nor begins with."""
    ours, highest = document + OURS, 0
    for triple in graph:
        for term in (triple.subject, triple.object):
            if isinstance(term, IRI) and term.value.startswith(ours):
                number = _NUMBER.match(term.value, len(ours))
                highest = max(highest, int(number[0]) if number else 0)
    return f"{ours}{highest + 1}"


def label_of(graph: Graph, node: Node, document: str) -> str | None:
    """What the audience of a rule was called, where the sharing page wrote it."""
    if not isinstance(node, IRI) or not node.value.startswith(document + OURS):
        return None
    said = graph.value(node, RDFS.label)
    return said.value[:LABEL_CHARACTERS_MAX] if isinstance(said, Literal) else None


def labelled(node: Node, label: str | None) -> Iterator[Triple]:
    if label:
        yield Triple(node, RDFS.label, Literal(label[:LABEL_CHARACTERS_MAX]))


def namespaces(label: str | None, until_ms: int | None) -> tuple[str, ...]:
    """Those that are used for a label and for an end."""
    return (*(("rdfs",) if label else ()), *(("fh", "xsd") if until_ms is not None else ()))


def name_namespaces(dataset: Dataset, *names: str) -> None:
    """Prefixes make a document readable; those that its author chose stay."""
    for name in names:
        if PREFIXES[name] not in dataset.prefixes.values():
            dataset.prefixes.setdefault(name, PREFIXES[name])


def until(node: Node, until_ms: int) -> Triple:
    return Triple(node, FH.until, Literal(format_moment(until_ms), datatype=XSD.dateTime))


def as_client(client: str) -> IRI | Literal:
    """Clients that registered here have names that are no IRIs; what other tools wrote may only look like one."""
    return IRI(client) if is_web_iri(client) else Literal(client)


def forget(graph: Graph, node: Node, understood: Iterable[IRI]) -> bool:
    """Take what is said of a node out of the graph, if nothing refers to it and all of it is understood."""
    said = list(graph.match(s=node))
    if graph.count(o=node) or not {triple.predicate for triple in said} <= set(understood):
        return False
    for triple in said:
        graph.discard(triple)
    return True


def described(graph: Graph, subject: Node, predicate: IRI) -> list[Node]:
    """The objects of a property that can have properties themselves."""
    return [term for term in graph.objects(subject, predicate) if _is_node(term)]  # type: ignore[misc]  # just told


def _is_node(term: Term) -> bool:
    return isinstance(term, IRI | BNode)
