"""Linked Data Notifications from one Freehold to an inbox of another: a second judge of what the first one sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import rdflib

from tests.support.client import LDP, SolidClient, authorization, contained
from tests.support.fixtures import signed_in
from tests.support.server import BOB, running_server
from tests.support.subscribing import subscribe
from tests.support.waiting import until

pytestmark = [pytest.mark.clients, pytest.mark.e2e]

KIND = "LDNChannel2023"
AS = rdflib.Namespace("https://www.w3.org/ns/activitystreams#")
PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SolidClient]:
    """Bob, on a server of his own."""
    with running_server((BOB,), directory=tmp_path_factory.mktemp("elsewhere")) as running:
        yield signed_in(running, BOB)


def inbox_of(client: SolidClient) -> str:
    found = client.graph(client.web_id).value(rdflib.URIRef(client.web_id), LDP.inbox)
    assert found is not None
    return str(found)


def taken(client: SolidClient, inbox: str, about: str) -> rdflib.Graph:
    """The notification in an inbox about something, once it is there."""

    def found() -> rdflib.Graph | None:
        graphs = (client.graph(each) for each in contained(client, inbox))
        return next((each for each in graphs if (None, AS.object, rdflib.URIRef(about)) in each), None)

    until(found)
    there = found()
    assert there is not None
    return there


def test_a_change_is_put_into_the_inbox_of_somebody_elsewhere(
    alice: SolidClient, container: str, elsewhere: SolidClient
) -> None:
    note, inbox = f"{container}note", inbox_of(elsewhere)
    channel = subscribe(alice, KIND, container, sendTo=inbox)
    assert channel["sender"]
    alice.put(note, "hello", headers=PLAIN)
    about = taken(elsewhere, inbox, note)
    assert (None, rdflib.RDF.type, AS.Add) in about
    assert (None, AS.target, rdflib.URIRef(container)) in about


def test_an_inbox_that_knows_its_senders_learns_who_sends(
    alice: SolidClient, container: str, elsewhere: SolidClient
) -> None:
    """The other server verifies token, proof and the sender's document by itself."""
    note, inbox = f"{container}note", f"{elsewhere.pod}{container.split('/')[-2]}/"
    channel = subscribe(alice, KIND, container, sendTo=inbox)
    elsewhere.put_container(inbox)
    elsewhere.put_acl(
        inbox,
        authorization(inbox, "Read Write Control", agents=(elsewhere.web_id,), default=True),
        authorization(inbox, "Append", agents=(channel["sender"],)),
    )
    alice.put(note, "hello", headers=PLAIN)
    assert (None, rdflib.RDF.type, AS.Add) in taken(elsewhere, inbox, note)
