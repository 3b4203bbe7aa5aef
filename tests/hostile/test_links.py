"""What strangers do with links: names that are none, files that are more than files, senders that stop, guesses, and looking
for the secret of a link in the log.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
import requests

from pod.errors import ContentTooLarge, PodError, TruncatedContent
from pod.files.names import file_name
from pod.http.upload import Reader
from pod.identity.accounts import named
from pod.services import Services
from pod.sharing.link_content import kept_as, leave
from pod.store.records import Kind
from tests.support.linking import UPLOAD, folder, link_to, send, visit
from tests.support.logged import logging_to
from tests.support.pages import BASE, Site, forms
from tests.support.people import alice_of, opened
from tests.support.server import ALICE, running_server
from tests.support.stores import put, state_in

SECONDS_MAX = 60
IN = "/alice/in/"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with opened(tmp_path_factory.mktemp("people") / "data", blob_bytes_max=1_000_000) as services:
        alice_of(services)
        folder(services, IN)
        yield services


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "site", threads=4)
    made.account("alice")
    folder(made.services, IN)
    yield made
    made.services.close()


@pytest.fixture(scope="module")
def link(people: Services) -> str:
    return link_to(people, named(people, "alice"), IN, UPLOAD)


def names(services: Services) -> set[str]:
    return {each.path.removeprefix(IN) for each in services.store.members(state_in(services.store, IN).id)}


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("holiday.jpg", "holiday.jpg"),
        ("My cat (1).jpg", "My%20cat%20(1).jpg"),
        ("Ünïcödé.txt", "%C3%9Cn%C3%AFc%C3%B6d%C3%A9.txt"),
        ("U\u0308.txt", "%C3%9C.txt"),
        ("../../profile/card", "card"),
        ("/alice/profile/card", "card"),
        ("C:\\Users\\bob\\secret.doc", "secret.doc"),
        ("..\\..\\.acl", "acl"),
        (".acl", "acl"),
        (".meta", "meta"),
        ("photo.jpg.acl", "photo.jpg"),
        ("photo.acl.meta.acl ", "photo"),
        ("...hidden", "hidden"),
        ("%2e%2e%2fcard", "%252e%252e%252fcard"),
        ("a%00b", "a%2500b"),
        ("a\x00b\r\nX-Evil: 1", "ab%20%20X-Evil%3A%201"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\u200bb\ufeff.txt", "ab.txt"),
        ("?query#fragment", "%3Fquery%23fragment"),
        ("<script>alert(1)</script>", "script%3E"),
        ('"quoted"', "%22quoted%22"),
    ],
)
def test_a_name_is_a_name_and_nothing_else(said: str, kept: str):
    assert file_name(said) == kept


@pytest.mark.parametrize("said", ["", ".", "..", "/", "\\", "...", " ", "\x00", "\u202e", "dir/", ".acl.acl"])
def test_what_leaves_no_name_gets_one(said: str):
    assert re.fullmatch(r"file-[0-9a-f]{8}|acl", file_name(said))


def test_a_name_of_any_length_fits(people: Services, link: str):
    assert file_name("ü" * 10_000 + ".txt").endswith("%C3%BC.txt")
    for said in ("x" * 10_000, "ü" * 10_000 + ".txt", "%" * 5_000, "a." * 5_000):
        before = names(people)
        for _ in range(2):
            send(people, visit(people, link).link, said)
        assert len(names(people) - before) == 2


# -- what files say they are -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("image/jpeg", "image/jpeg"),
        ("Text/Plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("text/turtle", "application/octet-stream"),
        ("Application/LD+JSON; profile=x", "application/octet-stream"),
        ("application/rdf+xml", "application/octet-stream"),
        ("multipart/x-mixed-replace; boundary=x", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("text/html\r\nX: y", "application/octet-stream"),
        ("a/" + "b" * 5_000, "application/octet-stream"),
    ],
)
def test_a_file_is_kept_as_what_it_says_unless_that_would_act(said: str, kept: str):
    assert str(kept_as(said)) == kept


def test_strangers_write_no_documents_of_the_pod(people: Services, link: str):
    """A document in a pod may say who is in a group that access rules name, or where apps find things."""
    send(
        people,
        visit(people, link).link,
        "friends",
        b"<#us> <http://www.w3.org/2006/vcard/ns#hasMember> <x:me>.",
        "text/turtle",
    )
    state = state_in(people.store, f"{IN}friends")
    assert (state.kind, state.media_type) == (Kind.OTHER, "application/octet-stream")


@pytest.mark.parametrize("error", [TruncatedContent, ContentTooLarge])
def test_half_a_file_is_none(people: Services, link: str, error: type[PodError]):
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if error is ContentTooLarge:
                return b"1" * 300_000
            if piece := super().read(size):
                return piece
            raise TruncatedContent

    before, blobs = names(people), {each.name for each in people.store.blobs.files()}
    with pytest.raises(error):
        leave(people, visit(people, link).link, "half", "image/png", Breaking(b"1" * 200_000))
    assert names(people) == before
    assert {each.name for each in people.store.blobs.files()} == blobs


# -- what is in a folder that is shared --------------------------------------------------------------------------------


def test_what_a_shared_folder_says_does_not_act(site: Site):
    folder(site.services, "/alice/told/")
    for name in (".meta", "%3Cscript%3Ealert(1)%3C-script%3E", "javascript:alert(1)", "%22onclick=%27x"):
        put(
            site.services.store,
            f"/alice/told/{name}",
            b"<> <http://purl.org/dc/terms/title> '<script>alert(1)</script>' .",
        )
    url = f"/.link/{link_to(site.services, named(site.services, 'alice'), '/alice/told/')}/"
    guest = site.guest()
    page = guest.get(url).text
    inner = [guest.get(url + each.removeprefix("./")) for each in re.findall(r'href="(\./[^"]*)"', page)]
    assert [each.status_code for each in inner] == [200] * 3
    for text in (page, *(each.text for each in inner)):
        assert "<script" not in text
        assert 'href="javascript:' not in text
        assert not re.search(r"<[^>]* on\w+=", text)


# -- slow senders ------------------------------------------------------------------------------------------------------


class Stuck(Reader):
    """A body that does not come."""

    def __init__(self, begun: Event, go_on: Event) -> None:
        self._begun, self._go_on = begun, go_on

    def read(self, size: int = -1, /) -> bytes:
        self._begun.set()
        assert self._go_on.wait(SECONDS_MAX)
        return b""


def test_slow_senders_hold_no_more_than_their_share_of_the_threads(site: Site):
    url = f"/.link/{link_to(site.services, named(site.services, 'alice'), IN, UPLOAD)}"
    guest, begun, go_on = site.guest(), Event(), Event()
    assert guest.get(url).status_code == 200
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Cookie": f"__Secure-freehold-link={cookie(guest, url)}",
    }

    def post(stream: object) -> int:
        overrides = {"wsgi.input": stream}
        client = site.app.test_client(use_cookies=False)
        return client.post(f"{url}/files", headers=headers, base_url=BASE, environ_overrides=overrides).status_code

    first = Thread(target=post, args=(Stuck(begun, go_on),))
    first.start()
    assert begun.wait(SECONDS_MAX)
    assert post(Stuck(Event(), go_on)) == 429
    go_on.set()
    first.join(SECONDS_MAX)
    assert post(Stuck(Event(), go_on)) == 400


def cookie(guest, path: str) -> str:
    found = guest.client.get_cookie("__Secure-freehold-link", "pods.example", path)
    assert found is not None
    return str(found.value)


# -- the log -----------------------------------------------------------------------------------------------------------


@pytest.mark.e2e
def test_no_line_of_the_log_has_the_secret_of_a_link(tmp_path: Path):
    with running_server(
        (ALICE,), directory=tmp_path, environment={"FREEHOLD_LOG_REQUESTS": "true", "FREEHOLD_LOG_LEVEL": "debug"}
    ) as server:
        with requests.Session() as browser:
            signed = browser.get(server.url(".account/sign-in"), timeout=SECONDS_MAX)
            csrf = forms(signed.text)[0][1]["csrf"]
            fields = {"csrf": csrf, "name": "alice", "password": ALICE.password}
            browser.post(server.url(".account/sign-in"), fields, timeout=SECONDS_MAX)
            page = browser.get(
                server.url(".account/links"), params={"resource": server.pod("alice")}, timeout=SECONDS_MAX
            )
            action, sent = next(each for each in forms(page.text) if each[0] == "/.account/links")
            made = browser.post(server.url(action), {**sent, "mode": "view", "days": "1"}, timeout=SECONDS_MAX)
        (secret,) = re.findall(r"/\.link/([\w-]{43})", made.text)
        paths = [
            "",
            "/",
            "/profile/card",
            "/profile/card?show",
            "/none",
            "/%2e%2e/x",
            "/settings/.acl",
            "/" + "x" * 3000,
        ]
        for path in paths:
            requests.get(server.url(f".link/{secret}{path}"), timeout=SECONDS_MAX)
        requests.get(server.url(f"%2Elink/{secret}"), timeout=SECONDS_MAX)
        requests.post(server.url(f".link/{secret}/files"), data=b"x", timeout=SECONDS_MAX)
        requests.delete(server.url(f".link/{secret}"), timeout=SECONDS_MAX)
    log = server.log.read_text()
    assert log.count("link/[hidden]") >= len(paths)
    assert secret[:8] not in log
    assert secret[-8:] not in log


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_failure_within_a_link_is_logged_without_it(site: Site, log_format, monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    secret = link_to(site.services, named(site.services, "alice"), "/alice/")

    def broken(*_: object) -> None:
        raise RuntimeError(f"at https://pods.example/.link/{secret}/")

    monkeypatch.setattr("pod.ui.link_pages.read", broken)
    with logging_to(stream, log_format):
        assert site.guest().get(f"/.link/{secret}/").status_code == 500
    assert "RuntimeError" in stream.getvalue()
    assert secret not in stream.getvalue()
