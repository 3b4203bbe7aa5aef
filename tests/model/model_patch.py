"""Patches: what an N3 Patch or a SPARQL Update makes of a document. rdflib parses them; its update engine, which takes
solutions one by one where the specification wants all deletions before all insertions, is not used.

Spec: Solid #n3-patch; SPARQL 1.1 Update s3.1; REQUIREMENTS section 8 and section 17, rows 15 to 17
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import rdflib
from rdflib.graph import QuotedGraph
from rdflib.namespace import RDF, Namespace
from rdflib.plugins.sparql import prepareUpdate
from rdflib.term import BNode, Literal, Node, URIRef, Variable

from tests.model.model_access import APPEND, READ, WRITE, Modes
from tests.model.model_rdf import NOTHING, empty_graph
from tests.model.model_values import Refused, Triple, Triples

SOLID = Namespace("http://www.w3.org/ns/solid/terms#")
N3, SPARQL = "text/n3", "application/sparql-update"

Binding = dict[Node, Node]


@dataclass(frozen=True, slots=True)
class N3Patch:
    deletes: Triples
    inserts: Triples
    where: Triples

    @property
    def modes(self) -> Modes:
        """Spec: Solid #server-n3-patch-where, #server-n3-patch-insert, #server-n3-patch-delete"""
        needed = {READ} if self.where else set()
        needed |= {APPEND} if self.inserts else set()
        needed |= {READ, WRITE} if self.deletes else set()
        return frozenset(needed or {READ})

    def apply(self, document: Triples) -> Triples:
        """Raises: Refused -- 409: not exactly one mapping, or something to delete is not there"""
        found = {frozenset(_named(each).items()) for each in solutions(document, sorted(self.where, key=_unknowns))}
        if len(found) != 1:
            raise Refused(409)
        binding = dict(found.pop())
        deletes = frozenset(_instance(each, binding, {}) for each in self.deletes)
        fresh: Binding = {}
        inserts = frozenset(_instance(each, binding, fresh) for each in self.inserts)
        if not deletes <= document or any(isinstance(s, Literal) for s, _, _ in inserts):
            raise Refused(409)
        return (document - deletes) | inserts


@dataclass(frozen=True, slots=True)
class Change:
    """One operation of an update."""

    deletes: Triples
    inserts: Triples
    where: Triples

    def apply(self, document: Triples) -> Triples:
        """All deletions, then all insertions, both found in the document as it was. Spec: SPARQL 1.1 Update s3.1.3"""
        found = list(solutions(document, sorted(self.where, key=_unknowns)))
        deletes = {each for binding in found for each in _template(self.deletes, binding)}
        inserts = {each for binding in found for each in _template(self.inserts, binding)}
        return (document - deletes) | inserts


@dataclass(frozen=True, slots=True)
class SparqlUpdate:
    changes: tuple[Change, ...]

    @property
    def modes(self) -> Modes:
        """Insertions take Append, deletions Write, conditions Read."""
        needed: set[str] = set()
        for each in self.changes:
            needed |= {READ} if each.where else set()
            needed |= {WRITE} if each.deletes else set()
            needed |= {APPEND} if each.inserts else set()
        return frozenset(needed or {READ})

    def apply(self, document: Triples) -> Triples:
        for each in self.changes:
            document = each.apply(document)
        return document


Patch = N3Patch | SparqlUpdate


def parse(content: bytes, media_type: str, base: str) -> Patch:
    """Raises: Refused -- 400: not of this language; 422: no patch of the kinds there are; 415"""
    if media_type == N3:
        return _n3(content, base)
    if media_type == SPARQL:
        return _sparql(content, base)
    raise Refused(415)


# -- N3 Patch ----------------------------------------------------------------------------------------------------------


def _n3(content: bytes, base: str) -> N3Patch:
    graph = empty_graph()
    try:
        graph.parse(data=content, format="n3", publicID=base)
    except Exception as error:  # the parser has errors of its own, and some of Python's
        raise Refused(400) from error
    resources = {s for s, p, o in graph if p in _FORMULAE or (p == RDF.type and o in _TYPES)}
    if len(resources) != 1:
        raise Refused(422)
    (resource,) = resources
    if (resource, RDF.type, SOLID.InsertDeletePatch) not in graph:
        raise Refused(422)
    patch = N3Patch(*(_formula(graph, resource, each) for each in _FORMULAE))
    known = _of_kind(patch.where, Variable)
    if _of_kind(patch.deletes, BNode) or not _of_kind(patch.deletes | patch.inserts, Variable) <= known:
        raise Refused(422)
    return patch


_FORMULAE = (SOLID.deletes, SOLID.inserts, SOLID.where)
_TYPES = (SOLID.Patch, SOLID.InsertDeletePatch)


def _formula(graph: rdflib.Graph, resource: Node, predicate: Node) -> Triples:
    values = list(graph.objects(resource, predicate))
    if not values:
        return frozenset()
    if len(values) > 1 or not isinstance(values[0], QuotedGraph):
        raise Refused(422)
    return frozenset(values[0])


def _of_kind(patterns: Triples, kind: type[Node]) -> set[Node]:
    return {term for each in patterns for term in each if isinstance(term, kind)}


def _unknowns(pattern: Triple) -> int:
    return sum(isinstance(term, Variable | BNode) for term in pattern)


def solutions(document: Triples, patterns: list[Triple]) -> Iterator[Binding]:
    """All ways in which the patterns fit, blank nodes in them being variables too."""
    if not patterns:
        yield {}
        return
    for before in solutions(document, patterns[:-1]):
        for triple in document:
            binding = dict(before)
            fits = (_fits(known, term, binding) for known, term in zip(patterns[-1], triple, strict=True))
            if all(fits):
                yield binding


def _fits(pattern: Node, term: Node, binding: Binding) -> bool:
    if isinstance(pattern, Variable | BNode):
        return binding.setdefault(pattern, term) == term
    return pattern == term


def _named(binding: Binding) -> Binding:
    return {unknown: term for unknown, term in binding.items() if isinstance(unknown, Variable)}


def _instance(pattern: Triple, binding: Binding, fresh: Binding) -> Triple:
    s, p, o = (_bound(term, binding, fresh) for term in pattern)
    return s, p, o


def _bound(term: Node, binding: Binding, fresh: Binding) -> Node:
    if isinstance(term, BNode):
        return fresh.setdefault(term, BNode())
    return binding[term] if isinstance(term, Variable) else term


# -- SPARQL Update -----------------------------------------------------------------------------------------------------


def _sparql(content: bytes, base: str) -> SparqlUpdate:
    try:
        update = prepareUpdate(content.decode(), base=base)
    except Exception as error:  # the parser has errors of its own, and some of Python's
        raise Refused(400) from error
    return SparqlUpdate(tuple(map(_change, update.algebra)))


def _change(operation: Any) -> Change:  # rdflib's algebra
    """Raises: Refused -- 422: beyond changes of one document by triple patterns"""
    if operation.name == "InsertData":
        return Change(NOTHING, _as_read(operation.triples), NOTHING)
    if operation.name == "DeleteData":
        return Change(_as_read(operation.triples), NOTHING, NOTHING)
    if operation.name == "DeleteWhere":
        return Change(_as_read(operation.triples), NOTHING, _as_read(operation.triples))
    if operation.name != "Modify":
        raise Refused(422)
    parts = (operation.delete, operation.insert)
    deletes, inserts = (_as_read(part.triples if part else ()) for part in parts)
    return Change(deletes, inserts, _as_read(_patterns(operation.where)))


def _as_read(some: Iterable[Triple]) -> Triples:
    """With literals written as rdflib writes those that it reads from documents, and not those from updates."""
    return frozenset((s, p, o.normalize() if isinstance(o, Literal) else o) for s, p, o in some)


def _patterns(where: Any) -> list[Triple]:  # rdflib's algebra
    """Raises: Refused -- 422: more than triple patterns"""
    if where.name == "Join":
        return _patterns(where.p1) + _patterns(where.p2)
    if where.name != "BGP":
        raise Refused(422)
    return list(where.triples)


def _template(patterns: Triples, binding: Binding) -> Triples:
    """What is no triple once instantiated is left out. Spec: SPARQL 1.1 s16.2.1"""
    fresh: Binding = {}
    known = [each for each in patterns if all(term in binding for term in each if isinstance(term, Variable))]
    made = (_instance(each, binding, fresh) for each in known)
    return frozenset(each for each in made if not isinstance(each[0], Literal) and isinstance(each[1], URIRef))
