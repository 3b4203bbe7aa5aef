"""Targets: documents in every RDF format, and patches of them.

What one format said every other says too, rdflib finds the same in it, and a patch does to a document what the model of
tests/model/ says. Mutants that rdflib takes for something else are nobody's fault: it is only asked about what both read.

Spec: RDF 1.1 Concepts s3.6; Solid #n3-patch; SPARQL 1.1 Update
"""

from __future__ import annotations

import re
import warnings
from functools import cache
from pathlib import Path

from rdflib.compare import isomorphic

from pod.config import Config
from pod.errors import NotAcceptable, PatchDidNotMatch, PodError
from pod.rdf import formats, n3patch, outline, patch, sparql_update
from pod.rdf.graph import Dataset
from pod.rdf.limits import Limits
from tests.fuzz.running import Target, Wrong
from tests.model import model_patch
from tests.model.model_rdf import graph_of, triples
from tests.model.model_values import Refused, Triples

BASE = "http://pod.example/alice/notes/a"
LIMITS = Limits.from_config(Config())
VECTORS = Path(__file__).parents[1] / "vectors"
EVERY_FORMAT_STATEMENTS_MAX = 60
"""Isomorphism of blank nodes takes time where there are many alike."""
BLANKS_MAX = 6

PLAIN_NAMES = re.compile(
    r"(?:[^<\x0b\x0c\x1c-\x1e\x85\u2028\u2029]|<(?:http://[a-z0-9.]+/[a-z0-9./#-]*|#[a-z0-9]*|)>)*"
)
"""rdflib resolves odd references in ways of its own."""
SPELLED_APART = re.compile(r"\+[\d.]|(?<![\w.])0\d|[\"'][\s+0]\S*[\"']\s*\^\^")
"""rdflib takes +1 and 01 for 1, where they are other terms."""
SPACES_OF_PYTHON = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]|<[^<>]*[^\\S \n][^<>]*>")
"""rdflib takes some for ends of statements, and all others for ends of references."""
TAB = b"\t"
"""rdflib takes one for spaces in an update, in a text too: pyparsing does so before it reads."""

warnings.filterwarnings("ignore", module="rdflib")

SUFFIXES = {
    "text/turtle": "ttl",
    "application/ld+json": "jsonld",
    "application/n-triples": "nt",
    "application/n-quads": "nq",
    "application/trig": "trig",
    "application/rdf+xml": "rdf",
}
TURTLE_WORDS = (
    *(b"@prefix ex: <http://x/> .", b"PREFIX : <#>", b"@base <http://b/> .", b"<a>", b"ex:p", b":", b'"text"', b"_:b"),
    *(
        b"[",
        b"]",
        b"(",
        b")",
        b"{",
        b"}",
        b".",
        b";",
        b",",
        b" a ",
        b"1",
        b"-1.5e3",
        b"true",
        b"@en",
        b"^^",
        b"<<",
        b">>",
    ),
    *(
        b'"""',
        b"'''",
        b"#",
        b"<",
        b">",
        b"?x",
        b"=>",
        b"\\u0041",
        b"<http://x/\xc3\xa9>",
        b"<../..>",
        b"<//h/p>",
        b"@en--ltr",
    ),
)
JSON_WORDS = (
    *(b'"@id"', b'"@type"', b'"@context"', b'"@graph"', b'"@value"', b'"@list"', b'"@set"', b'"@reverse"', b'"@vocab"'),
    *(b'"@language"', b'"@base"', b'"@index"', b'"@container"', b'"@json"', b'"@none"', b'"@nest"', b'"@included"'),
    *(b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b"1e400", b'""', b'"_:b"', b'"http://x/"', b'"\\ud800"'),
    *(b'{"@id": "a"}', b'"@context": {"a": "http://x/a"},', b'"@protected": true,', b'"@import": "http://x/",'),
)
XML_WORDS = (
    *(b"<rdf:Description>", b"</rdf:Description>", b'rdf:about=""', b'rdf:nodeID="b"', b'rdf:ID="a"', b"rdf:li", b"<"),
    *(b'rdf:parseType="Collection"', b'rdf:parseType="Resource"', b'rdf:parseType="Literal"', b"&amp;", b"&x;", b"/>"),
    *(b'xml:lang="en"', b'xml:base="http://b/"', b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?pi ?>", b"<!DOCTYPE x>"),
)
SPARQL_WORDS = (
    *(b"INSERT DATA {", b"DELETE DATA {", b"DELETE WHERE {", b"DELETE {", b"INSERT {", b"WHERE {", b"}", b"WITH <g>"),
    *(
        b"PREFIX ex: <http://example.org/>",
        b"BASE <http://b/>",
        b"GRAPH <g> {",
        b"FILTER(?x > 1)",
        b"OPTIONAL {",
        b"UNION",
    ),
    *(
        b";",
        b".",
        b"?x",
        b"$y",
        b"ex:p",
        b"<#s1>",
        b"_:b",
        b"[]",
        b"BIND(1 AS ?x)",
        b"CLEAR ALL",
        b"a",
        b"^ex:p",
        b"ex:p/ex:q",
    ),
)
N3_WORDS = (*TURTLE_WORDS, b"solid:inserts {", b"solid:deletes {", b"solid:where {", b"solid:InsertDeletePatch", b"_:p")

TURTLE_PATCHED = b"""@prefix ex: <http://example.org/>.
<#s1> ex:p 1, "text", "word"@en; ex:q <#s2> . <#s2> ex:p 1; ex:q [ ex:p ( 1 2 ) ] . <> ex:p ex:thing ."""
N3_HEAD = b"@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix ex: <http://example.org/>.\n"
N3_PATCHES = (
    b"_:p a solid:InsertDeletePatch; solid:inserts { <#s1> ex:p 2 } .",
    b"_:p a solid:InsertDeletePatch; solid:where { ?x ex:q <#s2> }; solid:deletes { ?x ex:p 1 }; solid:inserts { ?x ex:p 3 } .",
    b"<#p> a solid:InsertDeletePatch; solid:deletes { <#s2> ex:p 1 }; solid:inserts { [] ex:p [ ex:q ( 1 ) ] } .",
    b"_:p a solid:InsertDeletePatch; solid:where { ?x ex:p 1 . _:b ex:p ?y }; solid:inserts { ?x ex:r ?y } .",
)
SPARQL_HEAD = b"PREFIX ex: <http://example.org/>\n"
SPARQL_PATCHES = (
    b"INSERT DATA { <#s1> ex:p 2, 'x'@en ; ex:q [ ex:p ( 1 ) ] }",
    b"DELETE DATA { <#s2> ex:p 1 } ; INSERT DATA { <#s2> ex:p 2 }",
    b"DELETE { ?x ex:p ?y } INSERT { ?x ex:r ?y } WHERE { ?x ex:p ?y . ?x ex:q <#s2> }",
    b"DELETE WHERE { <#s1> ex:p ?y }",
)


def read(content: bytes, media_type: str) -> Dataset:
    return formats.parse(content, media_type, base=BASE, limits=LIMITS)


def document(media_type: str, data: bytes) -> None:
    """A document that is read can be shown, written in all formats, and read again."""
    dataset = read(data, media_type)
    outline.outline(dataset, BASE)
    if len(dataset) > EVERY_FORMAT_STATEMENTS_MAX or _blanks(dataset) > BLANKS_MAX:
        return
    for other in formats.MEDIA_TYPES:
        _check_written(dataset, other)
    _check_foreign(data, media_type, dataset)


def _check_written(dataset: Dataset, media_type: str) -> None:
    try:
        written = formats.serialize(dataset, media_type)
    except NotAcceptable:
        if media_type == "application/rdf+xml":
            return
        raise
    try:
        again = read(written, media_type)
    except PodError as error:
        raise Wrong(f"as {media_type} it cannot be read: {error.detail}\n{written!r}") from error
    if not again.default.isomorphic(dataset.default):
        raise Wrong(f"as {media_type} it says something else: {written!r}")
    if formats.FORMATS[media_type].named_graphs and len(again) != len(dataset):
        raise Wrong(f"as {media_type} other graphs are lost: {written!r}")


def _check_foreign(data: bytes, media_type: str, dataset: Dataset) -> None:
    """rdflib on our N-Triples, of which it only makes one of 1 and 01; and on a seed as it is."""
    written = formats.serialize(Dataset(dataset.default), "application/n-triples")
    if SPACES_OF_PYTHON.search(written.decode()):
        return
    ours = triples(written, "application/n-triples", BASE)
    if ours is None or (len(ours) != len(dataset.default) and b"XMLSchema#" not in written):
        raise Wrong("rdflib reads other N-Triples than we wrote")
    if data in seeds(media_type) and media_type == "text/turtle":
        theirs = triples(data, media_type, BASE)
        if theirs is None or not isomorphic(graph_of(theirs), graph_of(ours)):
            raise Wrong("rdflib reads something else in it")


def _blanks(dataset: Dataset) -> int:
    graphs = (dataset.default, *dataset.named.values())
    return len({str(term) for graph in graphs for each in graph for term in each if str(term).startswith("_:")})


@cache
def patched() -> Dataset:
    return read(TURTLE_PATCHED, "text/turtle")


def n3(data: bytes) -> None:
    _check_patch(n3patch.parse(data, base=BASE, limits=LIMITS), data)


def sparql(data: bytes) -> None:
    parsed = sparql_update.parse(data, base=BASE, limits=LIMITS)
    _check_patch(parsed, data, is_read_alike=TAB not in data)


def _check_patch(parsed: patch.Patch, data: bytes, *, is_read_alike: bool = True) -> None:
    """It does what the model says it does, if the model can read it."""
    is_plain = is_read_alike and PLAIN_NAMES.fullmatch(data.decode()) and not SPELLED_APART.search(data.decode())
    expected = _expected(data, parsed.media_type) if is_plain else None
    try:
        result = patch.apply(parsed, patched(), limits=LIMITS)
    except PatchDidNotMatch:
        if isinstance(expected, frozenset):
            raise Wrong("it should fit") from None
        return
    _check_written(result, "text/turtle")
    if expected is None:
        return
    if isinstance(expected, Refused):
        raise Wrong(f"it should be refused with {expected.statuses}")
    ours = triples(formats.serialize(result, "application/n-triples"), "application/n-triples", BASE)
    if ours is None or not isomorphic(graph_of(ours), graph_of(expected)):
        raise Wrong(f"it comes to {formats.serialize(result, 'text/turtle').decode()}")


def _expected(data: bytes, media_type: str) -> Triples | Refused | None:
    """What the model makes of the document; None where it does not read the patch as we do."""
    try:
        theirs = model_patch.parse(data, media_type, BASE)
    except (Refused, RecursionError):
        return None
    before = triples(TURTLE_PATCHED, "text/turtle", BASE)
    assert before is not None
    try:
        return theirs.apply(before)
    except Refused as refused:
        return refused


@cache
def seeds(media_type: str) -> tuple[bytes, ...]:
    files = sorted((VECTORS / "documents").glob(f"*.{SUFFIXES[media_type]}"))
    found = [content for content in (file.read_bytes() for file in files) if len(content) < 4_000]
    if media_type == "text/turtle":
        found.append(TURTLE_PATCHED)
    written = (formats.serialize(patched(), media_type),)
    return (*found, *written)


def _document_target(name: str, media_type: str, words: tuple[bytes, ...]) -> Target:
    return Target(name, lambda data: document(media_type, data), seeds(media_type), words)


TARGETS = (
    _document_target("turtle", "text/turtle", TURTLE_WORDS),
    _document_target("json-ld", "application/ld+json", JSON_WORDS),
    _document_target("rdf-xml", "application/rdf+xml", XML_WORDS),
    _document_target("n-triples", "application/n-triples", TURTLE_WORDS),
    _document_target("n-quads", "application/n-quads", TURTLE_WORDS),
    _document_target("trig", "application/trig", TURTLE_WORDS),
    Target("n3-patch", n3, tuple(N3_HEAD + each for each in N3_PATCHES), N3_WORDS),
    Target("sparql-update", sparql, tuple(SPARQL_HEAD + each for each in SPARQL_PATCHES), SPARQL_WORDS),
)
