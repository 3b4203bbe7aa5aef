"""The pages on which people sign in with more than a password, without a browser: forms, where they lead, what is shown."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher

from pod.identity.code_app import PACES
from pod.identity.recovery import request_reset
from pod.identity.sign_in import FRESH_SECONDS
from pod.store.factors import Factors
from pod.store.links import Purpose
from pod.ui.security import qr_code
from tests.support.authenticator import Authenticator
from tests.support.pages import BASE, PASSWORD, Guest, Site, forms, query
from tests.unit.ui.test_pages import link

SECURITY = "/.account/security"
MAIL = {"mail_from": "pods@pods.example", "smtp_host": "localhost"}


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch):
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr("pod.authentication.credentials.PasswordHasher", lambda: quick)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, **MAIL)
    site.account("alice", email="alice@mail.example")
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(BASE.rstrip("/"))


def options(page: str) -> dict:
    return json.loads(unescape(re.search(r'data-options="([^"]*)"', page)[1]))


def answer(guest: Guest, page: str, do) -> str:
    """What a device says to the options of a page."""
    return do(options(guest.get(page).text))


def add_passkey(guest: Guest, device: Authenticator, label: str = "Phone"):
    said = answer(guest, SECURITY, device.make)
    return guest.submit(SECURITY, f"{SECURITY}/passkey", answer=said, label=label)


def switch_codes_on(guest: Guest) -> tuple[pyotp.TOTP, list[str]]:
    """Gives the app, and the recovery codes that come with it."""
    page = guest.get(f"{SECURITY}/codes").text
    app = pyotp.TOTP(re.search(r'class="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", ""))
    action, fields = next(each for each in forms(page) if each[0] == f"{SECURITY}/codes")
    shown = guest.post(action, {**fields, "code": app.at(guest.site.clock.now())}).text
    guest.site.clock.time += 60
    return app, re.findall(r'class="secret">([0-9a-z-]{19})<', shown)


def test_a_passkey_is_added_named_used_and_removed(site: Site, alice: Guest, device: Authenticator):
    assert add_passkey(alice, device).location == f"{SECURITY}?done=passkey"
    assert "never used" in alice.get(SECURITY).text
    guest = site.guest()
    said = answer(guest, "/.account/sign-in?next=/.account/apps", device.show)
    signed = guest.submit("/.account/sign-in?next=/.account/apps", "/.account/sign-in/passkey", answer=said)
    assert signed.location == "/.account/apps"
    page = guest.get(SECURITY).text
    assert "Phone" in page
    assert "last used" in page
    assert remove_passkey(guest).location == f"{SECURITY}?done=lost"
    assert "Phone" not in guest.get(SECURITY).text
    assert alice.get("/.account/").status_code == 303


def remove_passkey(guest: Guest, **fields: str):
    page = re.search(rf'href="({SECURITY}/passkey/remove[^"]*)"', guest.get(SECURITY).text)[1]
    return guest.submit(unescape(page), f"{SECURITY}/passkey/remove", **fields)


def test_a_passkey_that_was_not_lost_takes_nobody_along(site: Site, alice: Guest, device: Authenticator):
    add_passkey(alice, device)
    other = site.signed_in("alice")
    assert remove_passkey(alice, lost="no").location == f"{SECURITY}?done=removed"
    assert other.get("/.account/").status_code == 200
    assert alice.get(f"{SECURITY}/passkey/remove?passkey=x").location == SECURITY


def test_the_page_says_that_a_password_alone_will_sign_in(alice: Guest, device: Authenticator):
    add_passkey(alice, device)
    alice.submit(SECURITY, f"{SECURITY}/step")
    page = re.search(rf'href="({SECURITY}/passkey/remove[^"]*)"', alice.get(SECURITY).text)[1]
    assert "the password alone signs you in" in alice.get(unescape(page)).text


def test_an_old_sign_in_and_the_password_make_no_fresh_one(site: Site, alice: Guest):
    switch_codes_on(alice)
    sent = forms(alice.get("/.account/password").text)[0]
    site.clock.time += FRESH_SECONDS
    for page in ("password", "email", "issuers", "credentials", "delete"):
        assert alice.get(f"/.account/{page}").location.endswith("again=yes")
    stale = alice.post("/.account/password", {**sent[1], "old": PASSWORD, "password": "staple battery horse"})
    assert stale.status_code == 403
    assert "Sign in again first" in stale.text


def test_whoever_typed_too_many_codes_is_shown_the_other_ways(site: Site, alice: Guest):
    _, (recovery, *_) = switch_codes_on(alice)
    guest = site.guest()
    second = guest.sign_in("alice").location
    answers = [guest.submit(second, code="000000") for _ in range(PACES[0].times // 2 + 1)]
    assert (answers[-1].status_code, answers[-2].status_code) == (429, 403)
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "tried too often" in answers[-1].text
    assert 'name="code"' in answers[-1].text
    assert guest.submit(second, code=recovery).location == "/.home/"


def test_a_passkey_of_nobody_is_told_on_the_page_that_asked(site: Site, device: Authenticator):
    guest = site.guest()
    device.make({"user": {"id": "YQ"}, "challenge": "YQ", "rp": {"id": "pods.example"}})
    said = answer(guest, "/.account/sign-in", device.show)
    refused = guest.submit("/.account/sign-in", "/.account/sign-in/passkey", answer=said)
    assert refused.status_code == 403
    assert "not known here" in refused.text
    assert guest.cookie(session=True) is None


def test_an_app_that_waits_goes_on_after_a_passkey(site: Site, alice: Guest, device: Authenticator):
    add_passkey(alice, device)
    guest = site.guest()
    page = guest.ask(site.app_id()).location
    said = answer(guest, page, device.show)
    assert guest.submit(page, "/.account/sign-in/passkey", answer=said).location.startswith("/.oidc/authorize?pending=")


def test_an_app_that_waits_goes_on_after_a_second_step(site: Site, alice: Guest):
    app, _ = switch_codes_on(alice)
    guest = site.guest()
    second = guest.submit(guest.ask(site.app_id()).location, name="alice", password=PASSWORD).location
    asked = guest.get(second)
    assert "form-action 'self' https://app.example;" in asked.headers["Content-Security-Policy"]
    arrived = guest.submit(second, code=app.at(site.clock.now()))
    assert arrived.location.startswith("/.oidc/authorize?pending=")


def test_after_the_password_a_code_is_asked_for(site: Site, alice: Guest):
    app, recovery = switch_codes_on(alice)
    assert len(recovery) == 10
    guest = site.guest()
    second = guest.sign_in("alice").location
    assert second.startswith("/.account/sign-in/second?step=")
    assert guest.cookie(session=True) is None
    assert guest.get("/.account/").status_code == 303
    wrong = guest.submit(second, code="000000")
    assert wrong.status_code == 403
    assert "did not let you in" in wrong.text
    assert guest.submit(second, code=app.at(site.clock.now())).location == "/.home/"
    assert guest.get("/.account/").status_code == 200
    other = site.guest()
    assert other.submit(other.sign_in("alice").location, code=recovery[0]).location == "/.home/"
    assert "<strong>9</strong> left" in other.get(SECURITY).text


def test_the_second_step_belongs_to_the_browser_that_typed_the_password(site: Site, alice: Guest):
    app, _ = switch_codes_on(alice)
    second = site.guest().sign_in("alice").location
    thief = site.guest()
    thief.get("/.account/sign-in")
    assert thief.get(second).status_code == 400
    form = {"csrf": thief.token(), "step": query(second)["step"], "code": app.at(site.clock.now())}
    assert thief.post("/.account/sign-in/second", form).status_code == 400


def test_a_passkey_does_for_the_second_step(site: Site, alice: Guest, device: Authenticator):
    add_passkey(alice, device)
    assert alice.submit(SECURITY, f"{SECURITY}/step").location == SECURITY
    guest = site.guest()
    second = guest.sign_in("alice").location
    said = answer(guest, second, device.show)
    assert guest.submit(second, "/.account/sign-in/second", answer=said).location == "/.home/"
    assert alice.submit(SECURITY, f"{SECURITY}/step").location == SECURITY
    assert site.guest().sign_in("alice").location == "/.home/"


def test_signing_up_with_the_name_and_password_of_an_account_passes_by_no_second_step(tmp_path: Path):
    site = Site(tmp_path, registration="open")
    site.account("alice")
    switch_codes_on(site.signed_in("alice"))
    guest = site.guest()
    answer = guest.submit("/.account/sign-up", name="alice", password=PASSWORD)
    assert answer.location.startswith("/.account/sign-in/second?step=")
    assert guest.cookie(session=True) is None


def test_a_link_for_a_new_password_works_once_and_passes_by_no_second_step(site: Site, alice: Guest):
    app, _ = switch_codes_on(alice)
    request_reset(site.services, "alice", "192.0.2.1")
    path = f"/.account/reset/{link(site, Purpose.RESET, 1)}"
    reset = alice.submit(path, password="another password")
    assert reset.location.startswith("/.account/sign-in/second?step=")
    assert site.guest().get(path).status_code == 410
    assert alice.get("/.account/").status_code == 303
    assert alice.submit(reset.location, code=app.at(site.clock.now())).location == "/.account/?done=password"


def test_a_changed_password_asks_whoever_is_in_for_nothing_more(site: Site, alice: Guest):
    switch_codes_on(alice)
    changed = alice.submit("/.account/password", old=PASSWORD, password="another password")
    assert changed.location == "/.account/?done=password"
    assert alice.get("/.account/").status_code == 200


@pytest.mark.parametrize("path", [SECURITY, f"{SECURITY}/codes"])
def test_whoever_signed_in_long_ago_signs_in_again_and_comes_back(site: Site, alice: Guest, path: str):
    assert alice.get(path).status_code == 200
    site.clock.time += FRESH_SECONDS
    asked = alice.get(path).location
    assert asked.startswith("/.account/sign-in?")
    assert "Is it still you?" in alice.get(asked).text
    assert alice.submit(asked, password=PASSWORD).location == path
    assert alice.get(path).status_code == 200


def test_nothing_is_changed_by_whoever_signed_in_long_ago(site: Site, alice: Guest, device: Authenticator):
    add_passkey(alice, device)
    sent = {each[0]: each[1] for each in forms(alice.get(SECURITY).text) if each[0].startswith(SECURITY)}
    assert len(sent) == 3
    sent |= dict.fromkeys((f"{SECURITY}/codes/off", f"{SECURITY}/passkey/remove"), sent[f"{SECURITY}/step"])
    site.clock.time += FRESH_SECONDS
    before = Factors(site.services.store).state(1)
    for path, fields in sent.items():
        assert alice.post(path, fields).location.endswith("again=yes")
    assert Factors(site.services.store).state(1) == before


def test_an_account_does_without_a_password_and_takes_one_again(site: Site, alice: Guest, device: Authenticator):
    assert f"{SECURITY}/no-password" not in alice.get(SECURITY).text
    add_passkey(alice, device)
    shown = alice.submit(SECURITY, f"{SECURITY}/recovery").text
    (code, *_) = re.findall(r'class="secret">([0-9a-z-]{19})<', shown)
    assert alice.submit(SECURITY, f"{SECURITY}/no-password").location == f"{SECURITY}?done=no-password"
    assert site.guest().sign_in("alice").status_code == 403
    guest = site.guest()
    assert guest.submit("/.account/sign-in/recovery", name="alice", code=code).location == "/.home/"
    for page in ("email", "delete", "issuers", "password"):
        text = guest.get(f"/.account/{page}").text
        assert 'name="old"' not in text
        assert ('type="password"' in text) == (page == "password")
    assert guest.submit("/.account/email", email="a@mail.example").location == "/.account/email?sent=yes"
    site.clock.time += FRESH_SECONDS
    assert guest.get("/.account/delete").location.endswith("again=yes")
    assert (
        guest.post("/.account/delete", {"csrf": forms(guest.get("/.account/").text)[0][1]["csrf"]}).status_code == 403
    )


def test_the_page_tells_what_happened_where_no_mail_does(site: Site, alice: Guest):
    switch_codes_on(alice)
    stranger = site.guest()
    stranger.submit(stranger.sign_in("alice").location, code="x")
    page = alice.get(SECURITY).text
    assert "Codes from an app were switched on" in page
    assert "New recovery codes were made" in page


def test_devices_tell_where_they_were_last_seen_and_all_are_signed_out_at_once(site: Site, alice: Guest):
    phone = site.signed_in("alice")
    alice.client.get("/.account/", base_url=BASE, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    site.clock.time += 60
    alice.client.get("/.account/", base_url=BASE, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    page = alice.client.get("/.account/sessions", base_url=BASE, environ_base={"REMOTE_ADDR": "203.0.113.9"}).text
    assert "from 203.0.113.9" in page
    assert "Firefox on Linux" in page
    assert alice.submit("/.account/sessions", "/.account/sessions/all").location == "/.account/signed-out"
    for guest in (alice, phone):
        assert guest.get("/.account/").status_code == 303


def test_signing_this_device_out_in_the_list_of_devices_leads_out(alice: Guest):
    assert alice.submit("/.account/sessions", "/.account/sessions").location == "/.account/signed-out"
    assert alice.cookie(session=True) is None
    assert alice.get("/.account/").status_code == 303


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:3000/", "http://pods.local/"])
def test_where_there_can_be_no_passkeys_the_pages_say_so_and_run_nothing(tmp_path: Path, base_url: str):
    site = Site(tmp_path, base_url, dev=True)
    site.account("alice")
    guest = site.guest()
    for path in ("/.account/sign-in", "/.account/sign-in/passkey"):
        answer = guest.get(path)
        assert "data-passkey" not in answer.text
        assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "There are no passkeys at this address" in guest.get("/.account/sign-in/passkey").text
    assert guest.submit("/.account/sign-in", name="alice", password=PASSWORD).location == "/.home/"
    assert "There are no passkeys at this address" in guest.get(SECURITY).text


def test_a_picture_of_the_key_says_what_the_app_reads():
    size, path = qr_code("otpauth://totp/x?secret=ABC")
    assert path.startswith("M4 4h1v1h-1zM5 4h1v1h-1z")
    assert max(int(number) for number in re.findall(r"M(\d+) ", path)) == size - 5
    assert not re.search(r"[^MHhvz0-9 -]", path)
