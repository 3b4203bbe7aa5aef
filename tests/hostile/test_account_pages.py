"""The pages, against whoever wants to act in somebody's name: forged forms, frames, planted cookies, links that lead away,
guessing who exists, and names that are more than names.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from pod.identity.accounts import set_disabled
from pod.ui.forms import STALE
from tests.support.pages import BASE, CALLBACK, PASSWORD, Guest, Site, forms, query

MAIL = {"mail_from": "pods@pods.example", "smtp_host": "localhost"}
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
PUBLIC_PAGES = [
    "/.account/sign-in",
    "/.account/sign-in/passkey",
    "/.account/sign-in/recovery",
    "/.account/sign-up",
    "/.account/reset",
    "/.account/reset/sent",
    "/.account/signed-out",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("pages"), registration="open", **MAIL)
    for name in ("alice", "bob"):
        site.account(name, email=f"{name}@mail.example")
    return site


@pytest.fixture
def guest(site: Site) -> Guest:
    site.clock.time += 3600  # what others tried is forgotten
    return site.guest()


@pytest.fixture
def alice(site: Site, guest: Guest) -> Guest:
    return site.signed_in("alice")


@pytest.fixture(scope="module")
def app_id(site: Site) -> str:
    return site.app_id()


def rules(site: Site, method: str) -> list[str]:
    """The path of every page that answers a method, with something for its parts."""
    found = [rule for rule in site.app.url_map.iter_rules() if rule.endpoint.startswith("pages.")]
    paths = sorted({rule.rule for rule in found if rule.methods and method in rule.methods})
    paths = [re.sub(r"^(/\.\w+/)<[^>]*(?:name|pod)>", r"\1alice", path) for path in paths]  # somebody's own pod
    return [re.sub(r"<[^>]*name>", "conflict", re.sub(r"<[^>]*(?<!name)>", "x", path)) for path in paths]


# -- forged forms ------------------------------------------------------------------------------------------------------


def refused_forms(site: Site, guest: Guest, fields: dict[str, str], **headers: str) -> dict[str, TestResponse]:
    answers = {path: guest.post(path, {"answer": "allow", **fields}, **headers) for path in rules(site, "POST")}
    assert len(answers) > 15
    told = ("This form has expired", STALE)
    acted = {path: answer for path, answer in answers.items() if not any(each in answer.text for each in told)}
    return {path: answer for path, answer in acted.items() if not _is_no_link(path, answer)}


def _is_no_link(path: str, answer: TestResponse) -> bool:
    """Whoever knows no link, contact, post or language is told so, whatever form they bring; and what takes files is
    not sent as a form without any.
    """
    is_known = not path.startswith(("/.link/", "/.contacts/alice/", "/.posts/alice/", "/.account/language"))
    takes_files = path.startswith("/.posts/alice/") or path.endswith(("/import", "/picture", "/logo"))
    return (answer.status_code == 404 and not is_known) or (answer.status_code == 400 and takes_files)


def test_every_form_needs_a_token(site: Site, alice: Guest):
    assert refused_forms(site, alice, {}) == {}


def test_the_token_of_another_browser_is_none(site: Site, alice: Guest):
    assert refused_forms(site, alice, {"csrf": site.signed_in("bob").token()}) == {}


def test_the_token_from_before_the_sign_in_is_none(site: Site, guest: Guest):
    before = guest.token()
    guest.sign_in("alice")
    assert refused_forms(site, guest, {"csrf": before}) == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "https://bob.pods.example"},
        {"Origin": "http://pods.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_every_form_must_come_from_our_own_origin(site: Site, alice: Guest, headers: dict[str, str]):
    assert refused_forms(site, alice, {"csrf": alice.token()}, **headers) == {}


def test_a_forged_sign_in_signs_nobody_in(guest: Guest):
    guest.get("/.account/sign-in")
    answer = guest.post("/.account/sign-in", {"name": "alice", "password": PASSWORD, "csrf": "x"})
    assert answer.status_code == 403
    assert guest.cookie(session=True) is None


def test_nobody_is_signed_out_by_a_link_or_a_foreign_form(alice: Guest):
    alice.get("/.oidc/logout?post_logout_redirect_uri=https://evil.example/")
    alice.get("/.account/sign-out")
    alice.post("/.oidc/logout", {"answer": "sign-out"}, Origin="https://evil.example")
    assert alice.get("/.account/").status_code == 200


@pytest.mark.parametrize("content", [b"a=%ff", b"&".join(b"a=%d" % n for n in range(60)), b"x" * 70_000])
def test_a_form_that_cannot_be_read_is_refused(guest: Guest, content: bytes):
    form = "application/x-www-form-urlencoded"
    answer = guest.client.post("/.account/sign-in", data=content, content_type=form, base_url=BASE)
    assert answer.status_code in {400, 413}


def test_a_form_of_another_type_is_refused(guest: Guest):
    answer = guest.client.post("/.account/sign-in", data="{}", content_type="text/plain", base_url=BASE)
    assert answer.status_code == 400


# -- what every page says ----------------------------------------------------------------------------------------------


def check_script(policy: str, text: str) -> None:
    """None; or the one file of ours, which alone carries the nonce of this answer."""
    scripts = re.findall(r"<script[^>]*>[^<]*", text)
    allowed = re.findall(r"script-src ([^;]*);", policy)
    if not scripts:
        assert "script-src" not in policy
        return
    (nonce,) = re.findall(r"^'nonce-([\w-]{22})'$", allowed[0])
    assert len(scripts) == len(allowed) == 1
    assert re.fullmatch(
        rf'<script src="/\.static/\w+/(?:passkeys|uploads|files)\.js" nonce="{nonce}" defer>', scripts[0]
    )


def check_page(answer: TestResponse) -> None:
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    check_script(policy, answer.text)
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert not re.search(
        r"\son[a-z]+=|(?:src|href)=\"(?:https?:)?//(?!(?:solidproject\.org|pods\.example)/)", answer.text
    )
    assert '<html lang="en" dir="ltr">' in answer.text


def test_every_page_refuses_frames_scripts_and_caches(site: Site, alice: Guest):
    pages = [answer for path in rules(site, "GET") if (answer := alice.get(path)).mimetype == "text/html"]
    pages = [page for page in pages if page.status_code < 300 or page.status_code >= 400]
    assert len(pages) > 20
    for page in pages:
        check_page(page)


@pytest.mark.parametrize("path", [*PUBLIC_PAGES, "/", "/NO-POD", "/.nothing", "/.account/reset/no-such-link"])
def test_pages_for_strangers_do_too(guest: Guest, path: str):
    check_page(guest.get(path))


def test_what_belongs_to_an_account_leads_strangers_to_sign_in(site: Site, guest: Guest):
    for path in rules(site, "GET"):
        answer = guest.get(path)
        if path.startswith("/.account/") and answer.status_code == 303:
            assert answer.location == f"/.account/sign-in?next={path.replace('/', '%2F')}"
    assert guest.get("/.account/apps").status_code == 303


def test_the_stylesheet_never_changes_under_its_name(guest: Guest):
    url = re.search(r'href="(/\.static/[^"]+)"', guest.get("/.account/sign-in").text)[1]
    answer = guest.get(url)
    assert answer.content_type == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert guest.get("/.static/x/style.css").status_code == 404


def test_the_script_of_passkeys_says_what_it_is(guest: Guest):
    url = re.search(r'src="(/\.static/[^"]+)"', guest.get("/.account/sign-in").text)[1]
    answer = guest.get(url)
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert not re.search(r"fetch|XMLHttpRequest|innerHTML|eval|https?:", answer.text.partition('"use strict"')[2])


# -- cookies -----------------------------------------------------------------------------------------------------------


def cookies(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Set-Cookie")


def test_all_cookies_are_for_this_host_alone_and_out_of_reach_of_scripts(guest: Guest):
    given = cookies(guest.get("/.account/sign-in")) + cookies(guest.sign_in("alice"))
    names = ["__Host-freehold-form", "__Host-freehold", "__Host-freehold-browser"]
    assert [each.partition("=")[0] for each in given] == names
    for each in given:
        attributes = {part.strip().lower() for part in each.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)


def test_without_tls_the_names_carry_the_port(tmp_path: Path):
    site = Site(tmp_path, "http://localhost:3111/", dev=True)
    given = cookies(site.guest().get("/"))
    assert [each.partition("=")[0] for each in given] == ["freehold-form-3111"]
    assert "Secure" not in given[0]


def test_a_planted_session_opens_nothing_and_is_replaced(site: Site, guest: Guest):
    for planted in ("planted", "", "x" * 3000, "ü"):
        guest.hold(planted)
        assert guest.get("/.account/").status_code == 303
    guest.hold("planted")
    guest.sign_in("alice")
    assert guest.cookie(session=True) != "planted"


def test_each_sign_in_has_a_new_secret_and_ends_the_old_one(site: Site, alice: Guest, app_id: str):
    old = alice.cookie(session=True)
    site.clock.time += 1
    page = alice.ask(app_id, prompt="login")
    answer = alice.submit(page.location, password=PASSWORD)
    assert answer.status_code == 303
    assert alice.cookie(session=True) != old
    thief = site.guest()
    thief.hold(old or "")
    assert thief.get("/.account/").status_code == 303


@pytest.mark.parametrize("how", ["sign-out", "logout", "sessions", "password"])
def test_a_secret_is_worth_nothing_after_its_session(site: Site, alice: Guest, how: str):
    thief = site.guest()
    thief.hold(alice.cookie(session=True) or "")
    assert thief.get("/.account/").status_code == 200
    token = {"csrf": alice.token()}
    if how == "sign-out":
        alice.post("/.account/sign-out", token)
    if how == "logout":
        alice.post("/.oidc/logout", {**token, "answer": "sign-out"})
    if how == "sessions":
        page = alice.get("/.account/sessions").text
        own = page.split("this device")[1]
        alice.post("/.account/sessions", {**token, "session": re.search(r'name="session" value="(\w+)"', own)[1]})
    if how == "password":
        alice.post("/.account/password", {**token, "old": PASSWORD, "password": PASSWORD})
    assert thief.get("/.account/").status_code == 303


def test_a_locked_account_is_out_at_once(site: Site, guest: Guest):
    bob = site.signed_in("bob")
    set_disabled(site.services, "bob", True)
    assert bob.get("/.account/").status_code == 303
    assert guest.sign_in("bob").status_code == 403
    set_disabled(site.services, "bob", False)


@pytest.mark.requirement("solid#cors-untrusted-origins-ignore-cookies")
def test_pods_look_at_no_cookie(alice: Guest):
    assert alice.get("/alice/").status_code == 401
    assert alice.post("/alice/", {"a": "b"}).status_code == 401


def test_sessions_of_others_cannot_be_ended(site: Site, alice: Guest):
    bob = site.signed_in("bob")
    theirs = re.search(r'name="session" value="(\w+)"', bob.get("/.account/sessions").text)[1]
    assert alice.post("/.account/sessions", {"csrf": alice.token(), "session": theirs}).status_code == 303
    assert bob.get("/.account/").status_code == 200


def test_only_the_operator_invites(site: Site):
    bob = site.signed_in("bob")
    assert bob.get("/.console/invitations").status_code == 403
    assert bob.post("/.console/invitations", {"csrf": bob.token()}).status_code == 403


def test_the_console_is_for_operators_alone(site: Site):
    """Whether others can reach the server, too: `/.console/reach` looks for it."""
    bob = site.signed_in("bob")
    token = {"csrf": bob.token()}
    opened = {path: bob.get(path).status_code for path in rules(site, "GET") if path.startswith("/.console/")}
    sent = {path: bob.post(path, token).status_code for path in rules(site, "POST") if path.startswith("/.console/")}
    assert opened["/.console/reach"] == sent["/.console/reach"] == 403
    assert {path: status for path, status in (opened | sent).items() if status not in {403, 404}} == {}


# -- links that lead away ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/.account//../../evil",
        "/.home/../bob/evil.html",
        "/.home/%2e%2e/bob/evil.html",
        "/bob/evil.html",
        "/.account@evil.example",
        "/.account/\r\nX: y",
        "/.account/\u00fc",
        "javascript:alert(1)",
        "/.oidc/logout",
        "/.account/" + "x" * 3000,
    ],
)
def test_after_sign_in_nobody_is_led_away(site: Site, guest: Guest, elsewhere: str):
    guest.get("/.account/sign-in")
    fields = {"csrf": guest.token(), "name": "alice", "password": PASSWORD, "next": elsewhere}
    assert guest.post("/.account/sign-in", fields).location == "/.home/"


@pytest.mark.parametrize("path", ["/.account/apps", "/.account/?done=kept"])
def test_after_sign_in_one_goes_on_to_the_page_one_wanted(guest: Guest, path: str):
    answer = guest.submit(guest.get(path).location, name="alice", password=PASSWORD)
    assert answer.location == path


@pytest.mark.parametrize(
    "page", ["/.account/sign-in?request=", "/.account/sign-up?request=", "/.oidc/authorize?pending="]
)
def test_a_request_that_was_not_sealed_here_leads_nowhere(guest: Guest, page: str):
    answer = guest.get(page + "eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS8ifQ.x.y")
    assert answer.status_code == 400
    assert answer.location is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": CALLBACK + "/.."},
        {"client_id": ""},
    ],
    ids=str,
)
def test_a_request_of_nobody_known_is_shown_and_not_redirected(alice: Guest, app_id: str, wrong: dict[str, str]):
    answer = alice.ask(**{"client_id": app_id, **wrong})
    assert answer.status_code == 400
    assert answer.location is None
    check_page(answer)


def test_logout_leads_only_to_what_was_registered(site: Site, guest: Guest):
    client = site.app_id(post_logout_redirect_uris=["https://app.example/bye"])
    for uri, end in (
        ("https://evil.example/", "/.account/signed-out"),
        ("https://app.example/bye", "https://app.example/bye"),
    ):
        alice = site.signed_in("alice")
        page = alice.get(f"/.oidc/logout?client_id={client}&post_logout_redirect_uri={uri}")
        action, fields = next(each for each in forms(page.text) if each[0] == "/.oidc/logout")
        assert alice.post(action, {**fields, "answer": "sign-out"}).location == end


# -- consent -----------------------------------------------------------------------------------------------------------


def test_a_person_signs_in_and_lets_an_app_in(guest: Guest, app_id: str):
    page = guest.ask(app_id)
    after = guest.submit(page.location, name="alice", password=PASSWORD)
    location = guest.answer(guest.get(after.location), "allow").location
    assert location.startswith(CALLBACK + "?")
    assert query(location).keys() == {"code", "state", "iss"}
    assert guest.ask(app_id).location.startswith(CALLBACK + "?code=")


def test_a_refusal_is_told_to_the_app(site: Site, alice: Guest):
    location = alice.answer(alice.ask(site.app_id()), "refuse").location
    assert query(location) | {"error_description": ""} == {
        "error": "access_denied",
        "error_description": "",
        "state": "the state",
        "iss": BASE,
    }


@pytest.mark.parametrize(
    "change", [{"answer": "perhaps"}, {"request": ""}, {"request": "x"}, {"web_id": "https://evil.example/#me"}]
)
def test_an_answer_that_was_tampered_with_gives_nothing(site: Site, alice: Guest, change: dict[str, str]):
    page = alice.ask(site.app_id())
    action, fields = next(each for each in forms(page.text) if each[0] == "/.oidc/authorize")
    answer = alice.post(action, {**fields, "answer": "allow", **change})
    assert answer.status_code == 400
    assert answer.location is None


def test_consent_for_another_session_is_none(site: Site, alice: Guest, guest: Guest):
    page = alice.ask(site.app_id())
    action, fields = next(each for each in forms(page.text) if each[0] == "/.oidc/authorize")
    assert site.signed_in("bob").post(action, {**fields, "answer": "allow"}).status_code == 403
    assert guest.post(action, {**fields, "answer": "allow"}).status_code in {303, 403}


def test_a_request_may_come_as_a_form_of_the_app(alice: Guest, site: Site):
    fields = query(alice.ask(site.app_id()).request.url)
    answer = site.guest().post(
        "/.oidc/authorize", fields, Origin="https://app.example", **{"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 303
    assert "Let An App in?" in alice.get(answer.location).text


def test_forms_may_lead_to_the_app_that_waits_and_nowhere_else(alice: Guest, app_id: str, site: Site):
    for page in (alice.ask(site.app_id()), site.guest().get(site.guest().ask(app_id).location)):
        assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]


def test_a_self_declared_app_is_called_so(alice: Guest, site: Site):
    page = alice.ask(site.app_id(client_name="Your Bank"))
    assert "This app chose its name itself" in page.text
    assert "<strong>app.example</strong>" in page.text
    assert "address verified" not in page.text


# -- who exists --------------------------------------------------------------------------------------------------------


def told(answer: TestResponse) -> tuple[int, str | None, str]:
    """What an answer tells, without what is new each time and what was typed."""
    text = re.sub(r'nonce="[^"]*"|value="[^"]*"|data-options="[^"]*"', "", answer.text)
    return answer.status_code, answer.location, text


@pytest.mark.parametrize("unknown", ["nobody", "nobody@mail.example", "no such name!", "x" * 4000])
def test_sign_in_says_the_same_of_known_and_unknown_names(site: Site, guest: Guest, unknown: str):
    answers = {told(site.guest().sign_in(name, "wrong password")) for name in ("alice", "alice@mail.example", unknown)}
    assert len(answers) == 1


def test_a_locked_account_looks_like_none(site: Site, guest: Guest):
    set_disabled(site.services, "bob", True)
    answers = {told(site.guest().sign_in(name)) for name in ("bob", "nobody")}
    set_disabled(site.services, "bob", False)
    assert len(answers) == 1


def test_reset_says_the_same_of_known_and_unknown_names(site: Site, guest: Guest):
    names = ("alice", "alice@mail.example", "nobody", "nobody@mail.example")
    assert {told(site.guest().submit("/.account/reset", name=name)) for name in names} == {
        (303, "/.account/reset/sent", "")
    }


def test_sign_up_tells_no_mail_address(site: Site, guest: Guest):
    for name, email in (("carol", "alice@mail.example"), ("dave", "nobody@mail.example")):
        answer = site.guest().submit("/.account/sign-up", name=name, password=PASSWORD, email=email)
        assert (answer.status_code, answer.location) == (303, "/.account/ready")


def test_guessing_is_slowed_down_and_says_for_how_long(guest: Guest):
    answers = [guest.sign_in("alice", "wrong password") for _ in range(12)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Try again in" in answers[-1].text


# -- names that are more than names ------------------------------------------------------------------------------------


def check_harmless(page: TestResponse) -> None:
    assert page.status_code < 500
    check_script(page.headers.get("Content-Security-Policy", ""), page.text)
    assert "<img src=x" not in page.text


def test_an_app_has_a_name_and_nothing_more(site: Site, alice: Guest):
    client = site.app_id(
        client_name=MARKUP, client_uri="javascript:alert(1)", policy_uri='https://app.example/?"onclick="x'
    )
    page = alice.ask(client)
    check_harmless(page)
    assert "javascript:" not in page.text
    assert "&lt;script&gt;" in page.text
    alice.answer(page, "allow")
    check_harmless(alice.get("/.account/apps"))
    check_harmless(site.guest().get(site.guest().ask(client).location))


def test_what_people_type_is_text(alice: Guest):
    page = alice.submit("/.account/credentials", "/.account/credentials", label=MARKUP, password=PASSWORD)
    check_harmless(page)
    check_harmless(alice.get("/.account/credentials"))
    check_harmless(alice.submit("/.account/pods", name=MARKUP))
    check_harmless(alice.submit("/.account/email", email=MARKUP, password=PASSWORD))


def test_a_user_agent_is_not_repeated(site: Site, guest: Guest):
    alice = Guest(site, agent=MARKUP)
    alice.sign_in("alice")
    check_harmless(alice.get("/.account/sessions"))


@pytest.mark.parametrize(
    "path",
    ["/.account/?done=", "/.account/sign-in?name=", "/.account/sign-in?next=", "/.problems/", "/.account/reset/"],
)
def test_what_a_link_says_is_text(site: Site, guest: Guest, path: str):
    from urllib.parse import quote

    check_harmless(guest.get(path + quote(MARKUP)))
    check_harmless(site.signed_in("bob").get(path + quote(MARKUP)))


def test_a_link_fills_in_nothing(guest: Guest):
    for page in ("/.account/sign-up", "/.account/sign-in"):
        text = guest.get(f"{page}?name=evil&email=evil@evil.example&password=evil-password").text
        assert (
            "evil" not in text.split('<footer class="bottom">')[0]
        )  # where the language is chosen, it is the way back


@pytest.mark.parametrize(
    "page",
    ["/.account/sign-in", "/.account/sign-up", "/.account/password", "/.account/delete", "/.account/credentials"],
)
def test_passwords_are_never_given_back(site: Site, alice: Guest, guest: Guest, page: str):
    browser = guest if "sign" in page else alice
    wrong = {"name": "not a name", "password": "short1!", "old": "a wrong one", "label": "x", "email": "x"}
    text = browser.submit(page, page, **wrong).text
    assert "That did not work yet" in text
    assert "short1!" not in text
    assert "a wrong one" not in text
