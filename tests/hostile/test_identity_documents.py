"""Whoever may write a profile would like to say who signs its owner in: by every method, in every format, however it is put.

Spec: WebID Profile #server-update-protected-triples; Solid-OIDC #oidc-issuer-discovery
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.inprocess import BASE, LocalServer

CARD = "/alice/profile/card"
ALICE = f"{BASE}alice/profile/card#me"
ISSUER = "http://www.w3.org/ns/solid/terms#oidcIssuer"
EVIL = "https://evil.example/"
MINE = {"@id": ALICE, ISSUER: {"@id": BASE}}
THEIRS = {"@id": EVIL}
STATEMENT = f"<{ALICE}> <{ISSUER}> <{{}}> .\n"
XML = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:s="http://www.w3.org/ns/solid/terms#">
<rdf:Description {}><s:oidcIssuer {}/></rdf:Description></rdf:RDF>"""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("identity"))
    yield server
    server.close()


JSON_LD = {
    "a term": [{"@context": {"i": {"@id": ISSUER, "@type": "@id"}}, "@id": ALICE, "i": [BASE, EVIL]}],
    "a vocabulary": [MINE, {"@context": {"@vocab": "http://www.w3.org/ns/solid/terms#"}, "@id": ALICE, "oidcIssuer": THEIRS}],
    "a prefix": [MINE, {"@context": {"p": {"@id": "http://www.w3.org/ns/solid/terms#oidc", "@prefix": True}}, "@id": ALICE, "p:Issuer": THEIRS}],
    "a reverse term": [MINE, {"@context": {"of": {"@reverse": ISSUER}}, "@id": EVIL, "of": {"@id": ALICE}}],
    "a reverse map": [MINE, {"@id": EVIL, "@reverse": {ISSUER: {"@id": ALICE}}}],
    "a base": [MINE, {"@context": {"@base": f"{BASE}alice/profile/card"}, "@id": "#me", ISSUER: THEIRS}],
    "an alias of @id": [MINE, {"@context": {"who": "@id"}, "who": ALICE, ISSUER: THEIRS}],
    "a scoped context": [MINE, {"@context": {"p": {"@id": "http://p.example/", "@context": {"x": ISSUER}}}, "@id": "u:a", "p": {"@id": ALICE, "x": THEIRS}}],
    "what is included": [MINE, {"@id": "u:a", "@included": [{"@id": ALICE, ISSUER: THEIRS}]}],
    "a list": [MINE, {"@id": ALICE, ISSUER: {"@list": [THEIRS]}}],
    "a set": [MINE, {"@id": ALICE, ISSUER: {"@set": [THEIRS, {"@id": BASE}]}}],
    "a graph": [MINE, {"@graph": [{"@id": ALICE, ISSUER: THEIRS}]}],
    "an index": [MINE, {"@context": {"i": {"@id": ISSUER, "@container": "@index"}}, "@id": ALICE, "i": {"x": THEIRS}}],
    "nested properties": [MINE, {"@context": {"n": "@nest"}, "@id": ALICE, "n": {ISSUER: THEIRS}}],
    "a text": [MINE, {"@id": ALICE, ISSUER: EVIL}],
    "escapes": [MINE, {"@id": ALICE, "http://www.w3.org/ns/solid/terms#\u006fidcIssuer": THEIRS}],
    "nobody": [{"@id": ALICE, "http://xmlns.com/foaf/0.1/name": "Alice"}],
    "another instead": [{"@id": ALICE, ISSUER: THEIRS}],
}  # fmt: skip
DOCUMENTS = {
    **{f"JSON-LD, {name}": ("application/ld+json", json.dumps(document)) for name, document in JSON_LD.items()},
    "Turtle": ("text/turtle", STATEMENT.format(BASE) + STATEMENT.format(EVIL)),
    "Turtle, escapes": ("text/turtle", STATEMENT.format(BASE) + STATEMENT.format(EVIL).replace("oidc", "oid\\u0063")),
    "Turtle, base": ("text/turtle", f"{STATEMENT.format(BASE)} @base <{BASE}alice/profile/> . <card#me> <{ISSUER}> <{EVIL}> ."),
    "Turtle, prefix": ("text/turtle", f"{STATEMENT.format(BASE)} PREFIX x: <{ISSUER[:-3]}> <#me> x:uer <{EVIL}> ."),
    "Turtle, path": ("text/turtle", f"{STATEMENT.format(BASE)} <../profile/./card#me> <{ISSUER}> <{EVIL}> ."),
    "Turtle, nothing": ("text/turtle", ""),
    "N-Triples": ("application/n-triples", STATEMENT.format(BASE) + STATEMENT.format(EVIL)),
    "N-Quads": ("application/n-quads", STATEMENT.format(BASE) + f"<{ALICE}> <{ISSUER}> <{EVIL}> <u:g> .\n"),
    "TriG": ("application/trig", STATEMENT.format(BASE) + f"<u:g> {{ {STATEMENT.format(EVIL)} }}"),
    "RDF/XML": ("application/rdf+xml", XML.format(f'rdf:about="{ALICE}"', f'rdf:resource="{EVIL}"')),
    "RDF/XML, ID": ("application/rdf+xml", XML.format('rdf:ID="me"', f'rdf:resource="{EVIL}"')),
    "HTML": ("text/html", "<p>"),
    "text": ("text/plain", STATEMENT.format(EVIL)),
    "binary": ("application/octet-stream", "x"),
}  # fmt: skip
PATCHES = {
    "SPARQL": ("application/sparql-update", f"INSERT DATA {{ {STATEMENT.format(EVIL)} }}"),
    "SPARQL, prefix": ("application/sparql-update", f"PREFIX x: <{ISSUER[:-3]}> INSERT DATA {{ <#me> x:uer <{EVIL}> }}"),
    "SPARQL, variable": ("application/sparql-update", f"INSERT {{ ?s ?p <{EVIL}> }} WHERE {{ ?s ?p <{BASE}> }}"),
    "SPARQL, in two steps": ("application/sparql-update", f"INSERT DATA {{ <{ALICE}> <u:p> <{EVIL}> }}; INSERT {{ ?s <{ISSUER}> ?o }} WHERE {{ ?s <u:p> ?o }}"),
    "SPARQL, deleting": ("application/sparql-update", f"DELETE DATA {{ {STATEMENT.format(BASE)} }}"),
    "SPARQL, deleting all": ("application/sparql-update", "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }"),
    "SPARQL, replacing": ("application/sparql-update", f"DELETE {{ ?s <{ISSUER}> ?o }} INSERT {{ ?s <{ISSUER}> <{EVIL}> }} WHERE {{ ?s <{ISSUER}> ?o }}"),
    "SPARQL, escapes": ("application/sparql-update", f"INSERT DATA {{ {STATEMENT.format(EVIL).replace('oidc', 'oid' + chr(92) + 'u0063')} }}"),
    "N3": ("text/n3", f"@prefix s: <http://www.w3.org/ns/solid/terms#>. _:p a s:InsertDeletePatch; s:inserts {{ {STATEMENT.format(EVIL)} }}."),
    "N3, variable": ("text/n3", f"@prefix s: <http://www.w3.org/ns/solid/terms#>. _:p a s:InsertDeletePatch; s:where {{ ?s s:oidcIssuer <{BASE}> }}; s:inserts {{ ?s s:oidcIssuer <{EVIL}> }}."),
    "N3, deleting": ("text/n3", f"@prefix s: <http://www.w3.org/ns/solid/terms#>. _:p a s:InsertDeletePatch; s:deletes {{ {STATEMENT.format(BASE)} }}."),
}  # fmt: skip


def assert_refused(local: LocalServer, method: str, path: str, media_type: str, content: str | None) -> None:
    before = local.request("GET", CARD)
    sent = None if content is None else content.encode()
    answer = local.request(method, path, {"Content-Type": media_type} if media_type else {}, sent)
    assert answer.status in {400, 405, 409, 415, 422}, answer
    after = local.request("GET", CARD)
    assert (after.body, after.headers["etag"]) == (before.body, before.headers["etag"])
    assert ISSUER.encode() in after.body or b"oidcIssuer" in after.body


@pytest.mark.requirement("profile#protected-properties")
@pytest.mark.requirement("solid#protect-sensitive-information")
@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_no_document_put_there_names_another_issuer(local, document):
    assert_refused(local, "PUT", CARD, *document)


@pytest.mark.requirement("solid#protect-sensitive-information")
@pytest.mark.requirement("profile#protected-properties")
@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
def test_no_patch_names_another_issuer(local, patch):
    assert_refused(local, "PATCH", CARD, *patch)


@pytest.mark.parametrize("path", [CARD, CARD + "/", "/alice/profile/"])
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_the_profile_is_not_made_anew(local, method, path):
    media_type, content = DOCUMENTS["Turtle"] if method != "DELETE" else ("", None)
    if (method, path) == ("POST", "/alice/profile/"):
        made = local.request("POST", path, {"Content-Type": media_type, "Slug": "card"}, content.encode())
        assert made.headers["location"] != BASE + CARD[1:]
        return
    before = local.request("GET", CARD)
    answer = local.request(
        method, path, {"Content-Type": media_type} if media_type else {}, content and content.encode()
    )
    assert answer.status in {404, 405, 409}
    assert local.request("GET", CARD).body == before.body


def test_what_is_said_beside_the_profile_counts_for_nothing(local):
    """Its description is a document of its own, and a document of another name speaks for nobody else."""
    for path in (CARD + ".meta", "/alice/profile/other"):
        assert (
            local.request("PUT", path, {"Content-Type": "text/turtle"}, STATEMENT.format(EVIL).encode()).status == 201
        )
    documents = local.services.public_documents
    assert EVIL.encode() not in documents.read(BASE + CARD[1:]).content
    assert EVIL.encode() not in local.request("GET", CARD, {"Accept": "application/ld+json"}).body


def test_everything_else_of_a_profile_may_change(local):
    """The control."""
    name = f'<{ALICE}> <http://xmlns.com/foaf/0.1/name> "Alice" .'
    patched = local.request(
        "PATCH", CARD, {"Content-Type": "application/sparql-update"}, f"INSERT DATA {{ {name} }}".encode()
    )
    assert patched.status == 204
    document = json.dumps([MINE, {"@id": ALICE, "http://xmlns.com/foaf/0.1/name": "Alice"}]).encode()
    assert local.request("PUT", CARD, {"Content-Type": "application/ld+json"}, document).status == 204
