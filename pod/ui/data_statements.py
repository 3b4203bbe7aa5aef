"""A document as statements that can be changed one by one: sections of properties, in pages, and the changes.

A statement's number is its place in the document, so it holds for one version of it. What nests is shown inside what
refers to it, as far as that stays readable; the rest has sections of its own. Pure; knows no HTML.

Spec: RDF 1.1 Concepts; RDF 1.1 Semantics appendix D.3 (lists)
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias, cast

from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Node, Term, Triple
from pod.rdf.outline import NAME_CHARACTERS_MAX, NAMES, NESTING_MAX, Link, Text
from pod.rdf.vocab import RDF, XSD

STATEMENTS_ON_PAGE = 100
TEXT_CHARACTERS_MAX = 1_000
"""Of one text in the list; the form that changes it shows all of it."""
ITEMS_MAX = 50


class Elsewhere(NamedTuple):
    """Something without a name that has a section of its own; without a number nothing is known of it."""

    section: int | None = None


class Inner(NamedTuple):
    """Something without a name that only this refers to."""

    properties: tuple[Property, ...]


class Items(NamedTuple):
    """A list; `more` of it are not shown."""

    statements: tuple[Statement, ...]
    more: int = 0


Value: TypeAlias = Text | Link | Inner | Items | Elsewhere


class Statement(NamedTuple):
    number: int
    value: Value


class Property(NamedTuple):
    iri: str
    statements: tuple[Statement, ...]


class Section(NamedTuple):
    """What is said of one subject, or a part of it. `statement` is the number of one that is about it."""

    number: int
    statement: int
    iri: str | None
    name: str | None
    properties: tuple[Property, ...]
    goes_on: bool = False
    """It began on the page before."""


class Sheet(NamedTuple):
    """One page of a document. `page_of` says where each section begins."""

    sections: tuple[Section, ...]
    page: int
    pages: int
    page_of: dict[int, int]


def sheet(graph: Graph, url: str, page: int) -> Sheet:
    """The page of that number, or the last one, of the document at a URL."""
    all_pages = list(_paged(_Layout(graph, url).sections())) or [[]]
    number = min(max(page, 1), len(all_pages))
    page_of: dict[int, int] = {}
    for at, sections in enumerate(all_pages, 1):
        for each in sections:
            page_of.setdefault(each.number, at)
    return Sheet(tuple(all_pages[number - 1]), number, len(all_pages), page_of)


# -- changes -----------------------------------------------------------------------------------------------------------


def statement(dataset: Dataset, number: int) -> Triple | None:
    """None where the document has no such one."""
    return next((each for at, each in enumerate(dataset.default) if at == number), None) if number >= 0 else None


def replaced(dataset: Dataset, number: int, value: Term) -> Dataset:
    """With another value in the place of one; what only that referred to goes with it."""
    triples: list[Triple] = list(dataset.default)
    old = triples[number]
    triples[number] = Triple(old.subject, old.predicate, value)
    return Dataset(_without_orphans(triples, old.object), dataset.named, dataset.prefixes)


def removed(dataset: Dataset, number: int) -> Dataset:
    """Without a statement, and what only that referred to. A list closes around what goes from it."""
    triples: list[Triple] = list(dataset.default)
    gone = triples.pop(number)
    if (
        gone.predicate == RDF.first
        and (rest := dataset.default.value(cast("Node", gone.subject), RDF.rest)) is not None
    ):
        triples = [_passing_by(each, gone.subject, rest) for each in triples if each.subject != gone.subject]
    return Dataset(_without_orphans(triples, gone.object), dataset.named, dataset.prefixes)


def _passing_by(triple: Triple, cell: object, rest: Term) -> Triple:
    return Triple(triple.subject, triple.predicate, rest) if triple.object == cell else triple


def added(dataset: Dataset, triple: Triple) -> Dataset:
    graph = dataset.default.copy()
    graph.add(triple)
    return Dataset(graph, dataset.named, dataset.prefixes)


def nested_in(dataset: Dataset, value: object) -> int:
    """How many statements would go with this value."""
    return len(dataset.default) - len(_without_orphans(list(dataset.default), value, still_referred=1))


def _without_orphans(triples: list[Triple], start: object, *, still_referred: int = 0) -> Graph:
    """Blank nodes that nothing refers to any more go, from the one on that was the value of what went."""
    references = Counter(each.object for each in triples if isinstance(each.object, BNode))
    about: dict[Node, list[Triple]] = {}
    for each in triples:
        if isinstance(each.subject, BNode):
            about.setdefault(each.subject, []).append(each)
    gone: set[Triple] = set()
    waiting = [start] if isinstance(start, BNode) and references[start] <= still_referred else []
    while waiting:
        for each in about.pop(waiting.pop(), ()):
            gone.add(each)
            if isinstance(each.object, BNode):
                references[each.object] -= 1
                waiting += [each.object] if references[each.object] == 0 else []
    return Graph(each for each in triples if each not in gone)


# -- pages -------------------------------------------------------------------------------------------------------------


def _paged(sections: Iterable[Section]) -> Iterator[list[Section]]:
    """Sections in pages of about as many statements; what is too long for one goes on on the next."""
    here: list[Section] = []
    room = STATEMENTS_ON_PAGE
    for section in sections:
        goes_on = False
        rest = [(each, said) for each in section.properties for said in each.statements]
        while rest:
            taken, weight = _fitting(rest, room)
            if not taken and here:
                yield here
                here, room = [], STATEMENTS_ON_PAGE
                continue
            here.append(section._replace(properties=_grouped(rest[:taken]), goes_on=goes_on))
            rest, room, goes_on = rest[taken:], room - weight, True
    if here:
        yield here


def _fitting(rest: list[tuple[Property, Statement]], room: int) -> tuple[int, int]:
    """How many fit, and what they count. On an empty page at least one does."""
    weight = taken = 0
    for _, said in rest:
        more = _weight(said)
        if weight + more > room and (taken or room < STATEMENTS_ON_PAGE):
            break
        weight, taken = weight + more, taken + 1
    return taken, weight


def _weight(said: Statement) -> int:
    if isinstance(said.value, Inner):
        return 1 + sum(_weight(each) for one in said.value.properties for each in one.statements)
    if isinstance(said.value, Items):
        return 1 + sum(map(_weight, said.value.statements))
    return 1


def _grouped(said: Iterable[tuple[Property, Statement]]) -> tuple[Property, ...]:
    groups: dict[str, tuple[Property, list[Statement]]] = {}
    for each, one in said:
        groups.setdefault(each.iri, (each, []))[1].append(one)
    return tuple(each._replace(statements=tuple(statements)) for each, statements in groups.values())


# -- layout ------------------------------------------------------------------------------------------------------------


class _Layout:
    """A graph on its way to sections. What is `_taken` stands somewhere already, or will."""

    def __init__(self, graph: Graph, url: str) -> None:
        self._url = url
        self._triples: list[Triple] = list(graph)
        self._about: dict[Node, list[int]] = {}
        self._references: Counter[BNode] = Counter()
        for number, each in enumerate(self._triples):
            self._about.setdefault(each.subject, []).append(number)  # type: ignore[arg-type]  # no triple terms
            if isinstance(each.object, BNode):
                self._references[each.object] += 1
        self._taken: set[Node] = set()
        self._no_lists: set[Node] = set()
        self._numbers: dict[Node, int] = {}
        self._waiting: deque[Node] = deque()
        self._names: dict[Node, str | None] = {}

    def sections(self) -> Iterator[Section]:
        """Every subject once; the document itself first, since its title is there."""
        roots = [each for each in self._about if not isinstance(each, BNode) or self._references[each] != 1]
        for subject in sorted(roots, key=lambda each: each != IRI(self._url)):
            self._number(subject)
        yield from self._drained()
        for subject in self._about:  # blank nodes that only refer to each other
            if subject not in self._taken:
                self._number(subject)
                yield from self._drained()

    def _number(self, subject: Node) -> int:
        if subject not in self._numbers:
            self._numbers[subject] = len(self._numbers) + 1
            self._taken.add(subject)
            self._waiting.append(subject)
        return self._numbers[subject]

    def _drained(self) -> Iterator[Section]:
        while self._waiting:
            subject = self._waiting.popleft()
            iri = subject.value if isinstance(subject, IRI) else None
            number, first = self._numbers[subject], self._about[subject][0]
            yield Section(number, first, iri, self._name(subject), self._properties(subject, 0))

    def _name(self, subject: Node) -> str | None:
        """Looked for once: many may refer to one of whom much is said."""
        if subject not in self._names:
            self._names[subject] = self._named(subject)
        return self._names[subject]

    def _named(self, subject: Node) -> str | None:
        said = [self._triples[number] for number in self._about.get(subject, ())]
        found = (each.object for name in NAMES for each in said if each.predicate == name)
        texts = (" ".join(each.value[:NAME_CHARACTERS_MAX].split()) for each in found if isinstance(each, Literal))
        return next(filter(None, texts), None)

    def _properties(self, subject: Node, depth: int) -> tuple[Property, ...]:
        """Those that say what it is come first."""
        verbs: dict[IRI, list[int]] = {}
        for number in self._about[subject]:
            verbs.setdefault(self._triples[number].predicate, []).append(number)
        return tuple(
            Property(verb.value, tuple(self._statement(each, depth) for each in numbers))
            for verb, numbers in sorted(verbs.items(), key=lambda each: each[0] != RDF.type)
        )

    def _statement(self, number: int, depth: int) -> Statement:
        return Statement(number, self._value(self._triples[number].object, depth))

    def _value(self, term: object, depth: int) -> Value:
        if isinstance(term, Literal):
            return _text(term)
        if isinstance(term, IRI):
            return Items(()) if term == RDF.nil else Link(term.value, self._name(term), self._numbers.get(term))
        assert isinstance(term, BNode), "documents have no triple terms"
        if term not in self._about:
            return Elsewhere()
        if term in self._taken or self._references[term] != 1 or depth >= NESTING_MAX:
            return Elsewhere(self._number(term))
        return self._nested(term, depth + 1)

    def _nested(self, node: BNode, depth: int) -> Inner | Items:
        cells = self._cells(node)
        self._taken.update(cells or [node])
        if not cells:
            return Inner(self._properties(node, depth))
        shown = tuple(self._statement(self._cell(each, RDF.first)[0], depth) for each in cells[:ITEMS_MAX])
        return Items(shown, len(cells) - len(shown))

    def _cells(self, head: BNode) -> list[BNode]:
        """The cells of a well-formed list; empty if it is none, and then from each of its cells on too."""
        cells: dict[BNode, None] = {}
        cell: object = head
        while isinstance(cell, BNode) and cell not in self._no_lists and self._is_cell(cell) and cell not in cells:
            cells[cell] = None
            cell = self._triples[self._cell(cell, RDF.rest)[0]].object
        if cell == RDF.nil:
            return list(cells)
        self._no_lists.update(cells)
        return []

    def _is_cell(self, node: BNode) -> bool:
        single = all(len(self._cell(node, verb)) == 1 for verb in (RDF.first, RDF.rest))
        whole = single and len(self._about[node]) == 2
        return whole and self._references[node] == 1 and node not in self._taken

    def _cell(self, node: BNode, verb: IRI) -> list[int]:
        return [each for each in self._about.get(node, ()) if self._triples[each].predicate == verb]


def _text(literal: Literal) -> Text:
    plain = literal.language is not None or literal.datatype == XSD.string
    value = literal.value[:TEXT_CHARACTERS_MAX]
    whole = len(value) == len(literal.value)
    return Text(value, literal.language, None if plain else literal.datatype.value, whole)
