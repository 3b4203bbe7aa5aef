"""Containers: containment, listings with metadata, what clients may and may not say about them; LDP Basic Containers.

Spec: Solid Protocol #resource-containment, #contained-resource-metadata; LDP 4.2, 4.3, 5.2, 7.2
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
from rdflib import RDF, Literal, URIRef
from rdflib.compare import isomorphic

from tests.support.client import (
    CONTAINER_LINK,
    DCTERMS,
    LDP,
    N3,
    STAT,
    TURTLE,
    SolidClient,
    assert_problem,
    contained,
    graph,
    linked,
    types,
)

SAFE = ("GET", "HEAD", "OPTIONS")
ONE = "<#a> <#b> <#c> ."


# -- containment -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#uri-slashes-hierarchical-identifier")
@pytest.mark.requirement("solid#server-hierarchical-containment")
def test_containment_follows_the_path(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "a/b/doc")
    assert contained(alice, container) == {container + "a/"}
    assert contained(alice, container + "a/") == {container + "a/b/"}
    assert contained(alice, container + "a/b/") == {container + "a/b/doc"}


@pytest.mark.requirement("solid#server-hierarchical-containment")
def test_nothing_is_orphaned(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "a/doc")
    assert_problem(alice.delete(container + "a/"), 409)
    alice.delete(container + "a/doc")
    assert contained(alice, container + "a/") == set()
    assert alice.delete(container + "a/").status_code == 204
    assert contained(alice, container) == set()


@pytest.mark.requirement("solid#server-basic-container")
def test_a_container_is_an_ldp_basic_container(alice: SolidClient, container: str) -> None:
    stated = set(alice.graph(container).objects(URIRef(container), RDF.type))
    assert {LDP.Container, LDP.BasicContainer} <= stated


@pytest.mark.requirement("ldp#5.2.1.4")
@pytest.mark.parametrize("method", SAFE)
def test_a_container_links_its_types(alice: SolidClient, container: str, method: str) -> None:
    expected = {str(LDP.Resource), str(LDP.Container), str(LDP.BasicContainer)}
    assert expected <= types(alice, method, container)


@pytest.mark.requirement("ldp#4.2.1.4")
@pytest.mark.parametrize("method", SAFE)
@pytest.mark.parametrize("name", ["doc", "photo", "doc.meta"])
def test_a_document_links_its_type(alice: SolidClient, container: str, method: str, name: str) -> None:
    alice.put_turtle(container + "doc")
    alice.put_turtle(container + "doc.meta")
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    found = types(alice, method, container + name)
    assert str(LDP.Resource) in found
    assert str(LDP.BasicContainer) not in found


@pytest.mark.requirement("ldp#4.2.1.4")
def test_answers_to_writes_link_the_type(alice: SolidClient, container: str) -> None:
    responses = [
        alice.put(container + "doc", ONE, headers=TURTLE),
        alice.put(container + "doc", ONE, headers=TURTLE),
        alice.put(container + "box/", headers=CONTAINER_LINK),
    ]
    for response in responses:
        assert str(LDP.Resource) in linked(response, "type"), response.status_code


# -- metadata of what is contained ---------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-contained-resource-metadata")
@pytest.mark.requirement("solid#contained-resource-metadata-stat-size")
def test_a_listing_has_sizes(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", ONE)
    sizes = list(alice.graph(container).objects(URIRef(container + "doc"), STAT.size))
    assert sizes == [Literal(len(ONE))]


@pytest.mark.requirement("solid#contained-resource-metadata-inapplicable")
def test_a_listing_invents_no_size_and_type_for_containers(alice: SolidClient, container: str) -> None:
    alice.put_container(container + "inner/")
    about = set(alice.graph(container).predicates(URIRef(container + "inner/"), None))
    assert about == {RDF.type, DCTERMS.modified, STAT.mtime}


@pytest.mark.requirement("solid#contained-resource-metadata-rdf-type")
@pytest.mark.parametrize("media_type", ["text/turtle", "image/png", "application/ld+json", "text/plain"])
def test_a_listing_has_media_types(alice: SolidClient, container: str, media_type: str) -> None:
    alice.put(
        container + "it",
        b"" if media_type != "application/ld+json" else b"{}",
        headers={"Content-Type": media_type},
    )
    expected = URIRef(f"http://www.w3.org/ns/iana/media-types/{media_type}#Resource")
    assert (URIRef(container + "it"), RDF.type, expected) in alice.graph(container)


@pytest.mark.requirement("solid#contained-resource-metadata-dcterms-modified")
@pytest.mark.requirement("solid#contained-resource-metadata-stat-mtime")
@pytest.mark.requirement("solid#dcterms-modified-corresponds-last-modified")
@pytest.mark.parametrize("name", ["doc", "photo", "box/"])
def test_a_listing_has_times_that_agree_with_last_modified(alice: SolidClient, container: str, name: str) -> None:
    alice.put_turtle(container + "doc", ONE)
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    alice.put_container(container + "box/")
    listing, member = alice.graph(container), URIRef(container + name)
    (modified,) = listing.objects(member, DCTERMS.modified)
    (mtime,) = listing.objects(member, STAT.mtime)
    last = parsedate_to_datetime(alice.head(container + name).headers["Last-Modified"])
    assert isinstance(modified, Literal)
    assert modified.datatype == URIRef("http://www.w3.org/2001/XMLSchema#dateTime")
    assert datetime.fromisoformat(str(modified)) == last
    assert int(str(mtime)) == int(last.timestamp())


def test_a_listing_follows_a_members_change(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", ONE)
    before = alice.head(container).headers["ETag"]
    alice.put_turtle(container + "doc", ONE + ONE)
    assert alice.head(container).headers["ETag"] != before
    assert (URIRef(container + "doc"), STAT.size, Literal(2 * len(ONE))) in alice.graph(container)


def test_a_listing_is_the_same_in_both_formats(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", ONE)
    json_ld = graph(alice.get(container, headers={"Accept": "application/ld+json"}))
    assert isomorphic(alice.graph(container), json_ld)


# -- what the server manages -----------------------------------------------------------------------------------------------

CLAIMS = {
    "containment": "<{0}> <http://www.w3.org/ns/ldp#contains> <{0}other> .",
    "size": "<{0}doc> <http://www.w3.org/ns/posix/stat#size> 1 .",
    "mtime": "<{0}doc> <http://www.w3.org/ns/posix/stat#mtime> 1 .",
    "modified": '<{0}doc> <http://purl.org/dc/terms/modified> "2020-01-01T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .',
    "type": "<{0}doc> a <http://www.w3.org/ns/iana/media-types/image/png#Resource> .",
}
CONTAINMENT = pytest.param("containment", marks=pytest.mark.requirement("solid#server-protect-containment"))
METADATA = [
    pytest.param(name, marks=pytest.mark.requirement("solid#server-protect-contained-resource-metadata"))
    for name in ("size", "mtime", "modified", "type")
]


@pytest.mark.requirement("solid#server-resource-constraints-advertisement")
@pytest.mark.requirement("ldp#4.2.4.3")
@pytest.mark.requirement("ldp#4.2.1.6")
@pytest.mark.parametrize("claim", [CONTAINMENT, *METADATA])
def test_put_of_a_description_cannot_claim_what_the_server_manages(
    alice: SolidClient, container: str, claim: str
) -> None:
    alice.put_turtle(container + "doc")
    before = set(alice.graph(container))
    response = alice.put(container + ".meta", CLAIMS[claim].format(container), headers=TURTLE)
    assert container in str(assert_problem(response, 409)), "it names the statement"
    assert linked(response, str(LDP.constrainedBy))
    assert set(alice.graph(container)) == before


@pytest.mark.requirement("solid#server-resource-constraints-uri")
def test_the_constraint_that_is_linked_can_be_read(alice: SolidClient, anyone: SolidClient, container: str) -> None:
    response = alice.put(container + ".meta", CLAIMS["containment"].format(container), headers=TURTLE)
    (constraint,) = linked(response, str(LDP.constrainedBy))
    assert constraint == response.json()["type"]
    assert anyone.get(constraint).status_code == 200


@pytest.mark.parametrize("claim", [CONTAINMENT, *METADATA])
def test_patch_of_a_description_cannot_claim_what_the_server_manages(
    alice: SolidClient, container: str, claim: str
) -> None:
    alice.put_turtle(container + "doc")
    before = set(alice.graph(container))
    inserts = CLAIMS[claim].format(container)
    patch = f"@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; solid:inserts {{ {inserts} }} ."
    assert_problem(alice.patch(container + ".meta", patch, headers=N3), 409)
    assert_problem(
        alice.patch(
            container + ".meta",
            f"INSERT DATA {{ {inserts} }}",
            headers={"Content-Type": "application/sparql-update"},
        ),
        409,
    )
    assert set(alice.graph(container)) == before


@pytest.mark.parametrize("claim", [CONTAINMENT, *METADATA])
def test_post_of_a_container_cannot_claim_what_the_server_manages(
    alice: SolidClient, container: str, claim: str
) -> None:
    body = CLAIMS[claim].format(container + "box/")
    response = alice.post(container, body, headers=TURTLE | CONTAINER_LINK | {"Slug": "box"})
    assert_problem(response, 409)
    assert contained(alice, container) == set()


@pytest.mark.parametrize("claim", [CONTAINMENT, *METADATA])
def test_put_of_a_new_container_cannot_claim_what_the_server_manages(
    alice: SolidClient, container: str, claim: str
) -> None:
    body = CLAIMS[claim].format(container + "box/")
    assert_problem(alice.put(container + "box/", body, headers=TURTLE | CONTAINER_LINK), 409)
    assert contained(alice, container) == set()


@pytest.mark.requirement("solid#server-protect-containment")
@pytest.mark.parametrize("body", ["", "<> <http://www.w3.org/ns/ldp#contains> <other> ."])
def test_put_on_an_existing_container_is_a_conflict(alice: SolidClient, container: str, body: str) -> None:
    alice.put_turtle(container + "doc")
    assert_problem(alice.put(container, body, headers=TURTLE), 409)
    assert contained(alice, container) == {container + "doc"}


@pytest.mark.requirement("solid#server-protect-containment")
def test_a_container_is_not_patched_but_its_description_is(alice: SolidClient, container: str) -> None:
    update = {"Content-Type": "application/sparql-update"}
    assert_problem(
        alice.patch(container, "INSERT DATA { <> <http://www.w3.org/ns/ldp#contains> <x> }", headers=update),
        405,
    )
    assert contained(alice, container) == set()


def test_a_document_may_speak_of_containers(alice: SolidClient, container: str) -> None:
    """Only a container's own description is protected: elsewhere such statements are somebody's data."""
    response = alice.put(container + "doc", CLAIMS["containment"].format(container), headers=TURTLE)
    assert response.status_code == 201


def test_a_container_shows_its_description(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + ".meta", f'<{container}> <http://purl.org/dc/terms/title> "Notes" .')
    assert (URIRef(container), DCTERMS.title, Literal("Notes")) in alice.graph(container)
