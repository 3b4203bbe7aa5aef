"""Contacts and the profile as people keep them: by what they read on the page, with scripts and without, wide and narrow."""

from __future__ import annotations

import io
import uuid
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Meet
from tests.browser.people import Person
from tests.support.browser import NARROW, WIDE
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

WAYS = [
    pytest.param({"width": WIDE, "color_scheme": "light"}, id="wide"),
    pytest.param({"width": NARROW, "color_scheme": "dark", "java_script_enabled": False}, id="narrow, without scripts"),
]
WAYS_OF_TASKS = [WAYS[0], pytest.param(*WAYS[1].values, id=WAYS[1].id, marks=pytest.mark.soak)]
"""Where tests/browser/test_tasks.py does the outline of it in other ways."""
CONTACTS = f".contacts/{ALICE.name}/"


@pytest.fixture
def she(meet: Meet, request: pytest.FixtureRequest) -> Person:
    alice = meet(**request.param)
    alice.go(".account/sign-in")
    alice.sign_in()
    return alice


def save(person: Person) -> None:
    person.page.get_by_role("main").get_by_role("button", name="Save").last.click()


@pytest.mark.parametrize("she", WAYS_OF_TASKS, indirect=True)
def test_somebody_is_added_found_changed_put_in_a_group_and_deleted(she: Person):
    page, name, group = she.page, f"Ada {uuid.uuid4().hex[:8]}", f"Friends {uuid.uuid4().hex[:8]}"
    she.go(f"{CONTACTS}groups")
    page.get_by_label("What is it called?").fill(group)
    page.get_by_role("button", name="Make the group").click()
    she.go(CONTACTS)
    page.get_by_role("link", name="New contact").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Another mail address").click()
    page.get_by_label("Mail address 1", exact=True).fill("ada@example.org")
    page.get_by_label("Mail address 2", exact=True).fill("ada@work.example")
    page.get_by_label("What mail address 2 is for").select_option("Work")
    page.get_by_label("WebID 1").fill(she.server.web_id(BOB.name))
    page.get_by_label("Group", exact=True).select_option(group)
    save(she)
    expect(page.get_by_role("status")).to_contain_text("saved")
    expect(page.get_by_role("link", name="ada@work.example")).to_be_visible()
    expect(page.get_by_role("link", name=group)).to_be_visible()
    she.go(CONTACTS)
    page.get_by_label("Search contacts").fill(name[-8:])
    page.keyboard.press("Enter")
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Mail address 1", exact=True).fill("")
    page.get_by_label("Role").fill("Countess")
    save(she)
    expect(page.get_by_role("main")).to_contain_text("Countess")
    expect(page.get_by_text("ada@example.org")).to_have_count(0)
    page.get_by_role("link", name="Delete this contact").click()
    expect(page.get_by_role("main")).to_contain_text(group)
    page.get_by_role("button", name="Delete the contact").click()
    expect(page.get_by_role("status")).to_contain_text("deleted")
    expect(page.get_by_text(name)).to_have_count(0)
    assert she.visitor.faults == []


@pytest.mark.parametrize("she", WAYS_OF_TASKS, indirect=True)
def test_contacts_come_from_a_file_once_and_leave_as_one(she: Person, tmp_path: Path):
    page, mark = she.page, uuid.uuid4().hex[:8]
    entries = "".join(
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{mark} {number}\r\nTEL:{number}\r\nEND:VCARD\r\n" for number in range(3)
    )
    file = tmp_path / "contacts.vcf"
    file.write_text(f"{entries}BEGIN:VCARD\r\nNOTE:nobody\r\nEND:VCARD\r\n")
    for heading in ("3 contacts came in", "0 contacts came in"):
        she.go(f"{CONTACTS}import")
        page.get_by_label("Choose the file").set_input_files(file)
        page.get_by_role("button", name="Import").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.get_by_text("Line 16: nobody is named")).to_be_visible()
    page.get_by_role("link", name="To your contacts").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export all").click()
    assert download.value.path().read_text().count(f"FN:{mark}") == 3
    assert she.visitor.faults == []


def photo() -> bytes:
    """As a camera writes it, with where it was."""
    made, file = Image.new("RGB", (1200, 900), "seagreen"), io.BytesIO()
    exif = made.getexif()
    exif[0x010F] = "SpyCam"
    exif.get_ifd(0x8825)[1] = "N"
    made.save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("she", WAYS, indirect=True)
def test_a_profile_gets_a_picture_that_everyone_sees_and_that_tells_nothing_else(she: Person):
    page = she.page
    she.go(".profile/")
    expect(page.get_by_role("main")).to_contain_text("Everyone on the internet can see all of it")
    page.get_by_label("Nickname").fill("Al")
    page.get_by_label("Pronouns").fill("she/her")
    save(she)
    expect(page.get_by_role("status")).to_contain_text("saved")
    expect(page.get_by_label("Pronouns")).to_have_value("she/her")
    page.get_by_role("link", name="picture", exact=False).first.click()
    assert b"SpyCam" in photo()
    file = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    page.get_by_label("Choose a picture").set_input_files([file])  # type: ignore[list-item]
    page.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_role("status")).to_contain_text("saved")
    client = signed_in(she.server, ALICE)
    card = client.get(f"{she.server.pod('alice')}profile/card").text
    url = next(each for each in card.replace("<", ">").split(">") if "profile/picture-" in each)
    shown = client.get(url if ":" in url else f"{she.server.pod('alice')}profile/{url}")
    picture = Image.open(io.BytesIO(shown.content))
    assert (max(picture.size) <= 512, dict(picture.getexif()), b"SpyCam" in shown.content) == (True, {}, False)
    page.get_by_role("link", name="Change the picture").click()
    page.get_by_role("button", name="Remove the picture").click()
    expect(page.get_by_role("link", name="Add a picture")).to_be_visible()
