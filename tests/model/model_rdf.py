"""RDF for the model, read by another library than the server's: documents to triples, and whether two say the same.

Spec: RDF 1.1 Concepts s3.6 (graph isomorphism); LDP 4.2.1.5 (base IRIs)
"""

from __future__ import annotations

import logging
from functools import lru_cache

import rdflib
from rdflib.compare import isomorphic
from rdflib.term import BNode, Literal, Node

from tests.model.model_values import Triples

PARSERS = {
    "text/turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/n-triples": "nt",
    "application/n-quads": "nquads",
    "application/trig": "trig",
    "application/rdf+xml": "xml",
}
WITH_GRAPHS = {"application/n-quads", "application/trig"}
TURTLE = "text/turtle"

NOTHING: Triples = frozenset()

logging.getLogger("rdflib").setLevel(logging.CRITICAL)  # it tells of every term it does not like


def essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def is_rdf(media_type: str) -> bool:
    return essence(media_type) in PARSERS


@lru_cache(maxsize=4096)
def triples(content: bytes, media_type: str, base: str) -> Triples | None:
    """What a document says; None when it says nothing that can be understood."""
    try:
        parsed = rdflib.Dataset(default_union=True) if essence(media_type) in WITH_GRAPHS else empty_graph()
        parsed.parse(data=content, format=PARSERS[essence(media_type)], publicID=base)
    except Exception:  # each parser of rdflib has errors of its own, and some of Python's
        return None
    return frozenset((s, p, o) for s, p, o, *_ in parsed)


def empty_graph() -> rdflib.Graph:
    """Without the usual prefixes, which cost more than a small document."""
    return rdflib.Graph(bind_namespaces="none")


def graph_of(some: Triples) -> rdflib.Graph:
    """Language tags in lower case: they are the same in any, only rdflib's comparison of blank nodes does not know."""
    graph = empty_graph()
    for subject, predicate, value in some:
        graph.add((subject, predicate, _lower_tag(value)))
    return graph


def _lower_tag(term: Node) -> Node:
    if isinstance(term, Literal) and term.language:
        return Literal(str(term), lang=term.language.lower())
    return term


def has_blank(some: Triples) -> bool:
    return any(isinstance(term, BNode) for each in some for term in each)


def same(one: Triples, other: Triples) -> bool:
    """Whether two documents say the same, however their blank nodes are labelled."""
    if one == other:
        return True
    return len(one) == len(other) and has_blank(one) and bool(isomorphic(graph_of(one), graph_of(other)))
