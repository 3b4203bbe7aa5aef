"""All ways in which a set of triple patterns fits a graph, found pattern by pattern, the most selective first.

Blank nodes in patterns are variables without a name. The work is counted, because patterns from outside may fit in
more ways than anyone can wait for.

Spec: SPARQL 1.1 s18.3 (basic graph patterns)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, cast

from pod.errors import UnprocessableContent
from pod.rdf.graph import IRI, BNode, Graph, Literal, Term, Triple, Variable
from pod.rdf.patterns import Pattern, PatternTerm

Unknown: TypeAlias = Variable | BNode
_UNKNOWN = (Variable, BNode)
Binding: TypeAlias = dict[Unknown, Term]


class Steps:
    """Work that may still be done."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most

    def take(self, count: int = 1) -> None:
        """Raises: UnprocessableContent -- there is no more"""
        self._left -= count
        if self._left < 0:
            raise UnprocessableContent(
                f"Matching this patch takes more than {self._most} steps; make its conditions more specific.",
                limit=self._most,
            )


def solutions(graph: Graph, patterns: Sequence[Pattern], steps: Steps) -> Iterator[Binding]:
    """Every binding of the patterns' variables and blank nodes for which all resulting triples are in the graph.

    No patterns fit in one way, the empty one. Raises: UnprocessableContent -- too many steps
    """
    estimated = [(pattern, _unknowns(pattern), _matches(graph, pattern)) for pattern in patterns]
    if not estimated:
        yield {}
    elif all(count for _, _, count in estimated):
        # what names no unknown is in the graph, or its count would be zero
        open_patterns = [each for each in estimated if each[1]]
        plan = [_Level(graph, pattern, bound) for pattern, bound in _ordered(open_patterns, steps)]
        yield from _descend(plan, steps) if plan else ({},)


def _descend(plan: list[_Level], steps: Steps) -> Iterator[Binding]:
    """Depth first and without recursion: one iterator of candidates for each pattern."""
    binding: Binding = {}
    open_levels = [plan[0].candidates(binding)]
    while open_levels:
        level = plan[len(open_levels) - 1]
        triple = next(open_levels[-1], None)
        if triple is None:
            open_levels.pop()
            continue
        steps.take()
        if not level.bind(triple, binding):
            continue
        if len(open_levels) == len(plan):
            steps.take(len(plan))  # what is found is kept, so it costs as well
            yield binding.copy()
        else:
            open_levels.append(plan[len(open_levels)].candidates(binding))


class _Level:
    """One pattern at its place in the order, where it is settled which unknowns are bound before."""

    def __init__(self, graph: Graph, pattern: Pattern, bound: frozenset[Unknown]) -> None:
        self._graph = graph
        self._lookup = tuple(_lookup(term, bound) for term in pattern)
        unknown = [(read, term) for read, term in zip(_READERS, pattern, strict=True) if is_unknown(term)]
        self._new = [(read, cast("Unknown", term)) for read, term in unknown if term not in bound]

    def candidates(self, binding: Binding) -> Iterator[Triple]:
        s, p, o = (look(binding) for look in self._lookup)
        if _cannot_match(s, p):
            return iter(())
        return iter(self._graph.match(s, p, o))  # type: ignore[arg-type]  # _cannot_match has seen to it

    def bind(self, triple: Triple, binding: Binding) -> bool:
        """Set the new unknowns to what the triple has; False if it has two things for one of them."""
        seen: Binding = {}
        for read, unknown in self._new:
            term = read(triple)
            if seen.setdefault(unknown, term) != term:
                return False
        binding.update(seen)
        return True


def is_unknown(term: PatternTerm) -> bool:
    return isinstance(term, _UNKNOWN)


def _lookup(term: PatternTerm, bound: frozenset[Unknown]) -> Callable[[Binding], Term | None]:
    if not is_unknown(term):
        return lambda _binding: cast("Term", term)
    unknown = cast("Unknown", term)
    if unknown in bound:
        return lambda binding: binding[unknown]
    return lambda _binding: None


def _cannot_match(s: Term | None, p: Term | None) -> bool:
    """A variable bound to a literal is no subject, and one bound to anything but an IRI no property."""
    return isinstance(s, Literal) or not (p is None or isinstance(p, IRI))


_READERS: tuple[Callable[[Triple], Term], ...] = (
    lambda triple: cast("Term", triple.subject),
    lambda triple: triple.predicate,
    lambda triple: cast("Term", triple.object),
)


# -- the order ---------------------------------------------------------------------------------------------------------

Estimate: TypeAlias = tuple[Pattern, frozenset[Unknown], int]


def _ordered(left: list[Estimate], steps: Steps) -> Iterator[tuple[Pattern, frozenset[Unknown]]]:
    """Each pattern with the unknowns bound before it: the fewest matches first, then what is connected."""
    bound: frozenset[Unknown] = frozenset()
    while left:
        steps.take(len(left))
        at = min(range(len(left)), key=lambda index: _cost(left[index], bound))
        pattern, unknowns, _ = left.pop(at)
        yield pattern, bound
        bound |= unknowns


def _cost(estimate: Estimate, bound: frozenset[Unknown]) -> tuple[bool, int, int]:
    _, unknowns, matches = estimate
    if bound.isdisjoint(unknowns):
        return True, matches, 0
    return False, len(unknowns - bound), matches


def _unknowns(pattern: Pattern) -> frozenset[Unknown]:
    return frozenset(cast("Unknown", term) for term in pattern if is_unknown(term))


def _matches(graph: Graph, pattern: Pattern) -> int:
    """How many triples fit what the pattern names."""
    s, p, o = (None if is_unknown(term) else cast("Term", term) for term in pattern)
    return graph.count(s, p, o)  # type: ignore[arg-type]  # patterns are triples but for their variables
