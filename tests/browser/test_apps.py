"""Apps sign in: the published browser libraries, unchanged, in an app on a site of its own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Meet
from tests.browser.people import Person
from tests.support.app_server import AppServer
from tests.support.server import ALICE, BOB

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

NOTE = "<#it> <http://purl.org/dc/terms/title> 'private'."


@pytest.fixture(params=["registered", "documented"])
def options(request: pytest.FixtureRequest, app: AppServer) -> dict[str, str]:
    """How the app says who it is: it registers with the provider, or its client id is the URL of a document."""
    app.describe()
    return {"clientId": app.client_id} if request.param == "documented" else {}


def signed_in(person: Person, app: AppServer, options: dict[str, str]) -> None:
    person.open(app)
    person.sign_in_with(app, **options)
    person.sign_in()
    person.answer("allow")
    person.sees(f"signed in as {person.web_id}")


def test_an_app_signs_in_and_reaches_what_is_private(meet: Meet, app: AppServer, options: dict[str, str]):
    alice = meet()
    signed_in(alice, app, options)
    note = alice.server.url("alice/browser/note.ttl")
    assert alice.writes(note, NOTE) in {201, 205, 204}
    assert "private" in alice.reads(note)["text"]
    titles = """async (url) => {
        const { getSolidDataset, getThing, getStringNoLocale } = app.data;
        const note = getThing(await getSolidDataset(url, { fetch: app.session.fetch }), `${url}#it`);
        return getStringNoLocale(note, "http://purl.org/dc/terms/title");
    }"""
    assert alice.page.evaluate(titles, note) == "private"
    assert alice.page.evaluate("url => fetch(url).then((answer) => answer.status)", note) == 401


def test_a_reload_restores_the_session_without_a_question(meet: Meet, app: AppServer, options: dict[str, str]):
    alice = meet()
    signed_in(alice, app, options)
    alice.page.reload()
    alice.sees(f"restored as {alice.web_id}")
    assert alice.reads(alice.server.pod("alice"))["status"] == 200


def test_leaving_an_app_leaves_the_provider_alone(meet: Meet, app: AppServer, options: dict[str, str]):
    alice = meet()
    signed_in(alice, app, options)
    alice.page.evaluate("app.logout()")
    alice.sees("signed out")
    assert alice.reads(alice.server.pod("alice"))["status"] == 401
    alice.page.reload()
    alice.sees("signed out")


def test_leaving_the_provider_too_makes_the_next_sign_in_ask_again(meet: Meet, app: AppServer):
    app.describe()
    alice = meet()
    signed_in(alice, app, {"clientId": app.client_id})
    alice.page.evaluate("home => app.logout({ logoutType: 'idp', postLogoutUrl: home })", app.home)
    alice.page.wait_for_url(re.compile(re.escape(app.home)))
    alice.sees("signed out")
    alice.sign_in_with(app, clientId=app.client_id)
    alice.is_asked_to_sign_in()
    alice.sign_in()
    alice.answer("allow")
    alice.sees(f"signed in as {alice.web_id}")


def test_refusing_comes_back_to_the_app(meet: Meet, app: AppServer, options: dict[str, str]):
    alice = meet()
    alice.open(app)
    alice.sign_in_with(app, **options)
    alice.sign_in()
    alice.answer("refuse")
    alice.sees("refused: access_denied")
    assert alice.reads(alice.server.pod("alice"))["status"] == 401


def test_the_question_says_who_asks_and_how_that_is_known(meet: Meet, app: AppServer, options: dict[str, str]):
    app.describe(client_name="The Documented App")
    alice = meet()
    alice.open(app)
    alice.sign_in_with(app, **options)
    alice.sign_in()
    question = alice.page.locator("main")
    expect(question).to_contain_text("The Documented App" if options else "The Registered App")
    expect(question).to_contain_text("address verified" if options else "chose its name itself")
    expect(question).to_contain_text((app.client_id if options else app.home).removeprefix("http://").removesuffix("/"))
    expect(alice.page.locator("button[name=answer][value=allow]")).to_be_visible()
    expect(alice.page.locator("button[name=answer][value=refuse]")).to_be_visible()


def test_each_person_gets_their_own(meet: Meet, app: AppServer, options: dict[str, str]):
    alice, bob = meet(ALICE), meet(BOB)
    for person in (alice, bob):
        signed_in(person, app, options)
    assert bob.reads(bob.server.pod("bob"))["status"] == 200
    assert bob.reads(bob.server.pod("alice"))["status"] == 403
    assert alice.reads(alice.server.pod("bob"))["status"] == 403


def test_taking_an_app_back_shuts_it_out_at_once(meet: Meet, app: AppServer):
    app.describe(client_name="The App To Be Revoked")
    alice = meet()
    signed_in(alice, app, {"clientId": app.client_id})
    account = Person(alice.visitor.another(), alice.server, alice.account)
    account.go(".account/apps")
    entry = account.page.locator("li, tr, article, section").filter(has_text="The App To Be Revoked").last
    entry.get_by_role("button").first.click()
    expect(account.page.get_by_text("The App To Be Revoked")).to_have_count(0)
    assert alice.reads(alice.server.pod("alice"))["status"] == 401
