"""Links in front of people: asked before a use is counted, content that acts nowhere, files that come in; and what owners see."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from werkzeug.test import TestResponse

from pod.identity.accounts import named
from pod.store.accounts import Account
from pod.store.records import SERVER
from tests.support.client import acl, authorization
from tests.support.linking import UPLOAD, file, folder, link_to
from tests.support.pages import BASE, Guest, Site, forms
from tests.support.stores import delete, put, state_in

EVIL = b"<script>alert(1)</script>"
VIDEO = b"0123456789" * 20_000
PASSWORD = "a word for friends"
ACTIVE = ("audio/x+xml", "image/x+xml", "Video/SVG+XML; charset=utf-8", "audio/html", "video/new", "text/plain+xml")
"""Browsers take what ends in `+xml` for a document, whatever it begins with."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pod.authentication.credentials.PasswordHasher", lambda: quick)
        site = Site(tmp_path_factory.mktemp("site"))
    site.account("alice")
    services = site.services
    for path in ("/alice/photos/", "/alice/photos/sea/", "/alice/secret/", "/alice/in/"):
        folder(services, path)
    put(services.store, "/alice/photos/note", b"<#it> <http://purl.org/dc/terms/title> 'The sea' .")
    put(services.store, "/alice/secret/diary", b"<#it> <http://purl.org/dc/terms/title> 'My secret' .")
    put(services.store, "/alice/photos/.meta", b"<> <http://purl.org/dc/terms/title> 'Holidays' .")
    file(services, "/alice/photos/sea/shell%20a.png", b"\x89PNG", "image/png")
    file(services, "/alice/photos/film.mp4", VIDEO, "video/mp4")
    file(services, "/alice/photos/evil.html", EVIL, "text/html")
    file(services, "/alice/photos/evil.svg", EVIL, "image/svg+xml")
    for number, media_type in enumerate(ACTIVE):
        file(services, f"/alice/photos/active-{number}", EVIL, media_type)
    file(services, "/alice/photos/text", EVIL, "Text/Plain; charset=utf-8")
    yield site
    services.close()


@pytest.fixture
def alice(site: Site) -> Account:
    return named(site.services, "alice")


def made(site: Site, path: str, **wish) -> str:
    """The address of a new link."""
    secret = link_to(site.services, named(site.services, "alice"), path, **wish)
    return f"/.link/{secret}"


def cookies(answer: TestResponse) -> list[str]:
    return [each for each in answer.headers.getlist("Set-Cookie") if "-link" in each]


def sent(
    guest: Guest, link: str, *files: tuple[str, bytes, str], csrf: str | None = None, **headers: str
) -> TestResponse:
    """A form with files, as the page of the link sends it."""
    page = guest.get(link)
    action, fields = forms(page.text)[0] if forms(page.text) else (f"{link}/files", {"csrf": ""})
    parts: dict = {"csrf": fields["csrf"] if csrf is None else csrf}
    parts["files"] = [(io.BytesIO(body), name, media_type) for name, body, media_type in files]
    said = {"Origin": "null", "Sec-Fetch-Site": "same-origin", "Accept": "text/html", **headers}
    return guest.client.post(action, data=parts, headers=said, base_url=BASE)


# -- asked first -------------------------------------------------------------------------------------------------------


def test_a_link_with_a_password_and_three_uses_works_three_times(site: Site):
    link = made(site, "/alice/photos/", password=PASSWORD, uses_max=3)
    for _ in range(3):
        guest = site.guest()
        page = guest.get(link)
        assert "photos" not in page.text  # what it is called is told after the password
        assert guest.submit(link, password="wrong").status_code == 403
        assert guest.submit(link, password=PASSWORD).headers["Location"] == f"{link}/"
        assert "film.mp4" in guest.get(f"{link}/").text
        assert guest.get(f"{link}/film.mp4?download").data == VIDEO
    late = site.guest().get(link)
    assert late.status_code == 410
    assert "This link was opened as often as it could be." in late.text
    assert "film.mp4" in guest.get(f"{link}/").text


@pytest.mark.parametrize("wish", [{"uses_max": 1}, {"password": PASSWORD}, {"uses_max": 1, "mode": UPLOAD}])
def test_looking_at_a_link_uses_nothing_up(site: Site, wish):
    """Programs do, to show what messages lead to."""
    link = made(site, "/alice/photos/", **wish)
    for path in (link, f"{link}/", f"{link}/film.mp4", f"{link}/film.mp4?download", f"{link}/film.mp4?show"):
        for method in ("GET", "HEAD"):
            answer = site.guest()._send(method, path, {}, None)
            assert (answer.status_code, cookies(answer)) == (200, [])
            assert b"0123" not in answer.data
    assert site.guest().submit(link, password=PASSWORD).status_code == 303


def test_a_link_without_either_opens_at_once_and_counts_browsers(site: Site, alice: Account):
    link = made(site, "/alice/secret/diary", label="counted")
    guest = site.guest()
    assert "My secret" in guest.get(link).text
    assert "My secret" in guest.get(link).text
    assert b"My secret" in site.guest().get(f"{link}?download").data
    site.guest()._send("HEAD", link, {}, None)
    assert "Opened 2 times" in site.signed_in("alice").get("/.account/links").text


def test_what_a_browser_is_given_goes_to_the_link_alone(site: Site):
    link = made(site, "/alice/photos/", uses_max=1)
    (cookie,) = cookies(site.guest().submit(link))
    assert cookie.startswith("__Secure-freehold-link=")
    assert set(cookie.split("; ")[1:]) >= {"Max-Age=3600", "Secure", "HttpOnly", f"Path={link}", "SameSite=Lax"}
    assert "Domain" not in cookie


@pytest.mark.parametrize("path", ["", "/", "/film.mp4", "/film.mp4?show", "/film.mp4?download", "/none", "/../../x"])
def test_no_answer_tells_others_of_the_link(site: Site, path: str):
    link = made(site, "/alice/photos/")
    answer = site.guest().get(link + path)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer.headers["Cache-Control"]
    places = re.findall(r'(?:href|src|action)="([^"]*)"', answer.text) if answer.mimetype == "text/html" else []
    assert all(each.startswith(("/", "./", "?", "#", "data:")) for each in places)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_form_from_elsewhere_opens_nothing(site: Site, headers: dict[str, str]):
    link = made(site, "/alice/photos/", uses_max=1)
    guest = site.guest()
    fields = forms(guest.get(link).text)[0][1]
    assert guest.post(link, fields, **headers).status_code == 403
    assert guest.post(link, {**fields, "csrf": "x"}, Origin="null").status_code == 403
    assert guest.post(link, fields, Origin="null").status_code == 303


def test_links_that_never_were_are_not_there_and_asking_is_throttled(site: Site):
    statuses = [site.guest().get(f"/.link/{number:043}").status_code for number in range(70)]
    assert statuses == [404] * 60 + [429] * 10
    assert site.guest().get(made(site, "/alice/photos/note")).status_code == 200
    site.clock.time += 60


# -- what is shown -----------------------------------------------------------------------------------------------------


def test_a_folder_is_walked_and_nothing_tells_where_it_is(site: Site):
    link = made(site, "/alice/photos/")
    guest = site.guest()
    assert guest.get(link).headers["Location"] == f"{link}/"
    page = guest.get(f"{link}/")
    assert {'href="./sea/"', 'href="./film.mp4"', 'href="./note"'} <= set(re.findall(r'href="[^"]*"', page.text))
    inner = guest.get(f"{link}/sea/")
    assert 'href="./shell%20a.png"' in inner.text
    assert f'href="{link}/"' in inner.text  # the way back up, to the link's own folder
    for path in ("", "/sea/", "/note", "/film.mp4"):
        text = guest.get(f"{link}{path}").text
        assert "/alice/" not in text
        assert "secret" not in text
    assert guest.get(f"{link}/sea").headers["Location"] == f"{link}/sea/"
    assert guest.get(f"{link}/sea/shell%20a.png?show").data == b"\x89PNG"


def test_a_document_is_shown_in_words_and_saved_as_turtle(site: Site):
    link = made(site, "/alice/photos/note")
    guest = site.guest()
    assert "The sea" in guest.get(link).text
    saved = guest.get(f"{link}?download")
    assert (saved.mimetype, saved.headers["Content-Disposition"]) == (
        "text/turtle",
        "attachment; filename*=UTF-8''note",
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("film.mp4", True),
        ("sea/shell%20a.png", True),
        ("text", True),
        ("evil.html", False),
        ("evil.svg", False),
        *((f"active-{number}", False) for number in range(len(ACTIVE))),
        ("note", False),
    ],
)
@pytest.mark.parametrize("how", ["show", "download"])
def test_what_a_file_holds_acts_nowhere(site: Site, name: str, shown: bool, how: str):
    answer = site.guest().get(f"{made(site, '/alice/photos/')}/{name}?{how}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("inline" if shown and how == "show" else "attachment;")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; ")
    assert "script" not in policy
    assert "allow" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_film_plays_in_a_page_of_ours_and_nothing_else_may(site: Site):
    link, guest = made(site, "/alice/photos/"), site.guest()
    page = guest.get(f"{link}/film.mp4")
    assert '<video class="player" controls preload="metadata" src="?show">' in page.text
    assert page.headers["Content-Security-Policy"].endswith("; media-src 'self'")
    for name in ("text", "evil.svg", "note"):
        other = guest.get(f"{link}/{name}")
        assert "media-src" not in other.headers["Content-Security-Policy"]
        assert "<video" not in other.text


@pytest.mark.parametrize("how", ["show", "download"])
def test_a_part_of_a_film_is_sent(site: Site, how: str):
    guest, link = site.guest(), made(site, "/alice/photos/film.mp4")
    answer = guest.get(f"{link}?{how}", Range="bytes=2-5")
    assert (answer.status_code, answer.data) == (206, b"2345")
    assert answer.headers["Content-Range"] == f"bytes 2-5/{len(VIDEO)}"
    etag = answer.headers["ETag"]
    assert guest.get(f"{link}?{how}", **{"If-None-Match": etag}).status_code == 304
    assert guest.get(f"{link}?{how}", Range="bytes=2-5", **{"If-Range": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("rest", "statuses"),
    [
        ("/.acl", {404}),
        ("/.meta", {404}),
        ("/film.mp4.acl", {404}),
        ("/film.mp4.meta", {404}),
        ("/sea/.acl", {404}),
        ("/%2eacl", {404}),
        ("/film.mp4%2Eacl", {404}),
        ("/../secret/diary", {400, 404}),
        ("/%2e%2e/secret/diary", {400}),
        ("/sea/%2e%2e/%2e%2e/secret/diary", {400}),
        ("/sea%2F..%2F..%2Fsecret%2Fdiary", {400}),
        ("/sea/..%5c..%5csecret", {400}),
        ("//alice/secret/diary", {400, 404}),
        ("/alice/secret/diary", {404}),
        ("/%00", {400}),
        ("/%", {400}),
        ("/%ff", {400}),
        ("/none", {404}),
        ("/note/", {303, 404}),
        ("/" + "x" * 300, {414}),
        ("/" + "x/" * 100, {414}),
    ],
)
@pytest.mark.parametrize("query", ["", "?download", "?show"])
def test_a_link_to_a_folder_shows_nothing_but_what_is_in_it(site: Site, rest: str, statuses: set[int], query: str):
    link = made(site, "/alice/photos/")
    answer = site.guest().get(f"{link}{rest}{query}")
    assert answer.status_code in statuses
    assert "My secret" not in answer.text
    assert answer.headers.get("Location", link).startswith(link)


@pytest.mark.parametrize("rest", ["/x", "/.acl", "/../photos/film.mp4", ".acl", "%2Facl"])
def test_a_link_to_a_file_shows_that_file_alone(site: Site, rest: str):
    answer = site.guest().get(f"{made(site, '/alice/photos/text')}{rest}")
    assert answer.status_code in {400, 404}


def test_a_link_spelled_oddly_is_none(site: Site):
    link = made(site, "/alice/photos/note")
    assert site.guest().get(link.replace("/.link/", "/%2Elink/")).status_code == 404
    assert site.guest().get(f"{link[:7]}%{ord(link[7]):02X}{link[8:]}").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_nothing_is_changed_through_a_link_that_shows(site: Site, method: str):
    link, guest = made(site, "/alice/photos/"), site.guest()
    guest.get(link)
    for path in (f"{link}/film.mp4", f"{link}/", f"{link}/new"):
        assert guest._send(method, path, {}, None).status_code in {400, 405}
    assert sent(guest, link, ("x", b"1", "text/plain")).status_code == 404


def test_content_is_as_fresh_as_the_link(site: Site, alice: Account):
    file(site.services, "/alice/photos/brief")
    link, guest = made(site, "/alice/photos/brief"), site.guest()
    assert guest.get(f"{link}?show").status_code == 200
    delete(site.services.store, "/alice/photos/brief")
    file(site.services, "/alice/photos/brief", b"a later one")
    answer = guest.get(f"{link}?show")
    assert answer.status_code == 410
    assert "was deleted" in answer.text


# -- what is left ------------------------------------------------------------------------------------------------------


def names(site: Site, path: str = "/alice/in/") -> dict[str, str]:
    """What is in a folder, and as what."""
    store = site.services.store
    return {each.path.removeprefix(path): each.media_type for each in store.members(state_in(store, path).id)}


def test_files_are_left_without_seeing_any(site: Site):
    link, guest = made(site, "/alice/in/", mode=UPLOAD, uses_max=1), site.guest()
    assert guest.submit(link).headers["Location"] == link
    answer = sent(guest, link, ("My cat.jpg", b"1" * 100_000, "image/jpeg"), ("note.ttl", b"<> <> <>.", "text/turtle"))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{link}?sent=2")
    assert "2 files were sent" in guest.get(f"{link}?sent=2").text
    assert names(site) == {"My%20cat.jpg": "image/jpeg", "note.ttl": "application/octet-stream"}
    for path in (f"{link}/", f"{link}/My%20cat.jpg", f"{link}?download", f"{link}/My%20cat.jpg?download"):
        assert "1" * 100 not in guest.get(path).text
    assert "2 so far" in site.signed_in("alice").get("/.account/links").text


def test_a_file_never_takes_the_place_of_another_and_nobody_hears_that_it_was_there(site: Site):
    folder(site.services, "/alice/in/same/")
    link, guest = made(site, "/alice/in/same/", mode=UPLOAD), site.guest()
    answers = [sent(guest, link, ("a.txt", b"%d" % number, "text/plain")) for number in range(3)]
    assert {(each.status_code, each.headers["Location"]) for each in answers} == {(303, f"{link}?sent=1")}
    found = names(site, "/alice/in/same/")
    assert len(found) == 3
    assert "a.txt" in found
    assert all(re.fullmatch(r"a(-[0-9a-f]{8})?\.txt", each) for each in found)


def test_a_file_is_left_only_with_the_form_of_the_page(site: Site):
    link, guest = made(site, "/alice/in/", mode=UPLOAD), site.guest()
    before = names(site)
    assert sent(guest, link, ("x", b"1", ""), csrf="guessed").status_code == 403
    assert sent(guest, link, ("x", b"1", ""), Origin="https://evil.example").status_code == 403
    assert sent(guest, link, ("x", b"1", ""), **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert names(site) == before


def test_a_link_that_is_not_open_in_this_browser_takes_nothing(site: Site):
    link = made(site, "/alice/in/", mode=UPLOAD, password=PASSWORD)
    guest, before = site.guest(), names(site)
    csrf = forms(guest.get(link).text)[0][1]["csrf"]
    files = {"csrf": csrf, "files": (io.BytesIO(b"1"), "x", "text/plain")}
    answer = guest.client.post(f"{link}/files", data=files, base_url=BASE)
    assert (answer.status_code, answer.headers["Location"]) == (303, link)
    assert names(site) == before


def test_what_does_not_fit_is_told_and_what_came_before_stays(site: Site):
    folder(site.services, "/alice/in/full/")
    link, guest = made(site, "/alice/in/full/", mode=UPLOAD), site.guest()
    with site.services.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET bytes_max = bytes + 1000 WHERE path = '/alice/'")
    answer = sent(
        guest, link, ("small", b"1", "text/plain"), ("large", b"1" * 100_000, "text/plain"), ("next", b"1", "")
    )
    assert answer.status_code == 507
    assert "One file was sent" in answer.text
    assert "large: There is no room for this file." in answer.text
    assert list(names(site, "/alice/in/full/")) == ["small"]
    with site.services.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET bytes_max = 0 WHERE path = '/alice/'")


def test_who_sends_hears_how_much_a_link_takes_and_its_owner_how_much_it_took(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    folder(site.services, "/alice/in/few/")
    link, guest = made(site, "/alice/in/few/", mode=UPLOAD), site.guest()
    assert "Up to 100 at once, and 5.0 GB in all." in guest.get(link).text
    monkeypatch.setattr("pod.store.share_links.LEFT_FILES_MAX", 2)
    answer = sent(guest, link, *((f"file-{number}.txt", b"1" * 1000, "text/plain") for number in range(3)))
    assert (answer.status_code, list(names(site, "/alice/in/few/"))) == (507, ["file-0.txt", "file-1.txt"])
    assert "This link takes no more files." in answer.text
    assert "multipart" not in guest.get(link).text
    page = site.signed_in("alice").get(f"/.account/links?resource={BASE}alice/in/few/").text
    assert "2 so far (2 KB); it takes no more" in page


def test_a_form_without_a_file_is_told(site: Site):
    link, guest = made(site, "/alice/in/", mode=UPLOAD), site.guest()
    answer = sent(guest, link, ("", b"", "application/octet-stream"))
    assert answer.status_code == 400
    assert "Choose a file first." in answer.text


@pytest.mark.parametrize("placement", ["path", "subdomain", "root"])
@pytest.mark.parametrize("language", ["wac", "acp"])
def test_links_work_wherever_pods_are_and_whatever_their_rules(tmp_path: Path, placement: str, language: str):
    site = Site(tmp_path, placement=placement, access_control=language, root_name="alice")
    site.account("alice")
    folder(site.services, "/alice/photos/")
    file(site.services, "/alice/photos/cat")
    owner, page = site.signed_in("alice"), site.services.placement.url("/alice/photos/")
    made_one = owner.submit(
        f"/.account/links?{urlencode({'resource': page})}", "/.account/links", mode="view", days="never"
    )
    (url,) = re.findall(rf"{BASE}\.link/[\w-]{{43}}", made_one.text)
    guest, link = site.guest(), url.removeprefix(BASE[:-1])
    assert 'href="./cat"' in guest.get(f"{link}/", **{"Sec-Fetch-Site": "none"}).text
    assert guest.get(f"{link}/cat?show").data == b"0123456789"
    site.services.close()


# -- owners ------------------------------------------------------------------------------------------------------------


def test_an_owner_makes_a_link_and_sees_it_once(site: Site):
    alice = site.signed_in("alice")
    page = f"/.account/links?resource={BASE}alice/photos/film.mp4"
    answer = alice.submit(page, "/.account/links", link_uses="2", link_label="Für Oma", days="30")
    (url,) = re.findall(rf"{BASE}\.link/[\w-]{{43}}", answer.text)
    assert site.guest().submit(url.removeprefix(BASE[:-1])).status_code == 303
    listed = alice.get(page).text
    assert url not in listed
    assert "Für Oma" in listed
    assert "Opened 1 of 2 times" in listed
    sharing = alice.get(f"/.account/sharing?resource={BASE}alice/photos/film.mp4").text
    assert "Für Oma" in sharing


def test_an_owner_withdraws_a_link(site: Site):
    link, alice = made(site, "/alice/photos/sea/"), site.signed_in("alice")
    page = f"/.account/links?resource={BASE}alice/photos/sea/"
    assert alice.submit(page, "/.account/links/revoke").headers["Location"] == page.replace(":", "%3A").replace(
        "/", "%2F"
    ).replace("%2F.account%2Flinks", "/.account/links")
    answer = site.guest().get(link)
    assert answer.status_code == 410
    assert "has withdrawn it" in answer.text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"link_uses": "many"}, 422),
        ({"link_uses": "0"}, 422),
        ({"link_uses": "9" * 40}, 422),
        ({"days": "2"}, 422),
        ({"mode": "admin"}, 422),
        ({"mode": "upload"}, 422),
        ({"link_password": "short"}, 422),
        ({"resource": "https://elsewhere.example/x"}, 404),
        ({"resource": f"{BASE}alice/photos/film.mp4.acl"}, 404),
        ({"resource": f"{BASE}alice/none"}, 404),
    ],
)
def test_what_cannot_be_a_link_is_told_on_the_page(site: Site, fields: dict[str, str], status: int):
    page = f"/.account/links?resource={BASE}alice/photos/film.mp4"
    answer = site.signed_in("alice").submit(page, "/.account/links", **{"days": "7", **fields})
    assert answer.status_code == status
    assert "/.link/" not in answer.text


@pytest.mark.parametrize("path", ["alice/photos/", "alice/none", "alice/photos/.acl", "nobody/x", "", "%00"])
def test_others_learn_nothing_there(site: Site, path: str):
    if not site.services.accounts.by_name("bob"):
        site.account("bob")
    answer = site.signed_in("bob").get(f"/.account/links?resource={BASE}{path}")
    assert answer.status_code == 404


def test_who_was_lent_control_sees_that_only_the_owner_makes_links(site: Site):
    if not site.services.accounts.by_name("bob"):
        site.account("bob")
    folder(site.services, "/alice/lent/")
    both = (f"{BASE}alice/profile/card#me", f"{BASE}bob/profile/card#me")
    rules = acl(authorization(f"{BASE}alice/lent/", "Read Write Control", agents=both))
    put(site.services.store, "/alice/lent/.acl", rules.encode())
    page = f"/.account/sharing?resource={BASE}alice/lent/"
    assert "Make a link" in site.signed_in("alice").get(page).text
    theirs = site.signed_in("bob").get(page)
    assert theirs.status_code == 200
    assert "Only the owner of this pod makes links" in theirs.text
    assert "Make a link" not in theirs.text


def test_the_pages_of_owners_are_theirs(site: Site):
    assert site.guest().get("/.account/links").status_code == 303
    assert site.guest().post("/.account/links", {}).status_code == 303
    assert site.guest().post("/.account/links/revoke", {"link": "1"}).status_code == 303
