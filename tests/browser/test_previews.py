"""The page of a file as its owner sees it: what is in it is there, nothing moves while it comes, and nothing acts."""

from __future__ import annotations

import io
import uuid
import wave
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.looks import flaws
from tests.browser.people import Person
from tests.support.client import SolidClient
from tests.support.fixtures import signed_in
from tests.support.server import ALICE

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

Meet = Callable[..., Person]
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj
trailer<</Root 1 0 R>>
"""
EVIL = "<script>document.title = 'acted'</script>"
MOVED = """() => new Promise(resolve => {
  let moved = 0
  const seen = list => list.forEach(each => { moved += each.value })
  const observer = new PerformanceObserver(list => seen(list.getEntries()))
  observer.observe({ type: "layout-shift", buffered: true })
  requestAnimationFrame(() => requestAnimationFrame(() => { seen(observer.takeRecords()); resolve(moved) }))
})"""
WIDTH = "each => each.complete && each.naturalWidth"


def photo() -> bytes:
    said, made = Image.Exif(), io.BytesIO()
    said[0x0112] = 6
    Image.radial_gradient("L").resize((2400, 1200)).convert("RGB").save(made, "JPEG", exif=said)
    return made.getvalue()


def song() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000 * 30))
    return made.getvalue()


FILES = {
    "photo.jpg": ("image/jpeg", photo()),
    "broken.png": ("image/png", b"no picture"),
    "notes.md": ("text/markdown", f"# Grüße\n{EVIL}\n".encode() * 2000),
    "page.html": ("text/html", EVIL.encode()),
    "song.wav": ("audio/wav", song()),
    "doc.pdf": ("application/pdf", PDF),
    "drawing.svg": ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
}


@pytest.fixture
def alice(meet: Meet) -> Person:
    """Signed in, in a folder of her own."""
    alice = meet(ALICE)
    alice.go(".home/")
    alice.sign_in()
    return alice


def kept(alice: Person) -> str:
    client: SolidClient = signed_in(alice.server, ALICE)
    folder = f"looks-{uuid.uuid4().hex[:6]}/"
    for name, (media_type, content) in FILES.items():
        assert (
            client.put(f"{client.pod}{folder}{name}", content, headers={"Content-Type": media_type}).status_code == 201
        )
    return f".home/alice/{folder}"


def moved(page: Page) -> Any:
    return page.evaluate(MOVED)


def test_what_is_in_files_is_shown_and_nothing_moves_or_acts(alice: Person, axe: str):
    folder, page = kept(alice), alice.page
    for seen, name in enumerate(("photo.jpg", "photo.jpg", "broken.png", "broken.png")):
        alice.go(folder + name)
        page.wait_for_load_state("load")
        shown = page.locator("figure img")
        if (seen, name) == (3, "broken.png"):
            expect(page.get_by_text("cannot be shown here")).to_be_visible()
        else:
            assert shown.evaluate(WIDTH) == (640 if name == "photo.jpg" else 150)
        assert moved(page) == 0
    for name in ("notes.md", "page.html"):
        alice.go(folder + name)
        expect(page.locator("pre")).to_contain_text(EVIL)
        assert "acted" not in page.title()
        assert flaws(alice.visitor, axe) == []
    alice.go(folder + "drawing.svg")
    expect(page.get_by_text("cannot be shown here")).to_be_visible()
    assert alice.visitor.faults == []


def test_a_picture_that_could_not_be_made_at_once_comes_later(alice: Person):
    folder, page, asked = kept(alice), alice.page, []

    def refuse_once(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            route.continue_()
        else:
            route.fulfill(status=503, headers={"Retry-After": "5"})

    page.route("**/.thumbnails/*/alice/**/photo.jpg*", refuse_once)
    alice.go(folder)
    expect(page.locator("img[src*='photo.jpg']")).not_to_have_js_property("naturalWidth", 0)
    assert len(asked) == 2


def test_sound_plays_from_where_one_wants_and_a_pdf_opens(alice: Person, axe: str):
    folder, page = kept(alice), alice.page
    alice.go(folder + "song.wav")
    page.locator("audio").evaluate("async each => { each.muted = true; each.currentTime = 20; await each.play() }")
    page.wait_for_function("document.querySelector('audio').currentTime > 20")
    assert flaws(alice.visitor, axe) == []
    alice.go(folder + "doc.pdf")
    answer = page.request.get(alice.server.url(f"{folder}doc.pdf?shown"))
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    expect(page.get_by_role("link", name="Open it in a new tab")).to_have_attribute("href", "?shown")
    assert flaws(alice.visitor, axe) + alice.visitor.faults == []
