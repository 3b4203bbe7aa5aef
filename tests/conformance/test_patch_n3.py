"""PATCH with N3 Patch: shape, matching, effect, modes, status codes.

Spec: Solid Protocol #modifying-resources-using-n3-patches; RFC 5789 s2.2
"""

from __future__ import annotations

import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.compare import isomorphic

from tests.support.client import N3, TURTLE, SolidClient, assert_problem, contained, listed

PREFIXES = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix : <#>.\n"
BEFORE = '@prefix : <#>.\n:a :b :c, :d . :one :name "One" . :two :name "Two" .\n'


def n3_patch(*, where: str = "", deletes: str = "", inserts: str = "", subject: str = "_:p") -> str:
    parts = {"where": where, "deletes": deletes, "inserts": inserts}
    stated = "".join(f"; solid:{name} {{ {text} }}" for name, text in parts.items() if text)
    return f"{PREFIXES}{subject} a solid:InsertDeletePatch{stated} ."


@pytest.fixture
def doc(alice: SolidClient, container: str) -> str:
    alice.put_turtle(container + "doc", BEFORE)
    return container + "doc"


def parsed(turtle: str, url: str) -> Graph:
    return Graph().parse(data=turtle, format="turtle", publicID=url)


def assert_unchanged(alice: SolidClient, url: str) -> None:
    assert alice.get(url).text == BEFORE


# -- effect --------------------------------------------------------------------------------------------------------------------

EFFECTS = [
    ("inserts", n3_patch(inserts=":x :y :z ."), BEFORE + ":x :y :z ."),
    ("inserts of what is there", n3_patch(inserts=":a :b :c ."), BEFORE),
    ("deletes", n3_patch(deletes=":a :b :c ."), BEFORE.replace(":c, ", "")),
    ("both", n3_patch(deletes=":a :b :c .", inserts=":a :b :e ."), BEFORE.replace(":c,", ":e,")),
    ("the same", n3_patch(deletes=":a :b :c .", inserts=":a :b :c ."), BEFORE),
    (
        "where",
        n3_patch(where='?x :name "One" .', deletes='?x :name "One" .', inserts='?x :name "Uno" .'),
        BEFORE.replace('"One"', '"Uno"'),
    ),
    (
        "a variable predicate",
        n3_patch(where=':one ?p "One" .', inserts=":used ?p ?p ."),
        BEFORE + ":used :name :name .",
    ),
    (
        "two variables",
        n3_patch(where='?x ?p "Two" .', inserts="?x :via ?p ."),
        BEFORE + ":two :via :name .",
    ),
    ("a join", n3_patch(where='?x :name "One" . :two ?p "Two" .', inserts="?x ?p 1 ."), BEFORE + ":one :name 1 ."),
    ("blank nodes", n3_patch(inserts=":x :y [ :z 1 ] ."), BEFORE + ":x :y [ :z 1 ] ."),
    ("a list", n3_patch(inserts=":x :y (1 2) ."), BEFORE + ":x :y (1 2) ."),
    ("nothing", n3_patch(), BEFORE),
    ("a named patch", n3_patch(inserts=":x :y :z .", subject="<#patch>"), BEFORE + ":x :y :z ."),
    (
        "a nameless patch",
        PREFIXES + "[] a solid:InsertDeletePatch; solid:inserts { :x :y :z } .",
        BEFORE + ":x :y :z .",
    ),
    (
        "with solid:Patch too",
        PREFIXES + "_:p a solid:InsertDeletePatch, solid:Patch; solid:inserts { :x :y :z . } .",
        BEFORE + ":x :y :z .",
    ),
]


@pytest.mark.requirement("solid#server-patch-n3-type")
@pytest.mark.requirement("solid#server-patch-n3-accept")
@pytest.mark.requirement("solid#server-patch-n3-semantics")
@pytest.mark.requirement("solid#server-patch-n3-patch-identifier")
@pytest.mark.parametrize(("patch", "after"), [row[1:] for row in EFFECTS], ids=[row[0] for row in EFFECTS])
def test_a_patch_changes_the_document(alice: SolidClient, doc: str, patch: str, after: str) -> None:
    assert alice.patch(doc, patch, headers=N3).status_code == 204
    assert isomorphic(alice.graph(doc), parsed(after, doc))


@pytest.mark.requirement("solid#server-patch-n3-semantics")
def test_inserted_blank_nodes_are_new_ones(alice: SolidClient, doc: str) -> None:
    alice.put_turtle(doc, "@prefix : <#>. _:b1 :name 'old' .")
    for _ in range(2):
        assert alice.patch(doc, n3_patch(inserts="_:b1 :name 'new' ."), headers=N3).status_code == 204
    subjects = list(alice.graph(doc).subjects())
    assert len(set(subjects)) == 3
    assert all(isinstance(subject, BNode) for subject in subjects)


@pytest.mark.requirement("ct#patch-creates")
@pytest.mark.requirement("solid#server-patch-n3-semantics")
def test_a_patch_creates_a_missing_document_and_its_containers(alice: SolidClient, container: str) -> None:
    response = alice.patch(container + "a/b/new", n3_patch(inserts=":x :y :z ."), headers=N3)
    assert (response.status_code, response.headers["Location"]) == (201, container + "a/b/new")
    assert isomorphic(alice.graph(container + "a/b/new"), parsed("<#x> <#y> <#z> .", container + "a/b/new"))
    assert contained(alice, container + "a/b/") == {container + "a/b/new"}


@pytest.mark.requirement("solid#server-patch-n3-semantics")
@pytest.mark.parametrize(
    "media_type", ["application/ld+json", "application/n-triples", "application/rdf+xml", "application/trig"]
)
def test_a_patched_document_keeps_its_format(alice: SolidClient, container: str, media_type: str) -> None:
    url = container + "doc"
    before = parsed(BEFORE, url)
    body = before.serialize(format="nt" if media_type == "application/trig" else media_type, encoding="utf-8")
    alice.put(url, body, headers={"Content-Type": media_type})
    assert alice.patch(url, n3_patch(deletes=":a :b :c ."), headers=N3).status_code == 204
    assert alice.get(url, headers={"Accept": "*/*"}).headers["Content-Type"].partition(";")[0] == media_type
    assert isomorphic(alice.graph(url), before - parsed("<#a> <#b> <#c> .", url))


@pytest.mark.requirement("solid#server-patch-n3-semantics")
def test_a_patch_touches_nothing_else(alice: SolidClient, container: str) -> None:
    """Numbers keep their spelling, strings their language, unusual terms their form."""
    url = container + "doc"
    alice.put_turtle(url, '<#n> <#v> 1e3, 01, "+1"^^<http://www.w3.org/2001/XMLSchema#integer>, "x"@de, "" .')
    before = set(alice.graph(url))
    alice.patch(url, n3_patch(inserts=":x :y :z ."), headers=N3)
    after = set(alice.graph(url))
    assert {term.n3() for triple in before for term in triple} <= {term.n3() for triple in after for term in triple}
    assert len(after - before) == 1


@pytest.mark.requirement("solid#server-patch-n3-semantics")
@pytest.mark.parametrize(
    "value", ['"a\\"b"', '"""long\n"quoted" text"""', '"ü\\u00fc"', '"{"', '"}."', "'?x'", '"#"', "-1.5"]
)
def test_literals_arrive_as_they_are(alice: SolidClient, doc: str, value: str) -> None:
    assert alice.patch(doc, n3_patch(inserts=f":x :y {value} ."), headers=N3).status_code == 204
    assert set(parsed(f"<#x> <#y> {value} .", doc)) <= set(alice.graph(doc))


@pytest.mark.requirement("solid#server-patch-n3-semantics")
def test_relative_iris_of_a_patch_are_relative_to_the_document(alice: SolidClient, doc: str, container: str) -> None:
    assert alice.patch(doc, n3_patch(inserts="<> :y <other>, <../x> ."), headers=N3).status_code == 204
    assert {URIRef(container + "other"), URIRef(container.rsplit("/", 2)[0] + "/x")} <= set(
        alice.graph(doc).objects(URIRef(doc))
    )


@pytest.mark.requirement("solid#server-patch-n3-advertise")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_n3_is_advertised(alice: SolidClient, doc: str, method: str) -> None:
    assert "text/n3" in listed(alice.request(method, doc), "Accept-Patch")


# -- no match --------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-patch-n3-semantics-no-mapping")
@pytest.mark.parametrize(
    "where",
    ['?x :name "Three" .', "?x :name ?n .", ":a :b ?o .", '?x :name "One" . ?x :name "Two" .', ":no :such :triple ."],
    ids=["none", "two", "two objects", "contradiction", "ground"],
)
def test_no_mapping_or_several_is_a_conflict(alice: SolidClient, doc: str, where: str) -> None:
    assert_problem(alice.patch(doc, n3_patch(where=where, inserts=":x :y :z ."), headers=N3), 409)
    assert_unchanged(alice, doc)


@pytest.mark.requirement("solid#server-patch-n3-semantics-deletions-non-empty-all-triples")
@pytest.mark.parametrize("deletes", [":no :such :triple .", ":a :b :c . :no :such :triple .", ':one :name "one" .'])
def test_deleting_what_is_not_there_is_a_conflict(alice: SolidClient, doc: str, deletes: str) -> None:
    assert_problem(alice.patch(doc, n3_patch(deletes=deletes, inserts=":x :y :z ."), headers=N3), 409)
    assert_unchanged(alice, doc)


@pytest.mark.requirement("solid#server-patch-n3-semantics-deletions-non-empty-all-triples")
@pytest.mark.parametrize("patch", [n3_patch(deletes=":a :b :c ."), n3_patch(where=":a :b ?x .", inserts=":x :y ?x .")])
def test_a_patch_that_needs_what_a_missing_document_lacks_is_a_conflict(
    alice: SolidClient, container: str, patch: str
) -> None:
    assert_problem(alice.patch(container + "a/new", patch, headers=N3), 409)
    assert contained(alice, container) == set()


def test_where_may_have_blank_nodes_as_unknowns(alice: SolidClient, doc: str) -> None:
    alice.put_turtle(doc, '@prefix : <#>. :a :knows [ :name "B" ] .')
    patch = n3_patch(where='?x :knows [ :name "B" ] .', inserts="?x :popular true .")
    assert alice.patch(doc, patch, headers=N3).status_code == 204
    assert (URIRef(doc + "#a"), URIRef(doc + "#popular"), Literal(True)) in alice.graph(doc)


# -- shape -----------------------------------------------------------------------------------------------------------------------

REQUIREMENT = pytest.mark.requirement


def broken(name: str, text: str, *requirements: str):
    marks = [REQUIREMENT(f"solid#server-patch-n3-{each}") for each in (*requirements, "invalid")]
    return pytest.param(PREFIXES + text, id=name, marks=marks)


BROKEN = [
    broken("empty document", "", "patches", "single"),
    broken("no patch", ":x :y :z .", "patches", "single"),
    broken("two patches", "_:p a solid:InsertDeletePatch; solid:inserts { :x :y :z } . _:q a solid:InsertDeletePatch; solid:inserts { :x :y :w } .", "single"),
    broken("no type", "_:p solid:inserts { :x :y :z } .", "simple-type"),
    broken("only the general type", "_:p a solid:Patch; solid:inserts { :x :y :z } .", "simple-type"),
    broken("two inserts", "_:p a solid:InsertDeletePatch; solid:inserts { :x :y :z }, { :x :y :w } .", "inserts"),
    broken("two deletes", "_:p a solid:InsertDeletePatch; solid:deletes { :a :b :c }, { :a :b :d } .", "deletes"),
    broken("two wheres", "_:p a solid:InsertDeletePatch; solid:where { :a :b ?x }, { ?x :b :c }; solid:inserts { :x :y :z } .", "where"),
    broken("a nested formula", "_:p a solid:InsertDeletePatch; solid:inserts { :x :y { :a :b :c } } .", "formulae"),
    broken("inserts an IRI", "_:p a solid:InsertDeletePatch; solid:inserts :x .", "formulae"),
    broken("deletes a literal", '_:p a solid:InsertDeletePatch; solid:deletes "x" .', "formulae"),
    broken("where a list", "_:p a solid:InsertDeletePatch; solid:where (:x); solid:inserts { :x :y :z } .", "formulae"),
    broken("a free variable in inserts", "_:p a solid:InsertDeletePatch; solid:inserts { ?x :y :z } .", "variables"),
    broken("a free variable in deletes", "_:p a solid:InsertDeletePatch; solid:deletes { :a :b ?x } .", "variables"),
    broken("a variable where has not", "_:p a solid:InsertDeletePatch; solid:where { ?x :name 'One' }; solid:inserts { ?y :y :z } .", "variables"),
    broken("a blank node in deletes", "_:p a solid:InsertDeletePatch; solid:deletes { :a :b [] } .", "blank-nodes"),
    broken("a label in deletes", "_:p a solid:InsertDeletePatch; solid:deletes { _:x :b :c } .", "blank-nodes"),
    broken("a label in inserts and where", "_:p a solid:InsertDeletePatch; solid:where { _:x :name 'One' }; solid:inserts { _:x :y :z } .", "blank-nodes-syntax"),
    broken("a label in inserts and the document", "_:p a solid:InsertDeletePatch; solid:inserts { _:p :y :z } .", "blank-nodes-syntax"),
    broken("a literal as a subject", "_:p a solid:InsertDeletePatch; solid:inserts { 'x' :y :z } .", "formulae"),
]  # fmt: skip


@pytest.mark.parametrize("patch", BROKEN)
def test_a_patch_that_breaks_a_rule_is_unprocessable(alice: SolidClient, doc: str, patch: str) -> None:
    assert_problem(alice.patch(doc, patch, headers=N3), 422)
    assert_unchanged(alice, doc)


@pytest.mark.parametrize(
    "patch",
    [
        "{",
        "<",
        PREFIXES + "_:p a solid:InsertDeletePatch; solid:inserts { :x :y",
        "nope:a a nope:b .",
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
def test_a_patch_that_does_not_parse_is_a_bad_request(alice: SolidClient, doc: str, patch: str | bytes) -> None:
    assert_problem(alice.patch(doc, patch, headers=N3), 400)
    assert_unchanged(alice, doc)


# -- format ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("rfc5789#2.2")
@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/json-patch+json", "text/turtle", "application/merge-patch+json"]
)
@pytest.mark.parametrize("name", ["doc", "new"])
def test_an_unsupported_patch_format_is_refused(
    alice: SolidClient, doc: str, container: str, name: str, media_type: str
) -> None:
    response = alice.patch(container + name, "x", headers={"Content-Type": media_type})
    assert_problem(response, 415)
    assert {"text/n3", "application/sparql-update"} <= listed(response, "Accept-Patch")
    assert contained(alice, container) == {doc}


@pytest.mark.requirement("rfc5789#2.2")
def test_a_patch_is_atomic(alice: SolidClient, doc: str) -> None:
    before = alice.head(doc).headers["ETag"]
    patch = n3_patch(deletes=":a :b :c . :no :such :triple .", inserts=":x :y :z .")
    assert_problem(alice.patch(doc, patch, headers=N3), 409)
    assert_unchanged(alice, doc)
    assert alice.head(doc).headers["ETag"] == before


@pytest.mark.requirement("ct#patch-read-access")
def test_what_is_no_rdf_is_not_patched(alice: SolidClient, bob: SolidClient, container: str) -> None:
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    assert_problem(alice.patch(container + "photo", n3_patch(inserts=":x :y :z ."), headers=N3), 405)
    assert_problem(bob.patch(container + "photo", n3_patch(inserts=":x :y :z ."), headers=N3), 403)
    assert alice.get(container + "photo").content == b"\x89PNG"


# -- modes -------------------------------------------------------------------------------------------------------------------------

INSERTS = n3_patch(inserts=":x :y :z .")
DELETES = n3_patch(deletes=":a :b :c .")
WHERE = n3_patch(where='?x :name "One" .', inserts="?x :y :z .")
ALLOWED = [
    ("insert", "Append", INSERTS, 204),
    ("insert", "Write", INSERTS, 204),
    ("insert", "Read", INSERTS, 403),
    ("insert", "Control", INSERTS, 403),
    ("where", "Append", WHERE, 403),
    ("where", "Write", WHERE, 403),
    ("where", "Read", WHERE, 403),
    ("where", "Read Append", WHERE, 204),
    ("delete", "Read", DELETES, 403),
    ("delete", "Append", DELETES, 403),
    ("delete", "Write", DELETES, 403),
    ("delete", "Read Append", DELETES, 403),
    ("delete", "Read Write", DELETES, 204),
]


@pytest.mark.parametrize(
    ("modes", "patch", "status"),
    [
        pytest.param(
            modes, patch, status, id=f"{rule} with {modes}", marks=REQUIREMENT(f"solid#server-n3-patch-{rule}")
        )
        for rule, modes, patch, status in ALLOWED
    ],
)
def test_a_patch_needs_the_modes_of_what_it_does(
    alice: SolidClient, bob: SolidClient, doc: str, share, modes: str, patch: str, status: int
) -> None:
    share(doc, modes)
    assert bob.patch(doc, patch, headers=N3).status_code == status
    assert (alice.get(doc).text == BEFORE) == (status == 403)


@pytest.mark.requirement("wac#http-patch")
@pytest.mark.requirement("solid#server-n3-patch-insert")
@pytest.mark.parametrize(("modes", "status"), [("Append", 201), ("Write", 201), ("Read", 403), ("Control", 403)])
def test_an_append_only_agent_creates_by_inserting(
    alice: SolidClient, bob: SolidClient, container: str, share, modes: str, status: int
) -> None:
    share(container, modes)
    assert bob.patch(container + "new", INSERTS, headers=N3).status_code == status
    assert (alice.get(container + "new").status_code == 200) == (status == 201)


@pytest.mark.requirement("wac#consider-append-read-diff")
def test_an_append_only_agent_learns_nothing(alice: SolidClient, bob: SolidClient, doc: str, share) -> None:
    """Whether its triple was there already must not show."""
    share(doc, "Append")
    answers = [bob.patch(doc, n3_patch(inserts=f":a :b {o} ."), headers=N3) for o in (":c", ":never")]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert all(answer.content == b"" for answer in answers)
    assert_problem(bob.get(doc), 403)


def test_a_patch_of_somebody_without_rights_is_refused_before_it_is_read(bob: SolidClient, doc: str) -> None:
    assert_problem(bob.patch(doc, "{{{", headers=N3), 403)
    assert_problem(bob.patch(doc, "x", headers=TURTLE), 403)
