"""The names the rest of the server may use for RDF: terms, triples, graphs and datasets.

Terms are pyoxigraph's classes under the names of the specifications; a graph is an ordered set of them, so that a
document keeps its order through a patch. Nothing here parses, writes or knows about HTTP.

Spec: RDF 1.1 Concepts (triple terms and directional strings of RDF 1.2 are refused by formats.py)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any, TypeAlias, cast

from pyoxigraph import BlankNode as BNode
from pyoxigraph import CanonicalizationAlgorithm, Literal, Quad, Triple, Variable
from pyoxigraph import Dataset as QuadSet
from pyoxigraph import NamedNode as IRI  # noqa: N814  # an acronym, not a constant

__all__ = ["IRI", "BNode", "Dataset", "Graph", "GraphName", "Literal", "Node", "Term", "Triple", "Variable"]

Node: TypeAlias = IRI | BNode
Term: TypeAlias = IRI | BNode | Literal
GraphName: TypeAlias = IRI | BNode

SCANNED_TRIPLES_MAX = 32
"""Up to this size looking at every triple is faster than making an index."""

LARGE_TRIPLES = 10_000

Key: TypeAlias = Term | tuple[Term, Term]
Bucket: TypeAlias = dict[Triple, None]
Index: TypeAlias = dict[Key, Bucket]


class Graph:
    """An ordered set of triples. Lookups by bound terms use indexes, each built at its first use and kept in step."""

    __slots__ = ("_indexes", "_triples")

    def __init__(self, triples: Iterable[Triple] = ()) -> None:
        self._indexes: dict[str, Index] = {}
        self._triples: dict[Triple, None] = {}
        for triple in triples:
            self._triples[triple] = None

    def __del__(self) -> None:
        """A large graph is taken apart step by step: left to the interpreter, it would keep all threads waiting."""
        if len(self._triples) > LARGE_TRIPLES:
            parts: tuple[dict[Any, Any], ...] = (*self._indexes.values(), self._triples)
            for part in parts:
                while part:
                    part.popitem()

    def add(self, triple: Triple) -> None:
        if triple not in self._triples:
            self._triples[triple] = None
            for kind, index in self._indexes.items():
                index.setdefault(_KEYS[kind](triple), {})[triple] = None

    def discard(self, triple: Triple) -> None:
        if triple in self._triples:
            del self._triples[triple]
            for kind, index in self._indexes.items():
                del index[_KEYS[kind](triple)][triple]

    def copy(self) -> Graph:
        """The same triples in the same order; changing one leaves the other."""
        twin = Graph()
        twin._triples = self._triples.copy()
        return twin

    def match(self, s: Node | None = None, p: IRI | None = None, o: Term | None = None) -> Iterable[Triple]:
        """The triples with these terms; None stands for any."""
        if s is None and p is None and o is None:
            return self._triples
        if s is not None and p is not None and o is not None:
            triple = Triple(s, p, o)
            return (triple,) if triple in self._triples else ()
        return self._bucket(s, p, o)

    def count(self, s: Node | None = None, p: IRI | None = None, o: Term | None = None) -> int:
        """How many triples `match` gives, without visiting them."""
        return len(self.match(s, p, o))  # type: ignore[arg-type]  # every branch of match gives a sized collection

    def value(self, s: Node, p: IRI) -> Term | None:
        """Some object of the subject's property; None if it has none."""
        return next(self.objects(s, p), None)

    def objects(self, s: Node, p: IRI) -> Iterator[Term]:
        return (cast("Term", triple.object) for triple in self.match(s, p))

    def subjects(self, p: IRI, o: Term) -> Iterator[Node]:
        return (cast("Node", triple.subject) for triple in self.match(None, p, o))

    def by_subject(self) -> Iterator[Triple]:
        """All triples, subject after subject in first-seen order, for writers that name each subject once."""
        together: dict[object, list[Triple]] = {}
        for triple in self._triples:
            together.setdefault(triple.subject, []).append(triple)
        return chain.from_iterable(together.values())

    def isomorphic(self, other: Graph) -> bool:
        """Equal but for the names of blank nodes. Takes long for graphs made to resist it: not for unknown input."""
        return len(self) == len(other) and (self == other or _canonical(self) == _canonical(other))

    def __contains__(self, triple: object) -> bool:
        return triple in self._triples

    def __iter__(self) -> Iterator[Triple]:
        return iter(self._triples)

    def __len__(self) -> int:
        return len(self._triples)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self._triples.keys() == other._triples.keys()

    __hash__ = None  # type: ignore[assignment]  # mutable, as a set is

    def __repr__(self) -> str:
        return f"<Graph of {len(self)} triples>"

    def _bucket(self, s: Node | None, p: IRI | None, o: Term | None) -> Bucket:
        if len(self._triples) <= SCANNED_TRIPLES_MAX:
            return self._scan(s, p, o)
        bound = [(letter, term) for letter, term in (("s", s), ("p", p), ("o", o)) if term is not None]
        kind = "".join(letter for letter, _ in bound)
        index = self._indexes.get(kind)
        if index is None:
            index = self._indexes[kind] = self._indexed(kind)
        key: Key = bound[0][1] if len(bound) == 1 else (bound[0][1], bound[1][1])
        return index.get(key, {})

    def _scan(self, s: Node | None, p: IRI | None, o: Term | None) -> Bucket:
        return {
            triple: None
            for triple in self._triples
            if (p is None or triple.predicate == p)
            and (s is None or triple.subject == s)
            and (o is None or triple.object == o)
        }

    def _indexed(self, kind: str) -> Index:
        index: Index = {}
        key = _KEYS[kind]
        for triple in self._triples:
            index.setdefault(key(triple), {})[triple] = None
        return index


_KEYS: dict[str, Callable[[Triple], Key]] = {
    "s": attrgetter("subject"),
    "p": attrgetter("predicate"),
    "o": attrgetter("object"),
    "sp": attrgetter("subject", "predicate"),
    "so": attrgetter("subject", "object"),
    "po": attrgetter("predicate", "object"),
}


def _canonical(graph: Graph) -> QuadSet:
    quads = QuadSet(Quad(triple.subject, triple.predicate, triple.object) for triple in graph)
    quads.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return quads


@dataclass(slots=True)
class Dataset:
    """A default graph, the named graphs beside it (only JSON-LD, TriG and N-Quads have any), the author's prefixes."""

    default: Graph = field(default_factory=Graph)
    named: dict[GraphName, Graph] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Triples in all graphs."""
        return len(self.default) + sum(len(graph) for graph in self.named.values())

    def __bool__(self) -> bool:
        """A dataset is a value even when it is empty."""
        return True
