"""Links in Chromium: an owner makes one, people who have no account use it, and it ends when it should."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from pod.sharing.links import GUESSES_AT_ADDRESS
from tests.browser.conftest import Meet
from tests.browser.people import Person
from tests.support.browser import Visitor, visitor
from tests.support.client import CONTAINER_LINK, SolidClient
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, Server, running_server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

PASSWORD = "a word for friends"
CAT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
"""A picture of one pixel."""


@pytest.fixture
def folder(server: Server) -> str:
    """The URL of a folder of alice's with a picture, a page that would act, and a folder in it."""
    alice = signed_in(server, ALICE)
    url = f"{alice.pod}shared-{uuid.uuid4().hex[:8]}/"
    assert alice.put(url, b"", headers=CONTAINER_LINK).status_code == 201
    for name, media_type, body in (
        ("cat.png", "image/png", CAT),
        ("evil.html", "text/html", b"<script>document.title='ran'</script>"),
        ("inner/note.txt", "text/plain", b"Dear friend"),
    ):
        assert alice.put(url + name, body, headers={"Content-Type": media_type}).status_code == 201
    return url


@pytest.fixture
def alice(meet: Meet) -> Person:
    person = meet(ALICE)
    person.go(".account/sign-in")
    person.sign_in()
    expect(person.page.get_by_role("navigation", name="Main")).to_be_visible()
    return person


def made(alice: Person, url: str, mode: str = "view", **wish: str) -> str:
    """The link that alice made on the page about a resource, and copied."""
    alice.go(f".account/links?{urlencode({'resource': url})}")
    if mode == "upload":
        alice.page.get_by_label("To send you files").check()
    alice.submit(link_label="For a friend", **wish)
    return alice.page.locator(".secret").inner_text()


@contextmanager
def somebody(browser: Browser, server: Server, **options) -> Iterator[Visitor]:
    """With a browser of their own, and no account."""
    with visitor(browser, server.base_url, **options) as guest:
        yield guest
        assert guest.faults == []


def pressed(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main form button").click()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Where nobody develops, so that what may be tried is counted."""
    with running_server((ALICE,), directory=tmp_path_factory.mktemp("real"), dev=False) as server:
        yield server


def tried(page: Page, password: str) -> None:
    page.get_by_label("The password of this link").fill(password)
    pressed(page)


def test_a_link_with_a_password_and_three_uses_works_three_times_and_guessing_is_throttled(
    browser: Browser, real: Server
):
    with visitor(browser, real.base_url) as owner:
        alice = Person(owner, real, ALICE)
        alice.go(".account/sign-in")
        alice.sign_in()
        link, guessed = (
            made(alice, real.url("alice/profile/"), link_uses="3", link_password=PASSWORD) for _ in range(2)
        )
        for number in range(3):
            with somebody(browser, real, java_script_enabled=False) as guest:
                guest.page.goto(link)
                if number == 0:
                    tried(guest.page, "a wrong word")
                    expect(guest.page.get_by_role("alert")).to_contain_text("This is not the password of this link.")
                tried(guest.page, PASSWORD)
                expect(guest.page.get_by_role("link", name="card")).to_be_visible()
                guest.page.goto(link)
                expect(guest.page.get_by_role("link", name="card")).to_be_visible()
        with somebody(browser, real) as late:
            answer = late.page.goto(link)
            assert answer is not None
            assert answer.status == 410
            expect(late.page.get_by_role("heading", level=1)).to_have_text("This link does not work any more")
            expect(late.page.locator("main")).to_contain_text("This link was opened as often as it could be.")
        with somebody(browser, real, java_script_enabled=False) as guest:
            guest.page.goto(guessed)
            for number in range(GUESSES_AT_ADDRESS.times):
                tried(guest.page, f"guess {number}")
                expect(guest.page.get_by_role("alert")).to_contain_text("This is not the password of this link.")
            tried(guest.page, PASSWORD)
            expect(guest.page.get_by_role("heading", level=1)).to_have_text("A short break, please")
        alice.go(".account/links")
        expect(alice.page.locator("main")).to_contain_text("Opened 3 of 3 times")
        expect(alice.page.locator("main")).to_contain_text("Opened 0 of 3 times")


def test_files_are_sent_through_a_link_and_nothing_is_seen(
    alice: Person, browser: Browser, server: Server, folder: str, tmp_path: Path
):
    link = made(alice, folder, mode="upload", link_uses="1")
    large = tmp_path / "film.mp4"
    large.write_bytes(b"0123456789abcdef" * 300_000)
    with somebody(browser, server, java_script_enabled=False) as guest:
        guest.page.goto(link)
        pressed(guest.page)
        cat = {"name": "cat.png", "mimeType": "image/png", "buffer": CAT}
        note = {"name": "Grüße.txt", "mimeType": "text/plain", "buffer": b"Hallo"}
        guest.page.locator("[type=file]").set_input_files([cat, note])
        pressed(guest.page)
        expect(guest.page.get_by_role("status")).to_have_text("2 files were sent. Thank you.")
        guest.page.locator("[type=file]").set_input_files(large)
        pressed(guest.page)
        expect(guest.page.get_by_role("status")).to_have_text("One file was sent. Thank you.")
        expect(guest.page.locator("main")).not_to_contain_text("inner")
    she = signed_in(server, ALICE)
    listing = she.get(folder, headers={"Accept": "text/turtle"}).text
    assert she.get(folder + "film.mp4").content == large.read_bytes()
    assert she.get(folder + "Gr%C3%BC%C3%9Fe.txt").content == b"Hallo"
    assert she.get(folder + "cat.png").content == CAT
    assert len(set(re.findall(r"cat-[0-9a-f]{8}\.png", listing))) == 1


def test_what_a_link_shows_acts_nowhere_and_pictures_are_seen(
    alice: Person, browser: Browser, server: Server, folder: str
):
    link = made(alice, folder)
    with somebody(browser, server) as guest:
        guest.page.goto(f"{link}/cat.png?show")
        assert guest.page.evaluate("document.images[0].naturalWidth") == 1
        guest.page.goto(f"{link}/evil.html")
        with guest.page.expect_download() as saved:
            guest.page.evaluate("location.search = 'show'")
        assert saved.value.suggested_filename == "evil.html"
        assert guest.page.title() != "ran"


def test_a_film_plays_and_is_sent_in_parts(alice: Person, browser: Browser, server: Server, folder: str):
    film = browser_film(browser, server)
    she = signed_in(server, ALICE)
    assert she.put(folder + "film.webm", film, headers={"Content-Type": "video/webm"}).status_code == 201
    link = made(alice, folder + "film.webm")
    statuses: list[int] = []
    with somebody(browser, server) as guest:
        guest.page.on("response", lambda answer: statuses.append(answer.status))
        guest.page.goto(link)
        guest.page.wait_for_function("document.querySelector('video').readyState >= 1")
        assert guest.page.evaluate("document.querySelector('video').videoWidth") == 16
    assert 206 in statuses


def browser_film(browser: Browser, server: Server) -> bytes:
    """A short film that Chromium itself made."""
    with visitor(browser, server.base_url) as maker:
        maker.page.goto("about:blank")
        encoded = maker.page.evaluate(FILM)
    return bytes(encoded)


FILM = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 16, height: 16 });
  const context = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: "video/webm" });
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  const done = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start();
  for (let frame = 0; frame < 10; frame += 1) {
    context.fillStyle = frame % 2 ? "red" : "blue";
    context.fillRect(0, 0, 16, 16);
    await new Promise((resolve) => { setTimeout(resolve, 40); });
  }
  recorder.stop();
  await done;
  return Array.from(new Uint8Array(await new Blob(pieces).arrayBuffer()));
}"""


def test_a_link_that_is_withdrawn_ends_in_the_tab_where_it_is_open(
    alice: Person, browser: Browser, server: Server, folder: str
):
    link = made(alice, folder)
    with somebody(browser, server) as guest:
        guest.page.goto(link)
        guest.page.get_by_role("link", name="inner").click()
        expect(guest.page.get_by_role("link", name="note.txt")).to_be_visible()
        alice.go(f".account/links?{urlencode({'resource': folder})}")
        with alice.page.expect_navigation():
            alice.page.get_by_role("button", name="Withdraw").click()
        guest.page.get_by_role("link", name="note.txt").click()
        expect(guest.page.locator("main")).to_contain_text("has withdrawn it")


def test_nobody_hears_of_the_link_from_where_its_pages_lead(
    alice: Person, browser: Browser, server: Server, folder: str
):
    she: SolidClient = signed_in(server, ALICE)
    elsewhere = f"{server.pod('alice')}profile/card"
    she.put_turtle(folder + "doc", f"<#it> <http://purl.org/dc/terms/relation> <{elsewhere}> .")
    link = made(alice, folder)
    with visitor(browser, server.base_url) as guest:
        told: list[str | None] = []
        guest.page.on("request", lambda request: told.append(request.all_headers().get("referer")))
        guest.page.goto(f"{link}/doc")
        guest.page.get_by_role("link", name="card").first.click()
        expect(guest.page).to_have_url(elsewhere)
        assert set(told) == {None}
