"""SPARQL Update: the part of it that changes one document becomes a Patch; anything beyond is refused by name.

Our own parser, because no update from outside may reach an engine: LOAD and SERVICE would make requests. Supported
are INSERT DATA, DELETE DATA, DELETE WHERE and DELETE/INSERT ... WHERE over triple patterns, several of them joined by
semicolons.

Spec: SPARQL 1.1 Update s3.1, s19.8 (grammar)
"""

from __future__ import annotations

from pod.errors import UnprocessableContent
from pod.rdf.lexer import Kind, Lexer
from pod.rdf.limits import Limits, too_many_bytes
from pod.rdf.patch import Operation, Patch, PatchKind
from pod.rdf.patterns import (
    Formula,
    Pattern,
    PatternReader,
    as_patterns,
    decoded_text,
    has_blank_nodes,
    rule_broken,
    variables,
)

SUPPORTED = "Supported: INSERT DATA, DELETE DATA, DELETE WHERE, and DELETE and INSERT with WHERE over triple patterns."
MANAGEMENT = ("LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH", "USING")
QUERIES = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
PATTERNS = ("FILTER", "OPTIONAL", "UNION", "MINUS", "BIND", "VALUES", "SERVICE", "GRAPH", "SELECT", "EXISTS", "NOT")


def parse(text: bytes, *, base: str, limits: Limits) -> Patch:
    """The patch in an update request whose relative IRIs resolve against `base`.

    Raises: MalformedContent -- this is not SPARQL Update. ContentTooLarge -- a cap.
    Raises: UnprocessableContent -- it is, but not of the supported part; the text names the feature.
    """
    if len(text) > limits.patch_bytes:
        raise too_many_bytes(limits.patch_bytes)
    reader = PatternReader(Lexer(decoded_text(text)), base, limits)
    reader.refuse = _refuse_in_pattern
    return _Request(reader).patch()


def _refuse_in_pattern(lexer: Lexer) -> None:
    if lexer.at_word(*PATTERNS):
        raise _unsupported(lexer, lexer.text.upper())
    if lexer.at("{"):
        raise _unsupported(lexer, "A group or subquery in braces")


def _unsupported(lexer: Lexer, feature: str) -> UnprocessableContent:
    return rule_broken(lexer, f"{feature} is not supported. {SUPPORTED}")


class _Request:
    """One update request being read."""

    def __init__(self, reader: PatternReader) -> None:
        self._reader = reader
        self._lexer = reader.lexer
        self._operations: list[Operation] = []
        self._prefixes: dict[str, str] = {}
        self._data_labels: set[str] = set()

    def patch(self) -> Patch:
        self._prologue()
        while self._lexer.kind != Kind.END:
            self._operations.append(self._operation())
            if not self._lexer.take(";"):
                break
            self._prologue()
        if self._lexer.kind != Kind.END:
            raise self._stray()
        return Patch(PatchKind.SPARQL_UPDATE, tuple(self._operations), self._prefixes)

    def _stray(self) -> Exception:
        """What follows an operation without a semicolon."""
        if self._lexer.at_word(*MANAGEMENT, *QUERIES):
            return _unsupported(self._lexer, self._lexer.text.upper())
        return self._lexer.unexpected("`;` or the end")

    def _prologue(self) -> None:
        while self._lexer.at_word("PREFIX", "BASE"):
            if self._lexer.advance().upper() == "PREFIX":
                self._reader.declare_prefix()
            else:
                self._reader.declare_base()

    def _operation(self) -> Operation:
        if self._word("INSERT"):
            return self._insert_data() if self._word("DATA") else self._modify((), self._template())
        if self._word("DELETE"):
            return self._delete()
        if self._lexer.at_word(*MANAGEMENT, *QUERIES):
            raise _unsupported(self._lexer, self._lexer.text.upper())
        raise self._lexer.unexpected("INSERT or DELETE")

    def _delete(self) -> Operation:
        if self._word("DATA"):
            return Operation(deletes=self._ground(self._deletable(self._block())))
        if self._word("WHERE"):
            patterns = self._deletable(self._block())
            return Operation(deletes=patterns, where=patterns)
        deletes = self._deletable(self._block())
        return self._modify(deletes, self._template() if self._word("INSERT") else ())

    def _modify(self, deletes: tuple[Pattern, ...], inserts: tuple[Pattern, ...]) -> Operation:
        if self._lexer.at_word("USING"):
            raise _unsupported(self._lexer, "USING")
        if not self._word("WHERE"):
            raise self._lexer.unexpected("WHERE")
        return Operation(deletes, inserts, as_patterns(self._block()))

    def _insert_data(self) -> Operation:
        block = self._block()
        if block.labels & self._data_labels:
            # SPARQL 1.1 s19.6: a label "can not be used ... in two different INSERT DATA operations within one request"
            raise UnprocessableContent("A blank node label may not be used in two INSERT DATA operations.")
        self._data_labels |= block.labels
        self._prefixes |= block.prefixes
        return Operation(inserts=self._ground(as_patterns(block)))

    def _template(self) -> tuple[Pattern, ...]:
        block = self._block()
        self._prefixes |= block.prefixes
        return as_patterns(block)

    def _block(self) -> Formula:
        return self._reader.braces()

    def _deletable(self, block: Formula) -> tuple[Pattern, ...]:
        """SPARQL 1.1 s19.8, note 7: blank nodes are not permitted here."""
        patterns = as_patterns(block)
        if has_blank_nodes(patterns):
            raise UnprocessableContent(
                "DELETE may not name blank nodes or lists: find the node with a variable in WHERE."
            )
        return patterns

    def _ground(self, patterns: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
        """SPARQL 1.1 s19.8, note 8: variables are not permitted here."""
        if variables(patterns):
            raise UnprocessableContent(
                "INSERT DATA and DELETE DATA may not hold variables; use INSERT or DELETE with WHERE."
            )
        return patterns

    def _word(self, word: str) -> bool:
        if self._lexer.at_word(word):
            self._lexer.advance()
            return True
        return False
