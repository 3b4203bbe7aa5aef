"""Documents whose things have other names now: every IRI of a dataset through one function. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import TypeVar

from pod.rdf.graph import IRI, BNode, Dataset, Graph, Triple

Rename = Callable[[str], str]
Thing = TypeVar("Thing")


def renamed(dataset: Dataset, rename: Rename) -> Dataset:
    """The same with other IRIs; of prefixes too, so that the author's short names go on to fit."""

    def named(term: Thing) -> Thing | IRI:
        return IRI(rename(term.value)) if isinstance(term, IRI) else term

    def graph(old: Graph) -> Graph:
        return Graph(Triple(named(each.subject), named(each.predicate), named(each.object)) for each in old)

    return Dataset(
        graph(dataset.default),
        {named(name): graph(each) for name, each in dataset.named.items()},
        {prefix: rename(namespace) for prefix, namespace in dataset.prefixes.items()},
    )


def are_alike(one: Dataset, other: Dataset) -> bool:
    """Whether two readings of the same document, in the same order, say the same."""
    return all(a == b for a, b in zip_longest(_flat(one), _flat(other)))


def _flat(dataset: Dataset) -> Iterator[tuple[object, ...]]:
    """Blank nodes have other labels each time a document is parsed."""
    for name, graph in [(None, dataset.default), *dataset.named.items()]:
        for triple in graph:
            terms = (name, triple.subject, triple.predicate, triple.object)
            yield tuple(None if isinstance(term, BNode) else term for term in terms)
