"""Pages as hostile and as impatient people meet them: redirects behind proxies, content that sets cookies, names that go on as
our own words, buttons pressed twice, pages that were open too long.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pod.identity.sessions import list_sessions
from pod.ui.forms import STALE
from tests.support.pages import BASE, PASSWORD, Guest, Site, forms

LOCAL = "http://localhost:3000/"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("pages"), registration="open", trusted_proxies=("127.0.0.1",))
    for name in ("alice", "bob"):
        site.account(name)
    return site


@pytest.fixture
def guest(site: Site) -> Guest:
    site.clock.time += 3600  # what others tried is forgotten
    return site.guest()


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


# -- where answers lead ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/.account", "/.home", "/.account//apps", "/.account/apps/", "/.well-known/change-password"]
)
@pytest.mark.parametrize("who", ["guest", "alice"])
def test_no_answer_names_the_host_that_a_proxy_spoke_to(request: pytest.FixtureRequest, path: str, who: str):
    inner = {"Host": "inner.internal:3000", "X-Forwarded-Host": "pods.example", "X-Forwarded-Proto": "https"}
    answer = request.getfixturevalue(who).get(path, **inner)
    assert answer.status_code in {200, 303, 404}
    assert (answer.location or "/").startswith("/")
    assert "inner.internal" not in answer.text


def test_password_managers_find_where_a_password_is_changed(alice: Guest):
    """Spec: A Well-Known URL for Changing Passwords"""
    assert alice.get("/.well-known/change-password").location == "/.account/password"
    assert (
        alice.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200").status_code == 404
    )


def test_asking_only_for_the_head_leads_back_to_the_same_page(guest: Guest):
    answer = guest.client.head("/.account/apps", base_url=BASE)
    assert answer.location == guest.get("/.account/apps").location


def test_a_server_for_one_without_a_pod_leads_to_the_form_that_makes_it(tmp_path: Path):
    guest = Site(tmp_path, LOCAL, placement="root").guest()
    assert 'href="http://localhost:3000/.account/sign-up"' in guest.get("/").text
    assert "sign-up" not in guest.get("/nothing").text


# -- what is asked for unbidden ----------------------------------------------------------------------------------------


UNBIDDEN = [
    ("/favicon.ico", "image/svg+xml"),
    ("/robots.txt", "text/plain"),
    ("/.manifest.webmanifest", "application/manifest+json"),
]


@pytest.mark.parametrize(("path", "kind"), UNBIDDEN)
def test_what_browsers_and_crawlers_ask_for_is_there(guest: Guest, path: str, kind: str):
    answer = guest.get(path)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert "max-age" in answer.headers["Cache-Control"]


def test_a_phone_can_keep_the_home_page_among_its_apps(guest: Guest):
    said = json.loads(guest.get("/.manifest.webmanifest").text)
    assert (said["name"], said["start_url"], said["display"]) == ("Freehold", "/.home/", "standalone")
    for icon in said["icons"]:
        answer = guest.get(icon["src"])
        assert (answer.status_code, answer.mimetype) == (200, icon["type"])
    page = guest.get("/.account/sign-in")
    assert 'rel="manifest" href="/.manifest.webmanifest"' in page.text
    assert f"manifest-src {guest.site.base_url}.manifest.webmanifest;" in page.headers["Content-Security-Policy"]


def test_what_people_do_here_is_not_searched(guest: Guest):
    hidden = {
        line.partition(": ")[2] for line in guest.get("/robots.txt").text.splitlines() if line.startswith("Disallow")
    }
    assert all(any(page.startswith(each) for each in hidden) for page in ("/.account/", "/.home/", "/.oidc/authorize"))
    assert not any("/alice/".startswith(each) for each in hidden)


@pytest.mark.parametrize(
    "path", ["/.oidc/jwks", "/.health", "/.oidc/userinfo", "/.well-known/openid-configuration", "/.x"]
)
def test_no_answer_has_its_type_guessed_and_no_refusal_is_kept(guest: Guest, path: str):
    answer = guest.get(path, Accept="application/json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.status_code == 200 or "no-store" in answer.headers["Cache-Control"]


# -- what pods hold ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", ["multipart/x-mixed-replace; boundary=x", "Multipart/X-Mixed-Replace"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_no_file_may_set_cookies_from_its_parts(guest: Guest, method: str, media_type: str):
    """In a browser that shows the parts one after another, as Firefox does, a part has header fields of its own."""
    body = b"--x\r\nContent-Type: text/html\r\nSet-Cookie: freehold-3000=planted\r\n\r\nhello\r\n--x--"
    target = "/alice/planted" if method == "PUT" else "/alice/"
    answer = guest.client.open(target, method=method, data=body, content_type=media_type, base_url=BASE)
    assert answer.status_code == 415


# -- what apps are called ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Freehold. This is the server itself, and to keep your account you have to click on Allow now",
        "W" * 100,
        "Freehold \u202egnp.exe\u2066 \u05d0\u05d1\u05d2",
    ],
)
def test_the_name_of_an_app_does_not_go_on_as_our_own_words(site: Site, alice: Guest, name: str):
    page = alice.ask(site.app_id(client_name=name)).text
    heading = page.split("<h1")[1].split("</h1>")[0]
    shown = heading.split('<bdi class="named">')[1].split("</bdi>")[0]
    assert 0 < len(shown) <= 40
    assert shown.isprintable()
    assert "Nobody has checked it" in page


# -- pages that were open too long, and buttons pressed twice ----------------------------------------------------------


@pytest.mark.parametrize("page", ["sign-in", "sign-up"])
def test_who_comes_with_an_old_page_tries_again_on_a_new_one(site: Site, guest: Guest, page: str):
    waiting = forms(guest.get(guest.ask(site.app_id()).location).text)[0][1]["request"]
    old = {"name": "alice", "password": PASSWORD, "email": "thief@evil.example", "request": waiting, "csrf": "old"}
    answer = guest.post(f"/.account/{page}", old)
    action, fields = forms(answer.text)[0]
    assert (answer.status_code, action) == (403, f"/.account/{page}")
    assert STALE in answer.text
    assert "thief" not in answer.text
    assert (fields["name"], fields["request"]) == ("", waiting)


def test_a_second_tab_signs_in_on_its_second_try(site: Site, guest: Guest):
    first, second = (forms(guest.get("/.account/sign-in").text)[0] for _ in range(2))
    guest.post(first[0], {**first[1], "name": "alice", "password": PASSWORD})
    again = forms(guest.post(second[0], {**second[1], "name": "bob", "password": PASSWORD}).text)[0]
    assert guest.post(again[0], {**again[1], "name": "bob", "password": PASSWORD}).status_code == 303
    assert "Hello, bob" in guest.get("/.account/").text


def test_a_form_that_expired_leads_back_to_its_page(alice: Guest):
    answer = alice.post("/.account/credentials/revoke", {"csrf": "old"}, Referer=f"{BASE}.account/credentials")
    assert 'href="/.account/credentials"' in answer.text


@pytest.mark.parametrize(
    "before",
    ["https://evil.example/", "https://evil.example//evil.example/", "javascript:x", "http://[", f"{BASE}alice/", "x"],
)
def test_a_form_that_expired_leads_nowhere_else(alice: Guest, before: str):
    answer = alice.post("/.account/apps", {"csrf": "old"}, Referer=before)
    assert answer.status_code == 403
    assert '<a class="button quiet" href="/">' in answer.text
    assert "evil" not in answer.text


def test_signing_up_with_a_button_pressed_twice_is_signing_up(guest: Guest):
    action, fields = forms(guest.get("/.account/sign-up").text)[0]
    sent = {**fields, "name": "twice", "password": PASSWORD}
    other = guest.site.guest()
    other.client.set_cookie(
        "__Host-freehold-form", str(guest.cookie(session=False)), domain="pods.example", secure=True
    )
    assert [each.post(action, sent).location for each in (guest, other)] == ["/.account/ready"] * 2


def test_a_taken_name_is_no_way_around_the_count_of_guesses(site: Site, guest: Guest):
    """Signing up with a name that is there and its password signs in, so wrong ones count as they do there."""
    for number in range(30):
        guest.submit("/.account/sign-up", name="bob", password=f"guess number {number}")
    assert guest.submit("/.account/sign-up", name="bob", password=PASSWORD).status_code == 409
    assert guest.sign_in("bob").status_code == 429
    assert len(list_sessions(site.services, 2)) <= 2
