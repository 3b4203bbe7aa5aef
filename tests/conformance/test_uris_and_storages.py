"""URIs and their trailing slash; storages, their roots, descriptions and owners.

Spec: Solid Protocol #uri, #storage-resource
"""

from __future__ import annotations

import pytest
from rdflib import RDF, URIRef

from tests.support.client import (
    CONTAINER_LINK,
    LDP,
    N3,
    PIM,
    SOLID,
    TURTLE,
    SolidClient,
    acl,
    assert_problem,
    authorization,
    contained,
    graph,
    link,
    linked,
)

STORAGE_DESCRIPTION = str(SOLID.storageDescription)
SAFE = ("GET", "HEAD", "OPTIONS")


# -- the trailing slash ------------------------------------------------------------------------------------------------

INSERT = "_:p a <http://www.w3.org/ns/solid/terms#InsertDeletePatch>; <http://www.w3.org/ns/solid/terms#inserts> { <#a> <#b> <#c> } ."


@pytest.mark.requirement("solid#server-uri-trailing-slash-distinct")
@pytest.mark.parametrize(
    ("method", "name", "headers", "data"),
    [
        ("PUT", "doc/", CONTAINER_LINK, None),
        ("PUT", "doc/", TURTLE, b""),
        ("PUT", "doc/inner", TURTLE, b""),
        ("PUT", "doc/inner/more", TURTLE, b""),
        ("PATCH", "doc/inner", N3, INSERT),
        ("PUT", "box", TURTLE, b""),
        ("PATCH", "box", N3, INSERT),
    ],
)
def test_the_slash_twin_of_a_resource_cannot_be_made(
    alice: SolidClient,
    container: str,
    method: str,
    name: str,
    headers: dict[str, str],
    data: bytes | str | None,
) -> None:
    alice.put_turtle(container + "doc")
    alice.put_container(container + "box/")
    assert_problem(alice.request(method, container + name, headers=headers, data=data), 409)
    assert contained(alice, container) == {container + "doc", container + "box/"}


@pytest.mark.requirement("solid#server-uri-trailing-slash-distinct")
@pytest.mark.parametrize(("slug", "headers"), [("doc", CONTAINER_LINK), ("box", {})])
def test_post_makes_no_slash_twin(alice: SolidClient, container: str, slug: str, headers: dict[str, str]) -> None:
    alice.put_turtle(container + "doc")
    alice.put_container(container + "box/")
    location = alice.post(container, b"", headers=TURTLE | headers | {"Slug": slug}).headers["Location"]
    assert location.rstrip("/") not in {container + "doc", container + "box"}


@pytest.mark.requirement("solid#server-uri-redirect-differing")
@pytest.mark.requirement("solid#server-uri-trailing-slash-distinct")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("asked", "there"), [("doc/", "doc"), ("box", "box/")])
def test_the_other_form_redirects_to_what_is_there(
    alice: SolidClient, container: str, method: str, asked: str, there: str
) -> None:
    alice.put_turtle(container + "doc")
    alice.put_container(container + "box/")
    response = alice.request(method, container + asked)
    assert response.status_code == 301
    assert response.headers["Location"] == container + there


def test_once_the_resource_is_gone_its_twin_can_be_made(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "thing")
    alice.delete(container + "thing")
    assert alice.put(container + "thing/", headers=CONTAINER_LINK).status_code == 201


@pytest.mark.requirement("solid#server-authorization-redirect")
def test_who_may_not_read_is_not_redirected(
    alice: SolidClient, bob: SolidClient, anyone: SolidClient, container: str
) -> None:
    alice.put_turtle(container + "doc")
    for client, status in ((bob, 403), (anyone, 401)):
        twin, missing = client.get(container + "doc/"), client.get(container + "nothing/")
        assert_problem(twin, status)
        assert twin.headers.keys() == missing.headers.keys()
        assert without_instance(twin.json()) == without_instance(missing.json())


@pytest.mark.requirement("solid#server-authorization-redirect")
def test_who_may_read_the_container_but_not_the_resource_is_not_redirected(
    alice: SolidClient, bob: SolidClient, container: str, share
) -> None:
    share(container, "Read")
    alice.put_turtle(container + "doc")
    owner = authorization(container + "doc", "Read Write Control", agents=(alice.web_id,))
    alice.put_acl(container + "doc", owner)
    assert bob.get(container + "doc/").status_code == bob.get(container + "nothing/").status_code == 404


def without_instance(problem: dict[str, object]) -> dict[str, object]:
    """Nor the page on which to ask for the very resource."""
    return {name: value for name, value in problem.items() if name not in {"instance", "requestAccessPage"}}


# -- storages ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-storage")
def test_a_storage_root_is_the_container_of_all_in_it(alice: SolidClient, container: str) -> None:
    assert container in contained(alice, alice.pod)
    assert (URIRef(alice.pod), RDF.type, LDP.BasicContainer) in alice.graph(alice.pod)


@pytest.mark.requirement("solid#server-storage-nonoverlapping")
def test_storages_do_not_overlap(alice: SolidClient, bob: SolidClient, container: str) -> None:
    assert not alice.pod.startswith(bob.pod)
    assert not bob.pod.startswith(alice.pod)
    for inside in (container, alice.pod + "profile/", container + "a/"):
        alice.put(inside, headers=CONTAINER_LINK)
        assert str(PIM.Storage) not in linked(alice.head(inside), "type"), inside


@pytest.mark.requirement("solid#server-storage-nonoverlapping")
def test_nobody_makes_a_storage_in_a_storage(alice: SolidClient, container: str) -> None:
    headers = {"Link": f'<{PIM.Storage}>; rel="type", <{LDP.BasicContainer}>; rel="type"'}
    assert alice.put(container + "inner/", headers=headers).status_code in {201, 400, 409, 422}
    assert str(PIM.Storage) not in linked(alice.head(container + "inner/"), "type")


def test_nobody_makes_a_storage_beside_the_others(alice: SolidClient) -> None:
    response = alice.put(f"{alice.base_url}dave/notes", b"", headers=TURTLE)
    assert_problem(response, 403, 404)


@pytest.mark.requirement("solid#client-storage-discovery")
@pytest.mark.requirement("solid#server-link-storage")
@pytest.mark.parametrize("method", SAFE)
def test_a_storage_root_says_that_it_is_one(alice: SolidClient, container: str, method: str) -> None:
    assert str(PIM.Storage) in linked(alice.request(method, alice.pod), "type")
    assert str(PIM.Storage) not in linked(alice.request(method, container), "type")


@pytest.mark.requirement("solid#server-storage-description")
@pytest.mark.parametrize("method", SAFE)
@pytest.mark.parametrize("name", ["", "doc", "photo", "doc.meta", "doc.acl"])
def test_every_resource_links_its_storage_description(
    alice: SolidClient, container: str, method: str, name: str
) -> None:
    alice.put_turtle(container + "doc")
    alice.put_turtle(container + "doc.meta")
    alice.put_acl(container + "doc", authorization(container + "doc", "Read Write Control", agents=(alice.web_id,)))
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    for url in (container + name, alice.pod):
        assert link(alice.request(method, url), STORAGE_DESCRIPTION) == alice.pod + ".well-known/solid"


@pytest.mark.requirement("solid#server-storage-description-resource")
@pytest.mark.requirement("solid#storage-description-statements")
@pytest.mark.requirement("solid#storage-description-rdf-type")
@pytest.mark.parametrize("media_type", ["text/turtle", "application/ld+json"])
def test_the_storage_description_says_that_the_root_is_a_storage(alice: SolidClient, media_type: str) -> None:
    response = alice.get(link(alice.head(alice.pod), STORAGE_DESCRIPTION), headers={"Accept": media_type})
    assert response.status_code == 200
    assert response.headers["Content-Type"].partition(";")[0] == media_type
    assert (URIRef(alice.pod), RDF.type, PIM.Storage) in graph(response)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_the_storage_description_supports_the_other_safe_methods(alice: SolidClient, method: str) -> None:
    response = alice.request(method, alice.pod + ".well-known/solid")
    assert response.status_code in {200, 204}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_the_storage_description_is_not_for_clients_to_change(alice: SolidClient, method: str) -> None:
    response = alice.request(method, alice.pod + ".well-known/solid", data=b"", headers=TURTLE)
    assert_problem(response, 405, 409)


@pytest.mark.requirement("solid#server-storage-track-owner")
def test_the_owner_keeps_control_whatever_the_root_acl_says(carol: SolidClient, bob: SolidClient) -> None:
    url = link(carol.head(carol.pod), "acl")
    before = carol.get(url).content
    others = acl(authorization(carol.pod, "Read Write Control", agents=(bob.web_id,), default=True))
    assert carol.put(url, others, headers=TURTLE).status_code == 204
    assert carol.get(url).status_code == 200
    assert carol.put(url, before, headers=TURTLE).status_code == 204
    assert carol.get(carol.pod).status_code == 200


@pytest.mark.requirement("solid#server-storage-link-owner")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_owner_that_is_advertised_is_the_owner(alice: SolidClient, method: str) -> None:
    assert set(linked(alice.request(method, alice.pod), str(SOLID.owner))) <= {alice.web_id}


@pytest.mark.parametrize("name", [".hidden", ".hidden/inner", ".account/", ".well-known/other"])
def test_names_with_a_leading_dot_under_the_root_are_the_servers(alice: SolidClient, name: str) -> None:
    assert_problem(alice.put(alice.pod + name, b"", headers=TURTLE), 409)
    assert_problem(alice.get(alice.pod + name), 404)


def test_deeper_names_may_begin_with_a_dot(alice: SolidClient, container: str) -> None:
    assert alice.put(container + ".hidden", b"", headers=TURTLE).status_code == 201
    assert container + ".hidden" in contained(alice, container)


@pytest.mark.requirement("solid#apply-normalization-canonicalization")
@pytest.mark.parametrize(
    ("one", "other"),
    [("a%7Eb", "a~b"), ("a%7eb", "a~b"), ("%61", "a"), ("caf%c3%a9", "caf%C3%A9"), ("a%2db", "a-b")],
)
def test_equivalent_spellings_are_one_resource(alice: SolidClient, container: str, one: str, other: str) -> None:
    alice.put_turtle(container + one, "<#a> <#b> <#c> .")
    assert alice.get(container + other).status_code == 200
    assert contained(alice, container) == {container + other}
