import pytest

from pod.errors import (
    ContentTooLarge,
    MalformedContent,
    NotAcceptable,
    UnprocessableContent,
    UnsupportedMediaType,
)
from pod.rdf import formats
from pod.rdf.formats import MEDIA_TYPES
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Triple
from pod.rdf.limits import Limits
from pod.rdf.vocab import FOAF, XSD
from tests.unit.rdf.reading import BASE, PREFIXES, document

NAMED = ("application/ld+json", "application/n-quads", "application/trig")


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_the_table_holds_what_the_protocol_needs(media_type: str):
    assert formats.is_rdf(media_type)
    assert formats.code(media_type + "; charset=UTF-8") == formats.code(media_type)


def test_codes_tell_formats_apart():
    assert [formats.code(each) for each in MEDIA_TYPES] == ["ttl", "jsonld", "nt", "nq", "trig", "rdf"]
    assert formats.code("image/png") is None


@pytest.mark.parametrize("media_type", ["application/json", "text/html", "text/n3", "text/plain", ""])
def test_what_is_not_in_the_table_is_not_rdf(media_type: str):
    assert not formats.is_rdf(media_type)
    with pytest.raises(UnsupportedMediaType):
        document("", media_type)


@pytest.mark.requirement("solid#server-representation-turtle-jsonld")
@pytest.mark.parametrize("stored", MEDIA_TYPES)
def test_every_document_is_offered_as_stored_and_as_turtle_and_json_ld(stored: str):
    offers = formats.offers(stored + ";charset=utf-8")
    assert offers[0] == stored
    assert {"text/turtle", "application/ld+json"} <= set(offers)
    assert len(offers) == len(set(offers)) == len(MEDIA_TYPES)


def test_formats_that_keep_named_graphs_are_offered_before_those_that_do_not():
    offers = formats.offers("application/trig", named_graphs=True)
    assert offers == (
        "application/trig",
        "application/ld+json",
        "application/n-quads",
        "text/turtle",
        "application/n-triples",
        "application/rdf+xml",
    )


def test_what_is_not_rdf_is_offered_as_it_is():
    assert formats.offers("image/png") == ("image/png",)


EVERYTHING = """
:me a ex:Person ; ex:name "Zoë", "Zoe"@en-gb ; ex:age 42, 4.20, 4.2e1, "1e3"^^ex:own ; ex:ok true ;
    ex:list ( 1 "two" ( 3 ) ) ; ex:knows [ ex:name "line\\nbreak \\"quoted\\" \\\\ \\t" ], _:x . _:x ex:knows _:x, :me .
"""


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_every_format_says_what_turtle_says(media_type: str):
    before = document(PREFIXES + EVERYTHING)
    content = formats.serialize(before, media_type)
    assert document(content, media_type).default.isomorphic(before.default)


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_the_same_document_converts_to_the_same_bytes_at_every_reading(media_type: str):
    text = PREFIXES + EVERYTHING
    assert formats.serialize(document(text), media_type) == formats.serialize(document(text), media_type)


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_an_empty_document_is_a_document(media_type: str):
    content = formats.serialize(Dataset(), media_type)
    assert len(document(content, media_type)) == 0


# -- named graphs ------------------------------------------------------------------------------------------------------

GRAPHS = """{"@context": {"ex": "http://www.example.org/terms#"}, "@graph": [
  {"@id": "#default", "ex:in": "the default graph"},
  {"@id": "#one", "@graph": [{"@id": "#a", "ex:in": "one"}]},
  {"@id": "_:two", "@graph": [{"@id": "_:b", "ex:in": {"@list": ["two", 2]}}]}]}"""


@pytest.mark.parametrize("media_type", NAMED)
def test_named_graphs_survive_a_round_trip(media_type: str):
    before = document(GRAPHS, "application/ld+json")
    after = document(formats.serialize(before, media_type), media_type)
    assert after.default == before.default
    assert len(after.named) == 2
    assert after.named[IRI(BASE + "#one")] == before.named[IRI(BASE + "#one")]
    assert sorted(map(len, after.named.values())) == [1, 5]


@pytest.mark.parametrize("media_type", [each for each in MEDIA_TYPES if each not in NAMED])
def test_formats_without_named_graphs_say_what_the_default_graph_says(media_type: str):
    before = document(GRAPHS, "application/ld+json")
    after = document(formats.serialize(before, media_type), media_type)
    assert after.default == before.default
    assert not after.named


@pytest.mark.parametrize("text", ["GRAPH <g> { <a> <b> <c> }", "<g> { <a> <b> <c> }"])
def test_turtle_with_a_named_graph_does_not_parse(text: str):
    with pytest.raises(MalformedContent):
        document(text)


# -- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ldp#4.2.1.5")
@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("<> <#p> <../x> .", "text/turtle"),
        ('[{"@id": "", "http://pod.example/alice/notes#p": {"@id": "../x"}}]', "application/ld+json"),
    ],
)
def test_relative_iris_resolve_against_the_base(text: str, media_type: str):
    (triple,) = document(text, media_type).default
    assert triple == Triple(IRI(BASE), IRI(BASE + "#p"), IRI("http://pod.example/x"))


def test_a_byte_order_mark_is_passed_over():
    assert len(document(b"\xef\xbb\xbf<a> <b> <c> .").default) == 1
    assert len(document(b'\xef\xbb\xbf{"@id": "a", "http://x.example/p": 1}', "application/ld+json").default) == 1


def test_authors_prefixes_are_kept():
    assert document(PREFIXES).prefixes["ex"] == "http://www.example.org/terms#"


MALFORMED = [
    ("text/turtle", b"<a> <b> .", 1),
    ("text/turtle", b"<a> <b> <c> .\n<a> <b> ]", 2),
    ("text/turtle", b'<a> <b> "unclosed .', 1),
    ("text/turtle", b"<a> <b> <not an iri> .", 1),
    ("text/turtle", b'\n\n<a> <b> "\xff" .', 3),
    ("text/turtle", b"nope:a <b> <c> .", 1),
    ("text/turtle", "<a> <b> <c> .".encode("utf-16"), 1),
    ("application/ld+json", b'{"@id": "a",\n "x": }', 2),
    ("application/ld+json", b"", 1),
    ("application/n-triples", b"<a> <b> <c> .", 1),
    ("application/n-quads", b"<http://x/a> <http://x/b> .", 1),
    ("application/trig", b"<g> {", 1),
    ("application/rdf+xml", b"<rdf:RDF", None),
    ("application/rdf+xml", b"not xml at all <", None),
]


@pytest.mark.parametrize(("media_type", "content", "line"), MALFORMED)
def test_malformed_content_is_refused_with_its_line(media_type: str, content: bytes, line: int | None):
    with pytest.raises(MalformedContent) as caught:
        document(content, media_type)
    assert line is None or caught.value.extras["line"] == line
    assert caught.value.detail.strip()


@pytest.mark.parametrize("content", [b'"text"', b"12", b"null", b"true"])
def test_json_ld_is_an_object_or_an_array(content: bytes):
    with pytest.raises(MalformedContent):
        document(content, "application/ld+json")


RDF12 = [
    ("text/turtle", "<a> <b> <<( <a> <b> <c> )>> ."),
    ("text/turtle", "<< <a> <b> <c> >> <b> <c> ."),
    ("text/turtle", "<a> <b> <c> {| <d> <e> |} ."),
    ("text/turtle", "<a> <b> <c> ~ <r> ."),
    ("text/turtle", '<a> <b> "text"@en--ltr .'),
    ("application/trig", '<g> { <a> <b> "text"@en--ltr }'),
    ("application/n-triples", '<http://x/a> <http://x/b> "text"@en--rtl .'),
    ("application/n-quads", "<http://x/a> <http://x/b> <<( <http://x/a> <http://x/b> <http://x/c> )>> ."),
    ("application/ld+json", '{"http://x/b": {"@value": "t", "@language": "en", "@direction": "rtl"}}'),
    ("application/ld+json", '{"http://x/b": {"@value": "t", "@language": "en", "\\u0040direction": "rtl"}}'),
    ("application/ld+json", '{"@context": {"@direction": "rtl", "@language": "en"}, "http://x/b": "t"}'),
]


@pytest.mark.parametrize(("media_type", "text"), RDF12)
def test_what_only_rdf_12_has_is_refused(media_type: str, text: str):
    with pytest.raises(MalformedContent):
        document(text, media_type)


def test_signs_of_rdf_12_inside_literals_and_iris_are_fine():
    assert len(document('<http://x/~a> <http://x/b> "<<( {| -- @direction", "x"@en .').default) == 2


# -- what is lost is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '{"@id": "not an iri", "http://x/p": 1}',
        '{"@id": "a", "http://x/p": {"@id": "not an iri"}}',
        '{"@id": "a", "http://x/not an iri": 1}',
        '{"@id": "a", "@type": "not an iri"}',
        '{"@id": "a", "http://x/p": {"@value": "x", "@language": "no language"}}',
        '{"@id": "http://no iri/", "@graph": [{"@id": "a", "http://x/p": 1}]}',
        '{"@id": "a", "http://x/p": {"@list": ["kept", {"@id": "not an iri"}]}}',
    ],
)
def test_json_ld_whose_statements_would_be_dropped_is_refused(text: str):
    with pytest.raises(UnprocessableContent) as caught:
        document(text, "application/ld+json")
    assert "no" in caught.value.extras["term"]


def test_keys_that_no_context_maps_are_ignored_as_json_ld_says():
    text = '{"@id": "a", "plain": 1, "_:blank": 2, "@context": {"@vocab": null}, "http://x/p": "kept"}'
    assert len(document(text, "application/ld+json").default) == 1


# -- caps --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Limits(bytes=10), "<a> <b> <c> ."),
        (Limits(triples=2), "<a> <b> 1, 2, 3 ."),
        (Limits(depth=2), "<a> <b> ( ( ( ) ) ) ."),
        (Limits(literal_bytes=4), '<a> <b> "éé!" .'),
        (Limits(prefixes=1), "@prefix a: <http://a/> . @prefix b: <http://b/> ."),
        (Limits(expansion_bytes=30), "<a> <b> <c> ."),
    ],
)
def test_each_cap_has_its_refusal(limits: Limits, text: str):
    assert document(text)
    with pytest.raises(ContentTooLarge):
        document(text, limits=limits)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Limits(bytes=13), "<a> <b> <c> ."),
        (Limits(triples=3), "<a> <b> 1, 2, 3 ."),
        (Limits(depth=3), "<a> <b> ( ( ( ) ) ) ."),
        (Limits(literal_bytes=5), '<a> <b> "éé!" .'),
        (Limits(prefixes=2), "@prefix a: <http://a/> . @prefix b: <http://b/> ."),
    ],
)
def test_what_reaches_a_cap_exactly_is_accepted(limits: Limits, text: str):
    assert document(text, limits=limits) is not None


# -- RDF/XML -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("predicate", ["http://x/123", "http://x/", "http://x/a%20", "http://x/p#", "urn:1"])
def test_rdf_xml_cannot_say_every_property(predicate: str):
    graph = Graph([Triple(IRI(BASE), IRI(predicate), Literal("x"))])
    with pytest.raises(NotAcceptable) as caught:
        formats.serialize(Dataset(graph), "application/rdf+xml")
    assert predicate in caught.value.detail


def test_rdf_xml_cannot_say_control_characters():
    graph = Graph([Triple(IRI(BASE), FOAF.name, Literal("bell\x07"))])
    with pytest.raises(NotAcceptable):
        formats.serialize(Dataset(graph), "application/rdf+xml")


def test_rdf_xml_keeps_carriage_returns_for_every_reader():
    graph = Graph([Triple(IRI(BASE), FOAF.name, Literal("a\r\nb"))])
    content = formats.serialize(Dataset(graph), "application/rdf+xml")
    assert b"\r" not in content
    assert document(content, "application/rdf+xml").default == graph


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>',
        '<?xml version="1.0" encoding="ISO-8859-1"?><x/>',
    ],
)
def test_rdf_xml_with_entities_or_another_encoding_is_refused(text: str):
    with pytest.raises(MalformedContent):
        document(text, "application/rdf+xml")


def test_names_authors_gave_to_blank_nodes_stay():
    dataset = document("_:alice <p> _:b0 . _:b0 <p> [], _:alice . ")
    text = formats.serialize(dataset, "application/n-triples").decode()
    assert "_:alice" in text
    assert "_:b0 <http://pod.example/alice/p> _:b1 ." in text


def test_names_that_not_every_format_can_write_give_way():
    dataset = document("_:1 <http://x/p> _:a.b, _:a-c .")
    for media_type in MEDIA_TYPES:
        content = formats.serialize(dataset, media_type)
        assert b"a.b" not in content
        assert document(content, media_type).default.isomorphic(dataset.default)


def test_blank_names_of_graphs_are_stable_too():
    dataset = Dataset(named={BNode(): Graph([Triple(BNode(), FOAF.age, Literal("1", datatype=XSD.integer))])})
    assert b"_:b0" in formats.serialize(dataset, "application/n-quads")
