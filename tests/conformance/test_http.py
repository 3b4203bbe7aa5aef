"""HTTP itself: messages, methods, dates, content types, what a server says to whoever it does not know.

Spec: Solid Protocol #http; RFC 9110; RFC 9111; RFC 9112
"""

from __future__ import annotations

import http.client
import json
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.client import (
    SolidClient,
    assert_problem,
    authorization,
    linked,
    listed,
    raw_connection,
    raw_head,
    raw_request,
)

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
WRITES = ("PUT", "POST", "PATCH")


def sample(alice: SolidClient, container: str) -> dict[str, str]:
    """One resource of each kind, by name."""
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    alice.put_turtle(container + "doc.meta", "<#a> <#b> <#c> .")
    return {
        "root": alice.pod,
        "root acl": alice.pod + ".acl",
        "container": container,
        "document": container + "doc",
        "binary": container + "photo",
        "description": container + "doc.meta",
    }


# -- RFC 9110 ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-http")
def test_answers_carry_their_date(alice: SolidClient, container: str) -> None:
    for target in (container, container + "missing"):
        date = alice.get(target).headers["Date"]
        assert "," not in date.replace(", ", "", 1), "one Date only"
        assert parsedate_to_datetime(date)


@pytest.mark.requirement("solid#server-http")
def test_a_method_nobody_knows_is_refused(alice: SolidClient, container: str) -> None:
    assert_problem(alice.request("BREW", container), 405, 501)


@pytest.mark.requirement("solid#server-http")
def test_an_answer_to_head_has_no_content(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    answer = raw_request(alice.base_url, raw_head(alice, "HEAD", urlsplit(container + "doc").path))
    assert answer.status == 200
    assert answer.body == b""


@pytest.mark.requirement("solid#server-http")
def test_a_host_of_others_is_misdirected(alice: SolidClient, container: str) -> None:
    response = alice.get(container, headers={"Host": "elsewhere.example"})
    assert_problem(response, 421)


def test_the_query_does_not_name_another_resource(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    assert alice.get(container + "doc?version=2").content == b"<#a> <#b> <#c> ."


def test_fields_that_list_come_once(alice: SolidClient, container: str) -> None:
    """Some clients read only the first of several fields of one name."""
    path = urlsplit(container).path
    connection = http.client.HTTPConnection(urlsplit(container).netloc, timeout=10)
    headers = alice.authorization("GET", container) | {"Origin": "https://app.example"}
    connection.request("GET", path, headers=headers)
    names = [name.lower() for name, _ in connection.getresponse().getheaders()]
    for name in ("vary", "allow", "wac-allow", "link", "accept-post", "etag"):
        assert names.count(name) == 1, name


# -- caching -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-caching")
def test_what_depends_on_the_caller_is_not_for_shared_caches(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    response = alice.get(container + "doc")
    directives = listed(response, "Cache-Control")
    assert not directives & {"public", "must-revalidate"}
    assert not any(directive.startswith("s-maxage") for directive in directives)
    assert "authorization" in {name.lower() for name in listed(response, "Vary")}


def test_where_somebody_listens_is_said_in_no_answer_that_others_are_given(
    alice: SolidClient, anyone: SolidClient, container: str
) -> None:
    url = container + "doc"
    alice.put_turtle(url, "<#a> <#b> <#c> .")
    public = authorization(url, "Read", public=True)
    alice.put_acl(url, authorization(url, "Read Write Control", agents=(alice.web_id,)), public)
    hers, everyones = alice.get(url), anyone.get(url)
    assert listed(everyones, "Cache-Control") == listed(hers, "Cache-Control") == {"no-cache"}
    assert "authorization" in {name.lower() for name in listed(hers, "Vary")}
    assert ["?as=" in each.headers["Updates-Via"] for each in (hers, everyones)] == [True, False]


@pytest.mark.requirement("solid#server-caching")
def test_a_cached_answer_can_be_revalidated(alice: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    etag = alice.get(container + "doc").headers["ETag"]
    assert alice.get(container + "doc", headers={"If-None-Match": etag}).status_code == 304


# -- RFC 9112 ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-http-11")
def test_a_connection_serves_several_requests(alice: SolidClient, container: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(container).netloc, timeout=10)
    for _ in range(3):
        connection.request("GET", urlsplit(container).path, headers=alice.authorization("GET", container))
        response = connection.getresponse()
        assert (response.status, response.version) == (200, 11)
        response.read()


@pytest.mark.requirement("solid#server-http-11")
def test_a_chunked_body_is_read_whole(alice: SolidClient, container: str) -> None:
    parts = [b"<#a> <#b> ", b"<#c>", b" ."]
    response = alice.put(container + "doc", iter(parts), headers={"Content-Type": "text/turtle"})
    assert response.status_code == 201
    assert alice.get(container + "doc").content == b"".join(parts)


@pytest.mark.requirement("solid#server-http-11")
@pytest.mark.parametrize("hosts", [(), ("localhost", "localhost")], ids=["none", "two"])
def test_a_request_needs_one_host(alice: SolidClient, hosts: tuple[str, ...]) -> None:
    lines = ["GET /alice/ HTTP/1.1", *(f"Host: {host}" for host in hosts), "Connection: close", "", ""]
    assert raw_request(alice.base_url, "\r\n".join(lines).encode()).status in {400, 421}


@pytest.mark.requirement("solid#server-http-11")
def test_expect_continue_is_answered(alice: SolidClient, container: str) -> None:
    path = urlsplit(container + "doc").path
    head = raw_head(alice, "PUT", path, "Content-Type: text/turtle", "Content-Length: 16", "Expect: 100-continue")
    with raw_connection(alice.base_url) as connection:
        connection.sendall(head)
        connection.settimeout(2)
        try:
            interim = connection.recv(1024)
        except TimeoutError:
            interim = b""  # a server may also wait for a small body; the final answer counts
        assert interim in {b"", b"HTTP/1.1 100 Continue\r\n\r\n"}
        connection.settimeout(10)
        connection.sendall(b"<#a> <#b> <#c> .")
        assert connection.recv(4096).startswith(b"HTTP/1.1 201")


@pytest.mark.requirement("solid#server-http-11")
def test_the_absolute_form_of_a_target_is_understood(alice: SolidClient, container: str) -> None:
    answer = raw_request(alice.base_url, raw_head(alice, "GET", container))
    assert answer.status == 200


# -- RFC 9113 ----------------------------------------------------------------------------------------------------------

# Spoken by the proxy that ends TLS. What it passes on must not carry the fields of a connection (RFC 9113 s8.2.2).
OF_ONE_CONNECTION = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings"}


@pytest.mark.requirement("solid#server-http-2")
@pytest.mark.parametrize("method", METHODS)
def test_answers_can_travel_over_http_2(tmp_path: Path, method: str) -> None:
    pods = behind_tls_proxy(tmp_path)
    for path in ("/alice/", "/alice/doc", "/.well-known/openid-configuration", "/"):
        response = pods.open(path, method=method, base_url="https://pods.example", data=b"")
        assert not {name.lower() for name, _ in response.headers} & OF_ONE_CONNECTION


# -- TLS ---------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-tls-https")
def test_under_an_https_base_everything_is_https(tmp_path: Path) -> None:
    pods = behind_tls_proxy(tmp_path)
    headers = {"X-Forwarded-Proto": "https"}
    response = pods.get("/.well-known/openid-configuration", base_url="https://pods.example", headers=headers)
    metadata = response.get_json()
    assert metadata["issuer"] == "https://pods.example/"
    assert not [value for value in metadata.values() if str(value).startswith("http://")]


@pytest.mark.requirement("solid#server-tls-https-redirect")
@pytest.mark.parametrize("method", METHODS)
def test_http_is_redirected_to_https(tmp_path: Path, method: str) -> None:
    pods = behind_tls_proxy(tmp_path)
    headers = {"X-Forwarded-Proto": "http", "Origin": "https://app.example"}
    response = pods.open("/alice/notes?x=1", method=method, base_url="http://pods.example", headers=headers)
    assert response.status_code in {301, 308}
    assert response.headers["Location"] == "https://pods.example/alice/notes?x=1"


def behind_tls_proxy(data: Path):
    from pod.app import create_app
    from pod.config import Config

    config = Config(data=data, base_url="https://pods.example/", trusted_proxies=("127.0.0.1",))
    return create_app(config).test_client()


# -- Solid's own -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-unauthenticated")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["", "doc", "doc.meta", "doc.acl", "missing", "missing/"])
def test_without_credentials_a_private_resource_answers_401(
    alice: SolidClient, anyone: SolidClient, container: str, method: str, name: str
) -> None:
    alice.put_turtle(container + "doc")
    content = {"data": b"<#a> <#b> <#c> .", "headers": {"Content-Type": "text/turtle"}} if method in WRITES else {}
    response = anyone.request(method, container + name, **content)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]


@pytest.mark.requirement("solid#server-unauthenticated")
def test_sparql_without_credentials_answers_401(anyone: SolidClient, container: str) -> None:
    headers = {"Content-Type": "application/sparql-update"}
    assert_problem(anyone.patch(container + "doc", "INSERT DATA { <a:a> <a:b> <a:c> }", headers=headers), 401)


REFUSALS = [
    ("GET", "missing", {}, None, 404),
    ("GET", "doc", {"Accept": "image/png"}, None, 406),
    ("GET", "doc", {"If-Match": '"x"'}, None, 412),
    ("GET", "%2F", {}, None, 400),
    ("PUT", "doc", {"Content-Type": "text/turtle"}, b"<", 400),
    ("PUT", "doc/", {}, None, 409),
    ("PATCH", "doc", {"Content-Type": "text/plain"}, b"x", 415),
    ("POST", "doc", {"Content-Type": "text/turtle"}, b"", 405),
    ("DELETE", "missing", {}, None, 404),
]


@pytest.mark.requirement("rfc9457#3")
@pytest.mark.requirement("solid#server-content-type-includes")
@pytest.mark.parametrize(("method", "name", "headers", "data", "status"), REFUSALS)
def test_refusals_are_problem_documents(
    alice: SolidClient,
    container: str,
    method: str,
    name: str,
    headers: dict[str, str],
    data: bytes | None,
    status: int,
) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    assert_problem(alice.request(method, container + name, headers=headers, data=data), status)


@pytest.mark.requirement("solid#server-content-type-includes")
def test_every_answer_with_content_has_a_content_type(alice: SolidClient, anyone: SolidClient, container: str) -> None:
    for url in (*sample(alice, container).values(), container + "missing"):
        for client in (alice, anyone):
            for method in ("GET", "OPTIONS", "POST", "BREW"):
                response = client.request(method, url)
                assert not response.content or response.headers["Content-Type"], (method, url)


@pytest.mark.requirement("solid#server-content-type-missing")
@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("PUT", "doc"),
        ("PUT", "new"),
        ("PUT", "new/"),
        ("PUT", "doc.acl"),
        ("POST", ""),
        ("PATCH", "doc"),
        ("PATCH", "new"),
    ],
)
def test_content_without_content_type_is_a_bad_request(
    alice: SolidClient, container: str, method: str, name: str
) -> None:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    response = alice.request(method, container + name, data=b"<#d> <#e> <#f> .")
    assert_problem(response, 400)
    assert alice.get(container + "doc").content == b"<#a> <#b> <#c> ."


@pytest.mark.requirement("solid#server-content-type-missing")
def test_empty_content_without_content_type_makes_no_document(alice: SolidClient, container: str) -> None:
    assert_problem(alice.put(container + "doc"), 400)
    assert alice.get(container + "doc").status_code == 404


@pytest.mark.parametrize("value", ["text/turtle; charset=UTF-8", "text/turtle;charset=utf-8", "Text/Turtle"])
def test_a_charset_parameter_is_fine(alice: SolidClient, container: str, value: str) -> None:
    headers = {"Content-Type": value}
    response = alice.put(container + "doc", '<#a> <#b> "ü" .'.encode(), headers=headers)
    assert response.status_code == 201
    assert "ü" in alice.get(container + "doc", headers={"Accept": "application/ld+json"}).text


@pytest.mark.parametrize("value", ["turtle", "text/", "/turtle", "text/turtle, text/plain", "text/tur tle"])
def test_a_content_type_that_is_none_is_a_bad_request(alice: SolidClient, container: str, value: str) -> None:
    assert_problem(alice.put(container + "doc", b"", headers={"Content-Type": value}), 400, 415)


@pytest.mark.requirement("solid#server-last-modified-includes")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_tells_when_it_was_modified(alice: SolidClient, container: str, method: str) -> None:
    for name, url in sample(alice, container).items():
        response = alice.request(method, url)
        assert response.status_code == 200, name
        assert parsedate_to_datetime(response.headers["Last-Modified"]), name


@pytest.mark.requirement("solid#server-last-modified-includes")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_storage_description_tells_when_it_was_modified(alice: SolidClient, method: str) -> None:
    description = linked(alice.head(alice.pod), "http://www.w3.org/ns/solid/terms#storageDescription")[0]
    assert parsedate_to_datetime(alice.request(method, description).headers["Last-Modified"])


NOT_ALLOWED = [
    ("POST", "doc"),
    ("POST", "photo"),
    ("POST", "doc.meta"),
    ("PATCH", ""),
    ("PATCH", "photo"),
    ("TRACE", "doc"),
]


@pytest.mark.requirement("solid#server-method-not-allowed")
@pytest.mark.parametrize(("method", "name"), NOT_ALLOWED)
def test_a_method_the_target_does_not_support_is_refused(
    alice: SolidClient, container: str, method: str, name: str
) -> None:
    sample(alice, container)
    content = {} if method == "TRACE" else {"data": b"", "headers": {"Content-Type": "text/n3"}}
    response = alice.request(method, container + name, **content)
    assert_problem(response, 405)
    assert method not in listed(response, "Allow")
    assert "GET" in listed(response, "Allow")


@pytest.mark.requirement("solid#identifiable-information-error-responses")
def test_a_problem_does_not_repeat_what_was_sent(alice: SolidClient, bob: SolidClient, container: str) -> None:
    """Spec: Solid #identifiable-information-error-responses"""
    response = bob.put(container + "doc", b"<#secret> <#b> <#c> .", headers={"Content-Type": "text/turtle"})
    problem = json.dumps(assert_problem(response, 403))
    assert "secret" not in problem
    assert alice.web_id not in problem


@pytest.mark.requirement("solid#user-agent-assumptions")
def test_nothing_is_guessed_from_what_looks_like_a_browser(alice: SolidClient, container: str) -> None:
    browser = {
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
        "Origin": "https://app.example",
        "Sec-Fetch-Mode": "navigate",
    }
    for accept in (None, "*/*", "application/ld+json"):
        plain, dressed = (alice.get(container, headers={"Accept": accept} | more) for more in ({}, browser))
        assert dressed.status_code == plain.status_code == 200
        assert dressed.headers["Content-Type"] == plain.headers["Content-Type"]
        assert dressed.content == plain.content
