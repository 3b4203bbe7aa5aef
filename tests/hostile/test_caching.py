"""Caches between a pod and its readers: what is private is kept by nobody else, and what became private is shown to nobody.

Spec: RFC 9111 s3.5, s4.3.2, s5.2.2; RFC 9110 s12.5.5; Solid #server-caching
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.client import acl, authorization
from tests.support.inprocess import BASE, Answer, LocalServer

TURTLE = {"Content-Type": "text/turtle"}
DOC, BOX = "/alice/kept", "/alice/box/"
ALICE = f"{BASE}alice/profile/card#me"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("caches"))
    for path, content in ((DOC, b"<#a> <#b> <#c> ."), (BOX, b""), (BOX + "a", b"")):
        assert server.request("PUT", path, TURTLE, content).status == 201
    yield server
    server.close()


def directives(answer: Answer) -> set[str]:
    return {each.strip().lower() for each in answer.headers["cache-control"].split(",")}


def varies(answer: Answer) -> set[str]:
    return {each.strip().lower() for each in answer.headers["vary"].split(",")}


ASKED = [
    {}, {"Range": "bytes=0-3"}, {"Accept": "application/ld+json"}, {"Accept": "text/html"}, {"If-None-Match": "*"},
    {"Origin": "https://app.example"}, {"If-Modified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"},
]  # fmt: skip


@pytest.mark.parametrize("headers", ASKED, ids=str)
@pytest.mark.parametrize("path", [DOC, BOX, DOC + ".acl", "/alice/settings/prefs.ttl", "/alice/nothing"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("by", ["alice", "bob", None])
def test_what_is_private_is_for_no_shared_cache(local, headers, path, method, by):
    answer = local.request(method, path, headers, by=by)
    assert "vary" in answer.headers or method == "OPTIONS"
    if method != "OPTIONS":
        assert directives(answer) & {"private", "no-store"}
        assert not directives(answer) & {"public", "must-revalidate", "immutable"}
        assert varies(answer) >= {"accept", "authorization", "origin"}
        assert not any(each.startswith(("max-age", "s-maxage", "stale")) for each in directives(answer))


def test_what_everyone_may_read_is_asked_about_again_and_so_does_not_outlive_its_rule(local):
    rules = [
        authorization(BASE + DOC[1:], "Read Write Control", agents=(ALICE,)),
        authorization(BASE + DOC[1:], "Read", public=True),
    ]
    assert local.request("PUT", DOC + ".acl", TURTLE, acl(*rules).encode()).status == 201
    shown = local.request("GET", DOC, by=None)
    assert directives(shown) == {"no-cache"}
    again = {"If-None-Match": shown.headers["etag"]}
    assert local.request("GET", DOC, again, by=None).status == 304
    assert local.request("PUT", DOC + ".acl", TURTLE, acl(rules[0]).encode()).status == 204
    refused = local.request("GET", DOC, again, by=None)
    assert (refused.status, directives(refused)) == (401, {"no-store"})
    assert local.request("DELETE", DOC + ".acl").status == 204


@pytest.mark.parametrize(
    "path", ["/.account/", "/.home/alice/", "/.account/sign-in", "/.oidc/authorize", "/.account/reset"]
)
def test_pages_for_people_are_kept_by_nobody(local, path):
    answer = local.request("GET", path, by=None)
    assert "no-store" in directives(answer)
    assert "public" not in directives(answer)
