"""What people do with their account, all of it without JavaScript."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import CAROL, DORA, Meet
from tests.browser.people import Person
from tests.support.client import Login, SolidClient
from tests.support.server import ALICE, BOB, Account

pytestmark = [pytest.mark.browser, pytest.mark.e2e]


def at_home(meet: Meet, who: Account = ALICE) -> Person:
    """Somebody who has signed in."""
    person = meet(who, java_script_enabled=False)
    person.go(".account/sign-in")
    person.sign_in()
    expect(person.page.get_by_role("navigation", name="Main")).to_be_visible()
    return person


def no_longer_signed_in(person: Person) -> None:
    person.go(".account/")
    person.is_asked_to_sign_in()


def test_signing_out_ends_the_session_itself(meet: Meet):
    alice = at_home(meet)
    kept = alice.page.context.cookies()
    alice.go(".account/")
    alice.page.get_by_role("button", name="Sign out").click()
    expect(alice.page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    alice.page.context.add_cookies(kept)
    no_longer_signed_in(alice)
    assert alice.visitor.faults == []


def test_a_wrong_password_says_so_and_keeps_the_name(meet: Meet):
    alice = meet(ALICE, java_script_enabled=False)
    alice.go(".account/sign-in")
    alice.sign_in("not the password")
    expect(alice.page.get_by_role("alert")).to_be_visible()
    expect(alice.page.locator("[name=name]")).to_have_value("alice")
    expect(alice.page.locator("[name=password]")).to_have_value("")
    alice.sign_in()
    expect(alice.page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_key_for_a_program_works_until_it_is_revoked(meet: Meet):
    alice = at_home(meet)
    alice.go(".account/credentials")
    alice.submit(label="A test", password=ALICE.password)
    client_id, secret = alice.page.locator("dd .secret").all_inner_texts()[:2]
    program = SolidClient(alice.server.base_url, Login(alice.server.base_url, client_id, secret), "alice")
    assert program.get(program.pod).status_code == 200
    alice.go(".account/credentials")
    alice.page.get_by_role("button", name="Revoke A test").click()
    expect(alice.page.get_by_text("A test")).to_have_count(0)
    assert program.get(program.pod).status_code == 401


def test_another_pod_comes_with_a_web_id_of_its_own(meet: Meet):
    bob = at_home(meet, BOB)
    bob.go(".account/pods")
    bob.submit(name="bob-at-work")
    expect(bob.page.get_by_role("main")).to_contain_text("/bob-at-work/")
    profile = requests.get(bob.server.url("bob-at-work/profile/card"), timeout=10)
    assert profile.status_code == 200
    bob.go(".home/bob-at-work/")
    expect(bob.page.get_by_role("main")).to_contain_text("profile")


def test_a_new_password_signs_other_devices_out(meet: Meet):
    carol, her_phone = at_home(meet, CAROL), at_home(meet, CAROL)
    carol.go(".account/password")
    carol.submit(old=CAROL.password, password="a new password of many words")
    expect(carol.page.get_by_role("status")).to_contain_text("password is changed")
    no_longer_signed_in(her_phone)
    her_phone.sign_in()
    expect(her_phone.page.get_by_role("alert")).to_be_visible()
    her_phone.sign_in("a new password of many words")
    expect(her_phone.page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_device_can_be_signed_out_from_another(meet: Meet):
    bob, his_phone = at_home(meet, BOB), at_home(meet, BOB)
    bob.go(".account/sessions")
    other = bob.page.get_by_role("listitem").filter(has_not_text="this device").filter(has_text="Last seen")
    while other.count():
        other.first.get_by_role("button").click()
        expect(bob.page).to_have_url(re.compile("sessions"))
    no_longer_signed_in(his_phone)
    bob.go(".account/")
    expect(bob.page.get_by_role("heading", level=1)).to_contain_text("bob")


def test_deleting_an_account_can_be_thought_over(meet: Meet):
    dora = at_home(meet, DORA)
    dora.go(".account/delete")
    dora.submit(password=DORA.password)
    expect(dora.page.get_by_role("heading", level=1)).to_have_text("Goodbye")
    dora.go(".account/sign-in")
    dora.sign_in()
    dora.page.get_by_role("button", name="Keep my account").click()
    expect(dora.page.get_by_role("status")).to_contain_text("stays")


def test_the_owner_reads_what_is_private(meet: Meet):
    alice = at_home(meet)
    alice.go(".home/alice/settings/")
    alice.page.get_by_role("link", name=re.compile("prefs")).first.click()
    expect(alice.page.get_by_role("main")).to_contain_text("prefs.ttl")
    stranger = meet(java_script_enabled=False)
    stranger.go("alice/settings/prefs.ttl")
    expect(stranger.page.get_by_role("link", name=re.compile("[Ss]ign in")).first).to_be_visible()
