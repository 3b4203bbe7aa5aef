"""An app of which only some things were allowed: the published browser library, unchanged, and its person's choices."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Meet
from tests.browser.people import Person
from tests.support.app_server import AppServer

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

NOTE = "<#it> <http://purl.org/dc/terms/title> 'a post'."
SUBSCRIBE = """async ([service, topic]) => {
    const wish = { "@context": ["https://www.w3.org/ns/solid/notifications-context/v1"], type: "WebSocketChannel2023", topic };
    const headers = { "Content-Type": "application/ld+json" };
    return (await app.session.fetch(service, { method: "POST", headers, body: JSON.stringify(wish) })).status;
}"""


@pytest.fixture
def alice(meet: Meet, app: AppServer) -> Person:
    """Before the page on which an app asks."""
    app.describe()
    alice = meet()
    alice.open(app)
    alice.sign_in_with(app, clientId=app.client_id)
    alice.sign_in()
    return alice


@pytest.fixture
def limited(alice: Person) -> Person:
    """In the app, which may read her posts."""
    alice.page.get_by_label("Only some things").check()
    alice.page.get_by_label("Your posts").select_option("see")
    alice.answer("allow")
    alice.sees(f"signed in as {alice.web_id}")
    return alice


def url(person: Person, path: str) -> str:
    return person.server.pod("alice") + path


def test_a_limited_app_reads_there_and_is_refused_everything_else(limited: Person):
    assert limited.reads(url(limited, "posts/"))["status"] == 200
    for path in ("", "settings/", "settings/prefs.ttl", "inbox/", "posts", "profile/", "no/such/thing"):
        assert limited.reads(url(limited, path))["status"] == 403, path
    assert limited.reads(url(limited, "profile/card"))["status"] == 200  # as everybody may
    for path in ("posts/new.ttl", "contacts/new.ttl", "posts/.acl", "settings/publicTypeIndex.ttl"):
        assert limited.writes(url(limited, path), NOTE) == 403, path


def test_a_limited_app_listens_to_what_it_may_read(limited: Person):
    service = f"{limited.server.base_url}.notifications/WebSocketChannel2023"
    statuses = [limited.page.evaluate(SUBSCRIBE, [service, url(limited, path)]) for path in ("posts/", "", "inbox/")]
    assert statuses == [200, 403, 403]


def test_an_app_that_met_a_limit_goes_on_at_once_when_its_person_widens_it(limited: Person):
    refused = limited.reads(url(limited, "inbox/"))
    problem = json.loads(refused["text"])
    assert problem["type"].endswith("app-not-permitted")
    other = limited.visitor.another()
    other.page.goto(problem["widen"])
    expect(other.page.get_by_role("heading", level=1)).to_contain_text("inbox")
    other.page.get_by_role("button", name="Allow").click()
    expect(other.page.get_by_role("heading", name="Allowed")).to_be_visible()
    assert limited.reads(url(limited, "inbox/"))["status"] == 200
    assert limited.reads(url(limited, "settings/prefs.ttl"))["status"] == 403


def test_what_is_changed_in_one_tab_holds_in_the_other_with_the_next_request(limited: Person):
    other = limited.visitor.another()
    other.page.goto(limited.server.url(".account/apps"))
    other.page.get_by_role("link", name="Change").first.click()
    expect(other.page.get_by_label("Your posts")).to_have_value("see")
    other.page.get_by_label("Your posts").select_option("edit")
    other.page.get_by_role("button", name="Save").click()
    expect(other.page).to_have_url(limited.server.url(".account/apps"))
    assert limited.writes(url(limited, "posts/mine.ttl"), NOTE) in {201, 204, 205}
    other.page.get_by_role("button", name="Disconnect").first.click()
    expect(other.page).to_have_url(limited.server.url(".account/apps"))
    assert limited.reads(url(limited, "posts/"))["status"] == 401


def test_the_same_app_with_everything_does_as_its_person(alice: Person):
    alice.answer("allow")
    alice.sees(f"signed in as {alice.web_id}")
    for path in ("", "settings/prefs.ttl", "inbox/", ".acl"):
        assert alice.reads(url(alice, path))["status"] == 200, path
    assert alice.writes(url(alice, "anywhere/note.ttl"), NOTE) in {201, 204, 205}
    assert alice.reads(url(alice, "settings/apps.ttl"))["status"] == 200
    assert alice.writes(url(alice, "settings/apps.ttl"), NOTE) == 405


def test_what_an_app_asks_for_is_chosen_beforehand_and_its_person_need_not_look(meet: Meet, app: AppServer):
    app.describe(
        authorization_details=[
            {
                "type": "https://www.w3.org/ns/lws#AccessRequest",
                "actions": ["read", "append"],
                "datatypes": ["https://www.w3.org/ns/activitystreams#Note"],
                "duration": "P1D",
            }
        ]
    )
    alice = meet()
    alice.open(app)
    alice.sign_in_with(app, clientId=app.client_id)
    alice.sign_in()
    expect(alice.page.get_by_label("Your posts")).to_have_value("add")
    expect(alice.page.get_by_label("Until when?")).to_have_value("day")
    alice.answer("allow")
    alice.sees(f"signed in as {alice.web_id}")
    assert alice.writes(url(alice, "posts/added.ttl"), NOTE) in {201, 204, 205}
    assert alice.reads(url(alice, "inbox/"))["status"] == 403
