"""Signing in with passkeys and codes, as people do: Chromium with a device of its own that holds passkeys, in software.

Spec: WebAuthn Level 3 s11 (virtual authenticators)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.looks import flaws
from tests.browser.pages import PHONE
from tests.browser.people import Person
from tests.support.browser import visitor
from tests.support.server import Account, Server, account, running_server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

SECURITY = ".account/security"
EVE, FAY, GUS, HAL = account("eve"), account("fay"), account("gus"), account("hal")


@pytest.fixture(scope="module")
def place() -> Iterator[Server]:
    """A server of its own: what its accounts sign in with is changed."""
    with running_server((EVE, FAY, GUS, HAL)) as server:
        yield server


@pytest.fixture
def meet_at(browser: Browser, place: Server) -> Iterator[Any]:
    contexts = []

    def come(who: Account, **options: Any) -> Person:
        context = visitor(browser, place.base_url, **options)
        contexts.append(context)
        return Person(context.__enter__(), place, who)

    yield come
    for context in contexts:
        context.__exit__(None, None, None)


class Device:
    """A phone, as it were, in somebody's browser: it keeps passkeys and knows its owner's finger."""

    def __init__(self, person: Person, **options: Any) -> None:
        self._session = person.page.context.new_cdp_session(person.page)
        self._session.send("WebAuthn.enable")
        made = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE | options})
        self._id = made["authenticatorId"]

    def held(self) -> list[dict[str, Any]]:
        return list(self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._id})["credentials"])

    def know_nobody(self) -> None:
        self._session.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": False})


def at_home(person: Person) -> Person:
    person.go(".account/sign-in")
    person.sign_in()
    return is_in(person)


def is_in(person: Person) -> Person:
    expect(person.page.get_by_role("navigation", name="Main")).to_be_visible()
    return person


def add_passkey(person: Person, label: str) -> None:
    person.go(SECURITY)
    person.page.get_by_label("What is it called?").fill(label)
    person.page.get_by_role("button", name="Add a passkey").click()
    expect(person.page.get_by_role("status")).to_contain_text("Your passkey is saved")
    expect(person.page.locator("bdi").get_by_text(label, exact=True)).to_be_visible()


def sign_out(person: Person) -> None:
    person.go(".account/")
    person.page.get_by_role("button", name="Sign out").click()
    expect(person.page.get_by_role("heading", level=1)).to_have_text("You are signed out")


def switch_codes_on(person: Person) -> tuple[pyotp.TOTP, list[str]]:
    person.go(f"{SECURITY}/codes")
    app = pyotp.TOTP(person.page.locator(".secret").inner_text().replace(" ", ""))
    person.submit(code=app.now())
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    return app, person.page.locator(".secret").all_inner_texts()


def test_a_passkey_signs_in_without_a_name_and_leaves_when_it_is_removed(meet_at: Any, axe: str):
    eve = meet_at(EVE)
    phone = Device(eve)
    at_home(eve)
    add_passkey(eve, "My phone")
    assert flaws(eve.visitor, axe) == []
    (held,) = phone.held()
    assert held["isResidentCredential"]
    sign_out(eve)
    eve.go(".account/sign-in")
    eve.page.get_by_role("button", name="Use a passkey").click()
    is_in(eve)
    eve.go(SECURITY)
    expect(eve.page.get_by_role("listitem").filter(has_text="My phone")).to_contain_text("last used")
    eve.page.get_by_role("link", name="Remove My phone").click()
    assert flaws(eve.visitor, axe) == []
    eve.page.get_by_role("button", name="Remove it").click()
    expect(eve.page.get_by_role("status")).to_contain_text("All other devices are signed out")
    expect(eve.page.locator("bdi").get_by_text("My phone", exact=True)).to_have_count(0)
    sign_out(eve)
    eve.go(".account/sign-in")
    eve.page.get_by_role("button", name="Use a passkey").click()
    expect(eve.page.get_by_role("alert")).to_contain_text("This passkey is not known here")
    assert eve.visitor.faults == []


def test_a_security_key_that_keeps_no_list_is_refused_when_it_is_added(meet_at: Any):
    fay = meet_at(FAY)
    key = Device(fay, hasResidentKey=False, transport="usb")
    at_home(fay)
    fay.go(SECURITY)
    fay.page.get_by_role("button", name="Add a passkey").click()
    expect(fay.page.get_by_text("That did not work.")).to_be_visible()
    assert key.held() == []
    assert fay.visitor.faults == []


def test_a_passkey_is_the_second_step_and_a_device_that_knows_nobody_is_none(meet_at: Any):
    gus = meet_at(GUS)
    phone = Device(gus)
    at_home(gus)
    add_passkey(gus, "My phone")
    gus.page.get_by_role("button", name="Ask for it after the password").click()
    expect(gus.page.get_by_role("button", name="Do not ask for it")).to_be_visible()
    gus.page.get_by_role("button", name="Make new recovery codes").click()
    recovery = gus.page.locator(".secret").first.inner_text()
    sign_out(gus)
    gus.go(".account/sign-in")
    gus.sign_in()
    expect(gus.page.get_by_role("heading", level=1)).to_have_text("One more step")
    gus.page.get_by_role("button", name="Use my passkey").click()
    is_in(gus)
    sign_out(gus)
    phone.know_nobody()
    gus.go(".account/sign-in")
    gus.sign_in()
    gus.page.get_by_role("button", name="Use my passkey").click()
    expect(gus.page.get_by_text("That did not work.")).to_be_visible()
    gus.submit(code=recovery)
    is_in(gus)
    assert gus.visitor.faults == []


def test_without_scripts_codes_do_all_that_passkeys_would(meet_at: Any):
    hal = at_home(meet_at(HAL, java_script_enabled=False))
    hal.go(SECURITY)
    expect(hal.page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    expect(hal.page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    _, recovery = switch_codes_on(hal)
    assert len(set(recovery)) == 10
    sign_out(hal)
    hal.go(".account/sign-in")
    expect(hal.page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    hal.sign_in()
    hal.submit(code="000000")
    expect(hal.page.get_by_role("alert")).to_contain_text("did not let you in")
    hal.submit(code=recovery[0])
    is_in(hal)
    hal.go(SECURITY)
    expect(hal.page.get_by_text("You have 9 left")).to_be_visible()
    hal.go(".account/sessions")
    hal.page.get_by_role("button", name="Sign out everywhere").click()
    expect(hal.page).to_have_url(re.compile("signed-out"))
