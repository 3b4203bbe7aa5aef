import pytest

from pod.errors import ContentTooLarge, PatchDidNotMatch, UnprocessableContent
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Triple
from pod.rdf.limits import Limits
from pod.rdf.patch import Patch, apply
from tests.unit.rdf.reading import LIMITS, PREFIXES, document, n3, patched, sparql, turtle

NO_MAPPING = "solid#server-patch-n3-semantics-no-mapping"
ALL_TRIPLES = "solid#server-patch-n3-semantics-deletions-non-empty-all-triples"


def insert_delete(where: str = "", deletes: str = "", inserts: str = "") -> Patch:
    return n3(
        f"[] a solid:InsertDeletePatch ; solid:where {{ {where} }} ; solid:deletes {{ {deletes} }} ; "
        f"solid:inserts {{ {inserts} }} ."
    )


# -- N3 Patch ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-patch-n3-semantics")
@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        (":a ex:p 1 .", {"inserts": ":a ex:p 2"}, ":a ex:p 1, 2 ."),
        ("", {"inserts": ":a ex:p 2"}, ":a ex:p 2 ."),
        (":a ex:p 1 .", {"inserts": ":a ex:p 1"}, ":a ex:p 1 ."),
        (":a ex:p 1, 2 .", {"deletes": ":a ex:p 1"}, ":a ex:p 2 ."),
        (":a ex:p 1 .", {"deletes": ":a ex:p 1", "inserts": ":a ex:p 1"}, ":a ex:p 1 ."),
        (":a ex:p 1 .", {"where": "?x ex:p 1", "inserts": "?x ex:q ?x"}, ":a ex:p 1 ; ex:q :a ."),
        (":a ex:p 1 .", {"where": ":a ex:p 1", "inserts": ":b ex:p 1"}, ":a ex:p 1 . :b ex:p 1 ."),
        (
            ":a ex:p :b . :b ex:q 'x' . :c ex:q 'x' .",
            {"where": ":a ?p ?y . ?y ex:q ?v", "deletes": "?y ex:q ?v", "inserts": "?y ?p ?v"},
            ":a ex:p :b . :b ex:p 'x' . :c ex:q 'x' .",
        ),
        (":a ex:p [ ex:q 1 ] .", {"where": ":a ex:p ?n . ?n ex:q 1", "deletes": "?n ex:q 1"}, ":a ex:p [] ."),
        ("", {"inserts": ":a ex:list ( 1 2 ) ; ex:knows [ ex:p 1 ]"}, ":a ex:list ( 1 2 ) ; ex:knows [ ex:p 1 ] ."),
        (":a ex:p :a . :b ex:p :a .", {"where": "?x ex:p ?x", "deletes": "?x ex:p ?x"}, ":b ex:p :a ."),
        # both deletions become the same triple
        (
            ":a ex:p 1 .",
            {"where": "?x ex:p ?v", "deletes": "?x ex:p ?v . :a ex:p 1", "inserts": ""},
            "",
        ),
    ],
)
def test_an_n3_patch_applies(before: str, patch: dict[str, str], after: str):
    assert patched(before, insert_delete(**patch)).isomorphic(turtle(after))


@pytest.mark.requirement(NO_MAPPING)
@pytest.mark.parametrize(
    ("before", "where"),
    [
        ("", ":a ex:p 1"),
        (":a ex:p 1 .", "?x ex:q ?y"),
        (":a ex:p 1 . :b ex:p 1 .", "?x ex:p 1"),
        (":a ex:p 1, 2 .", ":a ex:p ?v"),
        (":a ex:p 1 . :b ex:p 2 .", "?x ex:p 1 . ?y ex:p ?v"),
        (":a ex:p 1 .", ":a ex:p ?v . ?v ex:p 1"),
    ],
)
def test_conditions_that_fit_in_no_way_or_several_are_a_conflict(before: str, where: str):
    with pytest.raises(PatchDidNotMatch):
        patched(before, insert_delete(where=where))


@pytest.mark.requirement(ALL_TRIPLES)
@pytest.mark.parametrize(
    ("before", "where", "deletes"),
    [
        ("", "", ":a ex:p 1"),
        (":a ex:p 1 .", "", ":a ex:p 1, 2"),
        (":a ex:p 1 .", "", ":a ex:p '1'"),
        (":a ex:p 1 .", ":a ex:p ?v", ":b ex:p ?v"),
        (":a ex:p 1 .", ":a ex:p ?v", ":a ex:p 1 . ?v ex:p 1"),
    ],
)
def test_deleting_what_is_not_there_is_a_conflict(before: str, where: str, deletes: str):
    with pytest.raises(PatchDidNotMatch):
        patched(before, insert_delete(where=where, deletes=deletes))


def test_the_missing_triple_is_named_for_callers_that_may_show_it():
    with pytest.raises(PatchDidNotMatch) as caught:
        patched(":a ex:p 1 .", insert_delete(deletes=":a ex:p 2"))
    assert "terms#p" in caught.value.extras["triple"]
    assert "terms#p" not in caught.value.detail


def test_blank_nodes_in_conditions_only_say_that_something_is_there():
    patch = insert_delete(where=":a ex:p _:any . _:any ex:q ?v", inserts=":a ex:found ?v")
    assert len(patched(":a ex:p :b, :c . :b ex:q 1 . :c ex:q 1 .", patch)) == 5
    with pytest.raises(PatchDidNotMatch):
        patched(":a ex:p :b, :c . :b ex:q 1 . :c ex:q 2 .", patch)


def test_a_literal_cannot_become_a_subject():
    with pytest.raises(PatchDidNotMatch):
        patched(":a ex:p 1 .", insert_delete(where=":a ex:p ?v", inserts="?v ex:p 1"))


def test_each_application_makes_new_blank_nodes():
    patch = insert_delete(inserts=":a ex:p [ ex:q 1 ]")
    once = apply(patch, Dataset(), limits=LIMITS)
    assert len(apply(patch, once, limits=LIMITS).default) == 4


# -- SPARQL Update -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "update", "after"),
    [
        ("", "INSERT DATA { :a ex:p 1 }", ":a ex:p 1 ."),
        (":a ex:p 1 .", "DELETE DATA { :a ex:p 1 . :a ex:p 2 }", ""),
        (":a ex:p 1 .", "DELETE DATA { :a ex:p 1 }; INSERT DATA { :a ex:p 2 };", ":a ex:p 2 ."),
        (":a ex:p 1 .", "INSERT DATA { :a ex:p 2 } ; DELETE DATA { :a ex:p 2 }", ":a ex:p 1 ."),
        (":a ex:p 1, 2 . :b ex:p 3 .", "DELETE WHERE { :a ex:p ?v }", ":b ex:p 3 ."),
        (":a ex:p 1, 2 .", "DELETE { :a ex:p ?v } INSERT { :b ex:p ?v } WHERE { :a ex:p ?v }", ":b ex:p 1, 2 ."),
        (":a ex:p 1 .", "DELETE { ?x ex:p 1 } INSERT { ?x ex:p 2 } WHERE { ?x ex:p 9 }", ":a ex:p 1 ."),
        (":a ex:p 1 .", "INSERT { :b ex:p ?unbound . :c ex:p 1 } WHERE {}", ":a ex:p 1 . :c ex:p 1 ."),
        (":a ex:p 1 .", "INSERT { ?v ex:p 1 . ?x ?v 1 } WHERE { ?x ex:p ?v }", ":a ex:p 1 ."),
        (
            ":a ex:p :b . :b ex:p :a .",
            "DELETE { ?x ex:p ?y } INSERT { ?y ex:q ?x } WHERE { ?x ex:p ?y }",
            ":b ex:q :a . :a ex:q :b .",
        ),
        (
            ":a ex:p 1, 2 .",
            "INSERT { :a ex:n [ ex:v ?v ] } WHERE { :a ex:p ?v }",
            ":a ex:p 1, 2 ; ex:n [ ex:v 1 ], [ ex:v 2 ] .",
        ),
        (
            ":a ex:p 1 . :b ex:p 1 .",
            "INSERT { [] ex:of 1 } WHERE { _:any ex:p 1 }",
            ":a ex:p 1 . :b ex:p 1 . [] ex:of 1 . [] ex:of 1 .",
        ),
        (
            ":a ex:list ( 1 2 ) .",
            "INSERT { ?s ex:has 2 } WHERE { ?s ex:list ( ?x 2 ) }",
            ":a ex:list ( 1 2 ) ; ex:has 2 .",
        ),
        ("", "", ""),
    ],
)
def test_a_sparql_update_applies(before: str, update: str, after: str):
    assert patched(before, sparql(update)).isomorphic(turtle(after))


# -- both --------------------------------------------------------------------------------------------------------------

FAILING = [
    insert_delete(where="?x ex:p ?v", deletes="?x ex:p ?v", inserts="?x ex:q 1"),
    insert_delete(deletes=":a ex:p 1 . :a ex:p 99"),
    insert_delete(where=":a ex:q ?v", deletes=":a ex:p 1", inserts="?v ex:p 1"),
    sparql("DELETE WHERE { ?x ex:q ?y } ; INSERT { ?a ex:r ?f } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"),
    sparql("DELETE DATA { :a ex:p 1 } ; INSERT DATA { :x ex:p 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }"),
]


@pytest.mark.requirement("rfc5789#2.2")
@pytest.mark.parametrize("patch", FAILING)
def test_a_failed_patch_leaves_the_dataset_as_it_was(patch: Patch):
    text = PREFIXES + ":a ex:p 1, 2, 3 ; ex:q 'v' . [] ex:p [] ."
    dataset = document(text)
    before = list(dataset.default)
    with pytest.raises((PatchDidNotMatch, UnprocessableContent, ContentTooLarge)):
        apply(patch, dataset, limits=Limits(patch_steps=100, triples=10))
    assert list(dataset.default) == before


def test_a_patch_that_succeeds_leaves_the_old_dataset_as_it_was_too():
    dataset = document(PREFIXES + ":a ex:p 1 .")
    apply(sparql("DELETE WHERE { ?a ?b ?c } ; INSERT DATA { :b ex:p 2 }"), dataset, limits=LIMITS)
    assert dataset.default == turtle(":a ex:p 1 .")


def test_named_graphs_are_carried_over():
    name = IRI("http://pod.example/graph")
    named = {name: Graph([Triple(BNode(), IRI("http://x/p"), Literal("1"))])}
    after = apply(sparql("INSERT DATA { :a ex:p 1 }"), Dataset(named=named), limits=LIMITS)
    assert after.named == named


def test_prefixes_of_the_patch_join_the_authors_without_taking_their_names():
    dataset = Dataset(prefixes={"ex": "http://other.example/", "a": "http://a.example/"})
    patch = sparql("PREFIX new: <http://new.example/> PREFIX b: <http://a.example/> INSERT DATA { new:a ex:p b:c }")
    assert apply(patch, dataset, limits=LIMITS).prefixes == dataset.prefixes | {"new": "http://new.example/"}


def test_prefixes_that_only_deletions_use_are_not_kept():
    patch = sparql("DELETE DATA { :a ex:p 1 } ; INSERT DATA { :a <http://x/p> 1 }")
    assert list(apply(patch, Dataset(), limits=LIMITS).prefixes) == [""]


def test_untouched_statements_stay_exactly_as_written():
    after = patched(':a ex:n 1e3, 01, "x"@en-gb ; ex:b _:named .', sparql("INSERT DATA { :b ex:p 1 }"))
    assert {
        str(term)
        for term in after.objects(IRI("http://pod.example/alice/notes#a"), IRI("http://www.example.org/terms#n"))
    } == {
        '"1e3"^^<http://www.w3.org/2001/XMLSchema#double>',
        '"01"^^<http://www.w3.org/2001/XMLSchema#integer>',
        '"x"@en-gb',
    }


def test_the_outcome_has_the_caps_of_a_document():
    big = "x" * 1000
    before = " ".join(f":s{n} ex:p {n} ." for n in range(100))
    copying = sparql(f"INSERT {{ ?s ex:q '{big}' }} WHERE {{ ?s ex:p ?n }}")
    assert len(patched(before, copying)) == 200
    for limits in (Limits(triples=150), Limits(expansion_bytes=50_000)):
        with pytest.raises(ContentTooLarge):
            patched(before, copying, limits)
