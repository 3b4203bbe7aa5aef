"""Who was shared with on the page reads and hears of changes; who is taken off hears nothing of the next one."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
import requests

from tests.support.browserless import SECONDS_MAX, Person
from tests.support.client import SolidClient
from tests.support.fixtures import people_of
from tests.support.server import ALICE, Server
from tests.support.streams import reading
from tests.support.subscribing import subscribe

pytestmark = pytest.mark.e2e

PAGE, CONTACTS = ".account/sharing", ".contacts/alice"


@pytest.fixture(scope="module")
def owner(server: Server) -> Person:
    """Alice, before a browser without scripts."""
    person = Person(server.base_url)
    person.send(".account/sign-in", name=ALICE.name, password=ALICE.password)
    return person


def press(owner: Person, page: str, action: str, **fields: str) -> None:
    """Sends a form of a page. What it does has happened when this returns."""
    url = owner.base_url + page
    found = re.search(r'name="csrf" value="([^"]+)"', owner.browser.get(url, timeout=SECONDS_MAX).text)
    assert found is not None
    headers = {"Origin": owner.base_url.rstrip("/")}
    answer: requests.Response = owner.browser.post(
        owner.base_url + action,
        {"csrf": found[1], **fields},
        headers=headers,
        timeout=SECONDS_MAX,
        allow_redirects=False,
    )
    assert answer.status_code == 303, answer.text


def heard_of(bob: SolidClient, alice: SolidClient, lost: str, kept: str, end: Callable[[], None]) -> list[str]:
    """What bob hears of two documents, of which both change, then access to one ends, and both change again."""
    channel = subscribe(bob, "StreamingHTTPChannel2023", lost, kept)
    with reading(channel["receiveFrom"]) as stream:
        for url in (lost, kept):
            alice.put_turtle(url, f"<> a <urn:{uuid.uuid4()}>.")
        heard = [stream.message()["object"] for _ in range(2)]
        end()
        for url in (lost, kept):
            alice.put_turtle(url, f"<> a <urn:{uuid.uuid4()}>.")
        return [*heard, stream.message()["object"]]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_taking_somebody_off_ends_all_at_once(server: Server, owner: Person, container: str) -> None:
    people = people_of(server)
    lost, kept = f"{container}lost", f"{container}kept"
    for url in (lost, kept):
        people.alice.put_turtle(url)
        press(owner, f"{PAGE}?resource={url}", PAGE, resource=url, whom="person", who="bob", level="read")
        assert people.bob.get(url).status_code == 200

    def take_back() -> None:
        page = f"{PAGE}?resource={lost}"
        press(owner, page, f"{PAGE}/remove", resource=lost, whom="person", iri=people.bob.web_id)
        assert people.bob.get(lost).status_code == 403

    assert heard_of(people.bob, people.alice, lost, kept, take_back) == [lost, kept, kept]


@pytest.mark.requirement("wac#acl-agentgroup")
def test_leaving_a_group_ends_all_at_once(server: Server, owner: Person, container: str) -> None:
    people, name = people_of(server), f"g{uuid.uuid4().hex}"
    group = f"{people.alice.pod}contacts/groups/{name}.ttl#it"
    lost, kept = f"{container}lost", f"{container}kept"
    page = f"{CONTACTS}/group?{urlencode({'iri': group})}"
    press(owner, f"{CONTACTS}/groups", f"{CONTACTS}/groups", name=name)
    press(owner, page, page, who="bob")
    for url, whom in ((lost, {"whom": group}), (kept, {"whom": "person", "who": "bob"})):
        people.alice.put_turtle(url)
        press(owner, f"{PAGE}?resource={url}", PAGE, resource=url, level="read", **whom)
        assert people.bob.get(url).status_code == 200

    def leave() -> None:
        press(owner, page, page, member=people.bob.web_id)
        assert people.bob.get(lost).status_code == 403

    assert heard_of(people.bob, people.alice, lost, kept, leave) == [lost, kept, kept]
