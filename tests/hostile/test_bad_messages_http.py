"""Bad messages over HTTP: paths, bodies cut off, messages that could be read in two ways. Nothing changes, the server lives on.

Spec: RFC 9110 s4.2, s15.5; RFC 9112 s6, s8, s11; Solid Protocol #uri
"""

from __future__ import annotations

import gzip
import io
import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.hostile.place import ONE, Place, assert_refused
from tests.support.client import (
    CONTAINER_LINK,
    SPARQL,
    TURTLE,
    SolidClient,
    assert_problem,
    authorization,
    raw_connection,
    raw_head,
    raw_request,
)
from tests.support.waiting import until

PLAIN = {"Content-Type": "text/plain"}
KIB, MIB = 1024, 1024 * 1024
MALFORMED = {400, 413, 415, 422}


# -- paths ---------------------------------------------------------------------------------------------------------------------------

PATHS = [
    "..", "../", "../bob/", "../../etc/passwd", "a/../doc", "./doc", "a/./b", "%2e%2e/bob/", "%2E%2E%2Fbob", ".%2e/x", "a%2Fb", "a%2fb", "a%5Cb",
    "a\\b", "..\\bob", "%00", "a%00b", "doc%00.acl", "%0a", "a%0D%0Ab", "%7f", "%ff", "%c3%28", "%ed%a0%80", "%c0%ae%c0%ae/", "%zz", "%", "%4",
    "a//b", "/doc", "a/%2e/b", "\xff", "\xc3\x28",
]  # fmt: skip


@pytest.mark.requirement("solid#reject-bad-requests")
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


def test_who_sends_what_is_refused_unread_hears_why(place: Place) -> None:
    """All of it goes out before the answer is read, as most clients do it; closing meanwhile would reset the connection."""
    fields = ["Content-Type: image/png", f"Content-Length: {8_000 * KIB}", "If-None-Match: *"]
    head = raw_head(place.client, "PUT", urlsplit(place.doc).path, *fields)
    with place.unchanged(), raw_connection(place.client.base_url) as connection:
        for piece in [head, *[b"x" * 1_000 * KIB] * 8]:
            connection.sendall(piece)
        assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 412 ")


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


@pytest.mark.requirement("solid#reject-bad-requests")
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


@pytest.mark.requirement("solid#http-request-headers-validity")
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


def test_strangers_who_send_slowly_leave_room_for_those_with_an_account(place: Place, anyone: SolidClient) -> None:
    box = place.container + "box/"
    place.client.put_container(box)
    rules = authorization(box, "Append", public=True, default=True)
    place.client.put_acl(
        box, authorization(box, "Read Write Control", agents=(place.client.web_id,), default=True), rules
    )
    slow = [
        f"POST {urlsplit(box).path} HTTP/1.1",
        f"Host: {urlsplit(anyone.base_url).netloc}",
        "Content-Type: text/plain",
    ]
    head = "\r\n".join([*slow, "Content-Length: 200000", "", ""]).encode()
    with ExitStack() as open_connections:

        def is_full() -> bool:
            open_connections.enter_context(raw_connection(anyone.base_url)).sendall(head + b"x" * 70_000)
            return anyone.post(box, b"x" * 70_000, headers=PLAIN).status_code == 429

        until(is_full)
        assert anyone.post(box, b"x", headers=PLAIN).status_code == 201
        assert place.client.put(place.container + "large", b"x" * 70_000, headers=PLAIN).status_code == 201
    until(lambda: anyone.post(box, b"x" * 70_000, headers=PLAIN).status_code == 201)
