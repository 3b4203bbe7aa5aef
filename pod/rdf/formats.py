"""The table of RDF media types, and parsing and serializing through it.

Every document is capped before a parser sees it (bytes, UTF-8, nesting, entities, contexts) and while it is read
(statements, literals, and what short names expand to). What this module gives back is RDF 1.1 and nothing else.

Spec: RDF 1.1 Turtle, TriG, N-Triples, N-Quads, RDF/XML; JSON-LD 1.1; Solid #server-representation-turtle-jsonld
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import pyoxigraph as ox

from pod.config import MIB
from pod.errors import ContentTooLarge, MalformedContent, UnsupportedMediaType
from pod.rdf import jsonld, nesting, oxigraph, rdfxml, turtle_writer
from pod.rdf.contexts import OFFLINE, ContextLoader
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Triple
from pod.rdf.labels import with_stable_labels
from pod.rdf.limits import (
    Limits,
    expands_too_far,
    literal_too_long,
    name_too_long,
    too_many_bytes,
    too_many_prefixes,
    too_many_triples,
)

DECODED_BYTES = MIB

__all__ = ["MEDIA_TYPES", "OFFLINE", "Limits", "code", "is_rdf", "offers", "parse", "serialize"]


@dataclass(frozen=True, slots=True)
class RDFFormat:
    """One media type. `code` stands in ETags; `check` bounds the nesting before the parser runs."""

    media_type: str
    code: str
    parser: ox.RdfFormat
    check: nesting.Check
    named_graphs: bool = False


TURTLE = RDFFormat("text/turtle", "ttl", ox.RdfFormat.TURTLE, nesting.check_turtle)
JSON_LD = RDFFormat("application/ld+json", "jsonld", ox.RdfFormat.JSON_LD, nesting.check_json, named_graphs=True)
N_TRIPLES = RDFFormat("application/n-triples", "nt", ox.RdfFormat.N_TRIPLES, nesting.check_turtle)
N_QUADS = RDFFormat("application/n-quads", "nq", ox.RdfFormat.N_QUADS, nesting.check_turtle, named_graphs=True)
TRIG = RDFFormat("application/trig", "trig", ox.RdfFormat.TRIG, nesting.check_turtle, named_graphs=True)
RDF_XML = RDFFormat("application/rdf+xml", "rdf", ox.RdfFormat.RDF_XML, nesting.check_xml)

FORMATS = {each.media_type: each for each in (TURTLE, JSON_LD, N_TRIPLES, N_QUADS, TRIG, RDF_XML)}
MEDIA_TYPES = tuple(FORMATS)
"""All of them, in the order they are preferred."""


def is_rdf(essence: str) -> bool:
    """Whether a media type without parameters is one we parse. JSON is not, nor is HTML."""
    return essence in FORMATS


def code(media_type: str) -> str | None:
    """What stands for the media type in an ETag; None if it is not RDF."""
    known = FORMATS.get(media_type) or FORMATS.get(_essence(media_type))
    return known.code if known else None


def offers(stored: str, *, named_graphs: bool = False) -> tuple[str, ...]:
    """The media types a document can be read in, best first: as stored, then by preference.

    With named graphs, those that keep them come before those that give the default graph alone. RDF/XML may turn out
    to be impossible for a document; `serialize` says so.
    """
    first = _essence(stored)
    if not is_rdf(first):
        return (stored,)
    keeping = [each.media_type for each in FORMATS.values() if each.named_graphs and named_graphs]
    return tuple(dict.fromkeys([first, *keeping, *MEDIA_TYPES]))


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _format(media_type: str) -> RDFFormat:
    try:
        return FORMATS[_essence(media_type)]
    except KeyError as error:
        raise UnsupportedMediaType(f"RDF comes as {', '.join(MEDIA_TYPES)}.") from error


# -- parsing -----------------------------------------------------------------------------------------------------------


def parse(content: bytes, media_type: str, *, base: str, limits: Limits, contexts: ContextLoader = OFFLINE) -> Dataset:
    """The dataset of a document. Relative IRIs resolve against `base` (LDP 4.2.1.5).

    Raises: MalformedContent -- it does not parse; `line` and `column` where that is known.
    Raises: ContentTooLarge -- a cap. UnprocessableContent -- a JSON-LD context that cannot be had, an IRI that is none.
    """
    reading = _Reading.of(content, media_type, base, limits, contexts)
    dataset = _dataset(reading)
    reading.check_complete()
    dataset.prefixes = reading.prefixes()
    return dataset


def validate(content: bytes, media_type: str, *, base: str, limits: Limits, contexts: ContextLoader = OFFLINE) -> None:
    """Whether `parse` would give a dataset, for a good half of what that costs.

    Raises: as `parse`
    """
    reading = _Reading.of(content, media_type, base, limits, contexts)
    for _ in reading:
        pass
    reading.check_complete()
    reading.prefixes()


def decoded(content: bytes, bytes_max: int) -> bytes:
    """The content without a byte order mark. Raises: ContentTooLarge; MalformedContent -- it is not UTF-8"""
    if len(content) > bytes_max:
        raise too_many_bytes(bytes_max)
    if not content.isascii():
        _check_utf8(content)
    return content.removeprefix(b"\xef\xbb\xbf")


def _check_utf8(content: bytes) -> None:
    """Piece by piece: as text, a document may take four times its size."""
    start = 0
    while piece := content[start : start + DECODED_BYTES]:
        try:
            _, length = codecs.utf_8_decode(piece, "strict", start + DECODED_BYTES >= len(content))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, start + error.start) + 1
            raise MalformedContent(f"Line {line}: this is not UTF-8.", line=line) from error
        start += length


class _Reading:
    """The statements of a document in runs, each to be kept and let go before the next is made.

    A run is small enough that it cannot outgrow the memory the limits allow, and that other threads get their turn.
    """

    def __init__(self, content: bytes, rdf_format: RDFFormat, base: str, limits: Limits) -> None:
        self.format = rdf_format
        self._statements = 0
        self._content, self._base = content, base
        self._parser = ox.parse(content, rdf_format.parser, base_iri=base)
        self._size = len(content)
        self._has_signs_of_rdf12 = any(sign in content for sign in _SIGNS_OF_RDF12)
        self._limits = limits
        self._is_small = rdf_format is not RDF_XML and _is_small(self._size, limits)

    @classmethod
    def of(cls, content: bytes, media_type: str, base: str, limits: Limits, contexts: ContextLoader) -> _Reading:
        """Raises: as `parse`, for what can be seen before the first statement"""
        rdf_format = _format(media_type)
        content = decoded(content, limits.bytes)
        rdf_format.check(content, limits)
        if rdf_format is JSON_LD:
            content = jsonld.prepare(content, base, limits, contexts)
        elif rdf_format is RDF_XML:
            rdfxml.check(content, limits)
        return cls(content, rdf_format, base, limits)

    def __iter__(self) -> Iterator[list[ox.Quad]]:
        """Raises: MalformedContent, ContentTooLarge"""
        try:
            for run in [list(self._parser)] if self._is_small else self._counted():
                self._statements += len(run)
                if self._has_signs_of_rdf12:
                    _refuse_rdf12(run)
                yield run
        except SyntaxError as error:
            raise _malformed(error) from error
        except MemoryError as error:  # the library's own cap on one token
            raise ContentTooLarge("One term or comment of this document is too long.") from error

    def _counted(self) -> Iterator[list[ox.Quad]]:
        limits, expanded = self._limits, 0
        run_length = max(1, min(1000, limits.expansion_bytes // (4 * (self._size or 1))))
        while run := list(islice(self._parser, run_length)):
            lengths = [len(text) for text in map(str, run)]
            expanded += sum(lengths)
            if self._statements + len(run) > limits.triples:
                raise too_many_triples(limits)
            if max(lengths) > min(limits.literal_bytes, limits.name_bytes):
                _check_terms(run, limits)
            if expanded > max(limits.expansion_bytes, 4 * self._size):
                raise expands_too_far(limits)
            yield run

    def check_complete(self) -> None:
        """Raises: UnprocessableContent -- the parser left a statement out"""
        if self.format is JSON_LD:
            jsonld.check_nothing_dropped(self._content, self._base, self._statements)

    def prefixes(self) -> dict[str, str]:
        """Known once all is read. Raises: ContentTooLarge"""
        prefixes = self._parser.prefixes
        if len(prefixes) > self._limits.prefixes:
            raise too_many_prefixes(self._limits)
        return prefixes


def _is_small(size: int, limits: Limits) -> bool:
    """Whether no cap can be reached: two bytes may make a statement, and stand for all that the rest defines."""
    return size * size <= 4 * limits.expansion_bytes and size <= min(limits.triples, limits.literal_bytes)


def _check_terms(quads: Iterable[ox.Quad], limits: Limits) -> None:
    for quad in quads:
        for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
            if isinstance(term, Literal) and len(term.value.encode()) > limits.literal_bytes:
                raise literal_too_long(limits)
            if isinstance(term, IRI | BNode) and len(term.value.encode()) > limits.name_bytes:
                raise name_too_long(limits)


_SIGNS_OF_RDF12 = (b"<<", b"--", b"{|", b"~", b"@direction", b"\\u", b":dir", b"Triple", b"annotation")


def _refuse_rdf12(quads: Iterable[ox.Quad]) -> None:
    for thing in (quad.object for quad in quads):
        if isinstance(thing, Triple):
            raise MalformedContent("Triple terms are RDF 1.2; this server keeps RDF 1.1.")
        if isinstance(thing, Literal) and thing.direction is not None:
            raise MalformedContent("Strings with a direction are RDF 1.2; this server keeps RDF 1.1.")


SHOWN_CHARACTERS_MAX = 300
_PARSER_POSITION = re.compile(r"Parser error at line \d+ (?:column \d+|between [^:]*): |Parser error between [^:]*: ")


def _malformed(error: SyntaxError) -> MalformedContent:
    what = _PARSER_POSITION.sub("", error.msg)[:SHOWN_CHARACTERS_MAX]
    if error.lineno is None:
        return MalformedContent(f"{what}.")
    return MalformedContent(
        f"Line {error.lineno}, column {error.offset}: {what}.", line=error.lineno, column=error.offset
    )


def _dataset(reading: _Reading) -> Dataset:
    if not reading.format.named_graphs:
        return Dataset(Graph(quad.triple for run in reading for quad in run))
    dataset = Dataset()
    for run in reading:
        for quad in run:
            name = quad.graph_name
            graph = dataset.default if isinstance(name, ox.DefaultGraph) else dataset.named.setdefault(name, Graph())
            graph.add(quad.triple)
    return dataset


# -- serializing -------------------------------------------------------------------------------------------------------


def serialize(dataset: Dataset, media_type: str) -> bytes:
    """The document that says the same in a media type: the same bytes whenever the dataset is in the same order.

    Turtle, N-Triples and RDF/XML say what the default graph says (the named graphs have no place there).

    Raises: NotAcceptable -- RDF/XML cannot say it.
    """
    rdf_format = _format(media_type)
    if rdf_format is not TURTLE:  # whose writer names what it must, and most it need not
        dataset = with_stable_labels(dataset)
    return _WRITERS[rdf_format](dataset)


def _turtle(dataset: Dataset) -> bytes:
    return turtle_writer.write(dataset.default, dataset.prefixes)


def _n_triples(dataset: Dataset) -> bytes:
    return oxigraph.serialize(dataset.default.by_subject(), ox.RdfFormat.N_TRIPLES)


def _rdf_xml(dataset: Dataset) -> bytes:
    return rdfxml.write(dataset.default, dataset.prefixes)


def _n_quads(dataset: Dataset) -> bytes:
    return oxigraph.serialize(_statements(dataset), ox.RdfFormat.N_QUADS)


def _trig(dataset: Dataset) -> bytes:
    prefixes = turtle_writer.usable_prefixes(dataset.prefixes)
    return oxigraph.serialize(_statements(dataset), ox.RdfFormat.TRIG, prefixes)


def _json_ld(dataset: Dataset) -> bytes:
    return oxigraph.serialize(_statements(dataset), ox.RdfFormat.JSON_LD)


def _statements(dataset: Dataset) -> Iterator[Triple | ox.Quad]:
    yield from dataset.default.by_subject()
    for name, graph in dataset.named.items():
        for triple in graph.by_subject():
            yield ox.Quad(triple.subject, triple.predicate, triple.object, name)


_WRITERS: dict[RDFFormat, Callable[[Dataset], bytes]] = {
    TURTLE: _turtle,
    JSON_LD: _json_ld,
    N_TRIPLES: _n_triples,
    N_QUADS: _n_quads,
    TRIG: _trig,
    RDF_XML: _rdf_xml,
}
