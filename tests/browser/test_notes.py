"""examples/notes: the app that newcomers copy keeps notes as it says, on a phone as on a desk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.looks import flaws
from tests.browser.people import Person
from tests.support.browser import visitor
from tests.support.client import SolidClient, contained
from tests.support.fixtures import signed_in
from tests.support.node import NodeError, install_packages
from tests.support.server import ALICE, Server, running_server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

NOTES = Path(__file__).parents[2] / "examples" / "notes"


@pytest.fixture(scope="module")
def notes_app() -> Iterator[str]:
    """Its URL, served as its README says."""
    try:
        install_packages(NOTES)
    except NodeError as error:
        pytest.fail(str(error), pytrace=False)
    command = [sys.executable, str(NOTES / "serve.py"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[3]
        finally:
            process.kill()


@pytest.fixture(scope="module", params=["as-run", pytest.param("dev", marks=pytest.mark.soak)])
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """`as-run` is the server of `make run`; `--dev` allows the Client ID Document of an app on this machine."""
    with running_server((ALICE,), dev=request.param == "dev") as server:
        yield server


class Notes:
    """The app, seen by alice, who finds everything by what it says."""

    def __init__(self, alice: Person, url: str) -> None:
        self.alice, self.page, self.url = alice, alice.page, url

    def sign_in(self, *, documented: bool) -> None:
        self.page.goto(f"{self.url}?document" if documented else self.url)
        self.page.get_by_label("Where is your account?").fill(self.alice.server.base_url)
        self.button("Sign in").click()
        self.alice.is_asked_to_sign_in()
        self.alice.sign_in()
        self.alice.answer("allow")
        expect(self.page.get_by_role("link", name=self.alice.web_id)).to_be_visible()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def save(self, title: str, text: str) -> None:
        self.page.get_by_label("Title").fill(title)
        self.text.fill(text)
        self.button("Save").click()
        expect(self.page.get_by_role("status")).to_have_text("Saved in your pod.")

    @property
    def text(self) -> Locator:
        return self.page.get_by_label("Note", exact=True)

    def lists(self, *titles: str) -> None:
        expect(self.page.get_by_role("navigation").get_by_role("button")).to_have_text(list(titles))


@pytest.fixture
def notes(browser: Browser, own_server: Server, notes_app: str) -> Iterator[Notes]:
    with visitor(browser, notes_app) as guest:
        yield Notes(Person(guest, own_server, ALICE), notes_app)


def test_notes_are_kept_found_changed_and_deleted(notes: Notes, own_server: Server):
    notes.sign_in(documented="--dev" in own_server.command)
    notes.lists()
    notes.save("Shopping", "Bread\nMilk")
    notes.button("New note").click()
    notes.save('A "second" note', "äöü 😀")
    notes.lists('A "second" note', "Shopping")

    notes.page.reload()  # the session comes back by itself
    notes.button("Shopping").click()
    expect(notes.text).to_have_value("Bread\nMilk")
    notes.save("Shopping", "Butter")
    notes.lists("Shopping", 'A "second" note')
    notes.button("Delete").click()
    notes.lists('A "second" note')

    notes.button("Sign out").click()
    expect(notes.button("Sign in")).to_be_visible()


def test_a_note_is_a_document_that_other_apps_can_read(notes: Notes, own_server: Server):
    notes.sign_in(documented="--dev" in own_server.command)
    notes.save("For others too", "In the terms of schema.org")
    alice: SolidClient = signed_in(own_server, ALICE)
    found = [alice.graph(url) for url in contained(alice, f"{alice.pod}notes/")]
    query = 'ASK { ?note a schema:TextDigitalDocument; schema:name "For others too"; schema:text ?text. }'
    assert [graph for graph in found if graph.query(query, initNs={"schema": "https://schema.org/"}).askAnswer]


def test_a_change_from_elsewhere_is_not_overwritten(notes: Notes, own_server: Server):
    notes.sign_in(documented="--dev" in own_server.command)
    notes.save("Changed twice", "first")
    alice = signed_in(own_server, ALICE)
    for url in contained(alice, f"{alice.pod}notes/"):
        if "Changed twice" in alice.get(url).text:
            alice.put_turtle(url, alice.get(url).text.replace("first", "second"))
    notes.text.fill("third")
    notes.button("Save").click()
    expect(notes.page.get_by_role("status")).to_contain_text("changed somewhere else")


def test_the_app_is_for_everyone(notes: Notes, own_server: Server, axe: str):
    notes.sign_in(documented="--dev" in own_server.command)
    notes.save("A title that goes on and on" * 5, "x")
    assert flaws(notes.alice.visitor, axe) == []
