"""From an empty data directory to a pod: one form, in no time, on a phone as on a desk, with or without JavaScript."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.browser.looks import flaws
from tests.browser.people import Person
from tests.support.browser import NARROW, WIDE, visitor
from tests.support.server import Server, account, running_server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

NEWCOMER = account("newcomer")
SECONDS_MAX = 30
PAGES_MAX = 3


@pytest.fixture
def empty_server() -> Iterator[Server]:
    with running_server(()) as server:
        yield server


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_one_form_makes_account_web_id_and_pod(browser: Browser, empty_server: Server, width: int, script: bool):
    with visitor(browser, empty_server.base_url, width, java_script_enabled=script) as guest:
        person = Person(guest, empty_server, NEWCOMER)
        began = time.monotonic()
        person.go()
        person.submit(name=NEWCOMER.name, password=NEWCOMER.password)
        expect(person.page.locator("main")).to_contain_text(person.web_id)
        assert time.monotonic() - began < SECONDS_MAX
        assert len(guest.pages) <= PAGES_MAX, guest.pages
        assert guest.faults == []
    profile = requests.get(empty_server.url("newcomer/profile/card"), timeout=10)
    assert profile.status_code == 200
    assert empty_server.pod("newcomer") in profile.text


def test_the_form_is_for_everyone_and_says_what_is_wrong(browser: Browser, empty_server: Server, axe: str):
    with visitor(browser, empty_server.base_url) as guest:
        person = Person(guest, empty_server, NEWCOMER)
        person.go()
        assert flaws(guest, axe) + guest.faults == []
        person.submit(name="a name", password=NEWCOMER.password)
        expect(person.page.get_by_role("alert")).to_be_visible()
        expect(person.page.locator("[name=name]")).to_have_value("a name")
        assert flaws(guest, axe) + guest.faults == []


def test_the_first_account_closes_the_door(browser: Browser, empty_server: Server):
    for name, forms in (("newcomer", 1), ("latecomer", 0)):
        with visitor(browser, empty_server.base_url) as guest:
            person = Person(guest, empty_server, account(name))
            person.go()
            expect(person.page.locator("input[type=password][autocomplete=new-password]")).to_have_count(forms)
            if forms:
                person.submit(name=name, password=person.account.password)
                expect(person.page.locator("main")).to_contain_text(person.web_id)
