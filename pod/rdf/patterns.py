"""The reader of triple patterns: Turtle's grammar with variables, as N3 formulae and SPARQL templates have it.

A *pattern* is a triple whose terms may be variables. Blank nodes keep their labels within one block; what a label
means in another is for the caller to say. Nesting is capped, and so are patterns and the size of all names written
out.

Spec: RDF 1.1 Turtle s6; SPARQL 1.1 s19.8 (TriplesTemplate, TriplesBlock)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar, cast

from pod.errors import MalformedContent, UnprocessableContent
from pod.rdf import iri
from pod.rdf.graph import IRI, BNode, Literal, Variable
from pod.rdf.lexer import Kind, Lexer, unescape
from pod.rdf.limits import (
    Limits,
    expands_too_far,
    literal_too_long,
    too_deep,
    too_many_prefixes,
    too_many_triples,
)
from pod.rdf.vocab import RDF, XSD

PatternTerm: TypeAlias = IRI | BNode | Literal | Variable
Pattern: TypeAlias = tuple[PatternTerm, PatternTerm, PatternTerm]
Statement: TypeAlias = "tuple[PatternTerm, PatternTerm, PatternTerm | Formula]"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A finished block in braces: its statements, the blank node labels written in it, the prefixes it used."""

    statements: tuple[Statement, ...]
    labels: frozenset[str]
    prefixes: dict[str, str]


_NEVER_SUBJECT = (Literal, Formula)
_MAYBE_VERB = (IRI, Variable)


@dataclass(slots=True)
class Block:
    """What is being read: between two braces, or outside all of them."""

    statements: list[Statement] = field(default_factory=list)
    labels: dict[str, BNode] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


_ENDS = frozenset({".", "}", ""})
_PATH_SIGNS = frozenset("/|^*+?!")
NUMBER_KINDS = {"e": XSD.double, ".": XSD.decimal}


class PatternReader:
    """Reads statements from a lexer.

    The language says with `formula` that a block in braces may be an object here, and with `refuse` what must not
    begin a statement.
    """

    def __init__(self, lexer: Lexer, base: str, limits: Limits) -> None:
        self.lexer = lexer
        self.prefixes: dict[str, str] = {}
        self.block = Block()
        self.formula: Callable[[], Formula] | None = None
        self.refuse: Callable[[Lexer], None] = _nothing
        self._limits = limits
        self._base = iri.split(base)
        self._terms: dict[str, IRI] = {}
        self._depth = 0
        self._count = 0
        self._expanded = 0

    # -- statements ----------------------------------------------------------------------------------------------------

    def braces(self) -> Formula:
        """`{ triples. triples. }`, in a block of its own: the last full stop may be missing."""
        outer, self.block = self.block, Block()
        allowed, self.formula = self.formula, None
        self.lexer.expect("{")
        while not self.lexer.at("}"):
            self.refuse(self.lexer)
            self.triples()
            if not self.lexer.take("."):
                self.refuse(self.lexer)
                break
        self.lexer.expect("}")
        inner, self.block, self.formula = self.block, outer, allowed
        used = {prefix: self.prefixes[prefix] for prefix in (name.partition(":")[0] for name in inner.names)}
        return Formula(tuple(inner.statements), frozenset(inner.labels), used)

    def triples(self) -> None:
        """One subject with its properties: `subject verb object, object; verb object`."""
        bare = self.lexer.at("[") or self.lexer.at("(")
        subject = self._node()
        if isinstance(subject, Formula):
            raise rule_broken(self.lexer, "A formula in braces can only be an object here.")
        if bare and self._at_end_of_triples():
            return
        self._properties(subject)

    def _at_end_of_triples(self) -> bool:
        return self.lexer.text in _ENDS and self.lexer.kind in {Kind.PUNCTUATION, Kind.END}

    def _properties(self, subject: PatternTerm) -> None:
        self._objects(subject, self._verb())
        while self.lexer.take(";"):
            while self.lexer.take(";"):
                pass
            if self._at_end_of_triples() or self.lexer.at("]"):
                return
            self._objects(subject, self._verb())

    def _objects(self, subject: PatternTerm, verb: PatternTerm) -> None:
        self._state(subject, verb, self._node())
        while self.lexer.take(","):
            self._state(subject, verb, self._node())

    def _state(self, subject: PatternTerm, verb: PatternTerm, value: PatternTerm | Formula) -> None:
        self._count += 1
        if self._count > self._limits.triples:
            raise too_many_triples(self._limits)
        self.block.statements.append((subject, verb, value))

    def _verb(self) -> PatternTerm:
        lexer = self.lexer
        if lexer.kind == Kind.WORD and lexer.text == "a":
            lexer.advance()
            return RDF.type
        if lexer.kind == Kind.VARIABLE:
            return self._variable()
        if lexer.kind in {Kind.IRI, Kind.NAME}:
            verb = self.iri()
            if lexer.text not in _PATH_SIGNS:
                return verb
        raise self._no_verb()

    def _no_verb(self) -> Exception:
        lexer = self.lexer
        if lexer.text in _PATH_SIGNS or lexer.text == "(":
            return rule_broken(lexer, "Property paths are not supported; write the steps as triples with variables.")
        if lexer.kind in {Kind.BLANK, Kind.STRING, Kind.NUMBER} or lexer.text in {"[", "{", "=", "=>"}:
            return rule_broken(lexer, "A property must be an IRI or a variable.")
        return lexer.unexpected("a property")

    # -- terms ---------------------------------------------------------------------------------------------------------

    def _node(self) -> PatternTerm | Formula:
        read = _TERMS.get(self.lexer.kind)
        if read is None:
            raise self.lexer.unexpected("a term")
        return read(self)

    def _bracketed(self) -> PatternTerm | Formula:
        text = self.lexer.text
        if text == "[":
            return self._nested(self._blank_with_properties)
        if text == "(":
            return self._nested(self._collection)
        if text == "{" and self.formula is not None:
            return self._nested(self.formula)
        if text == "{":
            raise rule_broken(self.lexer, "Braces cannot be nested here.")
        raise self.lexer.unexpected("a term")

    def _nested(self, read: Callable[[], T]) -> T:
        self._depth += 1
        if self._depth > self._limits.depth:
            raise too_deep(self._limits)
        value = read()
        self._depth -= 1
        return value

    def _blank_with_properties(self) -> BNode:
        self.lexer.advance()
        node = BNode()
        if not self.lexer.at("]"):
            self._properties(node)
        self.lexer.expect("]")
        return node

    def _collection(self) -> PatternTerm:
        self.lexer.advance()
        items: list[PatternTerm | Formula] = []
        while not self.lexer.at(")"):
            items.append(self._node())
        self.lexer.advance()
        rest: PatternTerm = RDF.nil
        for item in reversed(items):
            cell = BNode()
            self._state(cell, RDF.first, item)
            self._state(cell, RDF.rest, rest)
            rest = cell
        return rest

    def _word(self) -> Literal:
        text = self.lexer.text.lower()
        if text not in {"true", "false"}:
            raise self.lexer.unexpected("a term")
        self.lexer.advance()
        return Literal(text, datatype=XSD.boolean)

    def iri(self) -> IRI:
        """An IRI in angle brackets or a prefixed name. Raises: MalformedContent"""
        lexer = self.lexer
        if lexer.kind == Kind.NAME:
            self.block.names.add(lexer.text)
        known = self._terms.get(lexer.text)
        if known is None:
            known = self._terms[lexer.text] = self._resolved()
        lexer.advance()
        return known

    def _resolved(self) -> IRI:
        try:
            value = self._written_out()
            self._expanded += len(value)
            if self._expanded > self._limits.expansion_bytes:
                raise expands_too_far(self._limits)
            return IRI(value)
        except ValueError as error:
            raise self.lexer.malformed(f"{self.lexer.text[:200]} is not an IRI: {error}") from error

    def _written_out(self) -> str:
        text = self.lexer.text
        if self.lexer.kind == Kind.IRI:
            return iri.resolve(self._base, unescape(text[1:-1]))
        if self.lexer.kind != Kind.NAME:
            raise self.lexer.unexpected("an IRI")
        prefix, _, local = text.partition(":")
        namespace = self.prefixes.get(prefix)
        if namespace is None:
            raise self.lexer.malformed(f"the prefix `{prefix}:` is not declared")
        return namespace + local.replace("\\", "")

    def _blank(self) -> BNode:
        return self.block.labels.setdefault(self.lexer.advance()[2:], BNode())

    def _variable(self) -> Variable:
        return Variable(self.lexer.advance()[1:])

    def _number(self) -> Literal:
        text = self.lexer.advance()
        if len(text) > self._limits.literal_bytes:
            raise literal_too_long(self._limits)
        kind = next((kind for sign, kind in NUMBER_KINDS.items() if sign in text.lower()), XSD.integer)
        return Literal(text, datatype=kind)

    def _string(self) -> Literal:
        lexer = self.lexer
        start = lexer.start
        try:
            value = self._string_value(lexer.advance())
            if lexer.kind == Kind.AT:
                return Literal(value, language=lexer.advance()[1:])
            if lexer.take("^^"):
                return Literal(value, datatype=self.iri())
            return Literal(value)
        except ValueError as error:
            raise lexer.malformed(str(error), start) from error

    def _string_value(self, text: str) -> str:
        quotes = 3 if text.startswith(('"""', "'''")) else 1
        limit = self._limits.literal_bytes
        if len(text) * 4 > limit and len(text.encode()) > limit:
            raise literal_too_long(self._limits)
        return unescape(text[quotes:-quotes])

    # -- declarations --------------------------------------------------------------------------------------------------

    def declare_prefix(self) -> None:
        """`ex: <http://...>`, the keyword being read already."""
        if self.lexer.kind != Kind.NAME or not self.lexer.text.endswith(":"):
            raise self.lexer.unexpected("a prefix like `ex:`")
        name = self.lexer.advance()[:-1]
        self.prefixes[name] = self._declared_iri()
        if len(self.prefixes) > self._limits.prefixes:
            raise too_many_prefixes(self._limits)

    def declare_base(self) -> None:
        self._base = iri.split(self._declared_iri())

    def _declared_iri(self) -> str:
        if self.lexer.kind != Kind.IRI:
            raise self.lexer.unexpected("an IRI in angle brackets")
        self._terms.clear()
        return self.iri().value


_TERMS: dict[str, Callable[[PatternReader], PatternTerm | Formula]] = {
    Kind.IRI: PatternReader.iri,
    Kind.NAME: PatternReader.iri,
    Kind.BLANK: PatternReader._blank,  # noqa: SLF001  # the table of this class
    Kind.VARIABLE: PatternReader._variable,  # noqa: SLF001
    Kind.NUMBER: PatternReader._number,  # noqa: SLF001
    Kind.STRING: PatternReader._string,  # noqa: SLF001
    Kind.WORD: PatternReader._word,  # noqa: SLF001
    Kind.PUNCTUATION: PatternReader._bracketed,  # noqa: SLF001
}


def rule_broken(lexer: Lexer, text: str) -> UnprocessableContent:
    """A rule in words, with the line where it was broken."""
    line = lexer.line()
    return UnprocessableContent(f"Line {line}: {text}", line=line)


def decoded_text(text: bytes) -> str:
    """Raises: MalformedContent -- not UTF-8"""
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedContent("A patch must be UTF-8.") from error


def is_triple(pattern: Statement) -> bool:
    """Whether the pattern, its variables apart, could be a triple."""
    subject, verb, value = pattern
    return not isinstance(subject, _NEVER_SUBJECT) and isinstance(verb, _MAYBE_VERB) and not isinstance(value, Formula)


def variables(patterns: tuple[Pattern, ...]) -> set[Variable]:
    return {term for pattern in patterns for term in pattern if isinstance(term, Variable)}


def has_blank_nodes(patterns: tuple[Pattern, ...]) -> bool:
    return any(isinstance(term, BNode) for pattern in patterns for term in pattern)


def as_patterns(formula: Formula) -> tuple[Pattern, ...]:
    """The statements of a block, once each. Raises: UnprocessableContent -- one could not be a triple"""
    for statement in formula.statements:
        if not is_triple(statement):
            raise UnprocessableContent(
                "The subject of a statement cannot be a literal, and its property must be an IRI."
            )
    return tuple(dict.fromkeys(cast("tuple[Pattern, ...]", formula.statements)))


def _nothing(_lexer: Lexer) -> None:
    """Languages without keywords refuse none."""
