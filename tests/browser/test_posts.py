"""Posts as people write and read them: with a picture, for a group, for everyone; changed, and deleted."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import expect

from pod.sharing.groups import GROUPS
from tests.browser.conftest import CAROL
from tests.browser.people import Person
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

Meet = Callable[..., Person]
CAMERA, GPS = 0x0110, 0x8825
NARROW = {"width": 360, "color_scheme": "dark"}


def photo() -> dict[str, object]:
    said, made = Image.Exif(), io.BytesIO()
    said[CAMERA], said[GPS] = "A camera", {1: "N", 2: (47.0, 22.0, 30.0)}
    Image.new("RGB", (1200, 800), (90, 140, 180)).save(made, "JPEG", exif=said)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}


def group(alice: Person, name: str) -> None:
    """Of bob alone."""
    client = signed_in(alice.server, ALICE)
    said = f"<#it> a <http://www.w3.org/2006/vcard/ns#Group>; <http://www.w3.org/2006/vcard/ns#fn> '{name}'; "
    said += f"<http://www.w3.org/2006/vcard/ns#hasMember> <{alice.server.web_id('bob')}>."
    client.put_turtle(f"{client.pod}{GROUPS}{uuid.uuid4().hex}.ttl", said)


def come(person: Person, path: str) -> Person:
    person.go(".account/sign-in")
    person.sign_in()
    person.go(path)
    return person


@pytest.mark.parametrize(
    "options",
    [pytest.param({}, marks=pytest.mark.soak), {**NARROW, "java_script_enabled": False}],
    ids=["wide, light, with scripts", "narrow, dark, without"],
)
def test_a_post_with_a_picture_is_written_for_a_group_and_then_for_everyone(meet: Meet, options: dict[str, object]):
    alice, name = meet(ALICE, **options), f"Friends {uuid.uuid4().hex[:6]}"
    group(alice, name)
    text = f"A day out {uuid.uuid4().hex[:6]}"
    page = come(alice, ".posts/alice/").page
    page.get_by_role("link", name=re.compile("New post|first post")).first.click()
    page.get_by_label("What would you like to say?").fill(f"{text}, and it was **fine**.")
    page.get_by_label("Picture 1", exact=True).set_input_files(photo())  # type: ignore[arg-type]
    page.get_by_label("What does new picture 1 show?").fill("The sea")
    page.get_by_label("Some people").check()
    page.get_by_label(name).check()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_contain_text(name)
    expect(page.get_by_role("img", name="The sea")).to_have_js_property("naturalWidth", 1200)
    url = read_by(meet(BOB), text)
    carol = come(meet(CAROL), ".posts/alice/").page
    expect(carol.get_by_text(text)).to_have_count(0)
    stranger = meet(ALICE).page
    assert stranger.goto(url).status == 401  # type: ignore[union-attr]
    change(alice, text)
    stranger.goto(url)
    expect(stranger.get_by_role("article")).to_contain_text(f"{text}, and it was splendid.")
    expect(stranger.get_by_role("img", name="The sea")).to_have_js_property("naturalWidth", 1200)
    assert (
        b"A camera"
        not in stranger.request.get(stranger.get_by_role("img", name="The sea").get_attribute("src") or "").body()
    )
    delete(alice, text)
    assert stranger.goto(url).status in {401, 404}  # type: ignore[union-attr]


def read_by(friend: Person, text: str) -> str:
    """Where the post is for those who may see it."""
    page = come(friend, ".posts/alice/").page
    post = page.get_by_role("article").filter(has_text=text)
    expect(post).to_contain_text("Shared with you")
    expect(post.get_by_role("img", name="The sea")).to_have_js_property("naturalWidth", 1200)
    post.get_by_role("link").filter(has=page.locator("time")).click()
    iri = re.search(r"iri=([^&#]+)", page.url)
    assert iri is not None
    return friend.page.evaluate("text => decodeURIComponent(text)", iri[1]).partition("#")[0]


def change(alice: Person, text: str) -> None:
    page = alice.page
    page.get_by_role("link", name="Edit").first.click()
    page.get_by_label("What would you like to say?").fill(f"{text}, and it was splendid.")
    page.get_by_label("Everyone").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status")).to_contain_text("Everyone")


def delete(alice: Person, text: str) -> None:
    page = alice.page
    page.get_by_role("link", name="Delete").first.click()
    page.get_by_role("button", name="Delete the post").click()
    expect(page.get_by_role("status")).to_contain_text("deleted")
    expect(page.get_by_text(text)).to_have_count(0)


def test_a_preview_leaves_the_form_as_it_is(meet: Meet):
    page = come(meet(ALICE, java_script_enabled=False), ".posts/alice/new").page
    page.get_by_label("What would you like to say?").fill("Hello *you*")
    page.get_by_label("Picture 1", exact=True).set_input_files(photo())  # type: ignore[arg-type]
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Preview").click()
    shown = opened.value
    expect(shown.locator("article em")).to_have_text("you")
    expect(shown.locator("article img")).to_have_js_property("naturalWidth", 640)
    expect(page.get_by_label("What would you like to say?")).to_have_value("Hello *you*")
    assert page.get_by_label("Picture 1", exact=True).input_value().endswith("IMG_0001.jpg")
