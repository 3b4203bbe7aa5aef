"""What an app with some access might do beyond it: move an identity, make empty documents, learn what it may not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from pod.remote.client import Fetched, RemoteClient
from tests.support.client import acl, authorization
from tests.support.inprocess import BASE, LocalServer

TURTLE = {"Content-Type": "text/turtle"}
TRIG = {"Content-Type": "application/trig"}
JSON_LD = {"Content-Type": "application/ld+json"}
SPARQL = {"Content-Type": "application/sparql-update"}
N3 = {"Content-Type": "text/n3"}
CARD = "/alice/profile/card"
ALICE, BOB = f"{BASE}alice/profile/card#me", f"{BASE}bob/profile/card#me"
ISSUER = "http://www.w3.org/ns/solid/terms#oidcIssuer"
MINE = f"<{ALICE}> <{ISSUER}> <{BASE}> ."
EVIL = "https://evil.example/"
JSON_LD_WITH_GRAPH = f"""[{{"@id": "{ALICE}", "{ISSUER}": {{"@id": "{BASE}"}}}},
  {{"@id": "#g", "@graph": [{{"@id": "#me", "{ISSUER}": {{"@id": "{EVIL}"}}}}]}}]"""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("review"))
    yield server
    server.close()


def share(local: LocalServer, container: str, modes: str) -> None:
    """Alice's container: hers, and bob has some modes in it."""
    url = BASE + container[1:]
    hers = authorization(url, "Read Write Control", agents=(ALICE,), default=True)
    rules = acl(hers, authorization(url, modes, agents=(BOB,), default=True)) if modes else acl(hers)
    assert local.request("PUT", container, TURTLE, b"").status == 201
    assert local.request("PUT", f"{container}.acl", TURTLE, rules.encode()).status == 201


# -- who may sign in -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-update-protected-triples")
@pytest.mark.parametrize(
    ("headers", "content"),
    [
        (TRIG, f"{MINE} GRAPH <> {{ <#me> <{ISSUER}> <{EVIL}> }}"),
        (TRIG, f"{MINE} GRAPH _:g {{ <{ALICE}> <{ISSUER}> <{EVIL}> }}"),
        (JSON_LD, JSON_LD_WITH_GRAPH),
        (TURTLE, f"{MINE} <{BASE}alice/profile/../profile/card#me> <{ISSUER}> <{EVIL}> ."),
        (TURTLE, f"{MINE} <{BASE.upper()}alice/profile/card#me> <{ISSUER}> <{EVIL}> ."),
        (TURTLE, f"{MINE} [] <{ISSUER}> <{EVIL}> ."),
        (TURTLE, f'{MINE} <#me> <{ISSUER}> "{EVIL}" .'),
    ],
)  # fmt: skip
def test_no_spelling_and_no_graph_of_a_profile_names_another_issuer(local, headers, content):
    before = local.request("GET", CARD).body
    assert local.request("PUT", CARD, headers, content.encode()).status == 409
    assert local.request("GET", CARD).body == before


def test_a_profile_means_the_same_whatever_becomes_of_its_context(local, monkeypatch):
    context = Fetched(
        "https://evil.example/context", 200, "application/ld+json", b'{"@context": {"x": "https://a.example/x"}}'
    )
    monkeypatch.setattr(RemoteClient, "fetch", lambda *_, **__: context)
    profile = f"""{{"@context": "{context.url}", "@id": "{ALICE}", "x": {{"@id": "{EVIL}"}},
      "{ISSUER}": {{"@id": "{BASE}"}}}}"""
    before = local.request("GET", CARD).body
    assert local.request("PUT", CARD, JSON_LD, profile.encode()).status == 204
    assert b"@context" not in local.request("GET", CARD, {"Accept": "application/ld+json"}).body
    assert local.request("PUT", CARD, TURTLE, before).status == 204


def test_a_profile_may_become_another_rdf_format(local):
    card = local.request("GET", CARD).body
    in_json = local.request("GET", CARD, {"Accept": "application/ld+json"}).body
    assert local.request("PUT", CARD, JSON_LD, in_json).status == 204
    assert local.request("PUT", CARD, TURTLE, card).status == 204


# -- fetching for others ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("wac#consider-additional-information-lookups")
def test_strangers_make_the_server_ask_nobody(local, monkeypatch):
    asked = []
    monkeypatch.setattr(RemoteClient, "fetch", lambda _, url, **__: asked.append(url))
    document = b'{"@context": "https://victim.example/context", "@id": "#it"}'
    answer = local.request("POST", "/alice/inbox/", JSON_LD, document, by=None)
    assert (answer.status, b"victim.example" in answer.body, asked) == (422, True, [])


# -- patches that add nothing ----------------------------------------------------------------------------------------

EMPTY_N3 = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. [] a solid:InsertDeletePatch."


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        (SPARQL, "DELETE DATA { <#a> <#b> <#c> }"),
        (SPARQL, "DELETE WHERE { ?a ?b ?c }"),
        (SPARQL, "INSERT { ?a <#b> <#c> } WHERE { ?a ?b ?c }"),
        (SPARQL, "INSERT DATA { <#a> <#b> 1 }; DELETE DATA { <#a> <#b> 1 }"),
        (SPARQL, ""),
        (N3, EMPTY_N3),
    ],
)
@pytest.mark.parametrize("path", ["/alice/nothing", "/alice/none/nothing", "/alice/profile/card.meta"])
def test_a_patch_that_adds_nothing_makes_nothing(local, path, headers, content):
    assert local.request("PATCH", path, headers, content.encode()).status == 409
    assert local.request("GET", path).status == 404


# -- what a refusal tells --------------------------------------------------------------------------------------------


@pytest.mark.requirement("wac#server-wac-allow")
@pytest.mark.parametrize("modes", ["Append", "Write", "Control", ""])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", ["there", "missing", ""])
def test_a_refused_reader_hears_what_else_is_allowed(local, modes, method, name):
    container = f"/alice/refused-{modes}-{method}-{name}/"
    share(local, container, modes)
    local.request("PUT", container + "there", TURTLE, b"")
    answer = local.request(method, container + name, by="bob")
    told = {"Write": "write append"}.get(modes, modes.lower())
    assert (answer.status, answer.headers["wac-allow"]) == (403, f'user="{told}",public=""')


def test_names_given_to_who_may_not_read_tell_nothing_of_other_names(local):
    share(local, "/alice/drop/", "Append")
    local.request("PUT", "/alice/drop/taken.ttl", TURTLE, b"")
    names = [
        local.request("POST", "/alice/drop/", TURTLE | {"Slug": slug}, b"", by="bob").headers["location"]
        for slug in ("taken.ttl", "free.ttl")
    ]
    assert [re.sub("-[0-9a-f]{8}[.]", "-X.", name) for name in names] == [
        f"{BASE}alice/drop/taken-X.ttl", f"{BASE}alice/drop/free-X.ttl",
    ]  # fmt: skip
    assert (
        local.request("POST", "/alice/drop/", TURTLE | {"Slug": "mine.ttl"}, b"")
        .headers["location"]
        .endswith("/mine.ttl")
    )


def test_strangers_hear_only_that_they_must_sign_in(local):
    answer = local.request("GET", "/alice/settings/prefs.ttl", by=None)
    assert (answer.status, "wac-allow" in answer.headers) == (401, False)
