"""Reading: safe methods, Allow and Accept-*, content negotiation, ranges, HEAD.

Spec: Solid Protocol #reading-resources, #resource-representations; RFC 9110 sections 9.3, 12.5, 14
"""

from __future__ import annotations

import json

import pytest
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic

from tests.support.client import (
    SPARQL,
    TURTLE,
    SolidClient,
    assert_problem,
    authorization,
    graph,
    link,
    listed,
)

SAFE = ("GET", "HEAD", "OPTIONS")
RDF_TYPES = ("text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml")
QUAD_TYPES = ("application/n-quads", "application/trig")

TURTLE_DOCUMENT = """@prefix foaf: <http://xmlns.com/foaf/0.1/>.
<#me> a foaf:Person; foaf:name "Zoë"@de, 'tab\\t"quote"'; foaf:age 4.20, 1e3, true;
  foaf:knows [ foaf:name "somebody"; foaf:knows <#me> ]; foaf:interest (<a> "b" ()) .
"""


@pytest.fixture
def kinds(alice: SolidClient, container: str) -> dict[str, str]:
    """One resource of each kind: name -> URL."""
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    alice.put(container + "photo", bytes(range(256)), headers={"Content-Type": "image/png"})
    alice.put_turtle(container + "doc.meta", "<#a> <#b> <#c> .")
    alice.put_acl(container + "doc", authorization(container + "doc", "Read Write Control", agents=(alice.web_id,)))
    return {
        "root": alice.pod,
        "root acl": alice.pod + ".acl",
        "container": container,
        "document": container + "doc",
        "binary": container + "photo",
        "description": container + "doc.meta",
        "acl": container + "doc.acl",
    }


EXISTING = {
    "root": {"GET", "HEAD", "OPTIONS", "POST"},
    "root acl": {"GET", "HEAD", "OPTIONS", "PUT", "PATCH"},
    "container": {"GET", "HEAD", "OPTIONS", "POST", "DELETE"},
    "document": {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"},
    "binary": {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"},
    "description": {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"},
    "acl": {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"},
}


# -- methods -------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-safe-methods")
@pytest.mark.parametrize("method", SAFE)
def test_every_resource_supports_the_safe_methods(alice: SolidClient, kinds: dict[str, str], method: str) -> None:
    for name, url in kinds.items():
        assert alice.request(method, url).status_code in {200, 204}, name


@pytest.mark.requirement("solid#server-allow-methods")
@pytest.mark.parametrize("method", SAFE)
def test_allow_lists_what_the_target_supports(alice: SolidClient, kinds: dict[str, str], method: str) -> None:
    found = {name: listed(alice.request(method, url), "Allow") for name, url in kinds.items()}
    assert found == EXISTING


@pytest.mark.requirement("solid#server-allow-methods")
def test_answers_to_writes_have_allow(alice: SolidClient, container: str) -> None:
    for _ in ("created", "replaced"):
        assert "PUT" in listed(alice.put(container + "doc", b"", headers=TURTLE), "Allow")


@pytest.mark.requirement("solid#accept-put")
@pytest.mark.requirement("solid#server-accept-headers")
@pytest.mark.parametrize("method", SAFE)
def test_accept_headers_agree_with_allow(alice: SolidClient, kinds: dict[str, str], method: str) -> None:
    for name, url in kinds.items():
        response = alice.request(method, url)
        allowed = listed(response, "Allow")
        for verb in ("PUT", "POST", "PATCH"):
            assert (f"Accept-{verb.title()}" in response.headers) == (verb in allowed), (name, verb)


@pytest.mark.requirement("solid#server-accept-headers")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_patch_formats_are_listed(alice: SolidClient, kinds: dict[str, str], method: str) -> None:
    assert listed(alice.request(method, kinds["document"]), "Accept-Patch") == {
        "text/n3",
        "application/sparql-update",
    }


# -- representations -------------------------------------------------------------------------------------------------------


def written(alice: SolidClient, url: str, media_type: str) -> Graph:
    """PUT the document in a media type, made by rdflib; the graph that a reader must get back."""
    meant = Graph().parse(data=TURTLE_DOCUMENT, format="turtle", publicID=url)
    body = meant.serialize(format=media_type, encoding="utf-8")
    assert alice.put(url, body, headers={"Content-Type": media_type}).status_code == 201
    return meant


@pytest.mark.requirement("solid#server-representation-turtle-jsonld")
@pytest.mark.parametrize("media_type", RDF_TYPES)
@pytest.mark.parametrize("accept", RDF_TYPES)
def test_rdf_is_readable_in_every_format(alice: SolidClient, container: str, media_type: str, accept: str) -> None:
    meant = written(alice, container + "doc", media_type)
    response = alice.get(container + "doc", headers={"Accept": accept})
    assert response.headers["Content-Type"].partition(";")[0] == accept
    assert isomorphic(graph(response), meant)


@pytest.mark.requirement("solid#server-representation-turtle-jsonld")
@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json"])
@pytest.mark.parametrize("how", ["POST", "PATCH"])
def test_what_post_and_patch_made_is_readable_in_both_formats(
    alice: SolidClient, container: str, how: str, accept: str
) -> None:
    if how == "POST":
        url = alice.post(
            container,
            b'{"@context": {"b": {"@id": "http://a.example/b", "@type": "@id"}}, "@id": "#a", "b": "#c"}',
            headers={"Content-Type": "application/ld+json"},
        ).headers["Location"]
    else:
        url = container + "new"
        alice.patch(url, "INSERT DATA { <#a> <http://a.example/b> <#c> }", headers=SPARQL)
    statements = set(graph(alice.get(url, headers={"Accept": accept})))
    assert statements == {(URIRef(url + "#a"), URIRef("http://a.example/b"), URIRef(url + "#c"))}


@pytest.mark.requirement("solid#server-representation-turtle-jsonld")
@pytest.mark.parametrize("media_type", QUAD_TYPES)
def test_quads_without_named_graphs_are_readable_as_turtle(alice: SolidClient, container: str, media_type: str) -> None:
    body = b"<http://a.example/a> <http://a.example/b> <http://a.example/c> ."
    assert alice.put(container + "doc", body, headers={"Content-Type": media_type}).status_code == 201
    assert len(alice.graph(container + "doc")) == 1


@pytest.mark.parametrize("media_type", [*RDF_TYPES, "image/png", "text/plain", "application/json", "text/html"])
def test_what_was_written_comes_back_byte_for_byte(alice: SolidClient, container: str, media_type: str) -> None:
    bodies = {
        "text/turtle": b"# note\n@prefix : <#>.\n:a   :b\t:c.\n",
        "application/ld+json": b'{ "@id" : "#a",\n "http://a.example/b":1}',
        "application/n-triples": b"<http://a.example/a> <http://a.example/b> 'c' .".replace(b"'", b'"'),
        "application/rdf+xml": b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
    }
    body = bodies.get(media_type, b'{"x": \xff\x00}')
    assert alice.put(container + "it", body, headers={"Content-Type": media_type}).status_code == 201
    response = alice.get(container + "it", headers={"Accept": f"{media_type}, */*;q=0.1"})
    assert response.content == body
    assert response.headers["Content-Type"].partition(";")[0] == media_type
    assert response.headers["Content-Length"] == str(len(body))


@pytest.mark.requirement("ct#content-negotiation-named-graphs")
def test_json_ld_with_named_graphs_comes_back_as_json_ld(alice: SolidClient, container: str) -> None:
    """Spec: content-negotiation-named-graphs; as Turtle there is the default graph only."""
    document = {
        "@context": {"ex": "http://a.example/"},
        "@id": "ex:g",
        "ex:n": 1,
        "@graph": [{"@id": "ex:a", "ex:b": "c"}],
    }
    alice.put(container + "doc", json.dumps(document), headers={"Content-Type": "application/ld+json"})
    assert alice.get(container + "doc", headers={"Accept": "application/ld+json"}).json() == document
    subjects = set(alice.graph(container + "doc").subjects())
    assert subjects == {URIRef("http://a.example/g")}


@pytest.mark.requirement("solid#server-representation-write-redirect")
@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json"])
def test_a_representation_has_no_url_of_its_own(alice: SolidClient, kinds: dict[str, str], accept: str) -> None:
    for url in (kinds["container"], kinds["document"]):
        response = alice.get(url, headers={"Accept": accept})
        assert response.headers.get("Content-Location", url) == url


# -- content negotiation ---------------------------------------------------------------------------------------------------

ACCEPTS = [
    ("text/turtle;q=0.5, application/ld+json", "application/ld+json"),
    ("text/turtle, application/ld+json;q=0.5", "text/turtle"),
    ("application/ld+json;q=0.9, */*;q=0.8", "application/ld+json"),
    ("text/*", "text/turtle"),
    ("application/*;q=0.1, text/turtle;q=0.2", "text/turtle"),
    ("text/turtle;q=0, application/ld+json", "application/ld+json"),
    ("application/n-triples", "application/n-triples"),
    ("application/rdf+xml", "application/rdf+xml"),
    ("image/png, text/turtle;q=0.001", "text/turtle"),
    ("*/*", "text/turtle"),
    ("TEXT/TURTLE", "text/turtle"),
    ("text/turtle; charset=utf-8", "text/turtle"),
    ("", "text/turtle"),
]


@pytest.mark.requirement("rfc9110#12.5.1")
@pytest.mark.parametrize(("accept", "expected"), ACCEPTS)
def test_accept_is_honoured(alice: SolidClient, container: str, accept: str, expected: str) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    response = alice.get(container + "doc", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"].partition(";")[0] == expected


@pytest.mark.requirement("rfc9110#12.5.1")
@pytest.mark.parametrize("accept", ["image/png", "text/turtle;q=0", "*/*;q=0", "text/plain, image/*"])
@pytest.mark.parametrize("name", ["doc", ""])
def test_what_nobody_can_make_is_not_acceptable(alice: SolidClient, container: str, name: str, accept: str) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    assert_problem(alice.get(container + name, headers={"Accept": accept}), 406)


@pytest.mark.requirement("rfc9110#12.5.1")
def test_a_binary_is_what_it_is(alice: SolidClient, container: str) -> None:
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    assert alice.get(container + "photo", headers={"Accept": "image/*"}).content == b"\x89PNG"
    assert_problem(alice.get(container + "photo", headers={"Accept": "text/turtle"}), 406)


@pytest.mark.parametrize("accept", ["text/turtle;q=2", "text/turtle;q=x", ";;;", "text", ",,,", "a/b" * 3000])
def test_an_accept_that_makes_no_sense_is_no_failure(alice: SolidClient, container: str, accept: str) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    assert alice.get(container + "doc", headers={"Accept": accept}).status_code in {200, 400, 406, 431}


@pytest.mark.requirement("rfc9110#12.5.5")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_vary_names_what_chose_the_answer(alice: SolidClient, kinds: dict[str, str], method: str) -> None:
    for name, url in kinds.items():
        varies = {field.lower() for field in listed(alice.request(method, url), "Vary")}
        assert {"accept", "origin", "authorization"} <= varies, name


# -- ranges ------------------------------------------------------------------------------------------------------------------

WHOLE = bytes(range(256)) * 4
RANGES = [
    ("bytes=0-0", 0, 0),
    ("bytes=0-99", 0, 99),
    ("bytes=100-", 100, 1023),
    ("bytes=-24", 1000, 1023),
    ("bytes=1000-99999", 1000, 1023),
    ("bytes=-99999", 0, 1023),
]


@pytest.fixture
def photo(alice: SolidClient, container: str) -> str:
    alice.put(container + "photo", WHOLE, headers={"Content-Type": "image/png"})
    return container + "photo"


@pytest.mark.requirement("rfc9110#14")
@pytest.mark.parametrize(("asked", "first", "last"), RANGES)
def test_a_range_of_a_binary_is_served(alice: SolidClient, photo: str, asked: str, first: int, last: int) -> None:
    response = alice.get(photo, headers={"Range": asked})
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/1024"
    assert response.headers["ETag"]
    assert response.content == WHOLE[first : last + 1]


@pytest.mark.requirement("rfc9110#14")
def test_a_range_of_a_large_binary_is_served(alice: SolidClient, container: str) -> None:
    """Large enough to live in a file."""
    body = b"0123456789abcdef" * 20_000
    alice.put(container + "film", body, headers={"Content-Type": "video/mp4"})
    response = alice.get(container + "film", headers={"Range": "bytes=160000-160015"})
    assert (response.status_code, response.content) == (206, b"0123456789abcdef")
    assert alice.get(container + "film").content == body


@pytest.mark.requirement("rfc9110#14")
@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_is_not_satisfiable(alice: SolidClient, photo: str, asked: str) -> None:
    response = alice.get(photo, headers={"Range": asked})
    assert_problem(response, 416)
    assert response.headers["Content-Range"] == "bytes */1024"


@pytest.mark.requirement("rfc9110#14")
@pytest.mark.parametrize(
    "asked",
    ["lines=1-2", "bytes=2-1", "bytes=x-y", "bytes", "bytes=", "bytes=--1", "bytes=" + "0-1," * 2000 + "5-6"],
)
def test_a_range_that_makes_no_sense_is_ignored(alice: SolidClient, photo: str, asked: str) -> None:
    response = alice.get(photo, headers={"Range": asked})
    assert response.status_code in {200, 416}
    assert response.status_code == 416 or response.content == WHOLE


@pytest.mark.requirement("rfc9110#14")
def test_ranges_are_offered(alice: SolidClient, photo: str) -> None:
    assert alice.get(photo).headers["Accept-Ranges"] == "bytes"
    assert alice.head(photo).headers["Accept-Ranges"] == "bytes"


# -- HEAD --------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("rfc9110#9.3.2")
@pytest.mark.parametrize("accept", [None, "text/turtle", "application/ld+json", "*/*"])
def test_head_sends_the_fields_of_get(alice: SolidClient, kinds: dict[str, str], accept: str | None) -> None:
    """Content-Length and the like may be left out of HEAD, but must not differ."""
    for name, url in kinds.items():
        head, get = (dict(alice.request(method, url, headers={"Accept": accept}).headers) for method in ("HEAD", "GET"))
        for answer in (head, get):
            answer.pop("date", None)
            answer.pop("Date", None)
        length = head.pop("content-length", head.pop("Content-Length", None))
        sent = get.pop("content-length", get.pop("Content-Length", None))
        assert length in {None, sent}, name
        assert lowered(head) == lowered(get), name


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() != "transfer-encoding"}


def test_a_missing_resource_can_be_asked_about_by_options(alice: SolidClient, container: str) -> None:
    response = alice.options(container + "new")
    assert response.status_code in {200, 204, 404}


def test_the_acl_of_a_storage_root_is_there(alice: SolidClient) -> None:
    assert alice.get(link(alice.head(alice.pod), "acl")).status_code == 200
