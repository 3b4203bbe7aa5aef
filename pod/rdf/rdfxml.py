"""What RDF/XML needs beyond the parser: no entities, no other encodings, and a clear word where XML cannot say it.

Two things take the parser more than their place in the document and are bounded beforehand: an XML literal repeats all
namespaces around it in each of its elements, and every attribute of an element is compared with every other.

Spec: RDF 1.1 XML Syntax s2.2.4, s5 (a property is an XML name); XML 1.0 s2.2 (characters)
"""

from __future__ import annotations

import re

import pyoxigraph as ox

from pod.errors import MalformedContent, NotAcceptable
from pod.rdf import oxigraph
from pod.rdf.graph import Graph, Literal
from pod.rdf.limits import Limits, expands_too_far
from pod.rdf.turtle_writer import usable_prefixes
from pod.rdf.vocab import RDF

_ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_PROPERTY = re.compile(r".*[^\w.\-](?!\d)\w[\w.\-]*", re.DOTALL)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SYNTAX = frozenset(
    RDF[name]
    for name in (
        *("RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "Description", "li"),
        *("aboutEach", "aboutEachPrefix", "bagID"),
    )
)
"""Names that mean something else where a property stands (RDF 1.1 XML Syntax s6.1.8)."""
_NAMESPACES_OF_XML = ("http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/")
_FAILED_SPLIT = b"<oxprefix: xmlns"
_XML_LITERAL = re.compile(rb"""parseType\s*=\s*["'](?!(?:Resource|Collection)["'])""")
_NAMESPACE = re.compile(rb"""\sxmlns[^\s=<>"']*\s*=\s*(?:"[^"]*"|'[^']*')""")


def check(content: bytes, limits: Limits) -> None:
    """Raises: MalformedContent -- it declares entities, or an encoding that is not UTF-8

    Raises: ContentTooLarge -- XML literals would take too much memory
    """
    if b"<!ENTITY" in content:
        raise MalformedContent("XML entity declarations are not accepted; write the names out.")
    encoding = _ENCODING.match(content)
    if encoding and encoding.group(1).lower() not in {b"utf-8", b"us-ascii"}:
        raise MalformedContent("XML is accepted in UTF-8 only.")
    if _XML_LITERAL.search(content):
        namespaces = sum(match.end() - match.start() for match in _NAMESPACE.finditer(content))
        if namespaces * content.count(b"<") > limits.expansion_bytes // 4:
            raise expands_too_far(limits)


def write(graph: Graph, prefixes: dict[str, str]) -> bytes:
    """Raises: NotAcceptable -- a property whose IRI does not end in an XML name, or a character XML has no place for"""
    for predicate in dict.fromkeys(triple.predicate for triple in graph):
        if not _PROPERTY.fullmatch(predicate.value):
            raise _impossible(f"the property {predicate.value} does not end in an XML name")
        if predicate in _SYNTAX or predicate.value.startswith(_NAMESPACES_OF_XML):
            raise _impossible(f"the property {predicate.value} belongs to the syntax")
    for triple in graph:
        if isinstance(triple.object, Literal) and _NOT_XML.search(triple.object.value):
            raise _impossible("a literal holds a control character")
    content = oxigraph.serialize(graph.by_subject(), ox.RdfFormat.RDF_XML, _declarable(prefixes))
    if _FAILED_SPLIT in content:
        raise _impossible("a property does not end in an XML name")
    return content.replace(b"\r", b"&#13;")  # a bare one is read as a line feed (XML 1.0 s2.11)


def _declarable(prefixes: dict[str, str]) -> dict[str, str]:
    """XML keeps two names, and what they stand for, to itself. Spec: Namespaces in XML s3"""
    return {
        name: namespace
        for name, namespace in usable_prefixes(prefixes).items()
        if name not in {"xml", "xmlns"} and namespace not in _NAMESPACES_OF_XML
    }


def _impossible(why: str) -> NotAcceptable:
    return NotAcceptable(f"This document cannot be written as RDF/XML: {why}. Ask for text/turtle.")
