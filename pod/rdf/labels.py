"""Names for blank nodes that a document written twice carries twice.

Parsers invent names for the blank nodes that have none, new ones at every reading. A representation with a strong
ETag must be the same bytes whoever makes it, so before writing the invented names give way to b0, b1, ... in order of
appearance. Names that authors gave stay.

Spec: RFC 9110 s8.8.1 (strong validators)
"""

from __future__ import annotations

import re
from itertools import count
from typing import TypeVar

from pod.rdf.graph import BNode, Dataset, Graph, Triple

_INVENTED = re.compile(r"[0-9a-f]{16,32}")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

T = TypeVar("T")


def with_stable_labels(dataset: Dataset) -> Dataset:
    """The same dataset, isomorphic, with names that depend on nothing but the order of its triples."""
    graphs = [dataset.default, *dataset.named.values()]
    labels = _labels(graphs, [name for name in dataset.named if isinstance(name, BNode)])
    if not labels:
        return dataset
    named = {_renamed(name, labels): _relabelled(graph, labels) for name, graph in dataset.named.items()}
    return Dataset(_relabelled(dataset.default, labels), named, dataset.prefixes)


def _labels(graphs: list[Graph], names: list[BNode]) -> dict[BNode, BNode]:
    """The new label of each blank node that needs one."""
    seen = dict.fromkeys(names)
    for graph in graphs:
        for triple in graph:
            if type(triple.subject) is BNode:
                seen[triple.subject] = None
            if type(triple.object) is BNode:
                seen[triple.object] = None
    kept = {node.value for node in seen if is_kept(node.value)}
    fresh = (label for label in map("b{}".format, count()) if label not in kept)
    return {node: BNode(next(fresh)) for node in seen if node.value not in kept}


def is_kept(label: str) -> bool:
    """Whether an author gave this name, and any format can write it."""
    return _PLAIN.fullmatch(label) is not None and _INVENTED.fullmatch(label) is None


def _relabelled(graph: Graph, labels: dict[BNode, BNode]) -> Graph:
    return Graph(_relabelled_triple(triple, labels) for triple in graph)


def _relabelled_triple(triple: Triple, labels: dict[BNode, BNode]) -> Triple:
    if type(triple.subject) is not BNode and type(triple.object) is not BNode:
        return triple
    return Triple(_renamed(triple.subject, labels), triple.predicate, _renamed(triple.object, labels))


def _renamed(term: T, labels: dict[BNode, BNode]) -> T:
    return labels.get(term, term)  # type: ignore[call-overload,no-any-return]  # only blank nodes are keys
