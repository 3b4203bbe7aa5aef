"""Writing: PUT, POST with Slug, DELETE, containers on the way, what may never be deleted or rewritten.

Spec: Solid Protocol #writing-resources, #deleting-resources; RFC 9110 s9.3; RFC 5023 s9.7; WebID Profile
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from rdflib import URIRef

from tests.support.client import (
    CONTAINER_LINK,
    N3,
    SOLID,
    SPARQL,
    TURTLE,
    SolidClient,
    assert_problem,
    contained,
    listed,
    raw_head,
    raw_request,
)

ONE = "<#a> <#b> <#c> ."
INSERT_N3 = "_:p a <http://www.w3.org/ns/solid/terms#InsertDeletePatch>; <http://www.w3.org/ns/solid/terms#inserts> { <#a> <#b> <#c> } ."
INSERT_SPARQL = "INSERT DATA { <#a> <#b> <#c> }"


# -- PUT and PATCH -----------------------------------------------------------------------------------------------------------

WRITES = [("PUT", TURTLE, ONE), ("PATCH", N3, INSERT_N3), ("PATCH", SPARQL, INSERT_SPARQL)]


@pytest.mark.requirement("solid#writing-resources/1")
@pytest.mark.parametrize(("method", "headers", "data"), [*WRITES, ("POST", TURTLE, ONE)])
def test_the_writing_methods_are_supported(
    alice: SolidClient, container: str, method: str, headers: dict[str, str], data: str
) -> None:
    target = container if method == "POST" else container + "doc"
    assert alice.request(method, target, headers=headers, data=data).status_code == 201
    assert len(contained(alice, container)) == 1


@pytest.mark.requirement("solid#uri-allocation-put-patch")
@pytest.mark.requirement("rfc9110#9.3.4")
@pytest.mark.parametrize(
    ("media_type", "body"), [("text/turtle", ONE.encode()), ("image/png", b"\x89PNG"), ("image/png", b"")]
)
def test_put_creates_then_replaces(alice: SolidClient, container: str, media_type: str, body: bytes) -> None:
    headers = {"Content-Type": media_type}
    created = alice.put(container + "it", body, headers=headers)
    assert (created.status_code, created.headers["Location"]) == (201, container + "it")
    assert alice.put(container + "it", body, headers=headers).status_code == 204
    assert alice.get(container + "it").content == body


@pytest.mark.requirement("rfc9110#9.3.4")
def test_put_may_change_the_media_type(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "it", ONE)
    assert alice.put(container + "it", b"\x89PNG", headers={"Content-Type": "image/png"}).status_code == 204
    assert alice.get(container + "it").headers["Content-Type"] == "image/png"
    assert_problem(alice.patch(container + "it", INSERT_SPARQL, headers=SPARQL), 405)


@pytest.mark.requirement("rfc9110#9.3.4")
def test_a_partial_put_is_refused(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", ONE)
    response = alice.put(container + "doc", b"x", headers=TURTLE | {"Content-Range": "bytes 0-0/16"})
    assert_problem(response, 400)
    assert alice.get(container + "doc").text == ONE


@pytest.mark.requirement("solid#server-put-patch-intermediate-containers")
@pytest.mark.parametrize(("method", "headers", "data"), [*WRITES, ("PUT", {"Content-Type": "image/png"}, "PNG")])
def test_containers_on_the_way_are_made(
    alice: SolidClient, container: str, method: str, headers: dict[str, str], data: str
) -> None:
    assert alice.request(method, container + "a/b/c/doc", headers=headers, data=data).status_code == 201
    for inner, member in (("", "a/"), ("a/", "a/b/"), ("a/b/", "a/b/c/"), ("a/b/c/", "a/b/c/doc")):
        assert contained(alice, container + inner) == {container + member}


@pytest.mark.requirement("solid#server-put-patch-intermediate-containers")
def test_containers_on_the_way_to_a_container_are_made(alice: SolidClient, container: str) -> None:
    assert alice.put(container + "a/b/", headers=CONTAINER_LINK).status_code == 201
    assert contained(alice, container + "a/") == {container + "a/b/"}


def test_answers_to_writes_do_not_repeat_the_content(alice: SolidClient, container: str) -> None:
    for method, headers, data in WRITES:
        assert alice.request(method, container + "doc", headers=headers, data=data).content == b""


def test_writing_gives_the_new_etag(alice: SolidClient, container: str) -> None:
    for method, headers, data in WRITES:
        etag = alice.request(method, container + "doc", headers=headers, data=data).headers["ETag"]
        assert etag == alice.head(container + "doc").headers["ETag"]


# -- POST ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#uri-allocation-post")
@pytest.mark.requirement("solid#server-post-uri-assignment")
@pytest.mark.requirement("solid#server-post-container")
def test_post_creates_under_a_uri_the_server_chose(alice: SolidClient, container: str) -> None:
    locations = {alice.post(container, ONE, headers=TURTLE).headers["Location"] for _ in range(3)}
    assert len(locations) == 3
    assert contained(alice, container) == locations


def directly_below(container: str, location: str) -> bool:
    rest = location.removeprefix(container).rstrip("/")
    return location.startswith(container) and rest != "" and "/" not in rest and "%2F" not in rest.upper()


SLUGS = [
    "notes", "notes.ttl", "my notes", "caf%C3%A9", "café", "a/b", "/etc/passwd", "../../up", "..", ".", "", "   ", "%", "%zz",
    "%2F", "%2e%2e%2fup", "a%00b", "a%0Ab", "\\", "a\\b", "?query", "#fragment", "a;b=c", "x" * 3000, ".hidden", "a%25b", "con:",
    "%F0%9F%92%A9", "%ff%fe", "日本", "-", "a%20b", "'quote\"", "<script>", "notes/", "//", "~", "a&b", "%7e",
]  # fmt: skip


@pytest.mark.requirement("rfc5023#9.7")
@pytest.mark.requirement("solid#server-post-container-create-resource")
@pytest.mark.parametrize("slug", SLUGS)
def test_any_slug_creates_directly_below_the_container(alice: SolidClient, container: str, slug: str) -> None:
    fields = [f"Slug: {slug}", "Content-Type: text/turtle", "Content-Length: 0"]
    answer = raw_request(alice.base_url, raw_head(alice, "POST", urlsplit(container).path, *fields))
    assert answer.status == 201
    assert directly_below(container, answer.headers["location"])
    assert contained(alice, container) == {answer.headers["location"]}
    assert alice.get(answer.headers["location"]).status_code == 200


@pytest.mark.requirement("solid#server-post-container-create-resource")
@pytest.mark.parametrize("slug", ["../sibling", "%2e%2e/sibling", "box/inner", "/alice/elsewhere", "a/../../b"])
def test_a_slug_with_path_parts_makes_nothing_elsewhere(alice: SolidClient, container: str, slug: str) -> None:
    target = container + "a/"
    alice.put_container(target + "box/")
    response = alice.post(target, b"", headers=TURTLE | {"Slug": slug})
    assert directly_below(target, response.headers["Location"])
    assert contained(alice, container) == {target}
    assert contained(alice, target + "box/") == set()


@pytest.mark.requirement("ldp#5.2.3.10")
@pytest.mark.parametrize(("slug", "name"), [("notes.ttl", "notes.ttl"), ("caf%C3%A9", "café"), ("a~b", "a~b")])
def test_a_free_slug_is_the_name(alice: SolidClient, container: str, slug: str, name: str) -> None:
    response = alice.post(container, b"", headers=TURTLE | {"Slug": slug})
    assert unquote(response.headers["Location"]) == container + name


@pytest.mark.requirement("rfc5023#9.7")
@pytest.mark.parametrize("taken", ["notes", "notes/"])
@pytest.mark.parametrize("headers", [TURTLE, TURTLE | CONTAINER_LINK], ids=["document", "container"])
def test_a_taken_slug_gets_another_name(
    alice: SolidClient, container: str, taken: str, headers: dict[str, str]
) -> None:
    alice.put(container + taken, ONE, headers=TURTLE)
    response = alice.post(container, b"", headers=headers | {"Slug": "notes"})
    assert response.status_code == 201
    assert response.headers["Location"].rstrip("/") != container + "notes"
    assert contained(alice, container) == {container + taken, response.headers["Location"]}


@pytest.mark.requirement("solid#server-post-target-not-found")
@pytest.mark.parametrize("name", ["nothing/", "nothing/inner/", "nothing"])
def test_post_to_nothing_is_not_found(alice: SolidClient, container: str, name: str) -> None:
    assert_problem(alice.post(container + name, ONE, headers=TURTLE), 404)
    assert contained(alice, container) == set()


def test_post_to_a_document_is_not_allowed(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", ONE)
    response = alice.post(container + "doc", ONE, headers=TURTLE)
    assert_problem(response, 405)
    assert "POST" not in listed(response, "Allow")


# -- DELETE --------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-delete-get")
@pytest.mark.requirement("solid#server-delete")
@pytest.mark.requirement("solid#server-delete-remove-containment")
@pytest.mark.parametrize("name", ["doc", "box/"])
def test_delete_removes_the_resource_and_its_containment(alice: SolidClient, container: str, name: str) -> None:
    alice.put(container + name, b"", headers=TURTLE)
    alice.put_turtle(container + "other")
    assert alice.delete(container + name).status_code == 204
    assert alice.get(container + name).status_code == 404
    assert contained(alice, container) == {container + "other"}


@pytest.mark.requirement("solid#server-delete-remove-empty-container")
def test_an_empty_container_is_deleted(alice: SolidClient, container: str) -> None:
    alice.put_container(container + "box/")
    assert alice.delete(container + "box/").status_code == 204
    assert contained(alice, container) == set()


@pytest.mark.requirement("solid#server-delete-protect-nonempty-container")
def test_a_container_with_members_is_kept(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc")
    assert "empty" in assert_problem(alice.delete(container), 409)["title"]
    assert contained(alice, container) == {container + "doc"}


@pytest.mark.requirement("solid#server-delete-protect-root-container")
@pytest.mark.requirement("solid#server-disallow-delete")
@pytest.mark.parametrize("name", ["", ".acl"])
def test_a_storage_root_and_its_acl_cannot_be_deleted(carol: SolidClient, name: str) -> None:
    response = carol.delete(carol.pod + name)
    assert_problem(response, 405)
    assert "DELETE" not in listed(response, "Allow")
    for method in ("GET", "HEAD", "OPTIONS"):
        assert "DELETE" not in listed(carol.request(method, carol.pod + name), "Allow")
    assert carol.get(carol.pod + name).status_code == 200


@pytest.mark.requirement("solid#server-disallow-delete")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_other_resources_allow_delete(alice: SolidClient, container: str, method: str) -> None:
    assert "DELETE" in listed(alice.request(method, container), "Allow")


def test_delete_of_nothing_is_not_found(alice: SolidClient, container: str) -> None:
    assert_problem(alice.delete(container + "nothing"), 404)
    assert_problem(alice.delete(container + "nothing/"), 404)


# -- WebID profiles ------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("profile#protected-properties")
@pytest.mark.requirement("solid#server-update-protected-triples")
def test_put_does_not_change_the_issuer_of_a_profile(carol: SolidClient) -> None:
    card = carol.web_id.partition("#")[0]
    before = carol.get(card).text
    for changed in (
        "",
        f"<#me> <{SOLID.oidcIssuer}> <https://evil.example/> .",
        before + f"\n<#me> <{SOLID.oidcIssuer}> <https://evil.example/> .",
    ):
        assert_problem(carol.put(card, changed, headers=TURTLE), 409)
    assert_problem(carol.put(card, b"\x89PNG", headers={"Content-Type": "image/png"}), 409)
    assert carol.get(card).text == before


@pytest.mark.requirement("profile#protected-properties")
@pytest.mark.requirement("solid#server-update-protected-triples")
@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA {{ <#me> <{p}> <https://evil.example/> }}",
        "DELETE DATA {{ <#me> <{p}> <{issuer}> }}",
        "DELETE DATA {{ <#me> <{p}> <{issuer}> }}; INSERT DATA {{ <#me> <{p}> <https://evil.example/> }};",
        "DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
        "DELETE WHERE {{ ?s <{p}> ?o }}",
    ],
)
def test_patch_does_not_change_the_issuer_of_a_profile(carol: SolidClient, update: str) -> None:
    card = carol.web_id.partition("#")[0]
    before = set(carol.graph(card))
    response = carol.patch(card, update.format(p=SOLID.oidcIssuer, issuer=carol.base_url), headers=SPARQL)
    assert_problem(response, 409)
    assert set(carol.graph(card)) == before


def test_the_rest_of_a_profile_is_the_owners_to_write(carol: SolidClient) -> None:
    card = carol.web_id.partition("#")[0]
    name = "<#me> <http://xmlns.com/foaf/0.1/nick> 'C' ."
    assert carol.patch(card, f"INSERT DATA {{ {name} }}", headers=SPARQL).status_code == 204
    assert carol.patch(card, f"DELETE DATA {{ {name} }}", headers=SPARQL).status_code == 204


def test_a_profile_is_public_and_names_issuer_storage_and_inbox(carol: SolidClient, anyone: SolidClient) -> None:
    profile, me = anyone.graph(carol.web_id.partition("#")[0]), URIRef(carol.web_id)
    assert set(profile.objects(me, SOLID.oidcIssuer)) == {URIRef(carol.base_url)}
    assert set(profile.objects(me, URIRef("http://www.w3.org/ns/pim/space#storage"))) == {URIRef(carol.pod)}
    assert set(profile.objects(me, URIRef("http://www.w3.org/ns/ldp#inbox")))


def test_a_profile_is_written_with_absolute_iris(carol: SolidClient, anyone: SolidClient) -> None:
    """Some clients parse it without a base."""
    text = anyone.get(carol.web_id.partition("#")[0]).text
    assert f"<{carol.web_id}>" in text
    assert f"<{carol.base_url}>" in text
    assert f"<{carol.pod}>" in text
