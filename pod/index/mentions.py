"""Which paths of its own pod a document mentions, wherever it names IRIs. Pure.

What it says of itself is left out: that goes with it.

Spec: RFC 3986 s4.2, s5
"""

from __future__ import annotations

from collections.abc import Iterator

from pod.errors import PodError
from pod.protocol.placement import Placement
from pod.protocol.resource import Target, storage_of
from pod.rdf.graph import IRI, Dataset

MENTIONS_MAX = 10_000
"""Of one document; one that mentions more is looked at whenever anything of its pod moves."""


def mentions(dataset: Dataset, placement: Placement, path: str) -> tuple[tuple[str, ...], bool]:
    """Paths of the same storage, and whether these are all."""
    root = storage_of(path)
    found: dict[str, None] = {}
    for iri in _documents(dataset):
        target = _path(placement, iri)
        if target is not None and target != path and target.startswith(root):
            found[target] = None
            if len(found) > MENTIONS_MAX:
                return (), False
    return tuple(found), True


def _documents(dataset: Dataset) -> Iterator[str]:
    """The IRIs in it without fragments, each about once."""
    seen: set[str] = set()
    for name, graph in [(None, dataset.default), *dataset.named.items()]:
        if isinstance(name, IRI):
            yield name.value.partition("#")[0]
        for triple in graph:
            for term in (triple.subject, triple.object, triple.predicate):
                if isinstance(term, IRI) and (document := term.value.partition("#")[0]) not in seen:
                    seen.add(document)
                    yield document


def _path(placement: Placement, iri: str) -> str | None:
    raw = placement.local_path(iri)
    try:
        return Target.parse(raw).path if raw else None
    except PodError:
        return None
