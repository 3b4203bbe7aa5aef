"""What every page keeps: readable by everyone, on any screen, in light and dark; nothing from elsewhere; nothing wrong.

SCREENSHOTS=DIR saves how each page looks, wide and narrow, light and dark.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, StorageState, expect
from werkzeug.routing import Rule

from pod.app import create_app
from pod.config import Config
from tests.browser.looks import flaws
from tests.browser.pages import PAGES, Look, Scene
from tests.browser.people import Person
from tests.browser.sandbox import examine
from tests.support.app_server import AppServer
from tests.support.browser import visitor
from tests.support.postbox import Postbox, postbox
from tests.support.server import ALICE, Server, running_server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]


@pytest.fixture(scope="module")
def box() -> Iterator[Postbox]:
    with postbox() as mails:
        yield mails


@pytest.fixture(scope="module")
def hospitable_server(box: Postbox) -> Iterator[Server]:
    settings = box.settings(registration="invitation")
    environment = {f"FREEHOLD_{name.upper()}": str(value) for name, value in settings.items()}
    with running_server((ALICE,), environment=environment) as server:
        yield server


Cookies = Callable[[Server], StorageState]


@pytest.fixture(scope="module")
def cookies(browser: Browser) -> Cookies:
    """`cookies(server)` are those of alice, who signs in once at each server."""
    kept: dict[str, StorageState] = {}

    def of(server: Server) -> StorageState:
        if server.base_url not in kept:
            with visitor(browser, server.base_url) as guest:
                alice = Person(guest, server, ALICE)
                alice.go(".account/sign-in")
                alice.sign_in()
                expect(alice.page.get_by_role("navigation", name="Main")).to_be_visible()
                kept[server.base_url] = guest.context.storage_state()
        return kept[server.base_url]

    return of


@pytest.fixture(params=PAGES, ids=lambda look: look.name)
def look(request: pytest.FixtureRequest) -> Look:
    return request.param


@pytest.fixture
def place(look: Look, request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue("hospitable_server" if look.hospitable else "server")


@pytest.fixture
def looked_at(
    look: Look, place: Server, browser: Browser, cookies: Cookies, app: AppServer, box: Postbox
) -> Iterator[Person]:
    """Somebody who stands before the page."""
    state = cookies(place) if look.who else None
    with visitor(browser, place.base_url, storage_state=state) as guest:
        person = Person(guest, place, look.who or ALICE)
        if look.then is None:
            examine(person.page)
        person.go(look.path)
        if look.then:
            look.then(Scene(person, app, box))
        person.page.wait_for_load_state("load")
        yield person


@pytest.mark.requirement("solid#accessible-rich-internet-applications")
@pytest.mark.requirement("solid#web-content-accessibility")
def test_a_page_is_for_everyone(looked_at: Person, look: Look, axe: str):
    assert look.at in looked_at.page.url

    def keep(view: str) -> None:
        if directory := os.environ.get("SCREENSHOTS"):
            file = Path(directory) / f"{'-'.join(re.findall('[a-z]+', look.name))}-{view}.png"
            looked_at.page.screenshot(path=file, full_page=True)

    assert flaws(looked_at.visitor, axe, keep) + looked_at.visitor.faults == []


def test_every_page_is_looked_at(tmp_path: Path):
    """Each address that answers GET with a page, found in the routes."""
    routes = create_app(Config(data=tmp_path)).url_map.iter_rules()
    pages = [each for each in routes if each.endpoint.startswith("pages.") and "GET" in (each.methods or ())]
    looks = [f"/{path.partition('?')[0]}" for look in PAGES for path in (look.path, look.at)]
    unseen = [each.rule for each in pages if not any(re.fullmatch(pattern(each), look) for look in looks)]
    assert unseen == []


def pattern(rule: Rule) -> str:
    """A regular expression for the addresses of a route."""
    return re.sub(r"<path:[^>]*>", ".+", re.sub(r"<\w+>", "[^/]+", rule.rule))
