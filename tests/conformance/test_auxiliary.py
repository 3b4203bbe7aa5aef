"""Access control lists and description resources as auxiliary resources: linked, writable, gone with their subject.

Spec: Solid Protocol #auxiliary-resources
"""

from __future__ import annotations

import pytest
from rdflib import RDF, Literal, URIRef

from tests.support.client import (
    ACL,
    CONTAINER_LINK,
    DCTERMS,
    N3,
    SPARQL,
    TURTLE,
    SolidClient,
    acl,
    assert_problem,
    authorization,
    contained,
    link,
    linked,
    listed,
)

KINDS = ("acl", "describedby")


def described(url: str, title: str = "Named") -> str:
    return f'<{url}> <http://purl.org/dc/terms/title> "{title}" .'


def own_acl(alice: SolidClient, url: str) -> str:
    return acl(authorization(url, "Read Write Control", agents=(alice.web_id,), default=url.endswith("/")))


def content(alice: SolidClient, url: str, relation: str) -> str:
    return own_acl(alice, url) if relation == "acl" else described(url)


@pytest.fixture
def subjects(alice: SolidClient, container: str) -> list[str]:
    """A container, a document and a binary."""
    alice.put_turtle(container + "doc")
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    alice.put_container(container + "box/")
    return [container + "box/", container + "doc", container + "photo"]


# -- where they are ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-link-auxiliary-type")
@pytest.mark.requirement("solid#server-description-resource-max")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_links_one_acl_and_one_description(alice: SolidClient, subjects: list[str], method: str) -> None:
    for url in (*subjects, alice.pod):
        response = alice.request(method, url)
        assert linked(response, "acl") == [url + ".acl"]
        assert linked(response, "describedby") == [url + ".meta"]


@pytest.mark.requirement("solid#server-auxiliary-resources-management")
@pytest.mark.parametrize("relation", KINDS)
def test_the_link_is_there_before_the_resource(alice: SolidClient, subjects: list[str], relation: str) -> None:
    for url in subjects:
        assert_problem(alice.get(link(alice.head(url), relation)), 404)


@pytest.mark.requirement("solid#client-link-describes")
@pytest.mark.requirement("solid#server-auxiliary-resources-management")
def test_a_description_links_its_subject(alice: SolidClient, subjects: list[str]) -> None:
    for url in subjects:
        alice.put_turtle(url + ".meta", described(url))
        assert linked(alice.head(url + ".meta"), "describes") == [url]


# -- reading and writing -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-put-patch-auxiliary-resource")
@pytest.mark.requirement("solid#auxiliary-resources-rdf-document")
@pytest.mark.parametrize("relation", KINDS)
def test_put_creates_and_replaces_an_auxiliary_resource(alice: SolidClient, subjects: list[str], relation: str) -> None:
    for url in subjects:
        target = link(alice.head(url), relation)
        assert alice.put(target, content(alice, url, relation), headers=TURTLE).status_code == 201
        assert alice.put(target, content(alice, url, relation), headers=TURTLE).status_code == 204
        assert len(alice.graph(target)) > 0


@pytest.mark.requirement("solid#server-put-patch-auxiliary-resource")
@pytest.mark.parametrize("relation", KINDS)
@pytest.mark.parametrize("headers", [N3, SPARQL], ids=["n3", "sparql"])
def test_patch_creates_and_updates_an_auxiliary_resource(
    alice: SolidClient, subjects: list[str], relation: str, headers: dict[str, str]
) -> None:
    for url in subjects:
        target = link(alice.head(url), relation)
        first = (
            f"<#owner> a <{ACL.Authorization}>; <{ACL.accessTo}> <{url}>; <{ACL.agent}> <{alice.web_id}>; "
            f"<{ACL.mode}> <{ACL.Read}>, <{ACL.Write}>, <{ACL.Control}> ."
        )
        second = f"<#note> <{DCTERMS.title}> 'more' ."
        assert alice.patch(target, insertion(first, headers), headers=headers).status_code == 201
        assert alice.patch(target, insertion(second, headers), headers=headers).status_code in {200, 204}
        assert {URIRef(target + "#owner"), URIRef(target + "#note")} <= set(alice.graph(target).subjects())


def insertion(statements: str, headers: dict[str, str]) -> str:
    if headers == SPARQL:
        return f"INSERT DATA {{ {statements} }}"
    return f"_:p a <http://www.w3.org/ns/solid/terms#InsertDeletePatch>; <http://www.w3.org/ns/solid/terms#inserts> {{ {statements} }} ."


@pytest.mark.requirement("solid#auxiliary-resources-rdf-document")
@pytest.mark.parametrize("relation", KINDS)
@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json"])
def test_an_auxiliary_resource_is_rdf(alice: SolidClient, subjects: list[str], relation: str, accept: str) -> None:
    url = subjects[0]
    target = link(alice.head(url), relation)
    alice.put_turtle(target, content(alice, url, relation))
    response = alice.get(target, headers={"Accept": accept})
    assert response.headers["Content-Type"].partition(";")[0] == accept
    assert_problem(alice.put(target, b"x", headers={"Content-Type": "image/png"}), 415, 422)


@pytest.mark.parametrize("relation", KINDS)
def test_an_auxiliary_resource_is_deleted(alice: SolidClient, subjects: list[str], relation: str) -> None:
    for url in subjects:
        target = link(alice.head(url), relation)
        alice.put_turtle(target, content(alice, url, relation))
        assert alice.delete(target).status_code == 204
        assert alice.get(target).status_code == 404
        assert alice.head(url).status_code == 200


def test_an_auxiliary_resource_obeys_preconditions(alice: SolidClient, subjects: list[str]) -> None:
    url = subjects[1]
    alice.put_turtle(url + ".meta", described(url))
    etag = alice.head(url + ".meta").headers["ETag"]
    assert_problem(alice.put(url + ".meta", "", headers=TURTLE | {"If-None-Match": "*"}), 412)
    assert alice.put(url + ".meta", "", headers=TURTLE | {"If-Match": etag}).status_code == 204
    assert_problem(alice.put(url + ".meta", "", headers=TURTLE | {"If-Match": etag}), 412)


# -- authorization ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-description-resource-authorization")
@pytest.mark.parametrize(
    ("modes", "read", "write"),
    [("Read", 200, 403), ("Write", 403, 204), ("Read Write", 200, 204), ("Control", 403, 403)],
)
def test_a_description_has_its_subjects_authorization(
    alice: SolidClient, bob: SolidClient, container: str, share, modes: str, read: int, write: int
) -> None:
    url = container + "doc"
    alice.put_turtle(url)
    alice.put_turtle(url + ".meta", described(url))
    share(url, modes)
    assert bob.get(url + ".meta").status_code == read
    assert bob.put(url + ".meta", described(url), headers=TURTLE).status_code == write


@pytest.mark.requirement("solid#server-description-resource-authorization")
def test_a_container_passes_nothing_on_to_its_own_description(
    alice: SolidClient, bob: SolidClient, container: str, share
) -> None:
    """The description of a container is not one of its children: acl:default alone does not open it."""
    alice.put_turtle(container + ".meta", described(container))
    share(container, "Read", access_to=False)
    assert_problem(bob.get(container + ".meta"), 403)
    share(container, "Read", default=False)
    assert bob.get(container + ".meta").status_code == 200


# -- life and death --------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-delete-remove-auxiliary-resource")
def test_auxiliary_resources_go_with_their_subject(alice: SolidClient, subjects: list[str]) -> None:
    for url in subjects:
        alice.put_turtle(url + ".meta", described(url))
        alice.put_turtle(url + ".acl", own_acl(alice, url))
        assert alice.delete(url).status_code == 204
        assert {alice.get(url + suffix).status_code for suffix in (".acl", ".meta")} == {404}


@pytest.mark.requirement("solid#server-delete-remove-auxiliary-resource")
def test_rights_do_not_come_back_with_the_name(alice: SolidClient, anyone: SolidClient, container: str) -> None:
    url = container + "doc"
    alice.put_turtle(url)
    owner = authorization(url, "Read Write Control", agents=(alice.web_id,))
    alice.put_acl(url, owner, authorization(url, "Read", public=True))
    assert anyone.get(url).status_code == 200
    alice.delete(url)
    alice.put_turtle(url)
    assert anyone.get(url).status_code == 401
    assert alice.get(url + ".acl").status_code == 404


@pytest.mark.requirement("solid#auxiliary-resource-not-contained")
def test_auxiliary_resources_are_not_contained(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc")
    for url in (container, container + "doc"):
        alice.put_turtle(url + ".meta", described(url))
        alice.put_turtle(url + ".acl", own_acl(alice, url))
    assert contained(alice, container) == {container + "doc"}


@pytest.mark.requirement("solid#auxiliary-resource-not-contained")
def test_auxiliary_resources_do_not_keep_a_container(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + ".meta", described(container))
    alice.put_turtle(container + ".acl", own_acl(alice, container))
    assert alice.delete(container).status_code == 204


@pytest.mark.requirement("solid#auxiliary-resource-of-auxiliary-resource")
@pytest.mark.parametrize("suffix", [".acl", ".meta"])
def test_an_auxiliary_resource_links_no_acl_of_its_own(alice: SolidClient, subjects: list[str], suffix: str) -> None:
    for url in subjects:
        alice.put_turtle(url + suffix, own_acl(alice, url) if suffix == ".acl" else described(url))
        response = alice.head(url + suffix)
        assert set(linked(response, "acl")) <= {url + ".acl"}
        assert linked(response, "describedby") == []


@pytest.mark.requirement("solid#auxiliary-resource-of-auxiliary-resource")
@pytest.mark.parametrize(
    "name", ["doc.acl.acl", "doc.acl.meta", "doc.meta.acl", "doc.meta.meta", ".acl.acl", ".meta.acl"]
)
def test_there_is_no_auxiliary_resource_of_an_auxiliary_resource(alice: SolidClient, container: str, name: str) -> None:
    alice.put_turtle(container + "doc")
    assert_problem(alice.put(container + name, b"", headers=TURTLE), 409)
    assert_problem(alice.get(container + name), 404)


def test_an_auxiliary_resource_needs_its_subject(alice: SolidClient, container: str) -> None:
    for suffix in (".acl", ".meta"):
        url = container + "nothing" + suffix
        assert_problem(alice.put(url, own_acl(alice, container + "nothing"), headers=TURTLE), 404, 409)
    assert contained(alice, container) == set()


# -- names -------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#auxiliary-resource-name-collision")
@pytest.mark.parametrize("slug", ["doc.acl", "doc.meta", ".acl", ".meta", "x.acl.acl", "doc.ACL"])
@pytest.mark.parametrize("headers", [TURTLE, TURTLE | CONTAINER_LINK], ids=["document", "container"])
def test_a_slug_does_not_make_an_auxiliary_resource(
    alice: SolidClient, container: str, slug: str, headers: dict[str, str]
) -> None:
    alice.put_turtle(container + "doc")
    response = alice.post(container, b"", headers=headers | {"Slug": slug})
    assert response.status_code == 201
    location = response.headers["Location"]
    assert location in contained(alice, container)
    assert not location.rstrip("/").endswith((".acl", ".meta"))
    assert alice.get(container + "doc.acl").status_code == 404


@pytest.mark.requirement("solid#auxiliary-resource-name-collision")
@pytest.mark.parametrize("name", ["doc.acl/", "doc.meta/", "box.acl/inner", "box.meta/inner/more"])
def test_a_put_path_does_not_hide_an_auxiliary_suffix(alice: SolidClient, container: str, name: str) -> None:
    assert_problem(alice.put(container + name, b"", headers=TURTLE), 409)
    assert contained(alice, container) == set()


@pytest.mark.requirement("solid#auxiliary-resource-name-collision")
@pytest.mark.parametrize("name", ["doc%2Eacl", "doc.%61cl", "%2eacl"])
def test_an_encoded_auxiliary_suffix_is_the_suffix(
    alice: SolidClient, bob: SolidClient, container: str, share, name: str
) -> None:
    alice.put_turtle(container + "doc")
    share(container, "Read Write")
    assert_problem(bob.get(container + name), 403)
    assert_problem(bob.put(container + name, own_acl(bob, container), headers=TURTLE), 403)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("relation", KINDS)
def test_allow_of_an_auxiliary_resource_tells_its_methods(
    alice: SolidClient, subjects: list[str], method: str, relation: str
) -> None:
    url = subjects[1]
    target = link(alice.head(url), relation)
    alice.put_turtle(target, content(alice, url, relation))
    assert listed(alice.request(method, target), "Allow") == {
        "GET",
        "HEAD",
        "OPTIONS",
        "PUT",
        "PATCH",
        "DELETE",
    }


def test_the_root_acl_cannot_be_emptied_of_control(carol: SolidClient) -> None:
    target = link(carol.head(carol.pod), "acl")
    before = carol.get(target).content
    assert_problem(carol.put(target, acl(authorization(carol.pod, "Read", public=True)), headers=TURTLE), 409)
    assert carol.get(target).content == before
    assert (None, RDF.type, ACL.Authorization) in carol.graph(target)


def test_titles_of_descriptions_are_kept_apart(alice: SolidClient, subjects: list[str]) -> None:
    for number, url in enumerate(subjects):
        alice.put_turtle(url + ".meta", described(url, str(number)))
    for number, url in enumerate(subjects):
        assert (URIRef(url), DCTERMS.title, Literal(str(number))) in alice.graph(url + ".meta")
