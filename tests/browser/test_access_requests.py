"""Somebody asks for access, with a published client library or on a page; the owner answers in Chromium; and what comes of it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import Person
from tests.clients.conftest import describe
from tests.support.browser import visitor
from tests.support.client import SolidClient
from tests.support.fixtures import signed_in
from tests.support.node import NodeError, install_packages, node
from tests.support.server import ALICE, BOB, Account, Server

pytestmark = [pytest.mark.browser, pytest.mark.clients, pytest.mark.e2e]

CLIENTS = Path(__file__).parents[1] / "clients"
REQUESTS = ".account/requests"


@pytest.fixture(scope="module")
def client_libraries() -> Path:
    try:
        install_packages(CLIENTS)
        return node()
    except NodeError as error:
        pytest.fail(str(error), pytrace=False)


@contextmanager
def before_a_browser(browser: Browser, server: Server, account: Account) -> Iterator[Person]:
    with visitor(browser, server.base_url) as guest:
        person = Person(guest, server, account)
        person.go(REQUESTS)
        person.sign_in()
        yield person
        assert guest.faults == []


@pytest.fixture
def owner(server: Server) -> SolidClient:
    return signed_in(server, ALICE)


def something(owner: SolidClient, name: str) -> str:
    url = f"{owner.pod}{name}/sea"
    owner.put(url, "waves", headers={"Content-Type": "text/plain"})
    return url


@contextmanager
def program(client_libraries: Path, server: Server, url: str) -> Iterator[subprocess.Popen[str]]:
    """Bob's, at work until the test is over."""
    environment = {**os.environ, "POD_TARGET": json.dumps(describe(server)), "URL_WANTED": url}
    command = [str(client_libraries), str(CLIENTS / "ask.mjs")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def next_word(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    line = running.stdout.readline()
    assert line, running.stderr and running.stderr.read()
    return line.partition(" ")[0]


def test_a_program_that_was_refused_asks_and_is_let_in_by_a_click(
    browser: Browser, server: Server, owner: SolidClient, client_libraries: Path
):
    url = something(owner, "journey")
    with program(client_libraries, server, url) as bobs, before_a_browser(browser, server, ALICE) as alice:
        assert next_word(bobs) == "asked"
        alice.go(REQUESTS)
        card = alice.page.locator("section").filter(has_text="For the album of our journey")
        card.get_by_role("button", name="Give this").click()
        expect(alice.page.get_by_role("status")).to_have_text("They have access now.")
        assert next_word(bobs) == "in"
        given = alice.page.locator("li").filter(has_text="For the album of our journey")
        given.get_by_role("button", name="Take back").click()
        expect(alice.page.get_by_role("status")).to_have_text("They have no access any more.")
        assert next_word(bobs) == "out"


def test_people_ask_where_they_were_refused_and_are_given_less(browser: Browser, server: Server, owner: SolidClient):
    url, bob = something(owner, "harbour"), signed_in(server, BOB)
    with before_a_browser(browser, server, BOB) as asker:
        asker.go(f".home/alice/harbour/{quote('sea')}")
        asker.page.get_by_role("link", name="Ask for access").click()
        asker.page.get_by_label("What", exact=True).select_option("above")
        asker.page.get_by_label("What you want to do").select_option("edit")
        asker.page.get_by_label("Why").fill("I was there")
        asker.page.get_by_role("button", name="Ask the owner").click()
        expect(asker.page.locator("li").filter(has_text="harbour").get_by_text("no answer yet")).to_be_visible()
    with before_a_browser(browser, server, ALICE) as alice:
        card = alice.page.locator("section").filter(has_text="I was there")
        card.get_by_text("Give less").click()
        card.get_by_label("Which").select_option(label="Only sea")
        card.get_by_label("What they may do").select_option("see")
        card.get_by_label("Until when").select_option("7")
        card.get_by_role("button", name="Give only that").click()
        expect(alice.page.get_by_role("status")).to_have_text("They have access now.")
    assert bob.get(url).status_code == 200
    assert bob.get(url.removesuffix("sea")).status_code == 403
    assert bob.put(url, "mud", headers={"Content-Type": "text/plain"}).status_code == 403
    with before_a_browser(browser, server, BOB) as asker:
        expect(asker.page.locator("li").filter(has_text="harbour").get_by_text("given to you")).to_be_visible()
