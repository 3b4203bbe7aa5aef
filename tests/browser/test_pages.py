"""What every page keeps: readable by everyone, on any screen, in light and dark; nothing from elsewhere; nothing wrong.

SCREENSHOTS=DIR saves how each page looks, wide and narrow, light and dark.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.conftest import Meet
from tests.browser.looks import audit, wider_than_the_screen
from tests.browser.pages import PAGES, Look
from tests.browser.people import Person
from tests.browser.sandbox import examine
from tests.support.app_server import AppServer
from tests.support.browser import NARROW, WIDE, visitor
from tests.support.server import ALICE, Server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

VIEWS = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]


@pytest.fixture(scope="module")
def cookies_of_alice(browser: Browser, server: Server) -> StorageState:
    with visitor(browser, server.base_url) as guest:
        alice = Person(guest, server, ALICE)
        alice.go(".account/sign-in")
        alice.sign_in()
        alice.page.wait_for_url(re.compile(r"(?<!sign-in)$"))
        return guest.context.storage_state()


@pytest.fixture(params=PAGES, ids=lambda look: look.name)
def looked_at(request: pytest.FixtureRequest, meet: Meet, app: AppServer) -> Person:
    """Somebody who stands before the page."""
    look: Look = request.param
    state = request.getfixturevalue("cookies_of_alice") if look.who else None
    person = meet(look.who or ALICE, storage_state=state)
    if look.then is None:
        examine(person.page)
    person.go(look.path)
    if look.then:
        look.then(person, app)
    person.page.wait_for_load_state("load")
    return person


def keep(page: Page, name: str) -> None:
    if directory := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)


def test_a_page_is_for_everyone(looked_at: Person, axe: str, request: pytest.FixtureRequest):
    page = looked_at.page
    page.evaluate(axe)
    found = []
    for width, scheme in VIEWS:
        looked_at.visitor.look(width, scheme)
        found += [f"{width} {scheme}: {each}" for each in audit(page, scheme) + wider_than_the_screen(page)]
        keep(page, f"{request.node.callspec.id.replace(' ', '-')}-{width}-{scheme}")
    assert found + looked_at.visitor.faults == []
