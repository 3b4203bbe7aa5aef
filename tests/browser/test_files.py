"""Files put in order by those whose they are: with the keyboard alone, and without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import Person
from tests.support.fixtures import signed_in
from tests.support.server import ALICE

pytestmark = pytest.mark.browser

Meet = Callable[..., Person]
PLAIN = {"Content-Type": "text/plain"}


def in_folder(meet: Meet, folder: str, **options: object) -> Person:
    """Alice before a folder with two folders and three files in it."""
    alice = meet(ALICE, **options)
    owner = signed_in(alice.server, ALICE)
    for name in ("a%20box/in.txt", "b%20box/in.txt", "one.txt", "three.txt", "two.txt"):
        owner.put(f"{owner.pod}{folder}/{name}", "1", headers=PLAIN)
    alice.go(f".home/alice/{folder}/?as=list&sort=name")
    alice.sign_in()
    alice.go(f".home/alice/{folder}/?as=list&sort=name")
    return alice


def names(page: Page) -> list[str]:
    return page.locator("[data-things] .name").all_inner_texts()


def thing(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=name, exact=True)


def test_the_keyboard_is_enough(meet: Meet):
    alice = in_folder(meet, "keyed")
    page, keys = alice.page, alice.page.keyboard
    live = page.locator("#selection [data-live]")
    thing(page, "a box").focus()
    for key in ("ArrowDown", "ArrowDown", "Space"):
        keys.press(key)
    expect(thing(page, "one.txt")).to_be_focused()
    expect(page.get_by_role("checkbox", name="Choose one.txt")).to_be_checked()
    expect(live).to_have_text("one.txt chosen. Chosen: 1")
    keys.press("Shift+ArrowDown")
    expect(live).to_have_text("Chosen: 2")
    expect(page.get_by_role("button", name="Rename")).to_be_disabled()
    keys.press("Escape")
    expect(live).to_have_text("Nothing is chosen.")
    expect(page.get_by_role("button", name="Rename")).to_be_hidden()
    keys.press("F2")
    expect(page.get_by_label("New name")).to_be_focused()
    keys.press("Control+a")
    keys.type("drei.txt")
    keys.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("It has its new name.")
    assert names(page) == ["a box", "b box", "drei.txt", "one.txt", "two.txt"]
    thing(page, "one.txt").focus()
    keys.press("Control+a")
    expect(live).to_have_text("Chosen: 5")
    keys.press("Delete")
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 5 things?")
    page.get_by_role("button", name="Delete").press("Enter")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    assert alice.visitor.faults == []


def test_no_script_is_needed(meet: Meet):
    alice = in_folder(meet, "plain", java_script_enabled=False, width=360)
    page = alice.page
    for name in ("one.txt", "b box"):
        page.get_by_label(f"Choose {name}").check()
    page.get_by_role("button", name="Move").click()
    page.get_by_role("button", name="a box").click()
    page.get_by_role("button", name="Move to a box").click()
    page.get_by_role("link", name="Open a box").click()
    assert names(page) == ["b box", "in.txt", "one.txt"]
    page.get_by_label("Choose in.txt").check()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("New name").fill("out.txt")
    page.get_by_role("button", name="Rename").click()
    assert names(page) == ["b box", "one.txt", "out.txt"]
    page.get_by_text("Order: Name, A to Z").click()
    page.get_by_role("link", name="Name, Z to A").click()
    page.get_by_role("link", name="Pictures").click()
    assert names(page) == ["b box", "out.txt", "one.txt"]
    page.get_by_label("Choose b box").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Folder with 1 thing in it")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted: 1")).to_be_visible()
    assert names(page) == ["out.txt", "one.txt"], "in the order that was chosen"
