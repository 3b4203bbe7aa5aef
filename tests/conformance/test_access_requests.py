"""Access requests and grants over HTTP, as apps meet them: found, asked for, given, read and taken back.

Spec: LWS 1.0 #access-requests-and-grants
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests
from rdflib import URIRef

from tests.support.asking import LWS_JSON, document, purpose, request_for, through, until
from tests.support.client import SolidClient, assert_problem, contained, linked
from tests.support.fixtures import People
from tests.support.waiting import until as wait_until

FUTURE = "2999-01-01T00:00:00.000Z"


@pytest.fixture(params=["wac", "acp"])
def crowd(request: pytest.FixtureRequest) -> People:
    """Whichever the language of the rules is."""
    found: People = request.getfixturevalue("people" if request.param == "wac" else "acp_people")
    return found


def described(client: SolidClient, pod: str) -> dict[str, Any]:
    answer = client.get(pod + ".well-known/solid", headers={"Accept": "application/ld+json"})
    return {each["type"]: each for each in answer.json()["service"]}


def endpoints(client: SolidClient, pod: str) -> tuple[str, str]:
    """Where requests and grants of a storage are, as its description says."""
    found = described(client, pod)
    return found["AccessRequestService"]["serviceEndpoint"], found["AccessGrantService"]["serviceEndpoint"]


def posted(client: SolidClient, url: str, told: dict[str, Any]) -> requests.Response:
    return client.request("POST", url, headers=LWS_JSON, json=told)


def made(client: SolidClient, url: str, told: dict[str, Any]) -> str:
    answer = posted(client, url, told)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def something(owner: SolidClient, name: str = "photos/") -> str:
    """Something of an owner's, new in each test."""
    url = f"{owner.pod}asked-{uuid.uuid4().hex[:8]}/"
    owner.put_turtle(url + "doc")
    return url if name.endswith("/") else url + "doc"


def test_the_description_of_a_storage_says_where_to_ask(people: People) -> None:
    found = described(people.anyone, people.alice.pod)
    assert set(found) == {"AccessRequestService", "AccessGrantService"}
    assert all(each["conformsTo"] == ["urn:freehold:AccessProfile"] for each in found.values())


def test_a_refusal_says_where_to_ask(people: People) -> None:
    url = something(people.alice)
    problem = assert_problem(people.bob.get(url), 403)
    assert problem["requestAccess"] == endpoints(people.bob, people.alice.pod)[0]
    assert problem["requestAccessPage"].startswith(f"{people.server.base_url}.account/requests/ask?resource=http")
    assert "requestAccess" not in assert_problem(people.anyone.get(url), 401)


def test_whoever_was_refused_asks_is_let_in_and_out_again(crowd: People) -> None:
    alice, bob = crowd.alice, crowd.bob
    url, (asking, giving) = something(alice), endpoints(bob, alice.pod)
    assert bob.get(url + "doc").status_code == 403
    asked = made(bob, asking, request_for(alice.pod, bob.web_id, url, constraint=[until(FUTURE)]))
    assert bob.get(url + "doc").status_code == 403
    told = alice.get(asked).json()
    grant = made(alice, giving, {**told, "type": ["AccessGrant"]})
    assert bob.get(url + "doc").status_code == 200
    assert bob.put(url + "doc", b"", headers={"Content-Type": "text/turtle"}).status_code == 403
    assert alice.delete(grant).status_code == 204
    assert bob.get(url + "doc").status_code == 403
    assert bob.get(grant).status_code == 404


def test_a_request_reads_as_it_was_written(people: People) -> None:
    alice, bob = people.alice, people.bob
    url, (asking, _) = something(alice), endpoints(bob, alice.pod)
    constraint = [
        purpose("https://purpose.example/a", "https://purpose.example/b"),
        through(bob.client_id),
        until(FUTURE),
    ]
    wanted = request_for(
        alice.pod,
        bob.web_id,
        url,
        action=["read", "create"],
        constraint=constraint,
        comment="Please",
        inbox=bob.pod + "inbox/",
    )
    location = made(bob, asking, wanted)
    read = bob.get(location)
    assert read.headers["Content-Type"] == "application/lws+json"
    assert read.json() == wanted | {
        "@context": read.json()["@context"],
        "id": location,
        "status": "open",
        "created": read.json()["created"],
    }
    assert read.json()["@context"][0] == "https://www.w3.org/ns/lws/v1"


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (["read"], ["read"]),
        (["create"], ["read", "create"]),
        (["modify"], ["read", "create", "modify", "delete"]),
        (["http://www.w3.org/ns/odrl/2/delete"], ["read", "create", "modify", "delete"]),
        ("read", ["read"]),
    ],
    ids=str,
)
def test_actions_are_the_levels_that_people_are_given(people: People, action: Any, told: list[str]) -> None:
    alice, bob = people.alice, people.bob
    asking = endpoints(bob, alice.pod)[0]
    location = made(bob, asking, request_for(alice.pod, bob.web_id, something(alice), action=action))
    assert bob.get(location).json()["access"][0]["action"] == told
    bob.delete(location)


@pytest.mark.parametrize("which", ["AccessRequestService", "AccessGrantService"])
def test_endpoints_are_containers_that_show_each_what_is_theirs(people: People, which: str) -> None:
    alice, bob, carol = people.alice, people.bob, people.carol
    url, (asking, giving) = something(alice), endpoints(bob, alice.pod)
    at = asking if which == "AccessRequestService" else giving
    maker = bob if at == asking else alice
    kind = which.removesuffix("Service")
    location = made(maker, at, document(kind, alice.pod, bob.web_id, url))
    for who, sees in ((alice, True), (bob, True), (carol, False)):
        listing = who.get(at)
        assert linked(listing, "type") == ["https://www.w3.org/ns/lws#Container"]
        found = listing.json()
        assert (found["id"], found["type"], found["totalItems"]) == (at, "Container", len(found["items"]))
        assert (location in {each["id"] for each in found["items"]}) is sees
        assert who.get(location).status_code == (200 if sees else 404)
        assert_problem(people.anyone.get(at), 401)


def test_only_those_it_is_about_end_a_request(people: People) -> None:
    alice, bob, carol = people.alice, people.bob, people.carol
    asking = endpoints(bob, alice.pod)[0]
    location = made(bob, asking, request_for(alice.pod, bob.web_id, something(alice)))
    assert_problem(carol.delete(location), 404)
    assert bob.delete(location).status_code == 204
    assert_problem(bob.delete(location), 404)
    location = made(bob, asking, request_for(alice.pod, bob.web_id, something(alice)))
    assert alice.delete(location).status_code == 204
    assert_problem(bob.get(location), 404)


def test_only_the_owner_gives_and_takes_back(people: People) -> None:
    alice, bob = people.alice, people.bob
    url, (_, giving) = something(alice), endpoints(bob, alice.pod)
    told = document("AccessGrant", alice.pod, bob.web_id, url)
    assert_problem(posted(bob, giving, told), 403)
    location = made(alice, giving, told)
    assert_problem(bob.delete(location), 403)
    assert bob.get(url + "doc").status_code == 200


def test_an_owner_gives_to_everybody(people: People) -> None:
    url, giving = something(people.alice), endpoints(people.alice, people.alice.pod)[1]
    told = document("AccessGrant", people.alice.pod, "http://xmlns.com/foaf/0.1/Agent", url + "doc")
    location = made(people.alice, giving, told)
    assert people.anyone.get(url + "doc").status_code == 200
    people.alice.delete(location)
    assert people.anyone.get(url + "doc").status_code == 401


def test_owner_and_asker_find_what_happened_in_their_inboxes(people: People) -> None:
    """Spec: LWS 1.0 #access-notification-events"""
    alice, bob = people.alice, people.bob
    url, (asking, giving) = something(alice), endpoints(bob, alice.pod)
    asked = made(bob, asking, request_for(alice.pod, bob.web_id, url, inbox=f"{bob.pod}inbox/"))
    wait_until(lambda: told_of(alice, asked))
    grant = made(alice, giving, {**alice.get(asked).json(), "type": ["AccessGrant"]})
    wait_until(lambda: told_of(bob, grant))


def told_of(client: SolidClient, url: str) -> bool:
    """Whether a notification about something is in the inbox, for whoever reads it as RDF."""
    about = (None, URIRef("https://www.w3.org/ns/activitystreams#object"), URIRef(url))
    return any(about in client.graph(each) for each in contained(client, f"{client.pod}inbox/"))


@pytest.mark.parametrize("method", ["get", "delete"])
def test_what_is_not_there_is_not_found(people: People, method: str) -> None:
    for each in (*endpoints(people.bob, people.alice.pod), f"{people.server.base_url}.access/nobody/requests/"):
        assert_problem(getattr(people.bob, method)(each + "nothing"), 404)


def test_it_is_open_to_apps_of_any_origin(people: People) -> None:
    asking = endpoints(people.bob, people.alice.pod)[0]
    origin = {"Origin": "https://app.example"}
    preflight = people.anyone.options(asking, headers=origin | {"Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 204
    assert people.bob.get(asking, headers=origin).headers["Access-Control-Allow-Origin"] == "*"
    assert people.anyone.options(asking).headers["Allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize("media_type", ["application/lws+json", "application/ld+json", "application/json"])
def test_it_is_served_as_each_of_its_media_types(people: People, media_type: str) -> None:
    asking = endpoints(people.bob, people.alice.pod)[0]
    answer = people.bob.get(asking, headers={"Accept": media_type})
    assert answer.headers["Content-Type"] == media_type
