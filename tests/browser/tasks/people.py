"""Contacts, groups and the profile."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.tasks.task import Doing, Task, picture

CONTACTS = ".contacts/alice/"
PICTURE = ".profile/alice/picture"


def keep_a_contact(doing: Doing) -> None:
    """Added, found again, changed and deleted."""
    name = f"Ada {doing.mark}"
    doing.follow("New contact")
    doing.write("Name", name)
    doing.write("Mail address 1", "ada@example.org")
    doing.hands.press(doing.button("Save").last)
    doing.is_told("saved")
    doing.person.go(CONTACTS)
    doing.hands.write(doing.page.get_by_label("Search contacts"), doing.mark)
    doing.press("Search")
    expect(doing.page).to_have_url(re.compile(doing.mark))
    doing.follow(name)
    doing.follow("Edit")
    doing.write("Role", "Countess")
    doing.hands.press(doing.button("Save").last)
    doing.reads("Countess")
    doing.follow("Delete this contact")
    doing.press("Delete the contact")
    doing.is_told("deleted")
    expect(doing.page.get_by_text(name)).to_have_count(0)


def make_a_group(doing: Doing) -> None:
    doing.write("What is it called?", f"Friends {doing.mark}")
    doing.press("Make the group")
    doing.write("Add somebody", doing.person.server.web_id("bob"))
    doing.press("Add")
    expect(doing.page.get_by_role("button", name="Remove").first).to_be_visible()


def bring_contacts(doing: Doing) -> None:
    """From a file, and out again as one."""
    entry = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Grace {doing.mark}\r\nEND:VCARD\r\n"
    file = {"name": "contacts.vcf", "mimeType": "text/vcard", "buffer": entry.encode()}
    doing.hands.give(doing.field("Choose the file"), file)
    doing.press("Import")
    doing.reads("1 contact came in")
    doing.follow("To your contacts")
    with doing.page.expect_download() as download:
        doing.follow("Export all")
    assert f"FN:Grace {doing.mark}" in download.value.path().read_text()


def say_who_she_is(doing: Doing) -> None:
    doing.write("Nickname", doing.mark)
    doing.hands.press(doing.button("Save").last)
    doing.is_told("saved")
    expect(doing.field("Nickname")).to_have_value(doing.mark)
    assert doing.mark in doing.client.get(f"{doing.client.pod}profile/card").text


def choose_a_picture(doing: Doing) -> None:
    """Of herself, for everyone to see, and take it away."""
    doing.hands.give(doing.field("Choose a picture"), picture())
    doing.press("Use this picture")
    doing.is_told("saved")
    assert "hasPhoto" in doing.client.get(f"{doing.client.pod}profile/card").text
    doing.person.go(PICTURE)
    doing.press("Remove the picture")
    doing.is_told("saved")


TASKS = (
    Task("keep a contact", CONTACTS, keep_a_contact),
    Task("make a group", f"{CONTACTS}groups", make_a_group),
    Task("bring contacts from a file and take them along", f"{CONTACTS}import", bring_contacts),
    Task("choose a picture of oneself", PICTURE, choose_a_picture),
    Task("say who one is", ".profile/alice/", say_who_she_is),
)
