"""Files that people bring by a form: where they are then, as what, and what becomes of those that do not fit."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from pod.identity.accounts import named
from pod.protocol.resource import Target
from pod.store.records import ResourceState
from pod.ui.uploads import FILES, upload_of
from tests.support.pages import BASE, Guest, Site

ALICE = "/alice/photos/"
OURS = {"Origin": BASE[:-1], "Sec-Fetch-Site": "same-origin"}
File = tuple[str, bytes]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"), registration="open")
    site.account("alice")
    site.account("bob")
    return site


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setitem(globals(), "ALICE", f"/alice/{request.node.originalname}/")


@pytest.fixture
def she(site: Site) -> Guest:
    return site.signed_in("alice")


def bring(
    guest: Guest, *files: File, folder: str = "", headers: dict[str, str] | None = None, **fields: Any
) -> TestResponse:
    sent = {"csrf": guest.token(), "folder": folder or ALICE, **fields}
    sent["files"] = [(io.BytesIO(content), name) for name, content in files]
    return guest.client.post(
        FILES, data=sent, base_url=BASE, headers=OURS | (headers or {}), content_type="multipart/form-data"
    )


def state_in(store, path: str) -> ResourceState | None:
    return store.describe(Target.parse(path)).state


def content(site: Site, path: str) -> bytes:
    state = state_in(site.services.store, path)
    assert state is not None
    with site.services.store.open(state) as file:
        return file.read()


def test_files_are_in_the_folder_under_their_names(site: Site, she: Guest):
    answer = bring(she, ("sea.jpg", b"1"), ("My cat.png", b"2" * 100_000), ("notes.ttl", b"<> a <#Note> ."))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/.home{ALICE}?uploaded=3")
    assert content(site, f"{ALICE}My%20cat.png") == b"2" * 100_000
    types = {
        name: state_in(site.services.store, ALICE + name).media_type
        for name in ("sea.jpg", "My%20cat.png", "notes.ttl")
    }
    assert types == {"sea.jpg": "image/jpeg", "My%20cat.png": "image/png", "notes.ttl": "text/turtle"}


def test_a_file_never_takes_the_place_of_another_unasked(site: Site, she: Guest):
    for body in (b"first", b"second", b"third"):
        bring(she, ("a.txt", body))
    assert [content(site, ALICE + name) for name in ("a.txt", "a%20(2).txt", "a%20(3).txt")] == [
        b"first",
        b"second",
        b"third",
    ]


def test_a_file_takes_the_place_of_another_when_asked(site: Site, she: Guest):
    bring(she, ("a.txt", b"first"))
    bring(she, ("a.txt", b"second"), same="replace")
    assert content(site, f"{ALICE}a.txt") == b"second"
    assert state_in(site.services.store, f"{ALICE}a%20(2).txt") is None


def test_who_she_is_and_what_she_writes_with_are_not_replaced(site: Site, she: Guest):
    before = content(site, "/alice/profile/card")
    bring(she, ("card", b"me"), folder="/alice/profile/", same="replace")
    assert content(site, "/alice/profile/card") == before
    assert content(site, "/alice/profile/card%20(2)") == b"me"


def test_a_name_that_differs_in_a_slash_alone_gets_a_number(site: Site, she: Guest):
    bring(she, ("a.txt", b"1"), folder=f"{ALICE}x/")
    bring(she, ("x", b"2"))
    assert content(site, f"{ALICE}x%20(2)") == b"2"


def test_a_folder_comes_with_the_folders_in_it(site: Site, she: Guest):
    bring(she, ("Italy/Rome/../day 1.jpg", b"1"))
    assert content(site, f"{ALICE}Italy/Rome/day%201.jpg") == b"1"


def test_what_came_before_a_file_that_did_not_fit_stays(site: Site, she: Guest):
    answer = bring(she, ("good.txt", b"1"), ("bad.ttl", b"<> a"), ("never.txt", b"2"))
    assert answer.status_code == 400
    assert "good.txt" in answer.text
    assert "bad.ttl: " in answer.text
    assert state_in(site.services.store, f"{ALICE}never.txt") is None


def test_a_page_that_sends_them_one_by_one_is_told_where_they_are(she: Guest):
    answer = bring(she, ("a.txt", b"1"), headers={"Accept": "application/json"})
    assert answer.status_code == 201
    assert answer.json == {"kept": [{"name": "a.txt", "path": f"{ALICE}a.txt"}], "error": None}
    answer = bring(she, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]) == (400, "Choose a file first.")


@pytest.mark.parametrize(
    "folder", ["/bob/private/", "/nobody/", "/alice/photos", "/.home/", "/alice/../bob/", " ", "/alice/a.acl"]
)
def test_nothing_goes_where_she_may_not_write(site: Site, she: Guest, folder: str):
    assert 400 <= bring(she, ("a.txt", b"1"), folder=folder).status_code < 500
    assert state_in(site.services.store, "/bob/private/a.txt") is None


def test_only_our_own_page_sends_files(site: Site, she: Guest):
    for fields, headers in (
        ({"csrf": "x"}, {}),
        ({}, {"Origin": "https://evil.example"}),
        ({}, {"Sec-Fetch-Site": "same-site"}),
    ):
        assert bring(she, ("a.txt", b"1"), headers=headers, **fields).status_code == 403
    assert state_in(site.services.store, f"{ALICE}a.txt") is None
    script = bring(site.guest(), ("a.txt", b"1"), headers={"Accept": "application/json"})
    assert script.status_code == 401
    assert bring(site.guest(), ("a.txt", b"1")).headers["Location"].startswith("/.account/sign-in")


def test_quota_holds_to_the_byte(tmp_path: Path):
    site = Site(tmp_path / "small", quota_bytes=200_000)
    site.account("alice")
    she = site.signed_in("alice")
    left = upload_of(site.services, named(site.services, "alice"), Target.parse(ALICE))["bytes_left"]
    assert bring(she, ("a.bin", b"1" * (left + 1))).status_code == 507
    assert bring(she, ("a.bin", b"1" * (left - 100_000))).status_code == 303
