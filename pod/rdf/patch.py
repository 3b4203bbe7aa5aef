"""A patch as a value, which access it needs, and what it makes of a dataset.

Both patch languages end here. The dataset that is patched stays as it was; the outcome is a new one. Named graphs,
which neither language reaches, are carried over.

Spec: Solid #server-patch-n3-semantics, #server-n3-patch-where, #server-n3-patch-insert, #server-n3-patch-delete;
SPARQL 1.1 Update s3.1.3, s4.1
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import cast

from pod.errors import PatchDidNotMatch
from pod.protocol.modes import AccessMode
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Term, Triple, Variable
from pod.rdf.limits import Limits, expands_too_far, too_many_triples
from pod.rdf.matching import Binding, Steps, solutions
from pod.rdf.patterns import Pattern


class PatchKind(Enum):
    """Whose semantics apply. The value is the media type."""

    N3 = "text/n3"
    SPARQL_UPDATE = "application/sparql-update"


@dataclass(frozen=True, slots=True)
class Operation:
    """Find `where`, then take away `deletes` and add `inserts`, each instantiated by what was found."""

    deletes: tuple[Pattern, ...] = ()
    inserts: tuple[Pattern, ...] = ()
    where: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Patch:
    """Operations in their order; `prefixes` are those the inserts were written with."""

    kind: PatchKind
    operations: tuple[Operation, ...]
    prefixes: dict[str, str] = field(default_factory=dict)

    @property
    def media_type(self) -> str:
        return self.kind.value

    @property
    def modes(self) -> AccessMode:
        """What an agent needs to be allowed for this patch. A patch that does nothing only reads."""
        modes = AccessMode.NONE
        for operation in self.operations:
            modes |= self._modes_of(operation)
        return modes or AccessMode.READ

    def _modes_of(self, operation: Operation) -> AccessMode:
        modes = AccessMode.NONE
        if operation.where:
            modes |= AccessMode.READ
        if operation.inserts:
            modes |= AccessMode.APPEND
        if operation.deletes:
            # Solid: "When ?deletions is non-empty, servers MUST treat the request as a Read and Write operation."
            # A SPARQL deletion of what is not there changes nothing and tells nothing.
            modes |= AccessMode.WRITE | (AccessMode.READ if self.kind is PatchKind.N3 else AccessMode.NONE)
        return modes


def apply(patch: Patch, dataset: Dataset, *, limits: Limits) -> Dataset:
    """The dataset after the patch.

    Raises: PatchDidNotMatch -- N3: not exactly one mapping, or a triple to delete is missing (`triple` among the
    extras). Raises: UnprocessableContent -- finding the matches takes too much work. ContentTooLarge -- the outcome
    is too large.
    """
    graph = dataset.default.copy()
    steps = Steps(limits.patch_steps)
    budget = _Budget(limits)
    perform = _perform_n3 if patch.kind is PatchKind.N3 else _perform_sparql
    for operation in patch.operations:
        perform(operation, graph, steps, budget)
    return Dataset(graph, dataset.named, _prefixes(patch, dataset))


def _prefixes(patch: Patch, dataset: Dataset) -> dict[str, str]:
    """The author's, and those of the patch that neither take a name nor name a namespace again."""
    namespaces = set(dataset.prefixes.values())
    added = {name: namespace for name, namespace in patch.prefixes.items() if namespace not in namespaces}
    return dataset.prefixes | {name: namespace for name, namespace in added.items() if name not in dataset.prefixes}


# -- N3 Patch ----------------------------------------------------------------------------------------------------------


def _perform_n3(operation: Operation, graph: Graph, steps: Steps, budget: _Budget) -> None:
    """Spec: Solid #server-patch-n3-semantics, steps 2 to 7"""
    binding = _only_mapping(operation, graph, steps)
    deletions = dict.fromkeys(_bound_triples(operation.deletes, binding))
    for triple in deletions:
        if triple not in graph:
            # Spec: Solid #server-patch-n3-semantics-deletions-non-empty-all-triples
            raise PatchDidNotMatch("A triple to delete is not in the document.", triple=str(triple))
    insertions = list(_bound_triples(operation.inserts, binding))
    for triple in deletions:
        graph.discard(triple)
    budget.add_all(graph, insertions)


def _only_mapping(operation: Operation, graph: Graph, steps: Steps) -> Binding:
    """Spec: Solid #server-patch-n3-semantics-no-mapping -- none or several mappings are a conflict

    Blank nodes in the conditions only say that something is there, so they do not tell mappings apart.
    """
    found: Binding | None = None
    for solution in solutions(graph, operation.where, steps):
        binding: Binding = {variable: term for variable, term in solution.items() if isinstance(variable, Variable)}
        if found is not None and binding != found:
            raise PatchDidNotMatch("The conditions of the patch match in more than one way.")
        found = binding
    if found is None:
        raise PatchDidNotMatch("The conditions of the patch do not match the document.")
    return found


def _bound_triples(patterns: Iterable[Pattern], binding: Binding) -> Iterator[Triple]:
    fresh: dict[BNode, BNode] = {}
    for pattern in patterns:
        triple = _instance(pattern, binding, fresh)
        if triple is None:
            raise PatchDidNotMatch("A variable stands for something that cannot be in its place of a triple.")
        yield triple


# -- SPARQL Update -----------------------------------------------------------------------------------------------------


def _perform_sparql(operation: Operation, graph: Graph, steps: Steps, budget: _Budget) -> None:
    """All solutions at once: deletions, then insertions, both found in the graph as it was (SPARQL Update s3.1.3)."""
    found = list(solutions(graph, operation.where, steps))
    deletions = list(_template_triples(operation.deletes, found, steps))
    insertions = _template_triples(operation.inserts, found, steps)
    for triple in deletions:
        graph.discard(triple)
    budget.add_all(graph, insertions)


def _template_triples(patterns: tuple[Pattern, ...], found: list[Binding], steps: Steps) -> Iterator[Triple]:
    """What is no triple once instantiated is left out; blank nodes are new for each solution (SPARQL 1.1 s16.2.1)."""
    for binding in found if patterns else ():
        fresh: dict[BNode, BNode] = {}
        if binding:
            steps.take(len(patterns))
        for pattern in patterns:
            triple = _instance(pattern, binding, fresh)
            if triple is not None:
                yield triple


# -- instances ---------------------------------------------------------------------------------------------------------


def _instance(pattern: Pattern, binding: Binding, fresh: dict[BNode, BNode]) -> Triple | None:
    """The triple a pattern stands for; None if there is none.

    Its blank nodes are new ones, the same in all of a template.
    """
    subject, verb, value = (_instance_term(term, binding, fresh) for term in pattern)
    if subject is None or value is None or isinstance(subject, Literal) or not isinstance(verb, IRI):
        return None
    return Triple(subject, verb, value)


def _instance_term(term: object, binding: Binding, fresh: dict[BNode, BNode]) -> Term | None:
    if type(term) is Variable:
        return binding.get(term)
    if type(term) is BNode:
        return fresh.setdefault(term, BNode())
    return cast("Term", term)


class _Budget:
    """What a patch may add in all. A template may copy one long literal for each of many solutions."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bytes = 0

    def add_all(self, graph: Graph, triples: Iterable[Triple]) -> None:
        """Raises: ContentTooLarge"""
        for triple in triples:
            self._bytes += len(str(triple))
            if self._bytes > self._limits.expansion_bytes:
                raise expands_too_far(self._limits)
            graph.add(triple)
            if len(graph) > self._limits.triples:
                raise too_many_triples(self._limits)
