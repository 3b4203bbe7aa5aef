"""Bad input over HTTP: each gets a clear 4xx, changes nothing, and the server lives on.

Spec: Solid Protocol #security-considerations; RFC 9110 s15.5; RFC 9112 s8; RFC 9457
"""

from __future__ import annotations

import gzip
import io
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.support.client import (
    CONTAINER_LINK,
    N3,
    SPARQL,
    TURTLE,
    RawAnswer,
    SolidClient,
    acl,
    assert_problem,
    authorization,
    contained,
    raw_connection,
    raw_head,
    raw_request,
)

ONE = b"<#a> <#b> <#c> ."
KIB, MIB = 1024, 1024 * 1024
MALFORMED = {400, 413, 415, 422}


# -- what must not change --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A container with a document in it, and how both looked."""

    client: SolidClient
    container: str

    @property
    def doc(self) -> str:
        return self.container + "doc"

    def state(self) -> tuple[object, ...]:
        document, listing = self.client.get(self.doc), self.client.head(self.container)
        members = contained(self.client, self.container)
        return document.content, document.headers["ETag"], listing.headers["ETag"], frozenset(members)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        before = self.state()
        yield
        assert self.state() == before


@pytest.fixture
def place(alice: SolidClient, container: str) -> Place:
    alice.put_turtle(container + "doc", ONE.decode())
    return Place(alice, container)


def assert_refused(answer: RawAnswer, *statuses: int) -> None:
    """A raw answer that is a clear refusal."""
    assert answer.status in statuses, answer
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.problem()["status"] == answer.status


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
        self.thread.join()
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


# -- paths ---------------------------------------------------------------------------------------------------------------------------

PATHS = [
    "..", "../", "../bob/", "../../etc/passwd", "a/../doc", "./doc", "a/./b", "%2e%2e/bob/", "%2E%2E%2Fbob", ".%2e/x", "a%2Fb", "a%2fb", "a%5Cb",
    "a\\b", "..\\bob", "%00", "a%00b", "doc%00.acl", "%0a", "a%0D%0Ab", "%7f", "%ff", "%c3%28", "%ed%a0%80", "%c0%ae%c0%ae/", "%zz", "%", "%4",
    "a//b", "/doc", "a/%2e/b", "\xff", "\xc3\x28",
]  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "POST"])
def test_a_path_that_makes_no_sense_is_refused(place: Place, method: str, name: str) -> None:
    target = urlsplit(place.container).path + name
    fields = ["Content-Type: text/turtle", "Content-Length: 0"] if method in {"PUT", "POST", "PATCH"} else []
    head = raw_head(place.client, method, target.replace("\xff", "\udcff").replace("\xc3\x28", "\udcc3("), *fields)
    with place.unchanged():
        answer = raw_request(place.client.base_url, head)
        if any(character in name for character in "\xff\xc3"):
            assert answer.status in {0, 400}, "the parser may refuse it before anybody else"
        else:
            assert_refused(answer, 400)


@pytest.mark.parametrize(
    "target",
    [
        "/alice/../bob/",
        "/alice/%2e%2e/bob/",
        "/alice/..%2Fbob/",
        "/%61lice/../bob/",
        "//alice/",
        "/alice//",
        "/bob/../alice/",
    ],
)
def test_no_path_leads_from_one_storage_to_another(place: Place, bob: SolidClient, target: str) -> None:
    for client in (place.client, bob):
        assert raw_request(client.base_url, raw_head(client, "GET", target)).status in {400, 404}


@pytest.mark.parametrize(
    "target",
    ["http://evil.example/alice/", "http://localhost:1/alice/", "*", "alice/", "", "evil.example:80", "http://"],
)
def test_a_target_of_another_form_is_refused(place: Place, target: str) -> None:
    answer = raw_request(place.client.base_url, raw_head(place.client, "GET", target, claims_url=place.container))
    assert answer.status in {0, 308, 400, 401, 404, 421}
    assert answer.status != 308 or answer.headers["location"].startswith(place.client.base_url)


@pytest.mark.parametrize(("method", "name", "headers"), [
    ("PUT", "doc/", CONTAINER_LINK),
    ("PUT", "doc/inner", TURTLE),
    ("PUT", "box", TURTLE),
    ("PATCH", "doc/inner", SPARQL),
    ("PATCH", "box", SPARQL),
])  # fmt: skip
def test_a_slash_twin_is_refused(place: Place, method: str, name: str, headers: dict[str, str]) -> None:
    place.client.put_container(place.container + "box/")
    content = "INSERT DATA { <#a> <#b> <#c> }" if headers == SPARQL else b""
    with place.unchanged():
        assert_problem(place.client.request(method, place.container + name, data=content, headers=headers), 409)


# -- bodies cut off --------------------------------------------------------------------------------------------------------------------

LONG = b"<#a> <#b> '" + b"x" * 300 * KIB + b"' ."
CUT = {
    "announced": (["Content-Length: 1000"], b"<#x> <#y> <#z> ."),
    "announced, nothing sent": (["Content-Length: 1000"], b""),
    "announced, long": ([f"Content-Length: {len(LONG)}"], LONG[:-1]),
    "chunked, no last chunk": (["Transfer-Encoding: chunked"], b"10\r\n<#x> <#y> <#z> .\r\n"),
    "chunked, half a chunk": (["Transfer-Encoding: chunked"], b"100\r\n<#x> <#y> <#z> ."),
    "chunked, long": (["Transfer-Encoding: chunked"], b"%x\r\n%s\r\n" % (len(LONG), LONG)),
    "chunked, no size": (["Transfer-Encoding: chunked"], b"zz\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n"),
}
WRITES = [
    ("PUT", "doc", "text/turtle"),
    ("PUT", "doc", "image/png"),
    ("PUT", "new/er", "text/turtle"),
    ("PUT", "new", "image/png"),
    ("POST", "", "text/turtle"),
    ("POST", "", "image/png"),
    ("PATCH", "doc", "application/sparql-update"),
]


@pytest.mark.parametrize("how", CUT)
@pytest.mark.parametrize(("method", "name", "media_type"), WRITES)
def test_a_body_cut_off_stores_nothing(place: Place, method: str, name: str, media_type: str, how: str) -> None:
    fields, content = CUT[how]
    head = raw_head(place.client, method, urlsplit(place.container + name).path, f"Content-Type: {media_type}", *fields)
    with place.unchanged():
        answer = raw_request(place.client.base_url, head + content, cut=True)
        assert answer.status in {0, 400}, "it may hang up on who hung up"


def test_a_client_that_vanishes_in_the_middle_stores_nothing(place: Place) -> None:
    head = raw_head(
        place.client, "PUT", urlsplit(place.doc).path, "Content-Type: image/png", "Content-Length: 10000000"
    )
    with place.unchanged(), raw_connection(place.client.base_url) as connection:
        connection.sendall(head + b"x" * 200 * KIB)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.close()


def test_more_than_announced_is_not_stored(place: Place) -> None:
    head = raw_head(place.client, "PUT", urlsplit(place.doc).path, "Content-Type: text/turtle", "Content-Length: 16")
    assert raw_request(place.client.base_url, head + ONE + b" garbage").status == 204
    assert place.client.get(place.doc).content == ONE


# -- messages that could be read in two ways -------------------------------------------------------------------------------------------

AMBIGUOUS = {
    "two lengths": ["Content-Length: 16", "Content-Length: 0"],
    "length list": ["Content-Length: 16, 0"],
    "negative length": ["Content-Length: -1"],
    "hexadecimal length": ["Content-Length: 0x10"],
    "plus": ["Content-Length: +16"],
    "unknown coding": ["Transfer-Encoding: xchunked"],
    "space before colon": ["Content-Length : 16"],
    "no colon": ["Content-Length 16"],
    "control character": ["X-Own: a\x00b", "Content-Length: 16"],
}


@pytest.mark.parametrize("how", AMBIGUOUS)
def test_a_message_that_could_be_read_in_two_ways_is_refused(place: Place, how: str) -> None:
    head = raw_head(place.client, "PUT", urlsplit(place.doc).path, "Content-Type: text/turtle", *AMBIGUOUS[how])
    with place.unchanged():
        assert raw_request(place.client.base_url, head + b"<#x> <#y> <#z> .", cut=True).status in {0, 400, 411, 501}


def test_a_length_beside_chunks_smuggles_nothing(place: Place) -> None:
    """Either refused, or read as chunks and the connection closed; never as two requests."""
    path = urlsplit(place.doc).path
    inner = raw_head(place.client, "DELETE", path)
    fields = ["Content-Type: text/turtle", "Content-Length: 4", "Transfer-Encoding: chunked"]
    answer = raw_request(place.client.base_url, raw_head(place.client, "PUT", path, *fields) + b"0\r\n\r\n" + inner)
    assert answer.status in {204, 400}
    assert place.client.get(place.doc).status_code == 200


@pytest.mark.parametrize("name", ["Content-Type", "Authorization", "DPoP", "Host"])
def test_a_field_that_may_come_once_is_not_taken_twice(place: Place, name: str) -> None:
    path = urlsplit(place.doc).path
    again = {
        "Content-Type": "Content-Type: text/plain",
        "Authorization": "Authorization: DPoP x",
        "DPoP": f"DPoP: {place.client.login.key.proof('PUT', place.doc)}",
        "Host": "Host: evil.example",
    }[name]
    head = raw_head(place.client, "PUT", path, "Content-Type: text/turtle", "Content-Length: 0", again)
    with place.unchanged():
        assert_refused(raw_request(place.client.base_url, head), 400, 401, 421)


def test_a_compressed_body_is_refused(place: Place) -> None:
    for media_type in ("text/turtle", "image/png"):
        headers = {"Content-Type": media_type, "Content-Encoding": "gzip"}
        with place.unchanged():
            assert_problem(place.client.put(place.doc, gzip.compress(ONE), headers=headers), 415)


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


def test_the_server_outlives_a_crowd_of_silent_clients(place: Place) -> None:
    head = raw_head(
        place.client, "PUT", urlsplit(place.doc).path, "Content-Type: text/turtle", "Content-Length: 100000"
    )
    silent = [raw_connection(place.client.base_url) for _ in range(50)]
    try:
        for connection in silent:
            connection.sendall(head)
        with place.unchanged():
            assert place.client.get(place.doc).status_code == 200
    finally:
        for connection in silent:
            connection.close()


def test_random_bytes_are_no_request(place: Place) -> None:
    for sent in (
        b"\x00" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET\r\n\r\n",
        b"\r\n" * 50,
        b"GET / HTTP/9.9\r\n\r\n",
        bytes(range(256)),
    ):
        answer = raw_request(place.client.base_url, sent, cut=True)
        assert answer.status in {0, 400, 421, 505}
    with place.unchanged():
        pass


def test_a_pipelined_pair_gets_two_answers(place: Place) -> None:
    path = urlsplit(place.doc).path
    first = raw_head(place.client, "GET", path).replace(b"Connection: close\r\n", b"")
    with raw_connection(place.client.base_url) as connection:
        connection.sendall(first + raw_head(place.client, "GET", path))
        received = io.BytesIO()
        while part := connection.recv(65536):
            received.write(part)
    assert received.getvalue().count(b"HTTP/1.1 200") == 2
