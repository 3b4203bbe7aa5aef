"""What strangers keep in pods, on the very origin of the account's pages, in front of somebody who is signed in; and a shared
computer after signing out.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Meet
from tests.browser.people import Person
from tests.browser.test_resources import share
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB, Server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

SCRIPT = (
    "document.title = 'ran'; document.cookie = 'planted=1; path=/';"
    "fetch('/.account/').then(answer => answer.text()).then(text => document.title = text)"
)
HTML = f"""<!doctype html><title>a page</title><base href="/.account/"><link rel="prefetch" href="/.home/alice/">
<link rel="stylesheet" href="/.account/sessions"><script>{SCRIPT}</script><meta http-equiv="refresh" content="0; url=/.account/delete">
<meta http-equiv="set-cookie" content="planted=1; path=/"><iframe src="/.account/"></iframe><object data="/.account/"></object>
<img src="/.oidc/logout" onerror="{SCRIPT}"><form method="post" action="/.account/sign-out"><button>Send</button></form>
<a href="/.account/" target="_blank">Open</a> <a href="javascript:{SCRIPT}">Run</a>"""
CONTENT = {
    "text/html": HTML,
    "application/xhtml+xml": f'<html xmlns="http://www.w3.org/1999/xhtml"><script>{SCRIPT}</script><p>a page</p></html>',
    "image/svg+xml": f'<svg xmlns="http://www.w3.org/2000/svg"><script>{SCRIPT}</script><text y="20">a page</text></svg>',
}


@pytest.fixture
def alice(meet: Meet) -> Person:
    person = meet(ALICE)
    person.go(".account/sign-in")
    person.sign_in()
    return person


@pytest.mark.parametrize("media_type", CONTENT)
def test_a_file_in_a_pod_does_nothing_to_who_opens_it(server: Server, alice: Person, media_type: str):
    bob = signed_in(server, BOB)
    url = f"{bob.pod}evil/{media_type.replace('/', '.')}"
    bob.put(url, CONTENT[media_type], headers={"Content-Type": media_type})
    share(bob, f"{bob.pod}evil/")
    cookies = alice.visitor.context.cookies()
    answered: list[str] = []
    alice.page.on("requestfinished", lambda request: answered.append(request.url))
    alice.page.goto(url)
    for name in ("Send", "Open", "Run"):
        for each in alice.page.get_by_text(name, exact=True).all():
            each.click()
    expect(alice.page).to_have_url(url)
    assert alice.page.title() in {"a page", ""}
    assert (answered, len(alice.visitor.context.pages)) == ([url], 1)
    assert alice.visitor.context.cookies() == cookies
    alice.go(".account/")
    expect(alice.page.get_by_role("heading", level=1)).to_have_text("Hello, alice")


def test_after_signing_out_going_back_shows_nothing(alice: Person):
    alice.go(".home/alice/")
    alice.go(".account/")
    alice.page.get_by_role("button", name="Sign out").click()
    expect(alice.page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    for _ in range(2):
        alice.page.wait_for_load_state()
        alice.page.go_back()
        alice.is_asked_to_sign_in()
