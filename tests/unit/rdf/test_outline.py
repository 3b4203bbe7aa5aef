"""Documents as cards: what comes first, what is nested, what is left out."""

import time

import pytest
from hypothesis import given, settings

from pod.rdf import formats
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Triple
from pod.rdf.limits import Limits
from pod.rdf.outline import (
    NESTING_MAX,
    STATEMENTS_MAX,
    TEXT_CHARACTERS_MAX,
    Elsewhere,
    Items,
    Link,
    Nested,
    Text,
    outline,
)
from pod.rdf.vocab import FOAF, RDF
from pod.rdf.words import words
from pod.ui.data_statements import sheet
from tests.property.rdf_strategies import graphs

URL = "https://a.example/doc"
PREFIXES = """@prefix foaf: <http://xmlns.com/foaf/0.1/>. @prefix dcterms: <http://purl.org/dc/terms/>.
@prefix schema: <https://schema.org/>. @prefix vcard: <http://www.w3.org/2006/vcard/ns#>. @prefix : <#>.
"""


def outlined(turtle, media_type="text/turtle"):
    content = (PREFIXES * (media_type == "text/turtle") + turtle).encode()
    return outline(formats.parse(content, media_type, base=URL, limits=Limits()), URL)


def values(turtle):
    return [value for each in outlined(turtle).cards[0].properties for value in each.values]


@pytest.mark.parametrize(
    "turtle",
    [
        '<> foaf:primaryTopic :x . :a foaf:name "A" . :x foaf:name "X" .',
        '<> foaf:maker :me . :a foaf:name "A" . :me foaf:name "X" .',
        '<> dcterms:title "X" . ',
        '[] foaf:name "X" .',
        ':a a foaf:Person; vcard:fn "X" .',
    ],
)
def test_what_a_document_is_about_is_its_main_card(turtle):
    found = outlined(turtle)
    assert found.main is found.cards[0]
    assert found.main.name == "X"


def test_a_document_of_many_things_has_no_main_card():
    assert outlined(':a foaf:name "A" . :b foaf:name "B" .').main is None


def test_the_document_itself_comes_last():
    found = outlined("<> a foaf:Document . :a foaf:knows :b . :b foaf:knows :a .")
    assert [each.iri for each in found.cards] == [URL + "#a", URL + "#b", URL]


def test_a_name_is_told_once():
    assert outlined(':me foaf:name "A"; foaf:age 3 .').cards[0].properties[0].iri == FOAF.age.value
    assert len(outlined(':me foaf:name "A", "B" .').cards[0].properties[0].values) == 2


def test_somebody_is_told_from_something():
    assert outlined(":me a schema:Person .").main.is_somebody
    assert not outlined(":it a schema:Thing .").main.is_somebody


def test_a_person_is_not_said_to_be_somebody_as_well():
    stated = outlined("<#me> a foaf:Agent, foaf:Person. <#it> a foaf:Agent, foaf:Document.")
    told = [[each.iri.rpartition("/")[2] for each in card.types] for card in stated.cards]
    assert told == [["Person"], ["Agent", "Document"]]


def test_a_blank_node_stands_in_what_refers_to_it():
    (nested,) = values(":me foaf:knows [ a foaf:Person; foaf:name 'B' ] .")
    assert isinstance(nested, Nested)
    assert nested.types[0].iri.endswith("Person")
    assert nested.properties[0].values == (Text("B"),)


def test_a_blank_node_referred_to_twice_has_a_card():
    found = outlined(":a foaf:knows _:x . :b foaf:knows _:x . _:x foaf:name 'X' .")
    assert found.cards[0].properties[0].values == (Elsewhere(3),)
    assert found.cards[2].name == "X"


def test_circles_of_blank_nodes_end():
    found = outlined("_:a foaf:knows _:b . _:b foaf:knows _:c . _:c foaf:knows _:a .")
    assert len(found.cards) == 1


def test_a_list_is_a_list():
    (items,) = values(":me :list (1 2 (:a)) .")
    assert isinstance(items, Items)
    assert [type(each) for each in items.values] == [Text, Text, Items]
    assert values(":me :list () .") == [Items(())]


def test_a_link_bears_the_name_of_its_card():
    (link,) = values(":me foaf:knows :b . :b foaf:name 'B' .")
    assert link == Link(URL + "#b", "B", 2)


def test_named_graphs_are_told_apart():
    found = outlined("<http://g/> { <http://a/> <http://p/> 1 } <http://a/> <http://p/> 2 .", "application/trig")
    assert [(name, len(cards)) for name, cards in found.graphs] == [("http://g/", 1)]
    numbers = [each.number for cards in (found.cards, found.graphs[0][1]) for each in cards]
    assert numbers == [1, 2]


def test_a_long_text_is_cut():
    (text,) = values(f":me :note '{'x' * (TEXT_CHARACTERS_MAX + 1)}' .")
    assert (len(text.value), text.whole) == (TEXT_CHARACTERS_MAX, False)


def test_only_the_beginning_of_a_long_document_is_told():
    found = outlined("".join(f":a{number} :p {number} .\n" for number in range(STATEMENTS_MAX + 500)))
    assert len(found.cards) == STATEMENTS_MAX
    assert found.left_out == 500


def test_many_long_texts_are_not_all_told():
    found = outlined("".join(f":a{number} :p '{number}{'x' * 7000}' .\n" for number in range(200)))
    assert found.left_out > 150


@pytest.mark.parametrize("term", ["<http://a/{}>", "'a'^^<http://a/{}>"])
def test_terms_without_end_are_left_out(term):
    found = outlined(f":a :p 1 . :b :p {term.format('x' * 300_000)} . :c :p 1 .")
    assert (len(found.cards), found.left_out) == (1, 2)


def test_deep_nesting_becomes_cards():
    deep = 400
    triples = "".join(f"_:n{number} <http://p/> _:n{number + 1} .\n" for number in range(deep))
    found = outlined(triples, "application/n-triples")
    assert found.left_out == 0
    assert len(found.cards) >= deep / (NESTING_MAX + 1)


@settings(deadline=None, max_examples=60)
@given(graphs())
def test_no_subject_is_lost_or_told_twice(graph):
    found = outline(Dataset(graph), URL)
    numbers = [each.number for each in found.cards]
    assert sorted(set(numbers)) == sorted(numbers)
    subjects = {triple.subject.value for triple in graph if not isinstance(triple.subject, BNode)}
    assert {each.iri for each in found.cards if each.iri} == subjects


@pytest.mark.parametrize(
    ("iri", "label"),
    [
        ("http://xmlns.com/foaf/0.1/knows", "Knows"),
        ("https://schema.org/familyName", "Family name"),
        ("http://www.w3.org/ns/solid/terms#oidcIssuer", "Signs in with"),
        ("http://www.w3.org/ns/solid/terms#publicTypeIndex", "Public type index"),
        ("https://a.example/HTMLPage", "HTML page"),
        ("https://a.example/has_part-of", "Has part of"),
        ("https://a.example/", "A example"),
        ("https://a.example/%C3%A4%2Fb", "Ä/b"),
        ("urn:isbn:123", "123"),
        ("https://a.example/#", "A example"),
        ("x:", "x:"),
    ],
)
def test_terms_have_names_that_people_read(iri, label):
    assert words(iri) == label


@pytest.mark.parametrize(
    "iri", ["a:" + "x" * 100_000, "a:" + "aB" * 50_000, "a:" + "_" * 100_000, "a:" + "%41" * 50_000]
)
def test_a_name_is_short(iri):
    assert 0 < len(words(iri)) <= 61


@pytest.mark.parametrize("show", [lambda data: outline(data, URL), lambda data: sheet(data.default, URL, 1)])
def test_a_long_list_without_an_end_is_laid_out_soon(show):
    cells = [BNode(f"c{number}") for number in range(4_000)]
    graph = Graph([Triple(IRI(URL), IRI(f"{URL}#p"), cells[0])])
    for cell, rest in zip(cells, [*cells[1:], Literal("no list")], strict=True):
        graph.add(Triple(cell, RDF.first, Literal("x")))
        graph.add(Triple(cell, RDF.rest, rest))
    begun = time.process_time()
    show(Dataset(graph))
    assert time.process_time() - begun < 3
