"""Somebody of another server asks for access: their issuer, their inbox, and real processes on both sides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rdflib import URIRef

from tests.support.asking import LWS_JSON, request_for
from tests.support.client import SolidClient, assert_problem, contained
from tests.support.fixtures import signed_in
from tests.support.server import BOB, running_server
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

OBJECT = URIRef("https://www.w3.org/ns/activitystreams#object")


@pytest.fixture(scope="module")
def bob_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SolidClient]:
    with running_server((BOB,), directory=tmp_path_factory.mktemp("elsewhere")) as running:
        yield signed_in(running, BOB)


def told_of(client: SolidClient, url: str) -> bool:
    """Whether a message in the inbox is about something."""
    inbox = f"{client.pod}inbox/"
    return any((None, OBJECT, URIRef(url)) in client.graph(each) for each in contained(client, inbox))


def test_somebody_of_another_server_asks_and_hears_the_answer_at_home(
    alice: SolidClient, container: str, bob_elsewhere: SolidClient
) -> None:
    bob, note = bob_elsewhere, f"{container}note"
    alice.put(note, "hello", headers={"Content-Type": "text/plain"})
    asking = assert_problem(bob.get(note), 403)["requestAccess"]
    told = request_for(alice.pod, bob.web_id, container, inbox=f"{bob.pod}inbox/")
    asked = bob.request("POST", asking, headers=LWS_JSON, json=told)
    assert asked.status_code == 201, asked.text
    request = asked.headers["Location"]
    until(lambda: told_of(alice, request))
    answer = {**alice.get(request).json(), "type": ["AccessGrant"]}
    given = alice.request("POST", asking.replace("requests/", "grants/"), headers=LWS_JSON, json=answer)
    until(lambda: told_of(bob, given.headers["Location"]))
    assert bob.get(note).text == "hello"
    assert bob.get(given.headers["Location"]).json()["access"][0]["assignee"] == bob.web_id
