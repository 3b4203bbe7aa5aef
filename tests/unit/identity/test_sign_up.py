"""Signing up: who may, what comes of it, and invitations."""

from __future__ import annotations

import pytest

from pod.errors import (
    Conflict,
    LinkExpired,
    PodError,
    RegistrationClosed,
    TooManyRequests,
    UnprocessableContent,
)
from pod.identity.accounts import create_account
from pod.identity.departure import delete_account
from pod.identity.pods import add_pod
from pod.identity.sign_up import find_invitation, invite, registration, sign_up
from pod.protocol.resource import Target
from tests.support.people import DAY, HERE, MAIL, PASSWORD, alice_of, opened, pass_time, token_in, work_of

LOCAL = "http://localhost:3000/"


def up(services, name="bob", password=PASSWORD, email=None, **options):
    return sign_up(services, name, password, email, address=HERE, **options)


@pytest.fixture
def local(tmp_path):
    """A server without accounts that only this machine reaches."""
    with opened(tmp_path / "local", base_url=LOCAL) as services:
        yield services


def by_invitation(folder, setting="invitation"):
    return opened(folder, registration=setting, **MAIL)


def test_one_form_makes_account_web_id_and_pod(local):
    account = up(local, "alice")
    assert account.is_operator
    assert local.accounts.web_ids(account.id) == (f"{LOCAL}alice/profile/card#me",)
    assert local.store.describe(Target.parse("/alice/")).storage.owners == (f"{LOCAL}alice/profile/card#me",)


def test_registration_closes_after_the_first(local):
    assert registration(local) == "first"
    up(local, "alice")
    assert registration(local) == "closed"
    with pytest.raises(RegistrationClosed):
        up(local, "bob")


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "https://pods.example/"},
        {"base_url": "http://192.0.2.1:3000/"},
        {"base_url": LOCAL, "host": "0.0.0.0"},
        {"base_url": "https://localhost.example/", "registration": "open"},
    ],
)
def test_a_stranger_does_not_become_the_operator(tmp_path, settings):
    with opened(tmp_path / "data", **settings) as services:
        assert registration(services) == "invitation"
        with pytest.raises(RegistrationClosed, match="invitation"):
            up(services)
        token = token_in(invite(services))
        assert up(services, invitation=token).is_operator


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:3000/", "http://[::1]:3000/", "http://pods.localhost:3000/"])
def test_all_names_of_this_machine_are_its_own(tmp_path, base_url):
    with opened(tmp_path / "data", base_url=base_url) as services:
        assert registration(services) == "first"


@pytest.mark.parametrize("setting", ["closed", "open", "invitation"])
def test_the_setting_says_who_may_sign_up(tmp_path, setting):
    with opened(tmp_path / "data", registration=setting) as services:
        alice_of(services)
        assert registration(services) == setting


def test_when_it_is_open_anybody_becomes_a_member(people, she):
    assert (she.is_operator, up(people).is_operator) == (True, False)


def test_what_is_not_let_in_costs_no_hash(tmp_path):
    with opened(tmp_path / "data") as services:
        alice_of(services)
        before = work_of(services)
        for _ in range(30):
            with pytest.raises(RegistrationClosed):
                up(services)
        assert work_of(services) == before


@pytest.mark.parametrize(
    ("name", "password", "email", "error"),
    [
        ("Bob", PASSWORD, None, UnprocessableContent),
        ("admin", PASSWORD, None, Conflict),
        ("alice", PASSWORD, None, Conflict),
        ("work", PASSWORD, None, Conflict),
        ("bob", "short", None, UnprocessableContent),
        ("bobbobbob", "BobBobBob", None, UnprocessableContent),
        ("bob", "x" * 1025, None, UnprocessableContent),
        ("bob", PASSWORD, "bob", UnprocessableContent),
        ("bob", PASSWORD, "bob@example.org\r\nBcc: all@example.org", UnprocessableContent),
        ("bob", PASSWORD, "a@b.example,c@d.example", UnprocessableContent),
        ("bob", PASSWORD, "<bob@example.org>", UnprocessableContent),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_made(people, she, name, password, email, error):
    add_pod(people, she, "work")
    with pytest.raises(error):
        up(people, name, password, email)
    assert [account.name for account, _ in people.accounts.listed()] == ["alice"]


def test_somebody_elses_address_tells_nothing_and_opens_nothing(people, she, letters):
    bob = up(people, email="ALICE@example.org")
    assert (bob.email, bob.email_verified) == ("ALICE@example.org", False)
    assert people.accounts.by_email("alice@example.org") == she
    assert [email for email, _ in letters.delivered()] == ["ALICE@example.org"]


def test_sign_ups_from_one_address_run_out(people, she):
    for number in range(10):
        up(people, f"bob-{number}")
    with pytest.raises(TooManyRequests):
        up(people, "bob-10")


def test_names_of_pods_and_accounts_are_never_given_twice(people, she):
    add_pod(people, she, "work")
    delete_account(people, "alice", now=True)
    create_account(people, "carol")
    for name in ("alice", "work"):
        with pytest.raises(Conflict, match="taken"):
            up(people, name)


def test_where_the_server_is_one_pod_its_name_may_be_used_again(tmp_path):
    with opened(tmp_path / "data", placement="root") as services:
        create_account(services, "me")
        delete_account(services, "me", now=True)
        assert create_account(services, "me").name == "me"


# -- invitations -------------------------------------------------------------------------------------------------------


def test_an_invitation_is_good_for_one_account(tmp_path):
    with by_invitation(tmp_path / "data") as services:
        alice_of(services)
        token = token_in(invite(services))
        with pytest.raises(RegistrationClosed):
            up(services, "bob")
        assert up(services, "bob", invitation=token).name == "bob"
        with pytest.raises(LinkExpired):
            up(services, "carol", invitation=token)


def test_an_invitation_that_led_to_a_mistake_still_works(tmp_path):
    with by_invitation(tmp_path / "data") as services:
        alice_of(services)
        token = token_in(invite(services))
        for name, password in (("alice", PASSWORD), ("bob", "short")):
            with pytest.raises(PodError):
                up(services, name, password, invitation=token)
        assert up(services, "bob", invitation=token)


def test_an_invitation_expires(tmp_path):
    with by_invitation(tmp_path / "data") as services:
        alice_of(services)
        token = token_in(invite(services))
        pass_time(services, 7 * DAY)
        assert find_invitation(services, token) is None
        with pytest.raises(LinkExpired):
            up(services, invitation=token)


@pytest.mark.parametrize("token", ["x", "x" * 100_000, "\ud800", "é"])
def test_what_is_no_invitation_opens_nothing(people, she, token):
    with pytest.raises(LinkExpired):
        up(people, invitation=token)


def test_a_mailed_invitation_proves_the_address_and_ends_its_twin(people, she, letters):
    printed = token_in(invite(people, "bob@example.org"))
    ((email, mailed),) = letters.delivered()
    assert email == "bob@example.org"
    assert mailed != printed
    assert up(people, email="Bob@example.org", invitation=mailed).email_verified
    with pytest.raises(LinkExpired):
        up(people, "carol", invitation=printed)
    assert letters.delivered() == []


def test_an_invitation_proves_no_other_address(people, she):
    token = token_in(invite(people, "bob@example.org"))
    assert not up(people, email="carol@example.org", invitation=token).email_verified


def test_a_closed_server_invites_nobody(tmp_path):
    with opened(tmp_path / "data") as services:
        alice_of(services)
        with pytest.raises(Conflict, match="closed"):
            invite(services)


def test_closing_voids_what_was_invited(tmp_path):
    with by_invitation(tmp_path / "data") as services:
        alice_of(services)
        token = token_in(invite(services))
    with by_invitation(tmp_path / "data", "closed") as services, pytest.raises(RegistrationClosed):
        up(services, invitation=token)


def test_invitations_are_not_kept(people, she):
    token = token_in(invite(people))
    assert token not in str(people.store.rows("SELECT * FROM single_use_link"))
