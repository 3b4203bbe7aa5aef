"""New passwords, verified addresses, and the links that lead there."""

from __future__ import annotations

import pytest

from pod.errors import Conflict, LinkExpired, TooManyRequests, UnprocessableContent, WrongPassword
from pod.identity.accounts import create_account, set_disabled, set_verified_email
from pod.identity.recovery import (
    change_password,
    find_link,
    request_reset,
    reset_with_link,
    set_email,
    verify_email,
)
from pod.identity.sessions import find_session, start_session
from pod.identity.sign_in import sign_in
from pod.identity.sign_up import sign_up
from pod.services import open_services
from pod.store.links import Purpose
from pod.store.records import SERVER
from pod.store.sqlite import open_store
from tests.support.counting import Counts
from tests.support.people import ELSEWHERE, HERE, PASSWORD, alice_of, opened, pass_time

NEW = "staple battery horse"


def asked(people, letters, name="alice"):
    """The token in the mail that a request for a new password leads to."""
    request_reset(people, name, HERE)
    ((_, token),) = letters.delivered()
    return token


@pytest.mark.parametrize("typed", ["alice", "Alice@Example.org"])
def test_whoever_reads_the_mail_chooses_a_new_password(people, she, letters, typed):
    reset_with_link(people, asked(people, letters, typed), NEW, HERE)
    assert sign_in(people, "alice", NEW, HERE).id == she.id
    with pytest.raises(WrongPassword):
        sign_in(people, "alice", PASSWORD, ELSEWHERE)


def test_a_reset_ends_all_sessions_and_all_that_apps_have(people, she, letters):
    session, secret = start_session(people, she, "")
    with people.store.write(SERVER) as tx:
        web_id = people.accounts.web_ids(she.id)[0]
        app = people.apps.remember(tx, she.id, "app", web_id, name="App", host="app.example", scope="offline_access")
        grant = people.apps.add_grant(tx, app, session.id, "offline_access")
    reset_with_link(people, asked(people, letters), NEW, HERE)
    assert find_session(people, secret) is None
    assert not people.apps.grant(grant).stands


def test_a_link_works_once(people, she, letters):
    token = asked(people, letters)
    reset_with_link(people, token, NEW, HERE)
    with pytest.raises(LinkExpired):
        reset_with_link(people, token, NEW, HERE)


def test_a_used_link_ends_the_others(people, she, letters):
    first, second = asked(people, letters), asked(people, letters)
    reset_with_link(people, second, NEW, HERE)
    with pytest.raises(LinkExpired):
        reset_with_link(people, first, NEW, HERE)


def test_a_link_works_for_an_hour(people, she, letters):
    token = asked(people, letters)
    pass_time(people, 3599)
    assert find_link(people, token, Purpose.RESET).account == she.id
    pass_time(people, 1)
    with pytest.raises(LinkExpired):
        reset_with_link(people, token, NEW, HERE)


def test_a_password_that_cannot_be_used_does_not_use_up_the_link(people, she, letters):
    token = asked(people, letters)
    with pytest.raises(UnprocessableContent):
        reset_with_link(people, token, "short", HERE)
    assert reset_with_link(people, token, NEW, HERE).id == she.id


@pytest.mark.parametrize("token", ["", "x", "x" * 100_000, "\ud800", "../../etc"])
def test_what_is_no_link_opens_nothing(people, she, token):
    for use in (lambda: reset_with_link(people, token, NEW, HERE), lambda: verify_email(people, token)):
        with pytest.raises(LinkExpired):
            use()


def test_a_link_is_good_for_its_purpose_only(people, she, letters):
    token = asked(people, letters)
    with pytest.raises(LinkExpired):
        verify_email(people, token)
    assert find_link(people, token, Purpose.RESET)


def test_links_are_not_kept(people, she, letters):
    token = asked(people, letters)
    assert token not in str(people.store.rows("SELECT * FROM single_use_link"))


@pytest.mark.parametrize("name", ["nobody", "nobody@example.org", "unverified", "addressless", "locked", "", "\ud800"])
def test_who_gets_no_mail_gets_the_same_answer(people, she, letters, name):
    sign_up(people, "unverified", PASSWORD, "typo@example.org", address=HERE)
    create_account(people, "addressless", password=PASSWORD)
    create_account(people, "locked", email="locked@example.org", password=PASSWORD)
    set_disabled(people, "locked", disabled=True)
    letters.delivered()
    assert request_reset(people, name, HERE) is None
    assert letters.delivered() == []


def test_asking_is_the_same_work_whoever_exists(tmp_path):
    """One transaction, and one more statement in it where there is mail to send."""
    costs = {}
    for name in ("alice", "nobody"):
        with opened(tmp_path / name, mail_from="p@example.org", smtp_host="mail") as services:
            alice_of(services)
        counts = Counts()
        store = open_store(services.config, services.clock, on_connect=counts.on_connect)
        counted = open_services(services.config, services.clock, store)
        counts.reset()
        request_reset(counted, name, HERE)
        costs[name] = (len(counts.statements), counts.transactions)
        counted.close()
    assert costs == {"alice": (4, 1), "nobody": (3, 1)}


def test_a_mailbox_is_not_flooded(people, she, letters):
    for _ in range(6):
        request_reset(people, "alice", HERE)
        request_reset(people, "alice@example.org", ELSEWHERE)
    assert len(letters.delivered()) == 3
    pass_time(people, 3600)
    assert asked(people, letters)


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_an_address_that_asks_too_often_is_refused_whatever_it_asks(people, she, name):
    for number in range(20):
        request_reset(people, f"name-{number}", HERE)
    with pytest.raises(TooManyRequests):
        request_reset(people, name, HERE)


def test_a_server_without_mail_says_so(tmp_path):
    with opened(tmp_path / "data") as services, pytest.raises(Conflict, match="no mail"):
        request_reset(services, "alice", HERE)


def test_what_was_asked_before_the_password_changed_is_not_sent(people, she, letters):
    request_reset(people, "alice", HERE)
    change_password(people, she, PASSWORD, NEW)
    letters.delivered()
    assert len(letters.sent) == 1
    assert "was changed" in letters.sent[0][1]


# -- changing the password ---------------------------------------------------------------------------------------------


def test_changing_the_password_ends_all_other_sessions(people, she):
    here, secret = start_session(people, she, "")
    _, elsewhere = start_session(people, she, "")
    change_password(people, she, PASSWORD, NEW, keep=here)
    assert (find_session(people, secret).id, find_session(people, elsewhere)) == (here.id, None)
    assert sign_in(people, "alice", NEW, HERE)


@pytest.mark.parametrize(
    ("old", "new", "error"), [("wrong", NEW, WrongPassword), (PASSWORD, "x", UnprocessableContent)]
)
def test_a_password_is_not_changed_without_the_old_one_or_to_a_bad_one(people, she, old, new, error):
    with pytest.raises(error):
        change_password(people, she, old, new)
    assert sign_in(people, "alice", PASSWORD, HERE)


# -- addresses ---------------------------------------------------------------------------------------------------------


def test_an_address_becomes_the_accounts_when_its_mail_was_read(people, she, letters):
    bob = sign_up(people, "bob", PASSWORD, "bob@example.org", address=HERE)
    ((email, token),) = letters.delivered()
    assert (email, bob.email_verified) == ("bob@example.org", False)
    assert verify_email(people, token).email_verified
    assert sign_in(people, "bob@example.org", PASSWORD, HERE).id == bob.id


def test_a_link_to_verify_works_once_and_for_a_day(people, letters):
    create_account(people, "alice")
    for name in ("bob", "carol"):
        sign_up(people, name, PASSWORD, f"{name}@example.org", address=HERE)
    (_, used), (_, late) = letters.delivered()
    verify_email(people, used)
    pass_time(people, 24 * 3600)
    for token in (used, late):
        with pytest.raises(LinkExpired):
            verify_email(people, token)


def test_the_first_to_prove_an_address_has_it(people, she, letters):
    for name in ("bob", "carol"):
        sign_up(people, name, PASSWORD, "shared@example.org", address=HERE)
    (_, bobs), (_, carols) = letters.delivered()
    verify_email(people, bobs)
    with pytest.raises(Conflict):
        verify_email(people, carols)
    assert people.accounts.by_email("shared@example.org").name == "bob"


def test_a_new_address_takes_the_place_of_the_old_one_when_it_is_proven(people, she, letters):
    changed = set_email(people, she, "new@example.org", password=PASSWORD)
    assert (changed.email, changed.email_verified) == ("alice@example.org", True)
    ((email, token),) = letters.delivered()
    assert email == "new@example.org"
    verify_email(people, token)
    assert people.accounts.by_email("new@example.org").id == she.id
    assert people.accounts.by_email("alice@example.org") is None


def test_only_the_last_address_named_can_be_proven(people, she, letters):
    set_email(people, she, "typo@example.org", password=PASSWORD)
    ((_, old),) = letters.delivered()
    set_email(people, she, "typo2@example.org", password=PASSWORD)
    set_email(people, she, "right@example.org", password=PASSWORD)
    assert [email for email, _ in letters.delivered()] == ["right@example.org"]
    with pytest.raises(LinkExpired):
        verify_email(people, old)


def test_an_address_is_changed_with_the_password_only(people, she, letters):
    with pytest.raises(WrongPassword):
        set_email(people, she, "mallory@example.org", password="wrong")
    assert letters.delivered() == []


def test_an_address_can_be_taken_away(people, she):
    assert set_email(people, she, None, password=PASSWORD).email is None


def test_nobody_sends_mail_to_strangers_without_end(people, she, letters):
    for number in range(5):
        set_email(people, she, f"victim-{number}@example.org", password=PASSWORD)
        assert len(letters.delivered()) == 1
    with pytest.raises(TooManyRequests):
        set_email(people, she, "victim-5@example.org", password=PASSWORD)
    assert letters.delivered() == []


def test_without_mail_an_address_is_kept_unproven(tmp_path):
    with opened(tmp_path / "data") as services:
        she = alice_of(services)
        changed = set_email(services, she, "new@example.org", password=PASSWORD)
        assert (changed.email, changed.email_verified) == ("new@example.org", False)


def test_the_operator_vouches_for_an_address(people, she, letters):
    create_account(people, "bob", password=PASSWORD)
    set_verified_email(people, "bob", "bob@example.org")
    reset_with_link(people, asked(people, letters, "bob"), NEW, HERE)
    with pytest.raises(Conflict):
        set_verified_email(people, "bob", "alice@example.org")
