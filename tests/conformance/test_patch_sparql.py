"""PATCH with SPARQL Update, the main write path of most client libraries.

Spec: SPARQL 1.1 Update 3.1; WAC #http-patch; RFC 5789
"""

from __future__ import annotations

import pytest
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic

from tests.support.client import (
    SPARQL,
    SolidClient,
    acl,
    assert_problem,
    authorization,
    contained,
    graph,
    link,
    listed,
)

BEFORE = '@prefix : <#>.\n:a :b :c, :d . :one :name "One" . :two :name "Two" .\n'


@pytest.fixture
def doc(alice: SolidClient, container: str) -> str:
    alice.put_turtle(container + "doc", BEFORE)
    return container + "doc"


def parsed(turtle: str, url: str) -> Graph:
    return Graph().parse(data=turtle, format="turtle", publicID=url)


EFFECTS = [
    ("insert", "INSERT DATA { <#x> <#y> <#z> }", BEFORE + ":x :y :z ."),
    ("insert with full stop", "INSERT DATA { <#x> <#y> <#z> . }", BEFORE + ":x :y :z ."),
    ("insert with semicolon", "INSERT DATA { <#x> <#y> <#z> };", BEFORE + ":x :y :z ."),
    ("delete", "DELETE DATA { <#a> <#b> <#c> }", BEFORE.replace(":c, ", "")),
    ("rdflib.js", "DELETE DATA { <#a> <#b> <#c> . } ; INSERT DATA { <#a> <#b> <#e> . }", BEFORE.replace(":c,", ":e,")),
    ("solid-client", "DELETE DATA {<#a> <#b> <#c>.}; INSERT DATA {<#a> <#b> <#e>.};", BEFORE.replace(":c,", ":e,")),
    ("insert first", "INSERT DATA { <#x> <#y> <#z> }; DELETE DATA { <#x> <#y> <#z> }", BEFORE),
    ("prefixes", "PREFIX : <#> INSERT DATA { :x :y :z }", BEFORE + ":x :y :z ."),
    ("lower case", "prefix : <#> insert data { :x :y :z }", BEFORE + ":x :y :z ."),
    ("comments", "# note\nINSERT DATA { <#x> <#y> <#z> } # more", BEFORE + ":x :y :z ."),
    ("blank node", "INSERT DATA { <#x> <#y> [ <#z> 1 ] }", BEFORE + ":x :y [ :z 1 ] ."),
    (
        "variables",
        'DELETE { ?x <#name> "One" } INSERT { ?x <#name> "Uno" } WHERE { ?x <#name> "One" }',
        BEFORE.replace('"One"', '"Uno"'),
    ),
    ("all matches", "INSERT { ?x <#named> true } WHERE { ?x <#name> ?n }", BEFORE + ":one :named true . :two :named true ."),
    ("no match", 'DELETE { ?x <#name> "Three" } WHERE { ?x <#name> "Three" }', BEFORE),
    ("delete where", "DELETE WHERE { <#a> <#b> ?o }", '@prefix : <#>. :one :name "One" . :two :name "Two" .'),
    ("delete everything", "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", ""),
    ("delete what is not there", "DELETE DATA { <#no> <#such> <#triple> }", None),
    ("base", "BASE <http://a.example/> INSERT DATA { <x> <y> <z> }", BEFORE + "<http://a.example/x> <http://a.example/y> <http://a.example/z> ."),
]  # fmt: skip


@pytest.mark.requirement("interop#sparql-update")
@pytest.mark.parametrize(("update", "after"), [row[1:] for row in EFFECTS], ids=[row[0] for row in EFFECTS])
def test_an_update_changes_the_document(alice: SolidClient, doc: str, update: str, after: str | None) -> None:
    response = alice.patch(doc, update, headers=SPARQL)
    if after is None:  # a patch that does not fit may also be a conflict, as in N3 Patch; nothing changes either way
        assert response.status_code in {204, 409}
        after = BEFORE
    else:
        assert response.status_code == 204, response.text
    assert isomorphic(alice.graph(doc), parsed(after, doc))


@pytest.mark.parametrize("name", ["new", "a/b/new"])
def test_an_update_creates_a_missing_document(alice: SolidClient, container: str, name: str) -> None:
    response = alice.patch(container + name, "INSERT DATA { <#x> <#y> <#z> };", headers=SPARQL)
    assert (response.status_code, response.headers["Location"]) == (201, container + name)
    assert set(alice.graph(container + name)) == set(parsed("<#x> <#y> <#z> .", container + name))


def test_an_update_creates_a_missing_acl(alice: SolidClient, anyone: SolidClient, doc: str) -> None:
    rules = acl(
        authorization(doc, "Read Write Control", agents=(alice.web_id,)), authorization(doc, "Read", public=True)
    )
    triples = parsed(rules, doc + ".acl").serialize(format="nt")
    response = alice.patch(link(alice.head(doc), "acl"), f"INSERT DATA {{ {triples} }}", headers=SPARQL)
    assert response.status_code == 201
    assert anyone.get(doc).status_code == 200


@pytest.mark.parametrize("media_type", ["application/sparql-update; charset=UTF-8", "Application/SPARQL-Update"])
def test_the_media_type_may_have_parameters(alice: SolidClient, doc: str, media_type: str) -> None:
    response = alice.patch(doc, "INSERT DATA { <#x> <#y> <#z> }", headers={"Content-Type": media_type})
    assert response.status_code == 204


@pytest.mark.requirement("interop#sparql-update")
def test_sparql_update_is_advertised(alice: SolidClient, doc: str) -> None:
    assert "application/sparql-update" in listed(alice.options(doc), "Accept-Patch")


@pytest.mark.parametrize("media_type", ["application/ld+json", "application/n-triples"])
def test_an_updated_document_keeps_its_format(alice: SolidClient, container: str, media_type: str) -> None:
    url = container + "doc"
    alice.put(
        url, parsed(BEFORE, url).serialize(format=media_type, encoding="utf-8"), headers={"Content-Type": media_type}
    )
    assert alice.patch(url, "INSERT DATA { <#x> <#y> <#z> }", headers=SPARQL).status_code == 204
    response = alice.get(url, headers={"Accept": media_type})
    assert isomorphic(graph(response), parsed(BEFORE + ":x :y :z .", url))


REFUSED = {
    "load": ("LOAD <http://127.0.0.1:9/>", {400, 422}),
    "load silent": ("LOAD SILENT <http://127.0.0.1:9/>", {400, 422}),
    "load into": ("LOAD <file:///etc/passwd> INTO GRAPH <#g>", {400, 422}),
    "load hidden": ("INSERT DATA { <#x> <#y> <#z> }; LOAD <http://127.0.0.1:9/>", {400, 422}),
    "service": ("INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", {400, 422}),
    "service silent": (
        "INSERT { <#x> <#y> <#z> } WHERE { SERVICE SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }",
        {400, 422},
    ),
    "clear": ("CLEAR ALL", {400, 422}),
    "drop": ("DROP DEFAULT", {400, 422}),
    "create": ("CREATE GRAPH <#g>", {400, 422}),
    "copy": ("COPY DEFAULT TO <#g>", {400, 422}),
    "graph": ("INSERT DATA { GRAPH <#g> { <#x> <#y> <#z> } }", {400, 422}),
    "with": ("WITH <#g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", {400, 422}),
    "using": ("DELETE { ?s ?p ?o } USING <#g> WHERE { ?s ?p ?o }", {400, 422}),
    "query": ("SELECT * WHERE { ?s ?p ?o }", {400, 422}),
    "empty braces": ("INSERT DATA {", {400}),
    "no sense": ("INSERT DATUM { <#x> <#y> <#z> }", {400}),
    "unknown prefix": ("INSERT DATA { nope:x nope:y nope:z }", {400, 422}),
    "variable in data": ("INSERT DATA { ?x <#y> <#z> }", {400, 422}),
    "blank node in delete": ("DELETE DATA { _:x <#b> <#c> }", {400, 422}),
    "literal subject": ("INSERT DATA { 'x' <#y> <#z> }", {400, 422}),
    "not UTF-8": (b"INSERT DATA { <#x> <#y> '\xff' }", {400}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_an_update_may_not_do_is_refused(alice: SolidClient, doc: str, name: str) -> None:
    update, statuses = REFUSED[name]
    assert_problem(alice.patch(doc, update, headers=SPARQL), *statuses)
    assert alice.get(doc).text == BEFORE


def test_an_empty_update_changes_nothing(alice: SolidClient, doc: str) -> None:
    assert alice.patch(doc, "# nothing", headers=SPARQL).status_code in {204, 400, 422}
    assert isomorphic(alice.graph(doc), parsed(BEFORE, doc))


def test_an_update_is_atomic(alice: SolidClient, doc: str) -> None:
    update = "INSERT DATA { <#x> <#y> <#z> }; INSERT DATA { <#x> <#y> }"
    assert_problem(alice.patch(doc, update, headers=SPARQL), 400)
    assert alice.get(doc).text == BEFORE


INSERTS = "INSERT DATA { <#x> <#y> <#z> }"
DELETES = "DELETE DATA { <#a> <#b> <#c> };"
WHERE = 'INSERT { ?x <#y> <#z> } WHERE { ?x <#name> "One" }'
MODES = [
    (INSERTS, "Append", 204),
    (INSERTS, "Write", 204),
    (INSERTS, "Read", 403),
    (DELETES, "Append", 403),
    (DELETES, "Read Append", 403),
    (DELETES, "Read Write", 204),
    (WHERE, "Append", 403),
    (WHERE, "Read Append", 204),
    (DELETES + INSERTS, "Append", 403),
    (DELETES + INSERTS, "Read Write", 204),
]


@pytest.mark.parametrize(("update", "modes", "status"), MODES)
def test_an_update_needs_the_modes_of_what_it_does(
    alice: SolidClient, bob: SolidClient, doc: str, share, update: str, modes: str, status: int
) -> None:
    share(doc, modes)
    assert bob.patch(doc, update, headers=SPARQL).status_code == status
    assert (alice.get(doc).text == BEFORE) == (status == 403)


@pytest.mark.parametrize(("modes", "status"), [("Append", 201), ("Write", 201), ("Read", 403)])
def test_an_append_only_agent_creates_by_an_update(
    bob: SolidClient, container: str, share, modes: str, status: int
) -> None:
    share(container, modes)
    assert bob.patch(container + "new", INSERTS, headers=SPARQL).status_code == status


def test_concurrent_updates_are_all_kept(alice: SolidClient, doc: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def insert(number: int) -> int:
        return alice.patch(doc, f"INSERT DATA {{ <#n> <#p> {number} }}", headers=SPARQL).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(insert, range(12))) == {204}
    assert len(list(alice.graph(doc).objects(URIRef(doc + "#n")))) == 12


def test_a_container_is_not_updated(alice: SolidClient, container: str) -> None:
    assert_problem(alice.patch(container, INSERTS, headers=SPARQL), 405)
    assert contained(alice, container) == set()
