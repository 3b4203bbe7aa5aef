"""LDP as far as Solid keeps it: documents, creating in containers, preferences, containers as published libraries make them.

Spec: LDP 4.2, 4.3, 5.2, 7.2
"""

from __future__ import annotations

import pytest
from rdflib import RDF, Literal, URIRef

from tests.support.client import (
    CONTAINER_LINK,
    DCTERMS,
    LDP,
    TURTLE,
    SolidClient,
    assert_problem,
    contained,
    graph,
    link,
    links,
    listed,
    types,
)

SAFE = ("GET", "HEAD", "OPTIONS")
ONE = "<#a> <#b> <#c> ."


# -- LDP: documents ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ldp#4.2.1.3")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", ["", "doc", "photo", "doc.meta"])
def test_reading_gives_an_etag(alice: SolidClient, container: str, method: str, name: str) -> None:
    alice.put_turtle(container + "doc")
    alice.put_turtle(container + "doc.meta")
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    assert alice.request(method, container + name).headers["ETag"].startswith('"')


@pytest.mark.requirement("ldp#4.2.1.5")
def test_relative_iris_resolve_against_the_request_uri(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "a/doc", "<> <p> <../x>, <#me> .")
    subject, verb = URIRef(container + "a/doc"), URIRef(container + "a/p")
    expected = {(subject, verb, URIRef(container + "x")), (subject, verb, URIRef(container + "a/doc#me"))}
    response = alice.get(container + "a/doc", headers={"Accept": "application/n-triples"})
    assert set(graph(response)) == expected


@pytest.mark.requirement("ldp#4.2.1.5")
@pytest.mark.requirement("ldp#5.2.3.7")
def test_relative_iris_of_a_post_resolve_against_what_is_created(alice: SolidClient, container: str) -> None:
    location = alice.post(container, "<> <p> <#me> .", headers=TURTLE).headers["Location"]
    response = alice.get(location, headers={"Accept": "application/n-triples"})
    assert set(graph(response)) == {(URIRef(location), URIRef(container + "p"), URIRef(location + "#me"))}


@pytest.mark.requirement("ldp#4.2.1.5")
@pytest.mark.requirement("ldp#5.2.3.7")
def test_when_the_wished_name_is_taken_iris_still_resolve_against_what_is_created(
    alice: SolidClient, container: str
) -> None:
    alice.put_turtle(container + "doc")
    location = alice.post(container, "<> <p> <#me> .", headers=TURTLE | {"Slug": "doc"}).headers["Location"]
    response = alice.get(location, headers={"Accept": "application/n-triples"})
    assert set(graph(response)) == {(URIRef(location), URIRef(container + "p"), URIRef(location + "#me"))}


@pytest.mark.requirement("ldp#4.2.4.1")
def test_put_replaces_the_whole_state(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c>, <#d> .")
    alice.put_turtle(container + "doc", ONE)
    assert len(alice.graph(container + "doc")) == 1
    assert alice.get(container + "doc").text == ONE


@pytest.mark.requirement("ldp#4.2.4.4")
@pytest.mark.parametrize("name", [".acl", ".meta"])
def test_what_cannot_be_kept_is_refused_and_named(alice: SolidClient, container: str, name: str) -> None:
    response = alice.put(container + name, b"not RDF", headers={"Content-Type": "text/plain"})
    assert "RDF" in assert_problem(response, 415, 422)["detail"]


@pytest.mark.requirement("ldp#4.2.4.5")
def test_a_stale_if_match_fails(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", ONE)
    stale = alice.head(container + "doc").headers["ETag"]
    alice.put_turtle(container + "doc", "<#new> <#b> <#c> .")
    assert_problem(alice.put(container + "doc", ONE, headers=TURTLE | {"If-Match": stale}), 412)
    assert alice.get(container + "doc").text == "<#new> <#b> <#c> ."


@pytest.mark.requirement("ldp#4.2.7.1")
@pytest.mark.requirement("ldp#4.2.8.1")
@pytest.mark.requirement("ldp#4.2.8.2")
def test_options_tells_methods_and_patch_formats(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc")
    response = alice.options(container + "doc")
    assert response.status_code in {200, 204}
    assert {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"} == listed(response, "Allow")
    assert {"text/n3", "application/sparql-update"} <= listed(response, "Accept-Patch")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("text/turtle", "text/turtle", marks=pytest.mark.requirement("ldp#4.3.2.1")),
        pytest.param(None, "text/turtle", marks=pytest.mark.requirement("ldp#4.3.2.2")),
        pytest.param("application/ld+json", "application/ld+json", marks=pytest.mark.requirement("ldp#4.3.2.3")),
    ],
)
@pytest.mark.parametrize("name", ["", "turtle", "jsonld"])
def test_rdf_is_turtle_or_json_ld_as_asked(
    alice: SolidClient, container: str, name: str, accept: str | None, expected: str
) -> None:
    alice.put_turtle(container + "turtle", ONE)
    alice.put(container + "jsonld", b'{"@id": "#a"}', headers={"Content-Type": "application/ld+json"})
    response = alice.get(container + name, headers={"Accept": accept})
    assert response.headers["Content-Type"].partition(";")[0] == expected
    assert graph(response) is not None


# -- LDP: creating in containers ---------------------------------------------------------------------------------------


@pytest.mark.requirement("ldp#5.2.3.1")
@pytest.mark.requirement("ldp#5.2.3.2")
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        pytest.param("text/turtle", b"<#a> <#b> <#c> .", marks=pytest.mark.requirement("ldp#5.2.3.5")),
        pytest.param("application/ld+json", b'{"@id": "#a"}', marks=pytest.mark.requirement("ldp#5.2.3.14")),
        ("image/png", b"\x89PNG"),
    ],
)
def test_post_creates_what_the_container_then_contains(
    alice: SolidClient, container: str, media_type: str, body: bytes
) -> None:
    response = alice.post(container, body, headers={"Content-Type": media_type})
    assert response.status_code == 201
    location = response.headers["Location"]
    assert contained(alice, container) == {location}
    assert alice.get(location, headers={"Accept": media_type}).content == body


@pytest.mark.requirement("ldp#5.2.3.4")
@pytest.mark.parametrize("model", ["BasicContainer", "Container"])
def test_post_makes_a_container_when_asked(alice: SolidClient, container: str, model: str) -> None:
    headers = TURTLE | {"Slug": "box", "Link": f'<http://www.w3.org/ns/ldp#{model}>; rel="type"'}
    response = alice.post(container, b"", headers=headers)
    assert (response.status_code, response.headers["Location"]) == (201, container + "box/")
    assert str(LDP.BasicContainer) in types(alice, "HEAD", container + "box/")


@pytest.mark.requirement("ldp#5.2.3.4")
@pytest.mark.parametrize("model", ["Resource", "RDFSource"])
def test_post_makes_a_document_when_asked(alice: SolidClient, container: str, model: str) -> None:
    headers = TURTLE | {"Slug": "doc", "Link": f'<http://www.w3.org/ns/ldp#{model}>; rel="type"'}
    assert alice.post(container, b"", headers=headers).headers["Location"] == container + "doc"


@pytest.mark.requirement("ldp#5.2.3.4")
@pytest.mark.parametrize("model", ["DirectContainer", "IndirectContainer"])
@pytest.mark.parametrize(("method", "name"), [("POST", ""), ("PUT", "box/")])
def test_an_interaction_model_that_cannot_be_honoured_fails(
    alice: SolidClient, container: str, method: str, name: str, model: str
) -> None:
    headers = TURTLE | {"Link": f'<http://www.w3.org/ns/ldp#{model}>; rel="type"'}
    assert_problem(alice.request(method, container + name, data=b"", headers=headers), 400, 409, 422)
    assert contained(alice, container) == set()


@pytest.mark.requirement("ldp#5.2.3.4")
def test_put_of_a_container_needs_a_slash(alice: SolidClient, container: str) -> None:
    assert_problem(alice.put(container + "box", b"", headers=TURTLE | CONTAINER_LINK), 400, 409)
    assert contained(alice, container) == set()


def test_the_content_of_a_new_container_describes_it(alice: SolidClient, container: str) -> None:
    title = '<> <http://purl.org/dc/terms/title> "Box" .'
    alice.post(container, title, headers=TURTLE | CONTAINER_LINK | {"Slug": "one"})
    alice.put(container + "two/", title, headers=TURTLE | CONTAINER_LINK)
    for url in (container + "one/", container + "two/"):
        assert (URIRef(url), DCTERMS.title, Literal("Box")) in alice.graph(url)


@pytest.mark.parametrize("media_type", ["text/turtle", "application/ld+json"])
def test_when_the_wished_name_is_taken_the_content_describes_what_is_created(
    alice: SolidClient, container: str, media_type: str
) -> None:
    alice.put_container(container + "box/")
    turtle, json_ld = (
        '<> <http://purl.org/dc/terms/title> "Box" .',
        '{"@id": "", "http://purl.org/dc/terms/title": "Box"}',
    )
    headers = CONTAINER_LINK | {"Slug": "box", "Content-Type": media_type}
    response = alice.post(container, turtle if media_type == "text/turtle" else json_ld, headers=headers)
    url = response.headers["Location"]
    assert (URIRef(url), DCTERMS.title, Literal("Box")) in alice.graph(url)
    assert (None, DCTERMS.title, None) not in alice.graph(container + "box/")


@pytest.mark.parametrize(("method", "name"), [("POST", ""), ("PUT", "box/")])
def test_a_container_is_described_in_rdf_only(alice: SolidClient, container: str, method: str, name: str) -> None:
    headers = CONTAINER_LINK | {"Content-Type": "text/plain"}
    assert_problem(alice.request(method, container + name, data=b"a box", headers=headers), 400, 415, 422)
    assert contained(alice, container) == set()


@pytest.mark.requirement("ldp#5.2.3.11")
def test_post_mints_every_uri_once(alice: SolidClient, container: str) -> None:
    seen = set()
    for _ in range(5):
        location = alice.post(container, b"", headers=TURTLE).headers["Location"]
        assert location not in seen
        seen.add(location)
        alice.delete(location)


@pytest.mark.requirement("ldp#5.2.4.2")
def test_what_is_made_again_is_not_what_was(alice: SolidClient, bob: SolidClient, container: str, share) -> None:
    alice.put_turtle(container + "doc", ONE)
    share(container + "doc", "Read")
    before = bob.get(container + "doc").headers["ETag"]
    alice.delete(container + "doc")
    alice.put_turtle(container + "doc", ONE)
    assert alice.head(container + "doc").headers["ETag"] != before
    assert_problem(bob.get(container + "doc"), 403)


@pytest.mark.requirement("ldp#5.2.3.12")
@pytest.mark.parametrize(("method", "name"), [("POST", ""), ("PUT", "photo")])
def test_the_answer_that_creates_a_binary_links_its_description(
    alice: SolidClient, container: str, method: str, name: str
) -> None:
    headers = {"Content-Type": "image/png", "Slug": "photo"}
    response = alice.request(method, container + name, data=b"\x89PNG", headers=headers)
    found = [(target, named.get("anchor")) for target, relation, named in links(response) if relation == "describedby"]
    assert found == [(container + "photo.meta", response.headers["Location"] if method == "POST" else found[0][1])]


@pytest.mark.requirement("ldp#5.2.8.1")
@pytest.mark.parametrize("method", SAFE)
def test_later_answers_link_the_description_of_a_binary(alice: SolidClient, container: str, method: str) -> None:
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    assert link(alice.request(method, container + "photo"), "describedby") == container + "photo.meta"


@pytest.mark.requirement("ldp#5.2.3.13")
def test_options_tells_what_post_accepts(alice: SolidClient, container: str) -> None:
    accepted = listed(alice.options(container), "Accept-Post")
    assert "*/*" in accepted or {"text/turtle", "application/ld+json"} <= accepted


@pytest.mark.requirement("ldp#5.2.5.1")
@pytest.mark.requirement("ldp#5.2.5.2")
def test_delete_removes_containment_and_description(alice: SolidClient, container: str) -> None:
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    alice.put_turtle(container + "photo.meta", ONE)
    assert alice.delete(container + "photo").status_code == 204
    assert contained(alice, container) == set()
    assert alice.get(container + "photo.meta").status_code == 404


MINIMAL = 'return=representation; include="http://www.w3.org/ns/ldp#PreferMinimalContainer"'
OMIT = 'return=representation; omit="http://www.w3.org/ns/ldp#PreferContainment"'


@pytest.mark.requirement("rfc7240#3")
@pytest.mark.requirement("ldp#7.2.2")
@pytest.mark.parametrize("prefer", [MINIMAL, OMIT])
def test_a_container_can_be_read_without_its_containment(alice: SolidClient, container: str, prefer: str) -> None:
    alice.put_turtle(container + "doc")
    response = alice.get(container, headers={"Accept": "text/turtle", "Prefer": prefer})
    assert (None, LDP.contains, None) not in graph(response)
    assert (URIRef(container), RDF.type, LDP.BasicContainer) in graph(response)
    assert "return=representation" in response.headers["Preference-Applied"]
    assert "prefer" in {name.lower() for name in listed(response, "Vary")}


@pytest.mark.requirement("rfc7240#2")
def test_an_unknown_preference_changes_nothing(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc")
    response = alice.get(container, headers={"Accept": "text/turtle", "Prefer": "respond-async, wait=5"})
    assert (URIRef(container), LDP.contains, URIRef(container + "doc")) in graph(response)
    assert "Preference-Applied" not in response.headers


# -- containers as published libraries make them ---------------------------------------------------------------------------


def test_a_container_is_made_by_put_without_a_body(alice: SolidClient, container: str) -> None:
    url = container + "box/"
    assert alice.put(url, headers=CONTAINER_LINK | {"If-None-Match": "*"}).status_code == 201
    assert_problem(alice.put(url, headers=CONTAINER_LINK | {"If-None-Match": "*"}), 412)
    description = link(alice.head(url), "describedby")
    update = f'INSERT DATA {{ <{url}> <http://purl.org/dc/terms/title> "Box" }};'
    response = alice.patch(description, update, headers={"Content-Type": "application/sparql-update"})
    assert response.status_code in {201, 204}
    assert (URIRef(url), DCTERMS.title, Literal("Box")) in alice.graph(url)


def test_a_container_is_made_by_put_with_turtle(alice: SolidClient, container: str) -> None:
    assert alice.put(container + "box/", b"", headers=TURTLE | CONTAINER_LINK).status_code == 201
    assert alice.put(container + "tub/", b"", headers=TURTLE).status_code == 201
    assert contained(alice, container) == {container + "box/", container + "tub/"}


def test_a_container_is_made_by_post_without_a_body(alice: SolidClient, container: str) -> None:
    response = alice.post(container, headers=CONTAINER_LINK | {"Slug": "box"})
    assert (response.status_code, response.headers["Location"]) == (201, container + "box/")


def test_a_slug_with_its_slash_still_names_the_container(alice: SolidClient, container: str) -> None:
    response = alice.post(container, b"", headers=TURTLE | CONTAINER_LINK | {"Slug": "box/"})
    assert response.headers["Location"] == container + "box/"
