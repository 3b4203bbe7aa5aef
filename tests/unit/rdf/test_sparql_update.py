import pytest

from pod.errors import ContentTooLarge, MalformedContent, UnprocessableContent
from pod.protocol.modes import AccessMode
from pod.rdf.graph import IRI, BNode, Literal, Variable
from pod.rdf.limits import Limits
from pod.rdf.vocab import RDF, XSD
from tests.unit.rdf.reading import sparql

READ, APPEND, WRITE = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE
A = IRI("http://pod.example/alice/notes#a")
P = IRI("http://www.example.org/terms#p")
ONE = Literal("1", datatype=XSD.integer)
X = Variable("x")


@pytest.mark.parametrize(
    ("text", "modes"),
    [
        ("INSERT DATA { :a ex:p 1 }", APPEND),
        ("DELETE DATA { :a ex:p 1 }", WRITE),
        ("DELETE WHERE { :a ex:p ?x }", READ | WRITE),
        ("INSERT { :a ex:q ?x } WHERE { :a ex:p ?x }", READ | APPEND),
        ("DELETE { :a ex:p ?x } WHERE { :a ex:p ?x }", READ | WRITE),
        ("DELETE { :a ex:p ?x } INSERT { :a ex:q ?x } WHERE { :a ex:p ?x }", READ | WRITE | APPEND),
        ("DELETE DATA { :a ex:p 1 }; INSERT DATA { :a ex:p 2 };", WRITE | APPEND),
        ("INSERT { :a ex:p 1 } WHERE {}", APPEND),
        ("INSERT DATA {}", READ),
        ("", READ),
    ],
)
def test_what_an_update_needs(text: str, modes: AccessMode):
    assert sparql(text).modes == modes


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { :a ex:p 1 }",
        "INSERT DATA { :a ex:p 1 . }",
        "INSERT DATA { :a ex:p 1 } ;",
        "insert data { :a ex:p 1 }",
        "INSERT\nDATA{:a ex:p 1}# a comment",
        "PREFIX e: <http://www.example.org/terms#> INSERT DATA { :a e:p 1 }",
        "BASE <http://pod.example/alice/notes> INSERT DATA { <#a> ex:p +1 }".replace("+1", "1"),
        "INSERT DATA { <http://pod.example/alice/notes#a> <http://www.example.org/terms#p> '1'^^<http://www.w3.org/2001/XMLSchema#integer> }",
        "INSERT DATA { <#\\u0061> ex:p 1 ; }",
    ],
)
def test_insert_data_in_its_spellings(text: str):
    (operation,) = sparql(text).operations
    assert operation.inserts == ((A, P, ONE),)
    assert not operation.deletes + operation.where


def test_several_operations_in_their_order():
    patch = sparql(
        "DELETE DATA { :a ex:p 1 } ; PREFIX other: <http://other.example/> INSERT DATA { :a other:p 2 } ; DELETE WHERE { ?x ?y 3 }"
    )
    first, second, third = patch.operations
    assert first.deletes == ((A, P, ONE),)
    assert second.inserts[0][1] == IRI("http://other.example/p")
    assert third.deletes == third.where == ((X, Variable("y"), Literal("3", datatype=XSD.integer)),)
    assert patch.prefixes["other"] == "http://other.example/"
    assert patch.media_type == "application/sparql-update"


def test_turtle_in_all_its_forms_is_read():
    (operation,) = sparql(
        """INSERT DATA { :a a ex:T ; ex:p "x"@en, '''y
        z''', 1.5, 1e5, TRUE ; ex:list (1 (2)) ; ex:b [ ex:p _:x ] . _:x ex:p [] . [ ex:p 1 ] . ( 1 ) ex:p 1 . }"""
    ).operations
    values = {value for subject, _, value in operation.inserts if subject == A}
    assert Literal("true", datatype=XSD.boolean) in values
    assert Literal("1e5", datatype=XSD.double) in values
    assert (A, RDF.type, IRI("http://www.example.org/terms#T")) in operation.inserts


def test_both_signs_of_a_variable():
    (operation,) = sparql("DELETE { $x ex:p 1 } WHERE { ?x ex:p 1 }").operations
    assert operation.deletes == operation.where == ((X, P, ONE),)


def test_blank_nodes_may_stand_in_inserts_and_conditions():
    (operation,) = sparql("INSERT { _:n ex:p ?x } WHERE { [] ex:p ?x }").operations
    assert isinstance(operation.inserts[0][0], BNode)
    assert isinstance(operation.where[0][0], BNode)


UNSUPPORTED = [
    ("LOAD <http://127.0.0.1/>", "LOAD"),
    ("load silent <http://127.0.0.1/>", "LOAD"),
    ("CLEAR ALL", "CLEAR"),
    ("DROP GRAPH <g>", "DROP"),
    ("CREATE GRAPH <g>", "CREATE"),
    ("ADD <a> TO <b>", "ADD"),
    ("MOVE <a> TO <b>", "MOVE"),
    ("COPY <a> TO <b>", "COPY"),
    ("WITH <g> DELETE { ?a ?b ?c } WHERE { ?a ?b ?c }", "WITH"),
    ("DELETE { ?a ?b ?c } USING <g> WHERE { ?a ?b ?c }", "USING"),
    ("SELECT * WHERE { ?a ?b ?c }", "SELECT"),
    ("ASK { ?a ?b ?c }", "ASK"),
    ("INSERT DATA { GRAPH <g> { :a ex:p 1 } }", "GRAPH"),
    ("DELETE WHERE { GRAPH <g> { ?a ?b ?c } }", "GRAPH"),
    ("INSERT { ?a ex:p 1 } WHERE { SERVICE <http://127.0.0.1/> { ?a ?b ?c } }", "SERVICE"),
    ("INSERT { ?a ex:p 1 } WHERE { ?a ex:p ?x . FILTER(?x > 1) }", "FILTER"),
    ("INSERT { ?a ex:p 1 } WHERE { ?a ex:p ?x FILTER(?x > 1) }", "FILTER"),
    ("INSERT { ?a ex:p 1 } WHERE { OPTIONAL { ?a ex:p ?x } }", "OPTIONAL"),
    ("INSERT { ?a ex:p 1 } WHERE { { ?a ex:p 1 } UNION { ?a ex:p 2 } }", "braces"),
    ("INSERT { ?a ex:p 1 } WHERE { { SELECT * WHERE { ?a ex:p 2 } } }", "braces"),
    ("INSERT { ?a ex:p 1 } WHERE { BIND(1 AS ?a) }", "BIND"),
    ("INSERT { ?a ex:p 1 } WHERE { VALUES ?a { 1 } }", "VALUES"),
    ("INSERT { ?a ex:p 1 } WHERE { ?a ex:p/ex:q 1 }", "paths"),
    ("INSERT { ?a ex:p 1 } WHERE { ?a ex:p+ 1 }", "paths"),
    ("INSERT { ?a ex:p 1 } WHERE { ?a ex:p* 1 }", "paths"),
    ("INSERT { ?a ex:p 1 } WHERE { ?a ex:p? 1 }", "paths"),
    ("INSERT { ?a ex:p 1 } WHERE { ?a ^ex:p 1 }", "paths"),
    ("INSERT { ?a ex:p 1 } WHERE { ?a !ex:p 1 }", "paths"),
    ("INSERT { ?a ex:p 1 } WHERE { ?a (ex:p|ex:q) 1 }", "paths"),
    ("INSERT DATA { :a ex:p ?x }", "variables"),
    ("DELETE DATA { :a ex:p ?x }", "variables"),
    ("DELETE DATA { :a ex:p [] }", "blank nodes"),
    ("DELETE WHERE { _:b ex:p ?x }", "blank nodes"),
    ("DELETE { ?x ex:p ( 1 ) } WHERE { ?x ex:p 1 }", "blank nodes"),
    ("INSERT DATA { _:b ex:p 1 } ; INSERT DATA { _:b ex:p 2 }", "two INSERT DATA"),
    ("INSERT DATA { 'text' ex:p 1 }", "literal"),
]


@pytest.mark.parametrize(("text", "words"), UNSUPPORTED)
def test_what_is_beyond_one_document_is_refused_by_name(text: str, words: str):
    with pytest.raises(UnprocessableContent) as caught:
        sparql(text)
    assert words in caught.value.detail


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "INSERT",
        "INSERT DATA",
        "INSERT DATA { :a ex:p 1",
        "INSERT DATA { :a ex:p 1 } INSERT DATA { :a ex:p 2 }",
        "INSERT DATA { :a ex:p 1 } } ",
        "INSERT { :a ex:p 1 }",
        "DELETE { :a ex:p 1 } INSERT { :a ex:p 1 }",
        "INSERT DATA { :a ex:p }",
        "INSERT DATA { :a }",
        "INSERT DATA { a:b c:d e:f }",
        "INSERT DATA { :a ex:p 'x }",
        ";;",
        "PREFIX x <http://x/> INSERT DATA {}",
        "INSERT DATA { :a ex:p 1 , }",
        "INSERT DATA { :a ex:p 'x'^^ }",
        "INSERT DATA { :a ex:p \x00 }",
    ],
)
def test_what_is_not_sparql_update_is_malformed(text: str):
    with pytest.raises(MalformedContent) as caught:
        sparql(text)
    assert caught.value.extras["line"] == 2


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Limits(patch_bytes=120), "INSERT DATA { :a ex:p 'a text that makes this too long' }"),
        (Limits(triples=2), "INSERT DATA { :a ex:p 1, 2 } ; INSERT DATA { :a ex:p 3 }"),
        (Limits(depth=3), "INSERT DATA { :a ex:p [ ex:p [ ex:p [ ex:p [] ] ] ] }"),
        (Limits(literal_bytes=5), "INSERT DATA { :a ex:p '123456' }"),
    ],
)
def test_caps(limits: Limits, text: str):
    assert sparql(text)
    with pytest.raises(ContentTooLarge):
        sparql(text, limits)
