"""Requests that lie about where they go: another host is refused, and nothing that a stranger says about it is repeated.

Spec: RFC 9110 s7.2, s7.4, s15.5.20; RFC 7239
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.inprocess import BASE, Answer, LocalServer

EVIL = "evil.example"
PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("hosts"))
    yield server
    server.close()


def said(answer: Answer) -> str:
    return json.dumps(dict(answer.headers)) + answer.body.decode()


HOSTS = [
    EVIL, f"{EVIL}:3000", "localhost", "localhost:3001", "localhost.:3000", "127.0.0.1:3000", "[::1]:3000", "alice.localhost:3000",
    f"localhost:3000@{EVIL}", f"{EVIL}#localhost:3000", f"localhost:3000.{EVIL}", f"localhost:3000, {EVIL}", f"localhost:3000 {EVIL}",
    "localhost:3000/", "", " ", "x" * 5000, "\u0131ocalhost:3000",
]  # fmt: skip
PATHS = ["/", "/alice/", "/alice/profile/card", "/.account/sign-in", "/.account/reset", "/.well-known/openid-configuration", "/.oidc/authorize", "/alice/.well-known/solid", "/.nothing"]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_request_for_another_host_is_misdirected(local, host):
    for path in PATHS:
        for method in ("GET", "POST", "OPTIONS"):
            answer = local.request(method, path, {"Host": host}, by=None)
            assert answer.status == 421
            assert EVIL not in said(answer)
            assert BASE in said(answer)


FORWARDED = [
    {"X-Forwarded-Host": EVIL}, {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"},
    {"Forwarded": f"host={EVIL};proto=https;for=127.0.0.1"}, {"X-Original-URL": f"http://{EVIL}/"}, {"X-Rewrite-URL": "/.account/"},
    {"X-Forwarded-Prefix": f"//{EVIL}"}, {"X-Forwarded-Server": EVIL}, {"X-Host": EVIL}, {"X-Forwarded-Proto": "http"},
    {"X-HTTP-Method-Override": "DELETE"}, {"X-Script-Name": f"/{EVIL}"}, {"Origin": f"https://{EVIL}", "Referer": f"https://{EVIL}/"},
]  # fmt: skip


@pytest.mark.requirement("solid#request-sanitization")
@pytest.mark.parametrize("headers", FORWARDED, ids=str)
@pytest.mark.parametrize("path", PATHS)
def test_what_strangers_say_was_forwarded_is_neither_believed_nor_repeated(local, headers, path):
    plain, spoofed = local.request("GET", path, by=None), local.request("GET", path, headers, by=None)
    assert spoofed.status == plain.status
    assert spoofed.headers.get("location") == plain.headers.get("location")
    assert spoofed.headers.get("link") == plain.headers.get("link")
    fields = {name: value for name, value in spoofed.headers.items() if name != "access-control-allow-origin"}
    assert EVIL not in json.dumps(fields) + spoofed.body.decode()


@pytest.mark.parametrize("headers", FORWARDED[:3], ids=str)
def test_what_is_made_is_where_it_is(local, headers):
    made = local.request("POST", "/alice/", headers | PLAIN, b"x")
    assert made.status == 201
    assert made.headers["location"].startswith(f"{BASE}alice/")
    assert EVIL not in said(made)
    proof = local.logins["alice"].headers("GET", f"https://{EVIL}/alice/settings/prefs.ttl")
    assert local.request("GET", "/alice/settings/prefs.ttl", headers | proof, by=None).status == 401
