"""What JSON-LD needs beyond the parser: contexts written out beforehand, and nothing lost without a word.

The parser drops statements whose IRIs are invalid, as JSON-LD lets it. A pod must not lose what it was given, so a
second, lenient reading counts what the first one gave, and a document that lost something is refused.

Deviates: a node below a key that no context maps is left out by JSON-LD together with the key; the parser reads it,
without the link. Documents that say nothing under unmapped keys, or only values, are not concerned.

Spec: JSON-LD 1.1 API s7.1.2 (what is dropped: relative and blank predicates, which are not statements at all)
"""

from __future__ import annotations

import pyoxigraph as ox

from pod.errors import MalformedContent, UnprocessableContent
from pod.rdf import iri
from pod.rdf.contexts import ContextLoader, Json, with_contexts
from pod.rdf.graph import IRI, BNode, Literal
from pod.rdf.limits import Limits, expands_too_far
from pod.rdf.nesting import pieces

SHOWN_CHARACTERS_MAX = 200
_SPACE = b" \t\r\n"


def prepare(content: bytes, base: str, limits: Limits, contexts: ContextLoader) -> bytes:
    """The document with no reference to a context elsewhere.

    Raises: as `contexts.with_contexts`. ContentTooLarge -- it would take too much memory
    """
    if not content.lstrip(_SPACE).startswith((b"{", b"[")):
        raise MalformedContent("Line 1, column 1: a JSON-LD document is an object or an array.", line=1, column=1)
    small = len(content) ** 2 <= 4 * limits.expansion_bytes
    if _has_no_context(content) and (small or _plain_expansion(content, base) <= limits.expansion_bytes):
        return content
    content, document = with_contexts(content, base, limits, contexts)
    if not small and _Expansion(document, base).bytes > limits.expansion_bytes:
        raise expands_too_far(limits)
    return content


def _has_no_context(content: bytes) -> bool:
    """Surely none, not even one whose name is spelled with escapes."""
    return b"@context" not in content and b"\\u" not in content


def _plain_expansion(content: bytes, base: str) -> int:
    """A bound like that of `_Expansion`, from bytes alone, as if the longest text were stated with every value."""
    values = content.count(b",") + content.count(b":") + 1
    return values * (4 * _longest_string(content) + len(base))


def _longest_string(content: bytes) -> int:
    """The most bytes between two quotes."""
    longest = ending = 0
    for piece in pieces(content):
        first, *rest = map(len, piece.split(b'"'))
        longest = max(longest, ending + first, *rest)
        ending = rest[-1] if rest else ending + first
    return longest


class _Expansion:
    """An upper bound of what all statements of a document take, their names written out.

    The parser holds all statements of a top-level object before it gives the first, so this cannot be counted on the
    way. A statement repeats the name and the property it stands below; each may be short for what a context defines.
    """

    def __init__(self, document: Json, base: str) -> None:
        self._statements = 0
        self._written = 0
        self._id_names = {"@id"}
        self._longest = 0
        self._prefixes: set[str] = set()
        self._definitions: dict[str, int] = {}
        self._value(document, 0)
        defined = self._longest + sum(self._definitions.get(name, 0) for name in self._prefixes)
        self.bytes = self._written + self._statements * (4 * (defined + len(base)))

    def _value(self, value: Json, around: int) -> None:
        """`around` is the length of the longest name and property that this value may be stated with."""
        if isinstance(value, list):
            for item in value:
                self._value(item, around)
            return
        self._statements += 1
        self._written += around
        if isinstance(value, dict):
            self._object(value, around)
        elif isinstance(value, str):
            self._written += len(value)

    def _object(self, members: dict[str, Json], around: int) -> None:
        if "@context" in members:
            self._context(members["@context"])
        names = [value for key, value in members.items() if key in self._id_names and isinstance(value, str)]
        name = max(map(len, names), default=0)
        for key, value in members.items():
            if key != "@context":
                self._value(value, max(around, name + len(key)))

    def _context(self, context: Json) -> None:
        for each in context if isinstance(context, list) else [context]:
            for term, definition in each.items() if isinstance(each, dict) else ():
                self._define(term, definition)

    def _define(self, term: str, definition: Json) -> None:
        texts = [definition] if isinstance(definition, str) else []
        if isinstance(definition, dict):
            texts = [text for text in definition.values() if isinstance(text, str)]
            self._context(definition.get("@context"))
        if "@id" in texts:
            self._id_names.add(term)
        for text in texts:
            self._longest = max(self._longest, len(text))
            self._definitions[term] = max(self._definitions.get(term, 0), len(text))
            self._prefixes.add(text.partition(":")[0])


def check_nothing_dropped(content: bytes, base: str, kept: int) -> None:
    """Raises: UnprocessableContent -- a statement was dropped because a term in it is not valid; it is named."""
    try:
        if sum(1 for _ in _lenient(content, base)) == kept:
            return
        for quad in _lenient(content, base):
            _check(quad)
    except SyntaxError:  # the strict reading passed; what only the lenient one stumbles over was not dropped
        return


def _lenient(content: bytes, base: str) -> ox.QuadParser:
    return ox.parse(content, ox.RdfFormat.JSON_LD, base_iri=base, lenient=True)


def _check(quad: ox.Quad) -> None:
    if not iri.is_absolute(quad.predicate.value):
        return  # a key that no context maps to an IRI: JSON-LD says to ignore it
    for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
        if not _is_valid(term):
            shown = str(term)[:SHOWN_CHARACTERS_MAX]
            raise UnprocessableContent(f"{shown} is not valid RDF, and would be lost.", term=shown)


def _is_valid(term: object) -> bool:
    try:
        if isinstance(term, IRI):
            IRI(term.value)
        elif isinstance(term, BNode):
            BNode(term.value)
        elif isinstance(term, Literal) and term.language:
            Literal(term.value, language=term.language)
        elif isinstance(term, Literal):
            IRI(term.datatype.value)
    except ValueError:
        return False
    return True
