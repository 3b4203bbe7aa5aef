"""Client ID Documents: fetched, checked, kept for a while; those on this server read as anybody may."""

from __future__ import annotations

import json

import pytest

from pod.errors import UnknownClient
from pod.identity.accounts import create_account
from pod.identity.client_documents import DOCUMENT_BYTES_MAX, FRESH_SECONDS, STALE_SECONDS
from pod.protocol.resource import Target
from pod.remote.errors import ForbiddenAddress, RemoteTimeout, TooManyRedirects
from pod.store.records import SERVER, Kind
from tests.support.stores import put, staged
from tests.support.waiting import until
from tests.unit.identity.apps import (
    APP,
    BASE,
    CALLBACK,
    CONTEXT,
    JSON_LD,
    CannedRemote,
    answer,
    clients_of,
    document,
    opened,
)

requirement = pytest.mark.requirement


@pytest.fixture
def remote():
    return CannedRemote()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One server for all: its store is only read, or each test uses a name of its own."""
    with opened(tmp_path_factory.mktemp("world")) as world:
        create_account(world[0], "alice")
        yield world


@pytest.fixture
def name(request):
    return f"app-{hash(request.node.name) & 0xFFFFFF:x}"


@pytest.fixture
def clock(world):
    return world[1]


@pytest.fixture
def clients(world, remote):
    with clients_of(world[0], remote) as clients:
        yield clients


@requirement("oidc#clientids-document/1")
@pytest.mark.parametrize("context", [CONTEXT, [CONTEXT], [CONTEXT, {"more": "https://more.example/"}]])
def test_a_document_in_json_ld_is_an_app(clients, remote, context):
    remote.answers[APP] = answer(document(**{"@context": context}))
    client = clients.find(APP)
    assert (client.id, client.name, client.host, client.verified) == (APP, "Notes", "app.example", True)


@requirement("cimd#client-id-metadata-documents")
def test_plain_json_needs_no_context(clients, remote):
    remote.answers[APP] = answer({"client_id": APP, "redirect_uris": [CALLBACK]}, "application/json")
    assert clients.find(APP).verified


@requirement("oidc#jsonld-context")
@pytest.mark.parametrize("media_type", [JSON_LD, "application/json"])
@pytest.mark.parametrize("context", ["http://www.w3.org/ns/solid/oidc-context.jsonld", {}, [], "https://schema.org"])
def test_json_ld_under_another_context_is_refused(clients, remote, context, media_type):
    remote.answers[APP] = answer(document(**{"@context": context}), media_type)
    with pytest.raises(UnknownClient, match="https"):
        clients.find(APP)


def test_json_ld_without_a_context_is_refused(clients, remote):
    remote.answers[APP] = answer({"client_id": APP, "redirect_uris": [CALLBACK]})
    with pytest.raises(UnknownClient):
        clients.find(APP)


@requirement("oidc#clientids-document/2")
@requirement("oidc#clientids-document/3")
def test_redirects_are_those_of_the_document(clients, remote):
    remote.answers[APP] = answer(document())
    client = clients.find(APP)
    assert client.allows_redirect(CALLBACK)
    assert not client.allows_redirect(CALLBACK + "?x")
    assert not client.allows_redirect("https://evil.example/cb")


@requirement("cimd#client-id-metadata-documents")
@pytest.mark.parametrize(
    "given",
    [
        answer(document(), status=404),
        answer(document(), status=203),
        answer(document(), status=206),
        answer(document(), status=304),
        answer(document(), "text/html"),
        answer(document(), "text/plain"),
        answer(document(), ""),
        answer(b"<html>"),
        answer(document(APP + "/")),
        answer(document(client_secret="x")),
        TooManyRedirects("to elsewhere"),
        ForbiddenAddress("app.example is at 10.0.0.7"),
        RemoteTimeout("slow"),
    ],
    ids=range(13),
)
def test_errors_and_invalid_documents_are_no_apps_and_are_not_kept(clients, remote, given):
    remote.answers[APP] = given
    with pytest.raises(UnknownClient) as unknown:
        clients.find(APP)
    assert "10.0.0.7" not in unknown.value.detail
    remote.answers[APP] = answer(document())
    assert clients.find(APP).name == "Notes"


@requirement("cimd#client-id-metadata-documents")
@pytest.mark.parametrize(
    ("said", "seconds"),
    [(None, FRESH_SECONDS), (0, 60), (5, 60), (600, 600), (10**9, 24 * 3600)],
)
def test_a_document_is_kept_as_long_as_it_says_within_bounds(clients, remote, clock, said, seconds):
    remote.answers[APP] = answer(document(), fresh=said)
    clients.find(APP)
    clock.time += seconds - 1
    clients.find(APP)
    assert len(remote.asked) == 1
    clock.time += 1
    clients.find(APP)
    until(lambda: len(remote.asked) == 2)


def test_a_stale_document_serves_while_it_is_fetched_again_but_not_for_ever(clients, remote, clock):
    remote.answers[APP] = answer(document())
    clients.find(APP)
    remote.answers[APP] = RemoteTimeout("gone")
    clock.time += STALE_SECONDS - 1
    assert clients.find(APP).name == "Notes"
    until(lambda: len(remote.asked) == 2)
    clock.time += 1
    with pytest.raises(UnknownClient):
        clients.find(APP)


def test_a_new_redirect_uri_is_looked_for_at_once(clients, remote, clock):
    remote.answers[APP] = answer(document())
    clients.find(APP)
    remote.answers[APP] = answer(document(redirect_uris=[CALLBACK, CALLBACK + "2"]))
    clock.time += 30
    assert clients.find(APP, CALLBACK + "2").allows_redirect(CALLBACK + "2")
    clients.find(APP, CALLBACK + "3")
    assert len(remote.asked) == 2


@pytest.mark.parametrize(
    "client_id",
    [
        "https://app.example",
        "https://app.example/id#me",
        "https://me@app.example/id",
        "https://app.example/../id",
        "http://app.example/id",
        "http://localhost/id",
        "https:",
        "https:///id",
        "https://ex\u00e4mple/id",
        "https://pods.example:444@pods.example/alice/app",
    ],
)
def test_what_cannot_be_a_client_id_is_not_fetched(clients, remote, client_id):
    with pytest.raises(UnknownClient):
        clients.find(client_id)
    assert remote.asked == []


def test_http_documents_are_for_development(tmp_path, remote):
    local = "http://localhost:8080/id"
    remote.answers[local] = answer(document(local))
    with opened(tmp_path, dev=True) as (services, _), clients_of(services, remote) as clients:
        assert clients.find(local).host == "localhost:8080"


# -- on this server ----------------------------------------------------------------------------------------------------


def publish(services, name, *, media_type=JSON_LD, public=True, **members):
    """A document in alice's pod, which everybody may read or only she; its URL."""
    path, url = f"/alice/{name}", f"{BASE}alice/{name}"
    put(services.store, path)
    content = staged(services.store, json.dumps(document(url, **members)).encode(), media_type)
    with services.store.write(SERVER) as tx:
        state = tx.describe(Target.parse(path)).state
        tx.replace(state, content, kind=Kind.RDF if media_type == JSON_LD else Kind.OTHER, acl=None)
    agent = "acl:agentClass foaf:Agent" if public else f"acl:agent <{BASE}alice/profile/card#me>"
    put(
        services.store,
        f"{path}.acl",
        f"{PREFIXES} [] a acl:Authorization; acl:accessTo <{url}>; {agent}; {READ}".encode(),
    )
    return url


PREFIXES = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>."
READ = "acl:mode acl:Read."


@pytest.mark.parametrize("media_type", [JSON_LD, "application/json"])
def test_a_document_in_a_pod_of_ours_is_read_and_names_the_pod(world, clients, remote, name, media_type):
    client = clients.find(publish(world[0], name, media_type=media_type))
    assert (client.name, client.host) == ("Notes", "pods.example/alice/")
    assert remote.asked == []


def test_a_document_that_not_everybody_may_read_is_no_app(world, clients, remote, name):
    url = publish(world[0], name, public=False)
    with pytest.raises(UnknownClient):
        clients.find(url)
    assert remote.asked == []


@pytest.mark.parametrize("path", ["", ".oidc/jwks", "alice/", "alice/none", "alice/profile/card", "alice/.acl"])
def test_nothing_else_of_ours_is_an_app_or_fetched(clients, remote, path):
    with pytest.raises(UnknownClient):
        clients.find(BASE + path)
    assert remote.asked == []


def test_a_large_document_of_ours_is_refused(world, clients, name):
    url = publish(world[0], name, more="x" * DOCUMENT_BYTES_MAX)
    with pytest.raises(UnknownClient):
        clients.find(url)
