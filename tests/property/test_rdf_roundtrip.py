"""Whatever a dataset says, every format says the same, and rdflib reads our Turtle as we do."""

from functools import partial

import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.errors import NotAcceptable
from pod.rdf import formats, turtle_writer
from pod.rdf.graph import IRI, Dataset, Graph
from tests.property.rdf_strategies import EX, graphs
from tests.unit.rdf.reading import document, status_of

PREFIXES = {"ex": EX, "": "http://pod.example/", "xsd": "http://www.w3.org/2001/XMLSchema#"}
prefixes = st.sampled_from([{}, PREFIXES])


@settings(max_examples=300, deadline=None)
@given(graphs(), prefixes)
def test_turtle_says_what_the_graph_says(graph: Graph, declared: dict[str, str]):
    assert document(turtle_writer.write(graph, declared)).default.isomorphic(graph)


@settings(max_examples=100, deadline=None)
@given(graphs(), prefixes)
def test_writing_what_was_read_changes_nothing_more(graph: Graph, declared: dict[str, str]):
    once = turtle_writer.write(graph, declared)
    assert len(document(once).default) == len(graph)
    twice = turtle_writer.write(document(once).default, declared)
    assert sorted(twice.split()) == sorted(once.split()) or document(twice).default.isomorphic(graph)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of literals that do not fit their datatype
@settings(max_examples=60, deadline=None)
@given(graphs(max_size=6))
def test_rdflib_reads_our_turtle(graph: Graph):
    text = turtle_writer.write(graph, PREFIXES)
    theirs = rdflib.Graph().parse(data=text, format="turtle")
    assert len(theirs) == len(graph) or _has_numbers(graph)


def _has_numbers(graph: Graph) -> bool:
    """rdflib makes one of 1 and +01."""
    return any("XMLSchema#" in str(triple.object) for triple in graph)


@pytest.mark.parametrize("media_type", formats.MEDIA_TYPES)
@settings(max_examples=60, deadline=None)
@given(graph=graphs(max_size=6), other=graphs(max_size=4))
def test_every_format_keeps_what_it_can(media_type: str, graph: Graph, other: Graph):
    before = Dataset(graph, {IRI("http://pod.example/graph"): other} if other else {})
    try:
        after = document(formats.serialize(before, media_type), media_type)
    except NotAcceptable:
        assert media_type == "application/rdf+xml"
        return
    assert after.default.isomorphic(graph)
    if formats.FORMATS[media_type].named_graphs and other:
        (kept,) = after.named.values()
        assert kept.isomorphic(other)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(formats.MEDIA_TYPES))
def test_random_bytes_parse_or_are_refused(content: bytes, media_type: str):
    assert status_of(lambda: document(content, media_type)) < 500


SNIPPETS = [
    "@prefix ex: <http://x/> .",
    "<a>",
    "ex:p",
    '"text"',
    "_:b",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ".",
    ";",
    ",",
    "a",
    "1",
    "#",
    "<<",
    '"""',
]
JSON_SNIPPETS = [
    '"@context"',
    '"@id"',
    '"@graph"',
    '"http://x/p"',
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"x"',
    "1",
    "null",
    '"@list"',
    '"@value"',
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(SNIPPETS), max_size=20), st.lists(st.sampled_from(JSON_SNIPPETS), max_size=20))
def test_shuffled_pieces_of_documents_parse_or_are_refused(turtle: list[str], json: list[str]):
    for pieces, media_type in ((turtle, "text/turtle"), (turtle, "application/trig"), (json, "application/ld+json")):
        text = " ".join(pieces)
        assert status_of(partial(document, text, media_type)) < 500
