"""What JSON-LD needs beyond the parser: contexts written out beforehand, and nothing lost without a word.

The parser drops statements whose IRIs are invalid, as JSON-LD lets it. A pod must not lose what it was given, so a
second, lenient reading counts what the first one gave, and a document that lost something is refused.

Spec: JSON-LD 1.1 API s7.1.2 (what is dropped: relative and blank predicates, which are not statements at all)
"""

from __future__ import annotations

import pyoxigraph as ox

from pod.errors import UnprocessableContent
from pod.rdf import iri
from pod.rdf.contexts import ContextLoader, with_contexts
from pod.rdf.graph import IRI, BNode, Literal
from pod.rdf.limits import Limits

SHOWN_CHARACTERS_MAX = 200


def prepare(content: bytes, base: str, limits: Limits, contexts: ContextLoader) -> bytes:
    """The document with no reference to a context elsewhere. Raises: as `contexts.with_contexts`"""
    return with_contexts(content, base, limits, contexts)


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
