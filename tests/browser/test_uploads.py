"""Files brought into a pod in a browser: large ones over a line that breaks, whole folders, and without a script."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from pod.ui.render import STATIC
from tests.browser.people import Person
from tests.support.fixtures import signed_in
from tests.support.server import ALICE

pytestmark = pytest.mark.browser

MIB = 1024 * 1024
BYTES_PER_SECOND = 60 * MIB
Meet = Callable[..., Person]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("film") / "film.mp4"
    file.write_bytes(random.Random(1).randbytes(60 * MIB))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    return file


def before_the_form(meet: Meet, folder: str, **options: object) -> Person:
    alice = meet(ALICE, **options)
    alice.go(".account/sign-in")
    alice.sign_in()
    alice.go(f".uploads/new?folder=/alice/{folder}/")
    return alice


def kept(alice: Person, path: str) -> bytes:
    answer = signed_in(alice.server, ALICE).get(alice.server.url(f"alice/{path}"))
    assert answer.status_code == 200, path
    return answer.content


class Line:
    """What a page sends over; it can be slow, and cut."""

    def __init__(self, page: Page) -> None:
        self.offsets: list[int] = []
        self._network = page.context.new_cdp_session(page)
        self._network.send("Network.enable")
        page.on("request", self._seen)

    def _seen(self, request: Request) -> None:
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))

    def be(self, *, cut: bool) -> None:
        limits = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_PER_SECOND}
        self._network.send("Network.emulateNetworkConditions", {"offline": cut, **limits})


def test_a_large_file_goes_on_after_a_break_and_after_a_reload(meet: Meet, film: Path) -> None:
    alice = before_the_form(meet, "films")
    page, line = alice.page, Line(alice.page)
    line.be(cut=False)
    library = page.evaluate("() => typeof window.tus")
    page.get_by_label("Add files").set_input_files(film)
    bar = page.get_by_role("progressbar", name="film.mp4")
    page.wait_for_function("() => document.querySelector('[data-list] progress')?.value >= 30")
    line.be(cut=True)
    expect(page.get_by_role("list", name="Uploads")).to_contain_text("You are offline.")
    line.be(cut=False)
    page.wait_for_function("() => document.querySelector('[data-list] progress')?.value >= 60")
    expect(bar).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())  # that something is on its way
    page.reload()
    expect(page.get_by_text("Not finished: film.mp4.")).to_be_visible()
    line.be(cut=False)
    before = len(line.offsets)
    page.get_by_label("Add files").set_input_files(film)
    page.wait_for_url(f"{alice.server.base_url}.home/alice/films/**")
    assert library == "undefined", "it is asked for when it is needed"
    assert line.offsets[before] > 25 * MIB, "what was sent before the reload is not sent again"
    assert line.offsets.count(0) == 1
    assert kept(alice, "films/film.mp4") == film.read_bytes()


def test_a_folder_and_what_is_dropped_come_with_all_that_is_in_them(meet: Meet, tmp_path: Path) -> None:
    journey = tmp_path / "Journey"
    (journey / "Rome").mkdir(parents=True)
    for name in ("a.txt", "Rome/b ö.txt"):
        (journey / name).write_text(name)
    alice = before_the_form(meet, "journeys")
    alice.page.locator("[data-folder]").set_input_files(journey)
    alice.page.wait_for_url(f"{alice.server.base_url}.home/alice/journeys/**")
    assert kept(alice, "journeys/Journey/Rome/b%20%C3%B6.txt") == "Rome/b ö.txt".encode()
    alice.go(".uploads/new?folder=/alice/journeys/")
    drop = """() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["dropped"], "dropped.txt", { type: "text/plain" }));
        dataTransfer.items.add(new File(["<> a"], "bad.ttl"));
        for (const kind of ["dragenter", "dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
    }"""
    alice.page.evaluate(drop)
    uploads = alice.page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(uploads.filter(has_text="dropped.txt")).to_contain_text("Uploaded")
    expect(uploads.filter(has_text="bad.ttl")).to_contain_text("Line 1")
    expect(alice.page.get_by_role("status")).to_have_text("Files uploaded: 1")
    alice.page.get_by_role("button", name="Try again: bad.ttl").click()
    expect(uploads.filter(has_text="bad.ttl")).to_contain_text("Line 1")
    alice.page.get_by_role("button", name="Cancel: bad.ttl").click()
    alice.page.wait_for_url(f"{alice.server.base_url}.home/alice/journeys/**")
    assert kept(alice, "journeys/dropped.txt") == b"dropped"


def test_a_large_file_that_is_cancelled_leaves_nothing(meet: Meet, film: Path) -> None:
    alice = before_the_form(meet, "cancelled")
    line = Line(alice.page)
    line.be(cut=False)
    alice.page.get_by_label("Add files").set_input_files(film)
    alice.page.wait_for_function("() => document.querySelector('[data-list] progress')?.value >= 20")
    with alice.page.expect_response(lambda answer: answer.request.method == "DELETE") as answered:
        alice.page.get_by_role("button", name="Cancel: film.mp4").click()
    assert answered.value.status == 204
    expect(alice.page.get_by_role("list", name="Uploads")).to_contain_text("Cancelled")
    assert not [*(alice.server.data / "blobs" / "uploads").iterdir()]


def test_files_come_by_a_form_without_a_script(meet: Meet, tmp_path: Path) -> None:
    for name, content in (("one.txt", "1"), ("two.ttl", "<> a"), ("three.txt", "3")):
        (tmp_path / name).write_text(content)
    alice = before_the_form(meet, "formed", java_script_enabled=False)
    page = alice.page
    page.get_by_label("Add files").set_input_files([tmp_path / "one.txt", tmp_path / "two.ttl"])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not everything was uploaded")
    expect(page.get_by_role("alert")).to_contain_text("two.ttl: Line 1")
    page.get_by_label("Add files").set_input_files([tmp_path / "one.txt", tmp_path / "three.txt"])
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url(f"{alice.server.base_url}.home/alice/formed/**")
    assert [kept(alice, f"formed/{name}") for name in ("one.txt", "one%20(2).txt", "three.txt")] == [b"1", b"1", b"3"]


def test_the_library_is_the_published_one_byte_for_byte(packages: Path) -> None:
    published = packages / "tus-js-client"
    assert STATIC["vendor/tus.min.js"] == (published / "dist" / "tus.min.js").read_bytes()
    assert STATIC["vendor/tus.LICENSE.txt"] == (published / "LICENSE").read_bytes()
