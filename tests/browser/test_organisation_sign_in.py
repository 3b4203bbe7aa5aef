"""Members who come in with the account of their organisation, at a real provider of its own.

Spec: OpenID Connect Core s3.1
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import Person
from tests.support.browser import Visitor, visitor
from tests.support.node import node
from tests.support.server import ALICE, BOB, Server, account, free_port, running_server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

HERE = Path(__file__).parent
SECRET = "a secret: of the organisation's & ours"
NOBODY = account("nobody")


@contextmanager
def running_provider(redirect_uri: str) -> Iterator[str]:
    port = free_port()
    command = [str(node()), "organisation.mjs", str(port), redirect_uri]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert "ready" in iter(process.stdout.readline, "").__next__()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.fixture(scope="module")
def place(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server, and the provider of the organisation that runs it."""
    with running_server((ALICE, BOB), directory=tmp_path_factory.mktemp("organisation")) as server:
        back = server.url(".account/sign-in/organisation/back")
        with running_provider(back) as issuer:
            yield server, issuer


def come(browser: Browser, place: tuple[Server, str]) -> AbstractContextManager[Visitor]:
    return visitor(browser, place[0].base_url, java_script_enabled=False)


def at_the_provider(person: Person, name: str) -> None:
    """Signs in and consents there, as its own pages ask."""
    page = person.page
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill("whatever")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def signed_in(person: Person) -> Person:
    person.go(".account/sign-in")
    person.sign_in()
    expect(person.page.get_by_role("navigation", name="Main")).to_be_visible()
    return person


def test_an_operator_sets_it_up_and_members_come_in_by_it(browser: Browser, place: tuple[Server, str]):
    server, issuer = place
    with come(browser, place) as guest:
        alice = signed_in(Person(guest, server, ALICE))
        alice.go(".console/sign-in")
        page = alice.page
        page.get_by_label("What people know it by").fill("Example University")
        page.get_by_label("Address of the provider").fill(f"{issuer}/not-there")
        page.get_by_label("Client ID").fill("freehold")
        page.get_by_label("Client secret").fill(SECRET)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("no OpenID provider")
        page.get_by_label("Address of the provider").fill(issuer)
        page.get_by_label("Client secret").fill(SECRET)
        page.get_by_label("Only addresses at").fill("organisation.example")
        page.get_by_label("Who comes for the first time").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved")
        assert SECRET not in page.content()

    with come(browser, place) as guest:
        new = Person(guest, server, NOBODY)
        new.go(".account/sign-in")
        new.page.get_by_role("link", name="Sign in with Example University").click()
        at_the_provider(new, "nora")
        expect(new.page.get_by_role("heading", level=1)).to_contain_text("nora of the organisation")
        expect(new.page.get_by_label("Name", exact=True)).to_have_value("nora")
        new.page.get_by_role("button", name="Make my pod").click()
        expect(new.page.get_by_role("navigation", name="Main")).to_be_visible()
        new.go(".account/")
        new.page.get_by_role("button", name="Sign out").click()
        new.go(".home/nora/")
        new.page.get_by_role("link", name="Sign in with Example University").click()
        expect(new.page.get_by_role("heading", level=1)).to_contain_text("nora")
        assert new.page.url == server.url(".home/nora/")

    with come(browser, place) as guest:
        other = Person(guest, server, NOBODY)
        other.go(".account/sign-in")
        other.page.get_by_role("link", name="Sign in with Example University").click()
        at_the_provider(other, "stranger")
        expect(other.page.get_by_role("alert")).to_contain_text("organisation.example")
        other.go(".account/")
        other.is_asked_to_sign_in()


def test_an_account_is_connected_by_its_owner_and_disconnected(browser: Browser, place: tuple[Server, str]):
    server, _ = place
    with come(browser, place) as guest:
        bob = signed_in(Person(guest, server, BOB))
        bob.go(".account/organisation")
        bob.page.get_by_role("link", name="Connect with Example University").click()
        at_the_provider(bob, "robert")
        expect(bob.page.get_by_role("heading", name="Is this you?")).to_be_visible()
        bob.page.get_by_role("button", name="Yes, connect it").click()
        expect(bob.page.get_by_role("main")).to_contain_text("robert of the organisation")
        bob.go(".account/")
        bob.page.get_by_role("button", name="Sign out").click()
        bob.go(".account/sign-in")
        bob.page.get_by_role("link", name="Sign in with Example University").click()
        expect(bob.page.get_by_role("navigation", name="Main")).to_be_visible()
        bob.go(".account/organisation")
        bob.page.get_by_role("button", name="Disconnect").click()
        expect(bob.page.get_by_role("status")).to_contain_text("Disconnected")
