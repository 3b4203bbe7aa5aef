"""Mail that tells an owner what changed: to whom it goes, what it says, and that a mailbox is not filled with it."""

from __future__ import annotations

import pytest

from pod.errors import WrongPassword
from pod.identity.accounts import create_account, reset_password, set_verified_email
from pod.identity.clients import create_client
from pod.identity.issuers import add_issuer, remove_issuer
from pod.identity.notices import NOTICES
from pod.identity.outgoing_mail import Postman
from pod.identity.providers import Providers
from pod.identity.recovery import change_password, request_reset, reset_with_link, set_email, verify_email
from tests.support.people import HERE, PASSWORD, PUBLIC, alice_of, opened
from tests.support.postbox import postbox
from tests.unit.authentication.conftest import ELSEWHERE, Internet

NEW = "staple battery horse"
OLD_ADDRESS, NEW_ADDRESS = "alice@example.org", "alice@example.com"
ALICE = f"{PUBLIC}alice/profile/card#me"


def by_link(people, letters):
    request_reset(people, "alice", HERE)
    ((_, token),) = letters.delivered()
    reset_with_link(people, token, NEW, HERE)


def to_a_verified_address(people, she, letters):
    set_email(people, she, NEW_ADDRESS, password=PASSWORD)
    ((to, token),) = letters.delivered()
    assert to == NEW_ADDRESS
    verify_email(people, token)


def another_issuer(people, she):
    internet = Internet()
    internet.has_issuer(ELSEWHERE)
    add_issuer(people, Providers(people, internet), she, ALICE, ELSEWHERE)


CHANGES = {
    "password": (lambda people, she, _: change_password(people, she, PASSWORD, NEW), "password"),
    "password, by link": (lambda people, _, letters: by_link(people, letters), "password"),
    "password, by the operator": (lambda people, *_: reset_password(people, "alice", NEW), "password"),
    "address": (to_a_verified_address, "another mail address"),
    "address, none": (lambda people, she, _: set_email(people, she, None, password=PASSWORD), "another mail address"),
    "address, by the operator": (
        lambda people, *_: set_verified_email(people, "alice", NEW_ADDRESS),
        "another mail address",
    ),
    "issuers": (lambda people, she, _: another_issuer(people, she), "servers that can sign in"),
    "credentials": (lambda people, *_: create_client(people, "alice"), "a key was made"),
}


@pytest.mark.parametrize(("change", "what"), CHANGES.values(), ids=CHANGES)
def test_the_owner_is_told_at_the_address_that_was_verified(people, she, letters, change, what):
    change(people, she, letters)
    letters.delivered()
    ((to, text),) = letters.sent
    assert to == OLD_ADDRESS
    assert what in text
    assert "alice on pods.example" in text
    assert "12 January 1970, 13:46 UTC" in text
    assert "If not, " in text


@pytest.mark.parametrize(("change", "what"), CHANGES.values(), ids=CHANGES)
def test_nothing_in_it_lets_anybody_in(people, she, letters, change, what):
    change(people, she, letters)
    letters.delivered()
    assert people.store.rows("SELECT 1 FROM single_use_link") == []
    (link,) = [line for line in letters.sent[0][1].splitlines() if "://" in line]
    assert link.removeprefix(PUBLIC + ".account/") in {"reset", "email", "issuers", "credentials"}
    assert PASSWORD not in letters.sent[0][1]


@pytest.mark.parametrize("email", [None, OLD_ADDRESS])
def test_the_same_address_again_and_what_failed_are_no_news(people, letters, email):
    she = alice_of(people, email)
    with pytest.raises(WrongPassword):
        change_password(people, she, "wrong", NEW)
    if email is not None:
        set_verified_email(people, "alice", email)
    assert letters.delivered() == []


def test_an_address_that_nobody_verified_gets_no_news(people, letters):
    she = create_account(people, "alice", password=PASSWORD)
    she = set_email(people, she, OLD_ADDRESS, password=PASSWORD)
    letters.delivered()
    change_password(people, she, PASSWORD, NEW)
    assert letters.delivered() == []


def test_a_server_without_mail_lets_none_wait(tmp_path):
    with opened(tmp_path / "data") as services:
        change_password(services, alice_of(services), PASSWORD, NEW)
        assert services.store.rows("SELECT 1 FROM outgoing_mail") == []


def test_one_change_over_and_over_fills_no_mailbox_and_hides_no_other(people, she, letters):
    another_issuer(people, she)
    for _ in range(NOTICES.times):
        remove_issuer(people, she, ALICE, ELSEWHERE)
        another_issuer(people, she)
    assert len(people.store.rows("SELECT 1 FROM outgoing_mail")) == NOTICES.times
    change_password(people, she, PASSWORD, NEW)
    assert len(people.store.rows("SELECT 1 FROM outgoing_mail")) == NOTICES.times + 1


def test_it_comes_through_a_real_mail_server(tmp_path):
    with postbox() as box, opened(tmp_path / "data", **box.settings()) as services:
        change_password(services, alice_of(services), PASSWORD, NEW)
        Postman(services.config, services.store, services.clock).work()
        assert box.envelopes == [("pods@example.org", (OLD_ADDRESS,))]
        assert box.mails[0]["Subject"] == "Your password on pods.example was changed"
        assert box.link() == PUBLIC + ".account/reset"
