"""Staged content: kept as long as it may be needed, and no longer."""

from __future__ import annotations

import json

import pytest

from pod.errors import BadRequest, CommitUncertain, NoSpaceLeft, StoreUnavailable
from pod.operations.content import discarded_on_failure
from pod.store.records import SERVER
from tests.support.inprocess import BASE, LocalServer
from tests.support.stores import staged

LARGE = b"x" * 100_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = LocalServer(tmp_path_factory.mktemp("content"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def services(server):
    return server.services


def blobs(services):
    return {file.name for file in services.store.blobs.files()}


@pytest.mark.parametrize("error", [BadRequest, NoSpaceLeft, StoreUnavailable, KeyboardInterrupt])
def test_content_leaves_with_the_write_that_failed(services, error):
    content = staged(services.store, LARGE)
    with pytest.raises(error), discarded_on_failure(services, content):
        raise error
    assert content.blob not in blobs(services)


def test_content_that_a_crash_could_bring_back_is_left_to_the_sweep(services):
    content = staged(services.store, LARGE)
    with pytest.raises(CommitUncertain), discarded_on_failure(services, content):
        raise CommitUncertain
    assert content.blob in blobs(services)


ACL = "http://www.w3.org/ns/auth/acl#"
CONTEXT = "https://contexts.example/acl"
JSON_LD = {"Content-Type": "application/ld+json"}
TURTLE = {"Content-Type": "text/turtle"}
LONG_NAME = "x" * 8_000
KEEP_CONTEXT = "INSERT INTO json_ld_context (url, digest, body, fetched_ms) VALUES (?, ?, ?, ?)"


def test_an_acl_is_kept_with_what_its_contexts_mean(server):
    """Whoever decides by it asks nobody for contexts."""
    with server.services.store.write(SERVER) as tx:
        tx.rows(KEEP_CONTEXT, (CONTEXT, "", json.dumps({"@context": {"@vocab": ACL}}).encode(), 0))
    rule = {"@context": CONTEXT, "@id": "#rule", "@type": "Authorization", "accessTo": {"@id": "./"}}
    rule |= {"agent": {"@id": f"{BASE}bob/profile/card#me"}, "mode": {"@id": f"{ACL}Read"}}
    assert server.request("PUT", "/alice/box/", TURTLE, b"").status == 201
    assert server.request("PUT", "/alice/box/.acl", JSON_LD, json.dumps(rule).encode()).status == 201
    assert server.request("GET", "/alice/box/", by="bob").status == 200


def test_a_description_is_not_larger_written_out_than_it_may_be(server):
    """Every listing includes it."""
    statements = " ".join(f"p:{each} p:p p:{each} ." for each in range(100))
    text = f"@prefix p: <http://names.example/{LONG_NAME}> . {statements}".encode()
    assert server.request("PUT", "/alice/large/", TURTLE, text).status == 413
    assert server.request("GET", "/alice/large/").status == 404


def test_a_profile_is_not_larger_written_out_than_it_may_be(server):
    """Nobody could sign in with it."""
    (profile, *others) = json.loads(
        server.request("GET", "/alice/profile/card", {"Accept": JSON_LD["Content-Type"]}).body
    )
    terms = {"p": f"http://names.example/{LONG_NAME}/"}
    more = [{"@context": terms, "@id": f"p:{each}", "p:p": {"@id": "p:o"}} for each in range(100)]
    content = json.dumps([profile, *others, *more]).encode()
    assert server.request("PUT", "/alice/profile/card", JSON_LD, content).status == 413
