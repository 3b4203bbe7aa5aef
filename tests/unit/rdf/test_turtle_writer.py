import pytest

from pod.rdf import turtle_writer
from pod.rdf.graph import IRI, BNode, Graph, Literal, Triple
from pod.rdf.vocab import FOAF, RDF, XSD
from tests.unit.rdf.reading import BASE, document, turtle

EX = "http://www.example.org/terms#"
PREFIXES = {"": BASE + "#", "ex": EX, "xsd": XSD.iri}


def written(graph: Graph, prefixes: dict[str, str] | None = None) -> str:
    return turtle_writer.write(graph, PREFIXES if prefixes is None else prefixes).decode()


def body(text: str) -> str:
    """What stands after the prefixes when some Turtle is written again."""
    return written(turtle(text)).partition("\n\n")[2]


def test_a_document_reads_well():
    assert (
        body(
            """:me ex:name "Alice" ; a ex:Person ; ex:knows [ ex:name "Bob" ; ex:knows [ ] ] ; ex:list ( 1 "two" [ ] ) .
            <http://x.example/> ex:p :me ."""
        )
        == """:me a ex:Person ;
    ex:name "Alice" ;
    ex:knows [
        ex:name "Bob" ;
        ex:knows []
    ] ;
    ex:list ( 1 "two" [] ) .

<http://x.example/> ex:p :me .
"""
    )


def test_prefixes_come_first_in_the_authors_order_and_no_base():
    assert written(Graph(), {"z": "http://z.example/", "a": "http://a.example/"}) == (
        "@prefix z: <http://z.example/> .\n@prefix a: <http://a.example/> .\n"
    )


@pytest.mark.parametrize(
    ("name", "namespace"),
    [
        ("a b", "http://x/"),
        ("a.", "http://x/"),
        ("1a", "http://x/"),
        ("a", "http://x/ y"),
        ("a", "relative"),
        ("_", "http://x/"),
    ],
)
def test_what_turtle_cannot_declare_is_left_out(name: str, namespace: str):
    assert turtle_writer.usable_prefixes({name: namespace}) == {}


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        (EX + "name", "ex:name"),
        (EX, "ex:"),
        (EX + "has-part_2", "ex:has-part_2"),
        (EX + "a.b", f"<{EX}a.b>"),
        (EX + "-a", f"<{EX}-a>"),
        (EX + "1", f"<{EX}1>"),
        (EX + "a(b)~c", f"<{EX}a(b)~c>"),
        (EX + "a%20b", f"<{EX}a%20b>"),
        (EX + "é", f"<{EX}é>"),
        (EX + "a/b", f"<{EX}a/b>"),
        (BASE + "#me", ":me"),
        (BASE, f"<{BASE}>"),
        ("urn:a:b", "<urn:a:b>"),
    ],
)
def test_iris_are_shortened_where_that_is_exact(iri: str, expected: str):
    graph = Graph([Triple(IRI(iri), RDF.type, IRI(iri))])
    text = written(graph)
    assert f"{expected} a {expected} ." in text
    assert document(text).default == graph


@pytest.mark.parametrize(
    ("value", "datatype", "expected"),
    [
        ("5", XSD.integer, "5"),
        ("+05", XSD.integer, "+05"),
        ("five", XSD.integer, '"five"^^xsd:integer'),
        ("5.0", XSD.decimal, "5.0"),
        ("5", XSD.decimal, '"5"^^xsd:decimal'),
        ("5.", XSD.decimal, '"5."^^xsd:decimal'),
        ("5e0", XSD.double, "5e0"),
        ("5.0", XSD.double, '"5.0"^^xsd:double'),
        ("INF", XSD.double, '"INF"^^xsd:double'),
        ("true", XSD.boolean, "true"),
        ("1", XSD.boolean, '"1"^^xsd:boolean'),
        ("TRUE", XSD.boolean, '"TRUE"^^xsd:boolean'),
        ("x", XSD.string, '"x"'),
        ("5\n", XSD.integer, '"""5\n"""^^xsd:integer'),
    ],
)
def test_literals_are_shortened_where_that_loses_nothing(value: str, datatype: IRI, expected: str):
    graph = Graph([Triple(IRI(BASE), FOAF.age, Literal(value, datatype=datatype))])
    text = written(graph)
    assert f" {expected} ." in text
    assert document(text).default == graph


@pytest.mark.parametrize(
    "value",
    [
        "",
        '"',
        '""',
        '"""',
        'a"',
        '\n"',
        '\n""',
        '\n"""',
        '\n""""',
        "\\",
        "\n\\",
        "\\n",
        "\r\n",
        "\x00",
        "\x07\n",
        "\x7f\n",
        "é\U0001f600\n",
    ],
)
def test_every_text_survives(value: str):
    graph = Graph(
        [Triple(IRI(BASE), FOAF.name, Literal(value)), Triple(IRI(BASE), FOAF.name, Literal(value, language="en"))]
    )
    assert document(written(graph)).default == graph


@pytest.mark.parametrize(
    "text",
    [
        "_:a ex:p _:a .",
        "_:a ex:p _:b . _:b ex:p _:a .",
        "_:a ex:p _:b . _:b ex:p _:c . _:c ex:p _:a .",
        ":s ex:p _:a, _:b . _:a ex:p _:b . _:b ex:p _:a .",
        ":s ex:p _:a ; ex:q _:a . _:a ex:p 1 .",
        ":s ex:list _:a . _:a rdf:first 1 ; rdf:rest _:a .",
        ":s ex:list _:a . _:a rdf:first 1 ; rdf:rest _:b . _:b rdf:first 2 ; rdf:rest _:a .",
        ":s ex:list _:a . _:a rdf:first 1 .",
        ":s ex:list _:a . _:a rdf:first 1, 2 ; rdf:rest () .",
        ":s ex:list _:a . _:a rdf:first 1 ; rdf:rest () ; ex:p 1 .",
        ":s ex:list _:a . _:a rdf:first 1 ; rdf:rest :elsewhere .",
        ":s ex:list _:a ; ex:p _:b . _:a rdf:first 1 ; rdf:rest _:b . _:b rdf:first 2 ; rdf:rest () .",
        "_:a rdf:first 1 ; rdf:rest () .",
        "( 1 2 ) ex:p 1 .",
        ":s ex:list ( ( ( ) ) ( [ ex:list ( 1 ) ] ) ) .",
        "_:b0 ex:p _:b1 . _:b1 ex:p _:b0 . [] ex:p [ ex:q [] ] .",
    ],
)
def test_circles_shared_nodes_and_broken_lists_survive(text: str):
    graph = turtle("@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . " + text)
    assert document(written(graph)).default.isomorphic(graph)


def test_deep_nesting_ends_in_names():
    depth = 5 * turtle_writer.NESTED_DEPTH_MAX
    graph = turtle(":s ex:p " + "[ ex:p " * depth + "1" + " ]" * depth + " .")
    text = written(graph)
    assert document(text).default.isomorphic(graph)
    assert max(map(len, text.splitlines())) < 200


def test_long_lists_do_not_count_as_deep():
    graph = turtle(f":s ex:list ( {' '.join(map(str, range(1000)))} ) .")
    assert "998 999 )" in written(graph)


def test_large_graphs_are_written_flat_and_say_the_same():
    graph = Graph(Triple(BNode(), FOAF.age, Literal(str(n))) for n in range(turtle_writer.NESTED_TRIPLES_MAX + 1))
    assert document(written(graph)).default.isomorphic(graph)
