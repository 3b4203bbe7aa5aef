"""A document as people read it: one card a subject, its properties in words, blank nodes inside what refers to them.

Pure, and bounded whatever the document holds: only its beginning is looked at, texts are cut, and nesting ends in links
between cards. Knows no HTML; which IRIs may become links is decided where the HTML is made.

Spec: RDF 1.1 Concepts; RDF 1.1 Semantics appendix D.3 (lists); WebID Profile #webid-profile-data-model
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Node, Term, Triple
from pod.rdf.vocab import AS, DCTERMS, FOAF, RDF, RDFS, VCARD, XSD, Namespace

STATEMENTS_MAX = 1_000
CHARACTERS_MAX = 200_000
"""Of all texts and IRIs together."""
TEXT_CHARACTERS_MAX = 8_000
NAME_CHARACTERS_MAX = 120
NESTING_MAX = 4

SCHEMA = Namespace("https://schema.org/")
SCHEMA_HTTP = Namespace("http://schema.org/")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")

NAMES = (
    *(FOAF.name, VCARD.fn, SCHEMA.name, SCHEMA_HTTP.name, AS.name, VCARD["organization-name"]),
    *(RDFS.label, SKOS.prefLabel, DCTERMS.title, FOAF.nick),
)
"""Properties that tell what to call a thing, the best first."""
SOMEBODY = frozenset(
    {FOAF.Agent, FOAF.Person, FOAF.Group, FOAF.Organization}
    | {VCARD.Individual, VCARD.Organization, VCARD.Group, AS.Person, AS.Organization}
    | {space[name] for space in (SCHEMA, SCHEMA_HTTP) for name in ("Person", "Organization")}
)
"""Types of what has a profile rather than a title."""

_PARTS: Callable[[Triple], tuple[Node, IRI, Term]] = attrgetter("subject", "predicate", "object")


class Text(NamedTuple):
    """A literal. `datatype` is an IRI, None for plain text; `whole` unless the end was left out."""

    value: str
    language: str | None = None
    datatype: str | None = None
    whole: bool = True


class Link(NamedTuple):
    """An IRI, with the name that this document gives it; `card` is the number of its own card, if it has one."""

    iri: str
    name: str | None = None
    card: int | None = None


class Nested(NamedTuple):
    """What nothing else refers to, and has no name of its own."""

    types: tuple[Link, ...]
    properties: tuple[Property, ...]


class Items(NamedTuple):
    """A list."""

    values: tuple[Value, ...]


class Elsewhere(NamedTuple):
    """A blank node with a card of its own; without a number nothing is known of it."""

    card: int | None = None


Value: TypeAlias = Text | Link | Nested | Items | Elsewhere


class Property(NamedTuple):
    iri: str
    values: tuple[Value, ...]


class Card(NamedTuple):
    """One subject. `iri` is None for a blank node. The properties tell neither types nor, again, the whole name."""

    number: int
    iri: str | None
    name: str | None
    types: tuple[Link, ...]
    properties: tuple[Property, ...]
    is_somebody: bool = False


class Outline(NamedTuple):
    """The default graph's cards, what the document is about first and the document itself last; then named graphs."""

    cards: tuple[Card, ...]
    graphs: tuple[tuple[str | None, tuple[Card, ...]], ...]
    main: Card | None
    """The card of what the document is about, if there is one such thing."""
    left_out: int
    """Statements that are not shown."""


def outline(dataset: Dataset, url: str) -> Outline:
    """The outline of the document at a URL."""
    statements, characters, first = STATEMENTS_MAX, CHARACTERS_MAX, 1
    parts: list[tuple[str | None, tuple[Card, ...]]] = []
    main: Card | None = None
    shown = 0
    for name, graph in [(None, dataset.default), *dataset.named.items()]:
        triples, size = _beginning(graph, statements, characters)
        statements, characters, shown = statements - len(triples), characters - size, shown + len(triples)
        outliner = _Outliner(triples, url, first)
        cards = tuple(outliner.cards())
        main = main or (cards[0] if outliner.topic or len(cards) == 1 else None)
        first += len(cards)
        parts.append((name.value if isinstance(name, IRI) else None, cards))
    default, *named = parts
    return Outline(default[1], tuple(named), main, len(dataset) - shown)


def _beginning(graph: Graph, statements: int, characters: int) -> tuple[list[Triple], int]:
    """As many triples as may be shown, and how long they are."""
    triples: list[Triple] = []
    size = 0
    for triple in islice(graph, statements):
        size += sum(map(_size, _PARTS(triple)))
        if size > characters:
            break
        triples.append(triple)
    return triples, min(size, characters)


def _size(term: Term) -> int:
    """How much of it may be shown: the texts of literals are cut, nothing else is."""
    if not isinstance(term, Literal):
        return len(term.value)
    return min(len(term.value), TEXT_CHARACTERS_MAX) + len(term.datatype.value) + len(term.language or "")


class _Outliner:
    """One graph on its way to cards. What is `_taken` stands somewhere already, or will."""

    def __init__(self, triples: Iterable[Triple], url: str, first: int) -> None:
        self._url = url
        self._first = first
        self._about: dict[Node, dict[IRI, list[Term]]] = {}
        self._references: dict[Term, int] = {}
        for subject, verb, value in map(_PARTS, triples):
            self._about.setdefault(subject, {}).setdefault(verb, []).append(value)
            if isinstance(value, BNode):
                self._references[value] = self._references.get(value, 0) + 1
        self.topic = self._topic()
        self._taken: set[Node] = set()
        self._numbers: dict[Node, int] = {}
        self._waiting: deque[Node] = deque()

    def cards(self) -> Iterator[Card]:
        """Every subject once: in a card, or nested in one."""
        for subject in self._ordered():
            self._number(subject)
        yield from self._drained()
        for subject in self._about:  # blank nodes that only refer to each other
            if subject not in self._taken:
                self._number(subject)
                yield from self._drained()

    def _ordered(self) -> list[Node]:
        roots = [each for each in self._about if not isinstance(each, BNode) or self._references.get(each) != 1]
        return sorted(roots, key=lambda each: (each != self.topic, each == IRI(self._url)))

    def _topic(self) -> Node | None:
        """What the document is about, where it says so or its names do."""
        document = IRI(self._url)
        stated = self._about.get(document, {}).get(FOAF.primaryTopic, [])
        likely = [*stated, *(IRI(f"{self._url}#{name}") for name in ("me", "it", "this", "i"))]
        if self._name(document):
            likely.append(document)
        return next((each for each in likely if not isinstance(each, Literal) and each in self._about), None)

    def _number(self, subject: Node) -> int:
        """The number of a subject's card, which it gets now if it has none."""
        if subject not in self._numbers:
            self._numbers[subject] = self._first + len(self._numbers)
            self._taken.add(subject)
            self._waiting.append(subject)
        return self._numbers[subject]

    def _drained(self) -> Iterator[Card]:
        while self._waiting:
            yield self._card(self._waiting.popleft())

    def _card(self, subject: Node) -> Card:
        name = self._name(subject)
        return Card(
            number=self._numbers[subject],
            iri=subject.value if isinstance(subject, IRI) else None,
            name=name,
            types=self._types(subject),
            properties=self._properties(subject, 0, told=name),
            is_somebody=not SOMEBODY.isdisjoint(self._about[subject].get(RDF.type, ())),
        )

    def _name(self, subject: Node) -> str | None:
        about = self._about.get(subject, {})
        found = (each for name in NAMES for each in about.get(name, ()) if isinstance(each, Literal))
        return next((short for each in found if (short := " ".join(each.value[:NAME_CHARACTERS_MAX].split()))), None)

    def _types(self, subject: Node) -> tuple[Link, ...]:
        """Whoever is said to be a person or the like is not said to be somebody as well."""
        stated = [each for each in self._about[subject].get(RDF.type, ()) if isinstance(each, IRI)]
        is_told = any(each != FOAF.Agent and each in SOMEBODY for each in stated)
        return tuple(self._link(each) for each in stated if not (is_told and each == FOAF.Agent))

    def _properties(self, subject: Node, depth: int, *, told: str | None = None) -> tuple[Property, ...]:
        """All but types, and but a name that is `told` already."""
        return tuple(
            Property(verb.value, tuple(self._value(each, depth) for each in values))
            for verb, values in self._about[subject].items()
            if verb != RDF.type and not (verb in NAMES and values == [Literal(told or "")])
        )

    def _value(self, term: Term, depth: int) -> Value:
        if isinstance(term, Literal):
            return _text(term)
        if isinstance(term, IRI):
            return Items(()) if term == RDF.nil else self._link(term)
        if term not in self._about:
            return Elsewhere()
        if term in self._taken or self._references[term] != 1 or depth >= NESTING_MAX:
            return Elsewhere(self._number(term))
        cells = self._cells(term)
        if cells:
            self._taken.update(cells)
            return Items(tuple(self._value(self._about[cell][RDF.first][0], depth + 1) for cell in cells))
        self._taken.add(term)
        return Nested(self._types(term), self._properties(term, depth + 1))

    def _link(self, iri: IRI) -> Link:
        return Link(iri.value, self._name(iri), self._numbers.get(iri))

    def _cells(self, head: BNode) -> list[BNode]:
        """The cells of a well-formed list; empty if it is none."""
        cells: dict[BNode, None] = {}
        cell: Term = head
        while isinstance(cell, BNode) and self._is_cell(cell) and cell not in cells:
            cells[cell] = None
            cell = self._about[cell][RDF.rest][0]
        return list(cells) if cell == RDF.nil else []

    def _is_cell(self, node: BNode) -> bool:
        about = self._about.get(node, {})
        single = all(len(about.get(verb, ())) == 1 for verb in (RDF.first, RDF.rest))
        return single and len(about) == 2 and self._references.get(node) == 1 and node not in self._taken


def _text(literal: Literal) -> Text:
    plain = literal.language is not None or literal.datatype == XSD.string
    value = literal.value[:TEXT_CHARACTERS_MAX]
    whole = len(value) == len(literal.value)
    return Text(value, literal.language, None if plain else literal.datatype.value, whole)
