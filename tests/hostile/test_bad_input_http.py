"""Bad input over HTTP: each gets a clear 4xx, changes nothing, and the server lives on.

Spec: Solid Protocol #security-considerations; RFC 9110 s15.5; RFC 9112 s8; RFC 9457
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.hostile.place import ONE, Place, assert_refused
from tests.support.client import (
    N3,
    SPARQL,
    TURTLE,
    SolidClient,
    acl,
    assert_problem,
    authorization,
    raw_head,
    raw_request,
)
from tests.support.waiting import SECONDS_MAX

KIB, MIB = 1024, 1024 * 1024
MALFORMED = {400, 413, 415, 422}


# -- content that does not parse ---------------------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)
RDF_XML = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://a.example/">{0}</rdf:RDF>'
CONTENT = [
    ("text/turtle", b"<"),
    ("text/turtle", b"<#a> <#b> ."),
    ("text/turtle", b"<#a> <#b> 'open ."),
    ("text/turtle", b"nope:a nope:b nope:c ."),
    ("text/turtle", b"<#a> <#b> '\xff\xfe' ."),
    ("text/turtle", b"<#a> <#b> '\\q' ."),
    ("text/turtle", b"<#a> <#b> '\\uD800' ."),
    ("text/turtle", b"<#a b> <#b> <#c> ."),
    ("text/turtle", b"\x00"),
    ("text/turtle", b"<#a> <#b> <<( <#a> <#b> <#c> )>> ."),
    ("text/turtle", gzip.compress(ONE)),
    ("text/turtle", ONE.decode().encode("utf-16")),
    ("text/turtle", b"{ <#a> <#b> <#c> } => { <#d> <#e> <#f> } ."),
    ("application/ld+json", b"{"),
    ("application/ld+json", b"[1, 2"),
    ("application/ld+json", b"nonsense"),
    ("application/ld+json", b'{"@id": 5}'),
    ("application/ld+json", b'{"@context": 5, "a": 1}'),
    ("application/ld+json", b'{"@context": {"@type": "http://a.example/t"}, "@type": "x"}'),
    ("application/ld+json", b'{"\xff": 1}'),
    ("application/ld+json", b'{"@context": {"a": "b:c", "b": "a:c"}, "a": 1}'),
    ("application/n-triples", b"<a> <b> <c> ."),
    ("application/n-triples", b"<http://a.example/a> <http://a.example/b> ."),
    ("application/n-quads", b"<http://a.example/a> <http://a.example/b> <http://a.example/c> <g> ."),
    ("application/trig", b"<#g> { <#a> <#b> "),
    ("application/rdf+xml", b"<rdf:RDF"),
    ("application/rdf+xml", b"<x/>garbage"),
    ("application/rdf+xml", (BOMB + "]>" + RDF_XML.format("<e:x>&j;</e:x>")).encode()),
    ("application/rdf+xml", ('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + RDF_XML.format("<rdf:Description><e:x>&f;</e:x></rdf:Description>")).encode()),
]  # fmt: skip
IDS = [f"{media_type.rpartition('/')[2]}-{number}" for number, (media_type, _) in enumerate(CONTENT)]


@pytest.mark.parametrize(("media_type", "content"), CONTENT, ids=IDS)
@pytest.mark.parametrize(("method", "name"), [("PUT", "doc"), ("PUT", "new/er"), ("POST", "")])
def test_content_that_does_not_parse_is_refused(
    place: Place, method: str, name: str, media_type: str, content: bytes
) -> None:
    with place.unchanged():
        response = place.client.request(
            method, place.container + name, data=content, headers={"Content-Type": media_type}
        )
        problem = assert_problem(response, *MALFORMED)
        assert "root:" not in json.dumps(problem), "no file of ours"


@pytest.mark.parametrize(("media_type", "content"), CONTENT[:3], ids=IDS[:3])
@pytest.mark.parametrize("name", [".acl", ".meta", "doc.acl", "doc.meta", "box/"])
def test_auxiliary_resources_and_containers_are_parsed_too(
    place: Place, name: str, media_type: str, content: bytes
) -> None:
    with place.unchanged():
        response = place.client.put(place.container + name, content, headers={"Content-Type": media_type})
        assert_problem(response, *MALFORMED)


def test_a_parse_error_tells_where(place: Place) -> None:
    response = place.client.put(place.doc, b"<#a> <#b> <#c> .\n<#d> <#e .", headers=TURTLE)
    assert "2" in assert_problem(response, 400)["detail"]


PATCHES = [
    (N3, b"{"),
    (N3, b"<#a> <#b>"),
    (N3, b"\xff"),
    (N3, b"\x00"),
    (
        N3,
        b"@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; solid:inserts { <#a> } .",
    ),
    (
        N3,
        b"@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; solid:inserts { "
        + b"{" * 5000,
    ),
    (N3, b"{" * 100_000),
    (N3, b"(" * 100_000),
    (N3, b"[" * 100_000),
    (SPARQL, b"INSERT DATA {"),
    (SPARQL, b"INSERT DATA { <#a> <#b> '\xff' }"),
    (SPARQL, b"\x00"),
    (SPARQL, b"DELETE WHERE " + b"{" * 20_000),
    (SPARQL, b"INSERT { <#a> <#b> <#c> } WHERE { FILTER(" + b"(" * 20_000),
    (SPARQL, b"INSERT { <#a> <#b> <#c> } WHERE { ?s " + b"^" * 20_000 + b"<#p> ?o }"),
    (SPARQL, b"LOAD <http://127.0.0.1:9/>"),
    (SPARQL, b"INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"),
]


@pytest.mark.parametrize(("headers", "content"), PATCHES, ids=range(len(PATCHES)))
@pytest.mark.parametrize("name", ["doc", "new/er", "doc.acl"])
def test_a_patch_that_does_not_parse_is_refused(
    place: Place, name: str, headers: dict[str, str], content: bytes
) -> None:
    with place.unchanged():
        assert_problem(place.client.patch(place.container + name, content, headers=headers), *MALFORMED)


# -- nothing is fetched --------------------------------------------------------------------------------------------------------------


class Listener:
    """A port that notes who calls."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.calls = 0
        self.open = True
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/"

    def _listen(self) -> None:
        while self.open:
            try:
                self.socket.accept()[0].close()
                self.calls += 1
            except TimeoutError:
                continue

    def close(self) -> None:
        self.open = False
        self.thread.join(SECONDS_MAX)
        self.socket.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    assert listening.calls == 0
    listening.close()


FETCHING = [
    ("application/sparql-update", "LOAD <{0}>"),
    ("application/sparql-update", "LOAD SILENT <{0}> INTO GRAPH <#g>"),
    ("application/sparql-update", "INSERT DATA {{ <#a> <#b> <#c> }}; LOAD <{0}>"),
    ("application/sparql-update", "INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{0}> {{ ?s ?p ?o }} }}"),
    ("application/sparql-update", "INSERT {{ <#a> ?p ?o }} WHERE {{ {{ SERVICE SILENT <{0}> {{ ?s ?p ?o }} }} UNION {{ ?s ?p ?o }} }}"),
    ("application/sparql-update", "PREFIX x: <{0}> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o . OPTIONAL {{ SERVICE x: {{ ?s ?p ?o }} }} }}"),
]  # fmt: skip


@pytest.mark.parametrize(("media_type", "update"), FETCHING)
def test_an_update_makes_no_request(place: Place, listener: Listener, media_type: str, update: str) -> None:
    with place.unchanged():
        response = place.client.patch(place.doc, update.format(listener.url), headers={"Content-Type": media_type})
        assert_problem(response, 400, 422)
    assert listener.calls == 0


def test_an_xml_document_makes_no_request(place: Place, listener: Listener) -> None:
    document = f'<!DOCTYPE x SYSTEM "{listener.url}"> ' + RDF_XML.format("")
    response = place.client.put(place.container + "xml", document, headers={"Content-Type": "application/rdf+xml"})
    assert response.status_code in {201, 400, 422}
    assert listener.calls == 0


@pytest.mark.parametrize(
    "context", ["http://nowhere.invalid/context", "http://127.0.0.1:1/context", "file:///etc/passwd", "nonsense"]
)
def test_a_context_that_cannot_be_had_is_unprocessable(place: Place, context: str) -> None:
    document = json.dumps({"@context": context, "a": 1})
    with place.unchanged():
        response = place.client.put(place.doc, document, headers={"Content-Type": "application/ld+json"})
        assert_problem(response, 400, 422)


# -- too much ------------------------------------------------------------------------------------------------------------------------

TOO_LARGE = {413, 422}


@pytest.mark.requirement("solid#restrict-untrusted-requests")
@pytest.mark.parametrize(("media_type", "method", "name", "size"), [
    ("text/turtle", "PUT", "doc", 20 * MIB + 1),
    ("application/ld+json", "POST", "", 20 * MIB + 1),
    ("image/png", "PUT", "new", 10_240 * MIB + 1),
    ("text/n3", "PATCH", "doc", 5 * MIB + 1),
    ("application/sparql-update", "PATCH", "doc", 5 * MIB + 1),
    ("text/turtle", "PUT", "doc.acl", 256 * KIB + 1),
])  # fmt: skip
def test_content_announced_too_large_is_refused_unread(
    place: Place, media_type: str, method: str, name: str, size: int
) -> None:
    path = urlsplit(place.container + name).path
    head = raw_head(place.client, method, path, f"Content-Type: {media_type}", f"Content-Length: {size}")
    with place.unchanged():
        assert_refused(raw_request(place.client.base_url, head), 413)


@pytest.mark.parametrize(("media_type", "method", "name", "size"), [
    ("text/n3", "PATCH", "doc", 5 * MIB + 1),
    ("application/sparql-update", "PATCH", "doc", 5 * MIB + 1),
    ("text/turtle", "PUT", "doc.acl", 256 * KIB + 1),
])  # fmt: skip
def test_content_that_grows_too_large_is_refused(
    place: Place, media_type: str, method: str, name: str, size: int
) -> None:
    pieces = iter([b" " * 64 * KIB] * (size // (64 * KIB) + 1))
    with place.unchanged():
        try:
            response = place.client.request(
                method, place.container + name, data=pieces, headers={"Content-Type": media_type}
            )
        except OSError:
            return  # closed on us while we were still sending: refused as well
        assert_problem(response, 413)


def test_an_acl_cannot_be_patched_beyond_its_size(place: Place) -> None:
    """Or it could be written and never read again, and lock everybody out."""
    owner = authorization(place.doc, "Read Write Control", agents=(place.client.web_id,))
    place.client.put_acl(place.doc, owner)
    rows = " ".join(f"<#{number}> <#note> '{'x' * 100}' ." for number in range(3000))
    with place.unchanged():
        assert_problem(place.client.patch(place.doc + ".acl", f"INSERT DATA {{ {rows} }}", headers=SPARQL), 413, 422)
    assert len(place.client.graph(place.doc + ".acl")) < 10


def test_a_document_cannot_be_patched_beyond_its_size(place: Place) -> None:
    four = "x" * (4 * MIB - 100)
    place.client.put_turtle(place.doc, f"<#a> <#b> '1{four}', '2{four}', '3{four}', '4{four}', '5{four}' .")
    insert = f"INSERT DATA {{ <#a> <#b> '6{four}' }}"
    before = place.client.head(place.doc).headers["ETag"]
    assert_problem(place.client.patch(place.doc, insert, headers=SPARQL), 413, 422)
    assert place.client.head(place.doc).headers["ETag"] == before
    assert place.client.patch(place.doc, "DELETE WHERE { <#a> <#b> ?o }", headers=SPARQL).status_code == 204


def nested(opening: str, closing: str, depth: int, middle: str = "") -> bytes:
    return (opening * depth + middle + closing * depth).encode()


NESTED = [
    ("text/turtle", b"<#a> <#b> " + nested("[ <#p> ", "]", 1000, "1") + b" ."),
    ("text/turtle", b"<#a> <#b> " + nested("(", ")", 1000) + b" ."),
    ("text/turtle", b"<#a> <#b> " + b"(" * 1_000_000),
    ("text/turtle", b"<#a> <#b> " + b"[ <#p> " * 200_000),
    ("application/ld+json", nested('{"http://a.example/p": ', "}", 1000, "1")),
    ("application/ld+json", nested("[", "]", 100_000)),
    ("application/ld+json", nested('{"@graph": ', "}", 1000, "[]")),
    ("application/ld+json", nested('{"@list": [', "]}", 1000)),
    ("application/ld+json", b"[" * 1_000_000),
    ("application/trig", nested("<#a> <#b> [ <#p> ", "]", 1000, "1")),
    ("application/rdf+xml", RDF_XML.format("<rdf:Description><e:p>" * 1000 + "</e:p></rdf:Description>" * 1000).encode()),
]  # fmt: skip


@pytest.mark.parametrize(("media_type", "content"), NESTED, ids=range(len(NESTED)))
def test_content_nested_too_deep_is_refused(place: Place, media_type: str, content: bytes) -> None:
    with place.unchanged():
        response = place.client.put(place.doc, content, headers={"Content-Type": media_type})
        assert_problem(response, *MALFORMED)


def test_too_many_statements_are_refused(place: Place) -> None:
    content = b"<#a> <#b> " + b",".join(b"%d" % number for number in range(250_001)) + b" ."
    with place.unchanged():
        assert_problem(place.client.put(place.doc, content, headers=TURTLE), *TOO_LARGE)


def test_a_literal_too_long_is_refused(place: Place) -> None:
    content = b"<#a> <#b> '" + b"x" * (4 * MIB + 1) + b"' ."
    with place.unchanged():
        assert_problem(place.client.put(place.doc, content, headers=TURTLE), *TOO_LARGE)


def test_a_patch_that_would_take_for_ever_is_refused(place: Place) -> None:
    numbers = ",".join(str(number) for number in range(300))
    place.client.put_turtle(place.doc, f"<#a> <#b> {numbers} .")
    joins = " . ".join(f"?a{number} ?p{number} ?b{number}" for number in range(8))
    update = f"INSERT {{ <#x> <#y> 1 }} WHERE {{ {joins} . ?z <#never> ?z }}"
    patch = (
        "@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; "
        f"solid:where {{ {joins} . ?z <#never> ?z }}; solid:inserts {{ <#x> <#y> 1 }} ."
    )
    for headers, content in ((SPARQL, update), (N3, patch)):
        response = place.client.patch(place.doc, content, headers=headers)
        assert response.status_code in {204, 409, 413, 422}  # a clever order of matching may also finish


@pytest.mark.parametrize(("headers", "content"), [
    (SPARQL, "INSERT { ?a ?b ?f } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"),
    (N3, "@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; solid:where { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }; solid:inserts { ?a ?b ?f } ."),
])  # fmt: skip
def test_a_product_of_everything_with_everything_is_refused(
    place: Place, headers: dict[str, str], content: str
) -> None:
    numbers = ",".join(str(number) for number in range(300))
    place.client.put_turtle(place.doc, f"<#a> <#b> {numbers} .")
    with place.unchanged():
        assert_problem(place.client.patch(place.doc, content, headers=headers), 409, 413, 422)


@pytest.mark.requirement("solid#restrict-untrusted-requests")
@pytest.mark.parametrize(
    "name", ["Accept", "Slug", "If-None-Match", "Link", "Authorization", "DPoP", "Origin", "Prefer", "X-Own", "Cookie"]
)
def test_a_header_too_large_is_refused(place: Place, name: str) -> None:
    fields = [f"{name}: {'x' * 20 * KIB}"]
    anonymous = SolidClient(place.client.base_url)
    client = anonymous if name in {"Authorization", "DPoP"} else place.client
    with place.unchanged():
        answer = raw_request(client.base_url, raw_head(client, "GET", urlsplit(place.doc).path, *fields))
        assert_refused(answer, 431, 401)


@pytest.mark.parametrize("name", ["Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method"])
def test_a_preflight_too_large_is_refused(place: Place, name: str) -> None:
    """Nobody has to sign in for one, so nothing that large may be remembered."""
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT", name: "x" * 20 * KIB}
    fields = [f"{field}: {value}" for field, value in asked.items()]
    anyone = SolidClient(place.client.base_url)
    answer = raw_request(anyone.base_url, raw_head(anyone, "OPTIONS", urlsplit(place.doc).path, *fields))
    assert_refused(answer, 431)


@pytest.mark.parametrize("fields", [[f"X-{n}: y" for n in range(2000)], ["X-Own: " + "x" * MIB]], ids=["many", "huge"])
def test_a_head_too_large_for_the_parser_is_refused(place: Place, fields: list[str]) -> None:
    answer = raw_request(place.client.base_url, raw_head(place.client, "GET", urlsplit(place.doc).path, *fields))
    assert answer.status in {0, 400, 431}
    with place.unchanged():
        pass


@pytest.mark.parametrize("name", ["x" * 3000, "x/" * 100, "x" * 256, "%C3%A9" * 130, "a" * 65_000])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_path_too_long_is_refused(place: Place, method: str, name: str) -> None:
    fields = [] if method == "GET" else ["Content-Type: text/turtle", "Content-Length: 0"]
    target = urlsplit(place.container).path + name
    with place.unchanged():
        head = raw_head(place.client, method, target, *fields, claims_url=place.container)
        assert_refused(raw_request(place.client.base_url, head), 414)


# -- rules nobody may break --------------------------------------------------------------------------------------------------------------


def test_an_acl_that_does_not_parse_locks_nobody_out(place: Place) -> None:
    """What is malformed is refused on write, so that no request ever meets it."""
    with place.unchanged():
        response = place.client.put(place.doc + ".acl", b"@prefix acl: <", headers=TURTLE)
        assert_problem(response, *MALFORMED)
    assert place.client.get(place.doc + ".acl").status_code == 404


def test_an_acl_with_thousands_of_rules_is_still_answered(place: Place) -> None:
    rules = [authorization(place.doc, "Read", agents=(f"https://a.example/{number}#me",)) for number in range(800)]
    owner = authorization(place.doc, "Read Write Control", agents=(place.client.web_id,))
    response = place.client.put(place.doc + ".acl", acl(owner, *rules), headers=TURTLE)
    assert response.status_code in {201, 413}
    assert place.client.get(place.doc).status_code == 200
