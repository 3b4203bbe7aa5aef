"""Resources as strangers and owners see them: readable by everyone on any screen, and leading where they should."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Meet
from tests.browser.looks import flaws
from tests.browser.sandbox import examine
from tests.support.client import SolidClient, authorization
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, Server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

PROFILE = """@prefix foaf: <http://xmlns.com/foaf/0.1/>. @prefix vcard: <http://www.w3.org/2006/vcard/ns#>.
<#me> a foaf:Person; foaf:name "Alice Liddell"; vcard:note "Reads.\\nRows."@en;
  vcard:hasEmail [ a vcard:Home; vcard:value <mailto:alice@example.org> ]; vcard:hasAddress [ vcard:locality "Oxford";
  vcard:region "Oxfordshire" ]; foaf:knows <../bob/profile/card#me>; foaf:interest ("rowing" "chess" <#tea>).
<#tea> foaf:name "Tea" .
"""


@pytest.fixture(scope="module")
def shown(server: Server) -> str:
    """A container that everyone may read; its path."""
    alice = signed_in(server, ALICE)
    url = f"{alice.pod}shown/"
    alice.put_container(url)
    share(alice, url)
    alice.put_container(url + "box/")
    alice.put_turtle(url + "card", PROFILE)
    alice.put(url + "a%20rather%20" + "long" * 30 + ".png", b"\x89PNG", headers={"Content-Type": "image/png"})
    return "alice/shown/"


def share(alice: SolidClient, url: str) -> None:
    alice.put_acl(
        url,
        authorization(url, "Read Write Control", agents=(alice.web_id,), default=True),
        authorization(url, "Read", public=True, default=True),
    )


@pytest.mark.requirement("solid#web-content-accessibility")
@pytest.mark.parametrize("path", ["{shown}", "{shown}box/", "{shown}card", "{shown}none", "bob/profile/card", "alice/"])
def test_a_page_about_a_resource_is_for_everyone(meet: Meet, shown: str, axe: str, path: str):
    stranger = meet()
    examine(stranger.page)
    stranger.go(path.format(shown=shown))
    assert flaws(stranger.visitor, axe) + stranger.visitor.faults == []


@pytest.mark.parametrize("name", ["", "box/", "card", "a%20rather%20" + "long" * 30 + ".png"])
def test_the_owners_view_is_for_everyone(meet: Meet, shown: str, axe: str, name: str):
    alice = meet()
    alice.go(f".home/{shown}{name}")
    alice.sign_in()
    expect(alice.page.locator(".crumbs")).to_be_visible()
    assert flaws(alice.visitor, axe) + alice.visitor.faults == []


def test_a_stranger_finds_the_way_through_what_is_shown(meet: Meet, shown: str):
    """In the sandbox that pages at the URLs of pods really have."""
    stranger = meet()
    stranger.go(shown)
    stranger.press("text=card")
    expect(stranger.page).to_have_url(stranger.server.url(shown + "card"))
    stranger.press("text=For apps and developers")
    expect(stranger.page.locator("pre").last).to_contain_text("vcard:locality")
    stranger.press("text=shown")
    expect(stranger.page).to_have_url(stranger.server.url(shown))
    assert stranger.visitor.faults == []


def test_an_owner_comes_from_a_private_page_to_what_is_in_it(meet: Meet):
    alice = meet()
    alice.go("alice/settings/")
    alice.press("text=Sign in to see it")
    alice.is_asked_to_sign_in()
    alice.sign_in()
    expect(alice.page).to_have_url(alice.server.url(".home/alice/settings/"))
    alice.press("text=prefs.ttl")
    expect(alice.page.locator("h1")).to_have_text("prefs.ttl")
    with alice.page.expect_download() as download:
        alice.press("text=Download")
    assert download.value.suggested_filename == "prefs.ttl"


def test_nobody_is_signed_in_at_the_url_of_a_pod(meet: Meet):
    alice = meet()
    alice.go(".home/alice/")
    alice.sign_in()
    alice.go("alice/")
    expect(alice.page.locator("h1")).to_have_text("This is private")
