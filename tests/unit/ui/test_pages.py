"""What people do on the pages, step by step, and what they are told."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from pod.identity.recovery import request_reset
from pod.identity.sign_up import invite
from pod.store.links import Purpose
from pod.store.records import SERVER
from tests.support.pages import PASSWORD, Guest, Site

MAIL = {"mail_from": "pods@pods.example", "smtp_host": "localhost"}
LOCAL = "http://localhost:3111/"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.account("alice")
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


def link(site: Site, purpose: Purpose, account: int | None, email: str | None = None) -> str:
    """The token of a link, as the worker makes one when it sends mail."""
    from pod.authentication.credentials import digest

    with site.services.store.write(SERVER) as tx:
        site.services.links.create(tx, digest("token"), purpose, account=account, email=email, lifetime_ms=3_600_000)
    return "token"


# -- beginning ---------------------------------------------------------------------------------------------------------


def test_the_first_page_of_an_empty_server_makes_a_pod(tmp_path: Path):
    guest = Site(tmp_path, LOCAL).guest()
    answer = guest.submit("/", name=" Alice ", password=PASSWORD)
    assert answer.location == "/.account/ready"
    page = guest.get(answer.location).text
    assert "Your pod is ready" in page
    assert "http://localhost:3111/alice/profile/card#me" in page
    assert guest.get("/alice/profile/card").status_code == 200


def test_the_first_account_on_a_public_server_takes_an_invitation(tmp_path: Path):
    site = Site(tmp_path)
    assert "freehold account invite" in site.guest().get("/").text
    url = invite(site.services)
    assert (
        site.guest().submit(url.removeprefix("https://pods.example"), name="alice", password=PASSWORD).status_code
        == 303
    )
    assert "This invitation does not work" not in site.guest().get("/").text


def test_after_the_first_account_registration_is_closed(site: Site):
    page = site.guest().get("/.account/sign-up")
    assert page.status_code == 403
    assert "No new pods here" in page.text
    assert "/.account/sign-up" not in site.guest().get("/").text


def test_an_invitation_works_once(tmp_path: Path):
    site = Site(tmp_path, registration="invitation")
    site.account("alice")
    url = invite(site.services, "bob@mail.example").removeprefix("https://pods.example")
    assert "bob@mail.example" in site.guest().get(url).text
    assert site.guest().submit(url, name="bob", password=PASSWORD).location == "/.account/ready"
    assert "This invitation does not work" in site.guest().get(url).text


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path):
    page = Site(tmp_path, LOCAL).guest().submit("/", name="no good", password="short", email="nothing")
    assert page.status_code == 422
    for field in ("name", "password", "email"):
        assert f'id="{field}-error"' in page.text
        assert f'href="#{field}"' in page.text
    assert page.text.count('aria-invalid="true"') == 3


def test_a_taken_name_is_told(tmp_path: Path):
    site = Site(tmp_path, registration="open")
    site.account("alice")
    page = site.guest().submit("/.account/sign-up", name="alice", password="another password")
    assert page.status_code == 409
    assert 'id="name-error"' in page.text


def test_the_form_shows_where_the_pod_will_be(tmp_path: Path):
    site = Site(tmp_path, registration="open", placement="subdomain")
    site.account("alice")
    assert '<span aria-hidden="true">.pods.example</span>' in site.guest().get("/.account/sign-up").text


def test_a_server_for_one_asks_for_no_name(tmp_path: Path):
    site = Site(tmp_path, LOCAL, placement="root", root_name="me")
    guest = site.guest()
    assert guest.get("/.account/sign-in").location == "/.account/sign-up"
    assert guest.submit("/.account/sign-up", password=PASSWORD).location == "/.account/ready"
    assert "Make another" not in guest.get("/.account/pods").text


def test_an_app_that_waits_goes_on_after_sign_up(tmp_path: Path):
    site = Site(tmp_path, registration="open")
    site.account("alice")
    guest = site.guest()
    page = guest.get(guest.ask(site.app_id()).location)
    assert "To go on to <strong><bdi>An App</bdi></strong>" in page.text
    answer = guest.submit(
        page.text.split('href="/.account/sign-up')[1].join(["/.account/sign-up", ""]).split('"')[0],
        name="bob",
        password=PASSWORD,
    )
    assert "Let An App in?" in guest.get(answer.location).text


# -- the account -------------------------------------------------------------------------------------------------------


def test_the_overview_leads_to_every_page_of_an_account(alice: Guest):
    overview = alice.get("/.account/").text
    for page in ("pods", "apps", "sessions", "password", "email", "credentials", "export", "delete"):
        assert f'href="/.account/{page}"' in overview
        assert alice.get(f"/.account/{page}").status_code == 200


def test_an_app_is_disconnected(site: Site, alice: Guest):
    alice.answer(alice.ask(site.app_id()), "allow")
    assert "1 connected" in alice.get("/.account/").text
    assert alice.submit("/.account/apps", "/.account/apps").location == "/.account/apps"
    assert "An App" not in alice.get("/.account/apps").text


def test_a_secret_is_shown_once(alice: Guest):
    made = alice.submit("/.account/credentials", label="Backup", password=PASSWORD)
    assert "Copy the secret now" in made.text
    secret = made.text.split('Client secret</dt><dd><code class="secret">')[1].split("<")[0]
    page = alice.get("/.account/credentials").text
    assert "<strong>Backup</strong>" in page
    assert secret not in page
    alice.submit("/.account/credentials", "/.account/credentials/revoke")
    assert "<strong>Backup</strong>" not in alice.get("/.account/credentials").text


def test_a_new_key_takes_the_password(alice: Guest):
    assert alice.submit("/.account/credentials", label="x", password="wrong").status_code == 403
    assert "/.account/credentials/revoke" not in alice.get("/.account/credentials").text


def test_devices_are_listed_and_ended(site: Site, alice: Guest):
    phone = Guest(site, agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1")
    phone.sign_in("alice")
    page = alice.get("/.account/sessions").text
    assert page.count("this device") == 1
    assert "Safari on iPhone" in page
    theirs = page.split("Safari on iPhone")[1].split('name="session" value="')[1].split('"')[0]
    alice.post("/.account/sessions", {"csrf": alice.token(), "session": theirs})
    assert phone.get("/.account/").status_code == 303


def test_another_pod_comes_with_its_own_address(alice: Guest):
    assert alice.submit("/.account/pods", name="Work").location == "/.account/pods"
    assert "/.home/work/" in alice.get("/.account/pods").text
    assert alice.submit("/.account/pods", name="alice").location == "/.account/pods"  # as if pressed twice


def test_a_changed_password_is_the_password(site: Site, alice: Guest):
    page = alice.submit("/.account/password", old="wrong", password="another password")
    assert 'id="old-error"' in page.text
    assert (
        alice.submit("/.account/password", old=PASSWORD, password="another password").location
        == "/.account/?done=password"
    )
    assert "Your password is changed" in alice.get("/.account/?done=password").text
    assert site.guest().sign_in("alice", "another password").status_code == 303


def test_a_server_without_mail_says_whom_to_ask(site: Site, alice: Guest):
    assert "This server sends no mail" in site.guest().get("/.account/reset").text
    assert "This server sends no mail" in alice.get("/.account/email").text


def test_a_link_gives_a_new_password(tmp_path: Path):
    site = Site(tmp_path, **MAIL)
    site.account("alice", email="alice@mail.example")
    request_reset(site.services, "alice", "192.0.2.1")
    path = f"/.account/reset/{link(site, Purpose.RESET, 1)}"
    guest = site.guest()
    assert 'value="alice" autocomplete="username"' in guest.get(path).text  # for password managers
    assert guest.submit(path, password="short").status_code == 422
    assert guest.submit(path, password="another password").location == "/.account/?done=password"
    assert site.guest().get(path).status_code == 410


def test_a_link_confirms_an_address_only_by_a_button(tmp_path: Path):
    site = Site(tmp_path, **MAIL)
    site.account("alice")
    alice = site.signed_in("alice")
    assert (
        alice.submit("/.account/email", email="a@mail.example", password=PASSWORD).location
        == "/.account/email?sent=yes"
    )
    path = f"/.account/verify/{link(site, Purpose.VERIFY, 1, 'a@mail.example')}"
    site.guest().get(path)
    assert "not confirmed" in alice.get("/.account/").text
    assert site.guest().submit(path).location == "/.account/verify/done"
    assert "not confirmed" not in alice.get("/.account/").text


def test_an_operator_s_invitation_is_a_link(tmp_path: Path):
    site = Site(tmp_path, registration="invitation")
    site.account("alice")
    page = site.signed_in("alice").submit("/.console/invitations", emails="")
    assert "https://pods.example/.account/sign-up?invitation=" in page.text


def test_everything_can_be_taken_along(alice: Guest):
    answer = alice.submit("/.account/export")
    assert answer.content_type == "application/zip"
    assert 'filename="alice-freehold.zip"' in answer.headers["Content-Disposition"]
    assert any(name.endswith("profile/card") for name in zipfile.ZipFile(io.BytesIO(answer.data)).namelist())


def test_leaving_takes_the_password_and_can_be_taken_back(site: Site, alice: Guest):
    assert alice.submit("/.account/delete", password="wrong").status_code == 403
    assert alice.submit("/.account/delete", password=PASSWORD).location == "/.account/delete/done"
    assert alice.get("/.account/").status_code == 303
    alice.sign_in("alice")
    assert "Your account will be deleted" in alice.get("/.account/").text
    assert alice.submit("/.account/", "/.account/delete/undo").location == "/.account/?done=kept"
    assert "Your account will be deleted" not in alice.get("/.account/").text


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def test_people_get_a_page_and_programs_a_document(site: Site):
    for path in ("/.nothing", "/.account/nothing"):
        assert "There is nothing here" in site.guest().get(path).text
    assert site.guest().get("/.nothing", Accept="application/json").content_type == "application/problem+json"


def test_a_type_of_problem_is_explained(site: Site):
    page = site.guest().get("/.problems/slash-twin")
    assert "The same name exists with or without its trailing slash" in page.text
    assert "409" in page.text
    assert site.guest().get("/.problems/none-such").status_code == 404


def test_an_account_that_leaves_lets_nothing_in(site: Site, alice: Guest):
    client = site.app_id()
    alice.submit("/.account/delete", password=PASSWORD)
    alice.sign_in("alice")
    assert alice.submit("/.account/credentials", label="x", password=PASSWORD).status_code == 409
    assert alice.ask(client).location == "/.account/"
