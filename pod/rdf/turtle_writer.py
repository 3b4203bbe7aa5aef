"""Turtle that people like to read: blank nodes and lists nested, the author's prefixes, subjects in their order.

Nothing is written relative to a base, because a pod may move. What nests too deeply, is shared or goes in circles is
named instead. Large graphs are left to the library's flat writer, which is thirty times faster and read by machines
only.

Spec: RDF 1.1 Turtle s2.3 to s2.8, s6.4 (escapes)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from operator import attrgetter

import pyoxigraph as ox

from pod.rdf import oxigraph
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Node, Term, Triple
from pod.rdf.labels import is_kept, with_stable_labels
from pod.rdf.vocab import RDF, XSD

NESTED_TRIPLES_MAX = 5_000
NESTED_DEPTH_MAX = 16
INDENT = "    "

_PREFIX_NAME = re.compile(r"(?:[A-Za-z](?:[\w.\-]*[\w\-])?)?", re.ASCII)
_IRI_CHARACTERS = re.compile(r"[^\x00-\x20<>\"{}|^`\\]*")
_PLAIN_LOCAL = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_\-]*)?")
_SHORTHAND = {
    XSD.integer.value: re.compile(r"[+-]?[0-9]+"),
    XSD.decimal.value: re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD.double.value: re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)[eE][+-]?[0-9]+"),
    XSD.boolean.value: re.compile(r"true|false"),
}
_CLOSING_QUOTES = re.compile(r'"(?=""|"?\Z)')
_NEEDS_ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

Properties = dict[IRI, list[Term]]

_PARTS: Callable[[Triple], tuple[Node, IRI, Term]] = attrgetter("subject", "predicate", "object")

_TYPE = RDF.type
_FIRST = RDF.first
_REST = RDF.rest
_NIL = RDF.nil


def write(graph: Graph, prefixes: dict[str, str]) -> bytes:
    """The graph as a Turtle document, the same bytes for the same order of triples."""
    usable = usable_prefixes(prefixes)
    if len(graph) > NESTED_TRIPLES_MAX:
        return _flat(graph, usable)
    header = "".join(f"@prefix {name}: <{namespace}> .\n" for name, namespace in usable.items())
    blocks = "\n\n".join(_Writer(graph, usable).blocks())
    return "".join((header, "\n" if header and blocks else "", blocks, "\n" if blocks else "")).encode()


def usable_prefixes(prefixes: dict[str, str]) -> dict[str, str]:
    """Those that Turtle and XML can declare: a JSON-LD term may be any string."""
    return {
        name: namespace
        for name, namespace in prefixes.items()
        if _PREFIX_NAME.fullmatch(name) and ":" in namespace and _IRI_CHARACTERS.fullmatch(namespace)
    }


def _flat(graph: Graph, prefixes: dict[str, str]) -> bytes:
    stable = with_stable_labels(Dataset(graph)).default
    return oxigraph.serialize(stable.by_subject(), ox.RdfFormat.TURTLE, prefixes)


class _Writer:
    """One graph being written. A subject is `written` once its properties stand somewhere."""

    def __init__(self, graph: Graph, prefixes: dict[str, str]) -> None:
        self._subjects: dict[Node, Properties] = {}
        self._references: dict[BNode, int] = {}
        self._namespaces = {namespace: f"{name}:" for name, namespace in reversed(prefixes.items())}
        self._verbs: dict[IRI, str] = {_TYPE: "a"}
        self._written: set[Node] = set()
        self._no_lists: set[BNode] = set()
        self._labels: dict[BNode, str] = {}
        self._fresh = self._fresh_labels()
        self._group(graph)

    def blocks(self) -> Iterator[str]:
        """One statement block for each subject that is not nested in another."""
        for subject in self._subjects:
            if not isinstance(subject, BNode) or self._references.get(subject, 0) != 1:
                yield self._block(subject)
        for subject in self._subjects:
            if subject not in self._written:
                yield self._block(subject)

    def _group(self, graph: Iterable[Triple]) -> None:
        subjects, references = self._subjects, self._references
        for subject, verb, value in map(_PARTS, graph):
            properties = subjects.get(subject)
            if properties is None:
                properties = subjects[subject] = {}
            properties.setdefault(verb, []).append(value)
            if type(value) is BNode:
                references[value] = references.get(value, 0) + 1

    def _block(self, subject: Node) -> str:
        self._written.add(subject)
        if type(subject) is not BNode:
            name = self._iri(subject.value)
        elif subject in self._references:
            name = self._label(subject)
        else:
            name = "[]"
        return f"{name} {self._properties(subject, 0)} ."

    def _properties(self, subject: Node, depth: int) -> str:
        properties = self._subjects[subject]
        parts: list[str] = []
        for verb, values in properties.items():
            name = self._verbs.get(verb) or self._verb(verb)
            part = f"{name} {self._objects(values, depth)}"
            if name == "a":
                parts.insert(0, part)
            else:
                parts.append(part)
        return f" ;\n{INDENT * (depth + 1)}".join(parts)

    # -- terms ---------------------------------------------------------------------------------------------------------

    def _verb(self, verb: IRI) -> str:
        text = self._verbs[verb] = self._iri(verb.value)
        return text

    def _objects(self, terms: list[Term], depth: int) -> str:
        if len(terms) == 1:  # nearly always
            return self._object(terms[0], depth)
        return ", ".join([self._object(term, depth) for term in terms])

    def _object(self, term: Term, depth: int) -> str:
        if type(term) is Literal:
            return self._literal(term)
        if type(term) is BNode:
            return self._blank(term, depth)
        return "()" if term == _NIL else self._iri(term.value)

    def _iri(self, value: str) -> str:
        if not self._namespaces:
            return f"<{value}>"
        cut = max(value.rfind("#"), value.rfind("/")) + 1 or value.rfind(":") + 1
        prefix = self._namespaces.get(value[:cut])
        if prefix is None:
            return f"<{value}>"
        local = value[cut:]
        if _PLAIN_LOCAL.fullmatch(local):
            return prefix + local
        return f"<{value}>"  # Turtle could escape what is in the way, but not every client reads that

    def _literal(self, literal: Literal) -> str:
        """N-Triples form, with Turtle's abbreviations where they lose nothing."""
        text = str(literal)
        if "\\n" in text:
            text = _long_form(literal) or text
        if text[-1] != ">":
            return text
        quoted, _, datatype = text[:-1].rpartition("^^<")
        shorthand = _SHORTHAND.get(datatype)
        if shorthand and shorthand.fullmatch(quoted, 1, len(quoted) - 1):
            return quoted[1:-1]
        return f"{quoted}^^{self._iri(datatype)}"

    def _blank(self, node: BNode, depth: int) -> str:
        if self._references[node] != 1 or depth >= NESTED_DEPTH_MAX or node in self._written:
            return self._label(node)
        if node not in self._subjects:
            return "[]"
        cells = self._cells(node)
        if cells:
            return self._list(cells, depth)
        self._written.add(node)
        inner = INDENT * (depth + 2)
        return f"[\n{inner}{self._properties(node, depth + 1)}\n{INDENT * (depth + 1)}]"

    def _label(self, node: BNode) -> str:
        label = self._labels.get(node)
        if label is None:
            label = self._labels[node] = f"_:{node.value}" if is_kept(node.value) else next(self._fresh)
        return label

    def _fresh_labels(self) -> Iterator[str]:
        """Names that no author gave to a node of this graph. Looks at them when the first is wanted."""
        nodes = {*self._references, *(subject for subject in self._subjects if type(subject) is BNode)}
        taken = {node.value for node in nodes}
        for number in count():
            if f"b{number}" not in taken:
                yield f"_:b{number}"

    # -- lists ---------------------------------------------------------------------------------------------------------

    def _cells(self, head: BNode) -> list[BNode]:
        """The cells of a well-formed list that nothing else refers into; empty if it is no such list."""
        cells: dict[BNode, None] = {}
        cell: Term = head
        while isinstance(cell, BNode) and self._is_cell(cell) and cell not in cells:
            cells[cell] = None
            cell = self._subjects[cell][_REST][0]
        if cell == _NIL:
            return list(cells)
        self._no_lists.update(cells)
        return []

    def _is_cell(self, node: BNode) -> bool:
        properties = self._subjects.get(node)
        return (
            properties is not None
            and len(properties) == 2
            and len(properties.get(_FIRST, ())) == 1
            and len(properties.get(_REST, ())) == 1
            and self._references.get(node) == 1
            and node not in self._written
            and node not in self._no_lists
        )

    def _list(self, cells: list[BNode], depth: int) -> str:
        self._written.update(cells)
        items = [self._object(self._subjects[cell][_FIRST][0], depth + 1) for cell in cells]
        return f"( {' '.join(items)} )"


def _long_form(literal: Literal) -> str | None:
    """The literal in triple quotes, over as many lines as it has; None where escapes serve better."""
    value = literal.value
    if "\n" not in value or _NEEDS_ESCAPES.search(value):
        return None
    body = _CLOSING_QUOTES.sub(r"\\\g<0>", value.replace("\\", "\\\\"))
    suffix = str(literal).rpartition('"')[2]
    return f'"""{body}"""{suffix}'
