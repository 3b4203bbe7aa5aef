"""Sharing as people do it: from the page of a thing, by a name, within a few clicks; and what the others then see."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Meet
from tests.browser.people import Person
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB

pytestmark = [pytest.mark.browser, pytest.mark.e2e]


@pytest.fixture
def folder(meet: Meet) -> str:
    """The name of a folder of alice's with a note in it."""
    alice, name = meet(), f"shared-{uuid.uuid4().hex[:8]}"
    signed_in(alice.server, ALICE).put_turtle(
        f"{alice.server.pod('alice')}{name}/note", "<#it> <http://purl.org/dc/terms/title> 'The note'."
    )
    return name


def at_home(person: Person, path: str = "") -> Person:
    person.go(".account/sign-in")
    person.sign_in()
    person.go(f".home/alice/{path}")
    return person


def people(alice: Person) -> list[str]:
    """Who the page says has access, beside the owner."""
    names = alice.page.locator("ul.things > li .what > strong bdi")
    return [name.strip() for name in names.all_inner_texts()]


@pytest.mark.parametrize("script", [True, False], ids=["", "without scripts"])
def test_sharing_takes_a_name_and_a_click_and_so_does_its_end(meet: Meet, folder: str, script: bool):
    alice = at_home(meet(java_script_enabled=script), f"{folder}/")
    expect(alice.page.locator(".chip", has_text="Private")).to_be_visible()
    alice.page.get_by_role("link", name="Share", exact=True).click()
    alice.page.get_by_label("Which person?").fill("bob")
    alice.page.get_by_role("button", name="Share", exact=True).click()
    expect(alice.page.get_by_role("status")).to_contain_text("Shared with bob")
    assert people(alice) == ["bob"]
    bob = at_home(meet(BOB), f"{folder}/note")
    expect(bob.page.get_by_role("heading", name="The note")).to_be_visible()
    alice.page.get_by_role("button", name="Remove bob").click()
    expect(alice.page.get_by_role("status")).to_contain_text("The rules here give bob nothing any more")
    assert people(alice) == []
    bob.page.reload()
    expect(bob.page.get_by_text("The note")).to_have_count(0)


def test_one_file_can_be_kept_from_somebody_who_has_the_folder(meet: Meet, folder: str):
    alice = at_home(meet(), f"{folder}/")
    alice.page.get_by_role("link", name="Share", exact=True).click()
    alice.submit(who="bob")
    alice.go(f".home/alice/{folder}/note")
    expect(alice.page.locator(".chip", has_text="Shared")).to_be_visible()
    alice.page.get_by_role("link", name="Share", exact=True).click()
    expect(alice.page.locator("main")).to_contain_text(f"As in the folder {folder}")
    alice.page.get_by_role("button", name="Remove bob").click()
    expect(alice.page.get_by_role("status")).to_be_visible()
    bob = at_home(meet(BOB), f"{folder}/")
    expect(bob.page.get_by_role("link", name="note", exact=True)).to_be_visible()
    bob.go(f".home/alice/{folder}/note")
    expect(bob.page.get_by_text("The note")).to_have_count(0)


def test_what_somebody_can_do_is_changed_in_its_line(meet: Meet, folder: str):
    alice = at_home(meet(), f"{folder}/")
    alice.page.get_by_role("link", name="Share", exact=True).click()
    alice.submit(who="bob")
    line = alice.page.locator("ul.things > li", has_text="bob")
    line.locator("summary").click()
    line.get_by_label("They can").select_option("edit")
    line.get_by_label("For how long").select_option("7")
    line.get_by_role("button", name="Save").click()
    expect(line).to_contain_text(re.compile("Can see and change, until"))


def test_the_owner_sees_what_others_see_and_why(meet: Meet, folder: str):
    alice = at_home(meet(), f"{folder}/")
    alice.page.get_by_role("link", name="Share", exact=True).click()
    alice.submit(who="bob")
    alice.submit(asked="bob")
    expect(alice.page.locator("main")).to_contain_text("They can see.")
    expect(alice.page.locator("ul.things")).to_contain_text(f"By the rules of {folder}")
    alice.page.get_by_role("link", name="See it as they do").click()
    alice.page.get_by_role("link", name="note").click()
    expect(alice.page.get_by_role("heading", name="The note")).to_be_visible()
    alice.page.get_by_role("link", name="alice", exact=True).click()
    expect(alice.page.locator("main")).to_contain_text("This is not shared with them.")


def test_a_group_is_shared_with_as_a_whole(meet: Meet, folder: str):
    alice = at_home(meet())
    alice.go(".account/groups")
    alice.submit(name=folder)
    group = alice.page.url
    alice.page.get_by_label("Add somebody").fill("bob")
    alice.page.get_by_role("button", name="Add", exact=True).click()
    expect(alice.page.get_by_role("button", name="Remove")).to_be_visible()
    alice.go(f".account/sharing?resource=/alice/{folder}/")
    alice.page.get_by_label("With", exact=True).select_option(label=folder)
    alice.page.get_by_role("button", name="Share", exact=True).click()
    expect(alice.page.get_by_role("status")).to_contain_text(f"Shared with {folder}")
    bob = at_home(meet(BOB), f"{folder}/note")
    expect(bob.page.get_by_role("heading", name="The note")).to_be_visible()
    alice.page.goto(group)
    alice.page.get_by_role("button", name="Remove bob").click()
    expect(alice.page.locator("main")).to_contain_text("Nobody is in it yet.")
    bob.page.reload()
    expect(bob.page.get_by_text("The note")).to_have_count(0)
