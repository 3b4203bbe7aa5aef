"""CORS: apps of any origin may ask anything and read every answer; access is refused by status, never by CORS.

Spec: Solid Protocol #cors-server; WAC #server-cors; Fetch, HTTP-network-or-cache fetch
"""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.support.client import (
    N3,
    TURTLE,
    SolidClient,
    assert_problem,
    authorization,
    listed,
    raw_head,
    raw_request,
)

ORIGIN = "https://app.example"
FROM_APP = {"Origin": ORIGIN}
METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")


def lowered(values: set[str]) -> set[str]:
    return {value.lower() for value in values}


def preflight(client: SolidClient, url: str, method: str = "PUT", headers: str | None = None):
    asked = FROM_APP | {"Access-Control-Request-Method": method}
    if headers is not None:
        asked["Access-Control-Request-Headers"] = headers
    return client.options(url, headers=asked)


@pytest.fixture
def doc(alice: SolidClient, container: str) -> str:
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    return container + "doc"


# -- preflights ------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-cors-options")
@pytest.mark.requirement("solid#server-cors-enumerate")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["", "doc", "doc.acl", "doc.meta", "missing", "missing/"])
def test_a_preflight_allows_what_was_asked_for(
    anyone: SolidClient, doc: str, container: str, method: str, name: str
) -> None:
    response = preflight(anyone, container + name, method, "content-type, dpop, authorization, x-own")
    assert response.status_code in {200, 204}
    assert response.content == b""
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in listed(response, "Access-Control-Allow-Methods")
    assert lowered(listed(response, "Access-Control-Allow-Headers")) == {
        "content-type",
        "dpop",
        "authorization",
        "x-own",
    }
    assert "origin" in lowered(listed(response, "Vary"))


@pytest.mark.requirement("solid#server-cors-accept-acah")
def test_a_preflight_lists_accept_when_asked_and_only_then(anyone: SolidClient, doc: str) -> None:
    asked = preflight(anyone, doc, "GET", "accept, content-type")
    assert "accept" in lowered(listed(asked, "Access-Control-Allow-Headers"))
    other = preflight(anyone, doc, "GET", "content-type")
    assert "accept" not in lowered(listed(other, "Access-Control-Allow-Headers"))


@pytest.mark.requirement("solid#cors-preflight-unauthenticated")
def test_a_preflight_tells_nothing_of_what_exists(anyone: SolidClient, doc: str, container: str) -> None:
    """The slash twin of a document, a name inside it and a name with nothing behind it all look like the document."""
    answers = [preflight(anyone, url) for url in (doc, container + "missing", doc + "/", doc + "/inner", container)]
    shapes = {(each.status_code, each.content, *sorted(without_date(each.headers).items())) for each in answers}
    assert len(shapes) == 1


@pytest.mark.requirement("solid#cors-preflight-unauthenticated")
def test_a_preflight_ignores_bad_credentials(anyone: SolidClient, doc: str) -> None:
    headers = FROM_APP | {"Access-Control-Request-Method": "PUT", "Authorization": "DPoP nonsense", "DPoP": "nonsense"}
    assert anyone.options(doc, headers=headers).status_code in {200, 204}


def without_date(headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() != "date"}


@pytest.mark.requirement("solid#server-cors-options")
@pytest.mark.parametrize("path", [".well-known/openid-configuration", ".oidc/token", "alice/.well-known/solid"])
def test_the_servers_own_documents_answer_preflights(anyone: SolidClient, path: str) -> None:
    response = preflight(anyone, anyone.base_url + path, "POST" if "token" in path else "GET", "dpop, authorization")
    assert response.status_code in {200, 204}
    assert response.headers["Access-Control-Allow-Origin"] in {ORIGIN, "*"}


@pytest.mark.requirement("oidc#cors")
def test_the_token_endpoint_answers_preflights(anyone: SolidClient) -> None:
    endpoint = anyone.get(".well-known/openid-configuration").json()["token_endpoint"]
    response = preflight(anyone, endpoint, "POST", "authorization, content-type, dpop")
    assert response.status_code in {200, 204}
    assert {"authorization", "content-type", "dpop"} <= lowered(listed(response, "Access-Control-Allow-Headers"))


def test_a_request_list_that_makes_no_sense_is_no_failure(anyone: SolidClient, doc: str) -> None:
    for asked in (",,,", "a b", "x" * 3000, "é"):
        assert preflight(anyone, doc, "GET", asked.encode("latin-1")).status_code in {200, 204, 400, 431}


@pytest.mark.parametrize("method", ["BREW", "GET, PUT", "", "x\ty"])
def test_a_preflight_for_no_method_of_ours_allows_none_of_it(anyone: SolidClient, doc: str, method: str) -> None:
    response = preflight(anyone, doc, method)
    assert response.status_code in {200, 204, 400, 401, 403}
    assert method not in listed(response, "Access-Control-Allow-Methods") or method == ""


# -- answers -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-cors")
@pytest.mark.requirement("solid#server-cors-acao-vary")
@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:8080", "https://x.example:444", "null"])
def test_every_origin_may_read(alice: SolidClient, doc: str, origin: str) -> None:
    response = alice.get(doc, headers={"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert "origin" in lowered(listed(response, "Vary"))


@pytest.mark.requirement("solid#server-cors-acao-vary")
def test_vary_lists_origin_without_one_too(alice: SolidClient, doc: str) -> None:
    """Or a cache would give an app an answer without its headers."""
    response = alice.get(doc)
    assert "origin" in lowered(listed(response, "Vary"))
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.requirement("solid#server-cors")
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_writes_are_open_to_apps(alice: SolidClient, doc: str, method: str) -> None:
    insert = "_:p a <http://www.w3.org/ns/solid/terms#InsertDeletePatch>; <http://www.w3.org/ns/solid/terms#inserts> { <#x> <#y> <#z> } ."
    content = {"PUT": (TURTLE, b""), "PATCH": (N3, insert)}.get(method, ({}, None))
    response = alice.request(method, doc, headers=FROM_APP | content[0], data=content[1])
    assert response.ok
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


ANSWERS = [
    ("anyone", "GET", "doc", {}, None, 401),
    ("anyone", "PUT", "doc", TURTLE, b"", 401),
    ("bob", "GET", "doc", {}, None, 403),
    ("bob", "DELETE", "doc", {}, None, 403),
    ("alice", "GET", "missing", {}, None, 404),
    ("alice", "GET", "doc/", {}, None, 301),
    ("alice", "GET", "doc", {"If-Match": '"x"'}, None, 412),
    ("alice", "GET", "doc", {"Accept": "image/png"}, None, 406),
    ("alice", "PUT", "doc", {}, b"x", 400),
    ("alice", "PUT", "doc", TURTLE, b"<", 400),
    ("alice", "PUT", "doc/", TURTLE, b"", 409),
    ("alice", "PATCH", "doc", TURTLE, b"", 415),
    ("alice", "PATCH", "doc", N3, b"<#a> <#b> <#c> .", 422),
    ("alice", "POST", "doc", TURTLE, b"", 405),
    ("alice", "BREW", "doc", {}, None, 501),
    ("alice", "GET", "a%2Fb", {}, None, 400),
    ("alice", "GET", "x" * 3000, {}, None, 414),
    ("alice", "GET", "doc", {"Authorization": "DPoP nonsense"}, None, 401),
]


@pytest.mark.requirement("solid#server-cors-access-control-headers")
@pytest.mark.requirement("solid#server-cors-aceh")
@pytest.mark.parametrize(("who", "method", "name", "headers", "data", "status"), ANSWERS)
def test_refusals_and_redirects_are_readable(
    request: pytest.FixtureRequest,
    doc: str,
    container: str,
    who: str,
    method: str,
    name: str,
    headers,
    data,
    status: int,
) -> None:
    client: SolidClient = request.getfixturevalue(who)
    response = client.request(method, container + name, headers=FROM_APP | headers, data=data)
    assert response.status_code in ({405, 501} if method == "BREW" else {status})
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "origin" in lowered(listed(response, "Vary"))
    assert_exposes_its_headers(response)


SAFELISTED = {
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
}
OF_THE_CONNECTION = {"connection", "transfer-encoding", "keep-alive", "date", "server"}


def assert_exposes_its_headers(response) -> None:
    exposed = lowered(listed(response, "Access-Control-Expose-Headers"))
    used = {name.lower() for name in response.headers}
    used = {name for name in used if not name.startswith("access-control-")} - SAFELISTED - OF_THE_CONNECTION
    assert used <= exposed, used - exposed
    assert "*" not in exposed


@pytest.mark.requirement("solid#server-cors-aceh")
@pytest.mark.requirement("solid#server-cors-enumerate")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["", "doc", "photo", "doc.meta", "doc.acl"])
def test_all_used_headers_are_exposed(alice: SolidClient, doc: str, container: str, method: str, name: str) -> None:
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    alice.put_turtle(doc + ".meta", "")
    alice.put_acl(doc, authorization(doc, "Read Write Control", agents=(alice.web_id,)))
    content = {} if method in {"GET", "HEAD", "OPTIONS", "DELETE"} else {"data": b""}
    response = alice.request(
        method, container + name, headers=FROM_APP | {"Range": "bytes=0-0"} | (TURTLE if content else {}), **content
    )
    assert_exposes_its_headers(response)


MINIMUM = {
    "Accept-Patch", "Accept-Post", "Accept-Put", "Allow", "Content-Range", "DPoP-Nonce", "ETag", "Last-Modified", "Link",
    "Location", "Vary", "WAC-Allow", "WWW-Authenticate", "Content-Type", "Preference-Applied", "Retry-After",
}  # fmt: skip


@pytest.mark.requirement("solid#cors-expose-minimum")
@pytest.mark.requirement("solid#server-cors-aceh")
@pytest.mark.requirement("wac#server-cors-aceh-wac-allow")
def test_the_usual_headers_are_always_exposed(alice: SolidClient, anyone: SolidClient, doc: str) -> None:
    for response in (alice.get(doc, headers=FROM_APP), anyone.get(doc, headers=FROM_APP)):
        assert lowered(MINIMUM) <= lowered(listed(response, "Access-Control-Expose-Headers"))


@pytest.mark.requirement("wac#server-cors-acao-acah")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_an_authorized_request_tells_what_headers_it_allows(alice: SolidClient, doc: str, method: str) -> None:
    response = alice.request(method, doc, headers=FROM_APP)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    allowed = lowered(listed(response, "Access-Control-Allow-Headers"))
    assert {"authorization", "dpop", "content-type", "if-match", "link", "slug"} <= allowed


@pytest.mark.requirement("solid#server-cors-enumerate")
def test_nothing_is_a_star(alice: SolidClient, anyone: SolidClient, doc: str) -> None:
    for response in (alice.get(doc, headers=FROM_APP), preflight(anyone, doc), anyone.get(doc, headers=FROM_APP)):
        fields = {name: value for name, value in response.headers.items() if name.lower().startswith("access-control-")}
        assert fields
        assert "*" not in fields.values()


@pytest.mark.requirement("solid#cors-protections-authorization")
def test_an_origin_is_no_credential(anyone: SolidClient, doc: str) -> None:
    assert_problem(anyone.get(doc, headers=FROM_APP | {"Cookie": "session=x", "Referer": ORIGIN}), 401)


@pytest.mark.requirement("solid#request-sanitization")
@pytest.mark.requirement("solid#http-request-headers-validity")
def test_an_origin_cannot_write_headers(alice: SolidClient, doc: str) -> None:
    path = urlsplit(doc).path
    for origin in ("https://a.example\tx", "https://a.example, https://b.example", "x" * 5000, "é"):
        answer = raw_request(alice.base_url, raw_head(alice, "GET", path, f"Origin: {origin}"))
        assert answer.status in {200, 400, 431}
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed is None or allowed.encode("latin-1") == origin.encode()
