"""From an empty data directory to a pod: one form, in no time, on a phone as on a desk, with or without JavaScript."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.browser.looks import flaws
from tests.browser.people import Person
from tests.browser.ways import ALL_WAYS, Way, few_ways
from tests.support.browser import visitor
from tests.support.server import Server, account, running_server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

NEWCOMER = account("newcomer")
SECONDS_MAX = 30
PAGES_MAX = 3


@pytest.fixture
def empty_server() -> Iterator[Server]:
    with running_server(()) as server:
        yield server


def bring(person: Person, *, script: bool) -> None:
    """The first file, with the form that is on the page already."""
    file = {"name": "hello.txt", "mimeType": "text/plain", "buffer": b"Hello, pod."}
    person.page.locator("#files").set_input_files(file)
    if not script:
        person.page.get_by_role("button", name="Upload", exact=True).click()
    expect(person.page).to_have_url(re.compile(r"/\.home/newcomer/"))
    expect(person.page.locator("main")).to_contain_text("hello.txt")
    kept = person.page.context.request.get(person.server.url(".home/newcomer/hello.txt?download"))
    assert kept.text() == "Hello, pod."


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, id=way.name, marks=[] if way in few_ways(3) else pytest.mark.soak) for way in ALL_WAYS],
)
def test_one_form_makes_account_web_id_and_pod_and_another_brings_the_first_file(
    browser: Browser, empty_server: Server, way: Way
):
    with visitor(browser, empty_server.base_url, **way.options) as guest:
        person = Person(guest, empty_server, NEWCOMER)
        began = time.monotonic()
        person.go()
        person.submit(name=NEWCOMER.name, password=NEWCOMER.password)
        expect(person.page.locator("main")).to_contain_text(person.web_id)
        bring(person, script=way.script)
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
