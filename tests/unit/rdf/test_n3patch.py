import pytest

from pod.errors import ContentTooLarge, MalformedContent, UnprocessableContent
from pod.protocol.modes import AccessMode
from pod.rdf import n3patch
from pod.rdf.graph import IRI, BNode, Literal, Variable
from pod.rdf.limits import Limits
from pod.rdf.vocab import RDF
from tests.unit.rdf.reading import BASE, LIMITS, n3

READ, APPEND, WRITE = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE
NAME = IRI("http://www.example.org/terms#name")


@pytest.mark.requirement("solid#server-patch-n3-accept")
def test_a_patch_has_its_three_formulae():
    patch = n3(
        """_:patch a solid:InsertDeletePatch ; solid:where { ?p ex:name "Old" } ;
        solid:deletes { ?p ex:name "Old" } ; solid:inserts { ?p ex:name "New" . } ."""
    )
    (operation,) = patch.operations
    who = Variable("p")
    assert operation.where == operation.deletes == ((who, NAME, Literal("Old")),)
    assert operation.inserts == ((who, NAME, Literal("New")),)
    assert patch.media_type == "text/n3"


@pytest.mark.requirement("solid#server-patch-n3-type")
@pytest.mark.requirement("solid#server-patch-n3-patch-identifier")
@pytest.mark.parametrize(
    "text",
    [
        "<> a solid:InsertDeletePatch ; solid:inserts { :a ex:p 1 } .",
        "<#patch> a solid:InsertDeletePatch ; solid:inserts { :a ex:p 1 } .",
        "_:patch a solid:InsertDeletePatch . _:patch solid:inserts { :a ex:p 1 } .",
        "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p 1 } .",
        "[ a solid:InsertDeletePatch ; solid:inserts { :a ex:p 1 } ] .",
        "[] a solid:Patch, solid:InsertDeletePatch ; solid:inserts { :a ex:p 1 } .",
        "[] a solid:InsertDeletePatch ; ex:note 'aside' ; solid:inserts { :a ex:p 1 } . <> ex:author [ ex:name 'me' ] .",
    ],
)
def test_the_patch_resource_is_an_iri_or_a_blank_node(text: str):
    assert len(n3(text).operations[0].inserts) == 1


@pytest.mark.requirement("solid#server-n3-patch-where")
@pytest.mark.requirement("solid#server-n3-patch-insert")
@pytest.mark.requirement("solid#server-n3-patch-delete")
@pytest.mark.parametrize(
    ("formulae", "modes"),
    [
        ("solid:inserts { :a ex:p 1 }", APPEND),
        ("solid:deletes { :a ex:p 1 }", READ | WRITE),
        ("solid:where { :a ex:p 1 }", READ),
        ("solid:where { :a ex:p ?x } ; solid:inserts { :a ex:q ?x }", READ | APPEND),
        ("solid:deletes { :a ex:p 1 } ; solid:inserts { :a ex:p 2 }", READ | WRITE | APPEND),
        ("solid:deletes {} ; solid:inserts {} ; solid:where {}", READ),
        ("ex:nothing 1", READ),
    ],
)
def test_the_modes_a_patch_needs_follow_from_what_it_holds(formulae: str, modes: AccessMode):
    assert n3(f"[] a solid:InsertDeletePatch ; {formulae} .").modes == modes


def test_turtle_in_all_its_forms_is_read():
    patch = n3(
        """
        # a comment with . ; { } in it
        PREFIX other: <other#>
        @base <http://pod.example/bob/> .
        [] a solid:InsertDeletePatch ; solid:inserts {
          <card#me> other:p 'single', "double"@en-GB, '''long 'single' ''', \"\"\"long "double" \\u00e9\\n\"\"\" ;
            ex:n 1, -2.5, +3.0e-1, .5, true, false ; ; a ex:Thing ;
            ex:list ( 1 [ ex:in <list> ] () ) .
          ex:esc\\~aped ex:p.q ex:1a, ex:, ex:a:b%20 ;
        } .
        """
    )
    inserts = patch.operations[0].inserts
    me = IRI("http://pod.example/bob/card#me")
    terms = {value for subject, _, value in inserts if subject == me}
    assert {Literal("single"), Literal("double", language="en-gb"), Literal("long 'single' ")} <= terms
    assert Literal('long "double" é\n') in terms
    assert (me, RDF.type, IRI("http://www.example.org/terms#Thing")) in inserts
    assert IRI("http://pod.example/bob/list") in {value for _, _, value in inserts}
    assert {value for subject, _, value in inserts if subject == IRI("http://www.example.org/terms#esc~aped")} == {
        IRI("http://www.example.org/terms#1a"),
        IRI("http://www.example.org/terms#"),
        IRI("http://www.example.org/terms#a:b%20"),
    }
    assert "http://pod.example/alice/other#p" in {verb.value for _, verb, _ in inserts if isinstance(verb, IRI)}


@pytest.mark.requirement("solid#server-patch-n3-blank-nodes-syntax")
def test_blank_nodes_in_inserts_are_one_node_for_one_label():
    (operation,) = n3("<> a solid:InsertDeletePatch ; solid:inserts { _:x ex:p _:x ; ex:q [] } .").operations
    first, second = operation.inserts
    assert isinstance(first[0], BNode)
    assert first[0] == first[2] == second[0] != second[2]


MALFORMED = [
    "",
    "this is not n3",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p 1 }",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p 1 .",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p } .",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p 'open } .",
    '[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p "\\x" } .',
    '[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p "\\uD800" } .',
    '[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p "\\UFFFFFFFF" } .',
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p nope:b } .",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p <http://a b> } .",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p 'x'@toolonglanguage } .",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p 'x'@en--ltr } .",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p ( 1 } .",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p [ ex:q 1 } .",
    "[] a solid:InsertDeletePatch ; solid:inserts { :a ex:p true1 } .",
    "[] a solid:InsertDeletePatch ; solid:inserts { << :a ex:p 1 >> ex:q 1 } .",
    "@prefix ex <http://x/> .",
    "@prefix ex: ex:a .",
    "@unknown <http://x/> .",
    "<http://[bad> ex:p 1 .",
]


@pytest.mark.parametrize("text", MALFORMED[1:])
def test_what_is_not_n3_is_malformed(text: str):
    with pytest.raises(MalformedContent) as caught:
        n3(text)
    assert caught.value.extras["line"] >= 5
    assert caught.value.extras["column"] >= 1


def test_a_patch_must_be_utf_8():
    with pytest.raises(MalformedContent):
        n3patch.parse(b'<> <p> "\xff" .', base=BASE, limits=LIMITS)


SINGLE = "solid#server-patch-n3-single"
BROKEN_RULES = [
    ("solid#server-patch-n3-patches", "", "exactly one"),
    ("solid#server-patch-n3-patches", ":a ex:p 1 .", "exactly one"),
    (SINGLE, "<#a> a solid:InsertDeletePatch . <#b> a solid:InsertDeletePatch .", "exactly one"),
    (SINGLE, "<#a> a solid:InsertDeletePatch . <#b> solid:inserts { :a ex:p 1 } .", "exactly one"),
    (SINGLE, "<#a> a solid:InsertDeletePatch . <#b> a solid:Patch .", "exactly one"),
    ("solid#server-patch-n3-patch-identifier", "'text' a solid:InsertDeletePatch .", "IRI or a blank node"),
    ("solid#server-patch-n3-patch-identifier", "?v a solid:InsertDeletePatch .", "IRI or a blank node"),
    ("solid#server-patch-n3-simple-type", "<> solid:inserts { :a ex:p 1 } .", "solid:InsertDeletePatch"),
    ("solid#server-patch-n3-simple-type", "<> a solid:Patch ; solid:inserts { :a ex:p 1 } .", "InsertDeletePatch"),
    ("solid#server-patch-n3-inserts", "<> a solid:InsertDeletePatch ; solid:inserts {}, {} .", "solid:inserts only"),
    (
        "solid#server-patch-n3-deletes",
        "<> a solid:InsertDeletePatch ; solid:deletes {} ; solid:deletes { :a ex:p 1 } .",
        "solid:deletes only once",
    ),
    ("solid#server-patch-n3-where", "<> a solid:InsertDeletePatch ; solid:where {}, {} .", "solid:where only once"),
    ("solid#server-patch-n3-formulae", "<> a solid:InsertDeletePatch ; solid:inserts :a .", "formula in braces"),
    ("solid#server-patch-n3-formulae", "<> a solid:InsertDeletePatch ; solid:inserts ( { :a ex:p 1 } ) .", "formula"),
    (
        "solid#server-patch-n3-formulae",
        "<> a solid:InsertDeletePatch ; solid:inserts { :a ex:says { :b ex:p 1 } } .",
        "cannot be nested",
    ),
    ("solid#server-patch-n3-formulae", "<> a solid:InsertDeletePatch ; solid:where { 'a' ex:p 1 } .", "literal"),
    ("solid#server-patch-n3-formulae", "<> a solid:InsertDeletePatch ; solid:where { :a _:b 1 } .", "property"),
    ("solid#server-patch-n3-formulae", "<> a solid:InsertDeletePatch ; solid:where { :a 'b' 1 } .", "property"),
    ("solid#server-patch-n3-formulae", "<> a solid:InsertDeletePatch ; solid:where { :a ex:p/ex:q 1 } .", "paths"),
    ("solid#server-patch-n3-formulae", "<> a solid:InsertDeletePatch . { :a ex:p 1 } => { :a ex:p 2 } .", "object"),
    (
        "solid#server-patch-n3-variables",
        "<> a solid:InsertDeletePatch ; solid:inserts { :a ex:p ?x } .",
        "?x must occur",
    ),
    (
        "solid#server-patch-n3-variables",
        "<> a solid:InsertDeletePatch ; solid:deletes { :a ex:p ?y } ; solid:where { :a ex:p ?x } .",
        "?y must occur",
    ),
    ("solid#server-patch-n3-blank-nodes", "<> a solid:InsertDeletePatch ; solid:deletes { _:b ex:p 1 } .", "variable"),
    ("solid#server-patch-n3-blank-nodes", "<> a solid:InsertDeletePatch ; solid:deletes { :a ex:p [] } .", "variable"),
    ("solid#server-patch-n3-blank-nodes", "<> a solid:InsertDeletePatch ; solid:deletes { :a ex:p (1) } .", "variable"),
    (
        "solid#server-patch-n3-blank-nodes-syntax",
        "<> a solid:InsertDeletePatch ; solid:inserts { _:b ex:p 1 } ; solid:where { _:b ex:q 1 } .",
        "_:b",
    ),
    (
        "solid#server-patch-n3-blank-nodes-syntax",
        "_:b a solid:InsertDeletePatch ; solid:inserts { _:b ex:p 1 } .",
        "_:b",
    ),
    ("solid#server-patch-n3-blank-nodes-syntax", "_:b a solid:InsertDeletePatch ; solid:where { _:b ex:p 1 } .", "_:b"),
]


@pytest.mark.requirement("solid#server-patch-n3-invalid")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(text, words, marks=pytest.mark.requirement(id_), id=f"{id_.rpartition('#')[2]}-{number}")
        for number, (id_, text, words) in enumerate(BROKEN_RULES)
    ],
)
def test_a_broken_rule_is_unprocessable_and_said_in_words(text: str, words: str):
    with pytest.raises(UnprocessableContent) as caught:
        n3(text)
    assert words in caught.value.detail


def test_the_empty_list_in_deletes_is_no_blank_node():
    assert len(n3("<> a solid:InsertDeletePatch ; solid:deletes { :a ex:p () } .").operations[0].deletes) == 1


@pytest.mark.parametrize(
    ("limits", "formula"),
    [
        (Limits(patch_bytes=300), f":a ex:p '{100 * 'x'}'"),
        (Limits(triples=3), ":a ex:p 1, 2, 3, 4"),
        (Limits(depth=5), ":a ex:p ( ( ( ( ( ) ) ) ) )"),
        (Limits(literal_bytes=5), ":a ex:p 'ééé'"),
        (Limits(expansion_bytes=200), ":a ex:p ex:q, ex:r, ex:s, ex:t, ex:u"),
    ],
)
def test_caps(limits: Limits, formula: str):
    text = f"<> a solid:InsertDeletePatch ; solid:inserts {{ {formula} }} ."
    assert n3(text)
    with pytest.raises(ContentTooLarge):
        n3(text, limits)


def test_too_many_prefixes():
    declarations = "".join(f"@prefix p{n}: <http://x/{n}> ." for n in range(20))
    with pytest.raises(ContentTooLarge):
        n3(declarations, Limits(prefixes=10))
