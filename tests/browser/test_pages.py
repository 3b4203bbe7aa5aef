"""What every page keeps: readable by everyone, on any screen, in light and dark; nothing from elsewhere; nothing wrong.

SCREENSHOTS=DIR saves how each page looks, in every view that the test takes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from werkzeug.routing import Rule

from pod.app import create_app
from pod.config import Config
from tests.browser.conftest import Cookies
from tests.browser.looks import ALL_VIEWS, SHIFT_MAX, VIEWS, Views, flaws, restless
from tests.browser.pages import PAGES, Look, Scene
from tests.browser.people import Person
from tests.browser.sandbox import examine
from tests.support.browser import WIDE, Visitor, visitor
from tests.support.postbox import Postbox, postbox
from tests.support.server import ALICE, Account, Server, running_server

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


@pytest.fixture(params=PAGES, ids=lambda look: look.name)
def look(request: pytest.FixtureRequest) -> Look:
    return request.param


@pytest.fixture
def place(look: Look, request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue("hospitable_server" if look.hospitable else "server")


Browse = Callable[[Server, Account | None], Visitor]


@pytest.fixture(scope="module")
def browse(browser: Browser, cookies: Cookies) -> Iterator[Browse]:
    """`browse(server, who)` is a tab for pages to which a path alone leads: one for all of them, as a new one takes long."""
    kept: dict[tuple[str, Account | None], Visitor] = {}
    with ExitStack() as stack:

        def at(place: Server, who: Account | None) -> Visitor:
            if (place.base_url, who) not in kept:
                state = cookies(place) if who else None
                made = stack.enter_context(visitor(browser, place.base_url, storage_state=state))
                examine(made.page)
                kept[place.base_url, who] = made
            tab = kept[place.base_url, who]
            tab.look(WIDE)
            tab.faults.clear()
            return tab

        yield at


@pytest.fixture
def looked_at(
    look: Look, place: Server, browser: Browser, browse: Browse, request: pytest.FixtureRequest
) -> Iterator[Person]:
    """Somebody who stands before the page."""
    if look.then is None:
        person = Person(browse(place, look.who), place, look.who or ALICE)
        person.go(look.path)
        yield person
        return
    state = request.getfixturevalue("cookies")(place) if look.who else None
    with visitor(browser, place.base_url, storage_state=state) as guest:
        person = Person(guest, place, look.who or ALICE)
        person.go(look.path)
        look.then(Scene(person, request.getfixturevalue("app"), request.getfixturevalue("box")))
        person.page.wait_for_load_state("load")
        yield person


@pytest.mark.requirement("solid#accessible-rich-internet-applications")
@pytest.mark.requirement("solid#web-content-accessibility")
def test_a_page_is_for_everyone(looked_at: Person, look: Look, axe: str):
    see(looked_at, look, axe, VIEWS)


@pytest.mark.soak
def test_a_page_is_for_everyone_however_it_is_looked_at(looked_at: Person, look: Look, axe: str):
    see(looked_at, look, axe, ALL_VIEWS)


ASKED_TO_MOVE = ("upload, on their way",)
"""Files were chosen, so they are listed. Chromium does not know that a person did that."""


@pytest.mark.soak
def test_a_page_stands_still_and_weighs_little(looked_at: Person, look: Look):
    assert restless(looked_at.page, 0.02 if look.name in ASKED_TO_MOVE else SHIFT_MAX) == []


def see(looked_at: Person, look: Look, axe: str, views: Views) -> None:
    assert look.at in looked_at.page.url

    def keep(view: str) -> None:
        if directory := os.environ.get("SCREENSHOTS"):
            file = Path(directory) / f"{'-'.join(re.findall('[a-z]+', look.name))}-{view}.png"
            looked_at.page.screenshot(path=file, full_page=True)

    assert flaws(looked_at.visitor, axe, keep, views) + looked_at.visitor.faults == []


FILES = frozenset(
    {
        "/.people/<key>",
        "/.people/own/<path:_path>",
        "/.thumbnails/<size>/<path:_path>",
        "/.contacts/<name>/export.vcf",
        "/.console/members.csv",
    }
)
"""Addresses that answer with a file, which browsers show in a page or save."""
AWAY = frozenset(
    {"/.account/sign-in/organisation", "/.account/sign-in/organisation/back", "/.account/organisation/connect"}
)
"""Those that lead to another server and back: looked at in test_organisation_sign_in.py."""


def test_every_page_is_looked_at(tmp_path: Path):
    """Each address that answers GET with a page, found in the routes."""
    routes = create_app(Config(data=tmp_path)).url_map.iter_rules()
    pages = [each for each in routes if each.endpoint.startswith("pages.") and "GET" in (each.methods or ())]
    pages = [each for each in pages if each.rule not in FILES | AWAY]
    looks = [f"/{path.partition('?')[0]}" for look in PAGES for path in (look.path, look.at)]
    unseen = [each.rule for each in pages if not any(re.fullmatch(pattern(each), look) for look in looks)]
    assert unseen == []


def pattern(rule: Rule) -> str:
    """A regular expression for the addresses of a route."""
    return re.sub(r"<path:[^>]*>", ".+", re.sub(r"<\w+>", "[^/]+", rule.rule))
