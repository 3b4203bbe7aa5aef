"""People who do the same thing at the same moment: one of them is first, the others are told, nothing is done twice."""

from __future__ import annotations

from collections import Counter

import pyotp
import pytest

from pod.errors import PodError
from pod.identity.accounts import create_account
from pod.identity.attempts import Allowance, spend
from pod.identity.code_app import begin_setup, finish_setup
from pod.identity.departure import delete_due
from pod.identity.passkeys import add_passkey, registration_options, sign_in_options, sign_in_with_passkey
from pod.identity.pods import add_pod, list_pods
from pod.identity.recovery import VERIFICATIONS_TO, request_reset, reset_with_link, verify_email
from pod.identity.recovery_codes import make_recovery_codes
from pod.identity.second_step import begin_second_step, finish_with_code, read_step
from pod.identity.sign_up import invite, sign_up
from pod.store.fsck import check
from pod.store.records import SERVER
from tests.support.authenticator import Authenticator
from tests.support.people import HERE, MAIL, PASSWORD, Letters, alice_of, opened, pass_time, token_in
from tests.support.together import together

AT_ONCE = 6


def outcomes(work):
    """How often each thing came of it."""

    def tried(number):
        try:
            work(number)
        except PodError as error:
            return type(error).__name__
        return "done"

    return Counter(together(AT_ONCE, tried))


@pytest.fixture
def people(tmp_path):
    with opened(tmp_path / "data", registration="open", **MAIL) as services:
        yield services


def test_a_name_is_given_once(people):
    alice_of(people)
    found = outcomes(lambda number: sign_up(people, "bob", PASSWORD, f"b{number}@example.org", address=HERE))
    assert found == {"done": 1, "Conflict": AT_ONCE - 1}
    assert list(check(people.store)) == []


def test_there_is_one_operator(tmp_path):
    with opened(tmp_path / "data", base_url="http://localhost:3000/") as services:
        found = outcomes(lambda number: sign_up(services, f"name-{number}", PASSWORD, None, address=HERE))
        assert found == {"done": 1, "RegistrationClosed": AT_ONCE - 1}
        assert [account.is_operator for account, _ in services.accounts.listed()] == [True]


def test_a_code_lets_one_of_many_in(people):
    she = alice_of(people)
    setup = begin_setup(people, she)
    app = pyotp.parse_uri(setup.uri)
    finish_setup(people, she, setup.sealed, app.at(people.clock.now()))
    pass_time(people, 60)
    (recovery, *_) = make_recovery_codes(people, she)
    step = read_step(people, begin_second_step(people, she, "browser", "/.account/"), "browser")
    for code in (app.at(people.clock.now()), recovery):
        found = outcomes(lambda _, typed=code: finish_with_code(people, step, typed, HERE))
        assert (found["done"], found.total()) == (1, AT_ONCE)
        pass_time(people, 3600)


def test_a_passkey_is_shown_once(people):
    she, device = alice_of(people), Authenticator("https://pods.example")
    add_passkey(people, she, "browser", device.make(registration_options(people, she, "browser")), "Phone")
    answer = device.show(sign_in_options(people, "browser"))
    found = outcomes(lambda _: sign_in_with_passkey(people, answer, "browser", HERE))
    assert found == {"done": 1, "WrongPassword": AT_ONCE - 1}


def test_an_invitation_is_used_once(people):
    alice_of(people)
    token = token_in(invite(people))
    found = outcomes(lambda number: sign_up(people, f"name-{number}", PASSWORD, None, invitation=token, address=HERE))
    assert found == {"done": 1, "LinkExpired": AT_ONCE - 1}


def test_a_link_for_a_new_password_is_used_once(people):
    alice_of(people)
    request_reset(people, "alice", HERE)
    ((_, token),) = Letters(people).delivered()
    found = outcomes(lambda number: reset_with_link(people, token, f"{PASSWORD} {number}", HERE))
    assert found == {"done": 1, "LinkExpired": AT_ONCE - 1}


def test_an_address_is_proven_by_one(people):
    alice_of(people)
    for number in range(AT_ONCE):
        pass_time(people, VERIFICATIONS_TO.seconds / VERIFICATIONS_TO.times)
        sign_up(people, f"name-{number}", PASSWORD, "shared@example.org", address=HERE)
    tokens = [token for _, token in Letters(people).delivered()]
    found = outcomes(lambda number: verify_email(people, tokens[number]))
    assert found == {"done": 1, "Conflict": AT_ONCE - 1}


def test_an_account_has_no_more_pods_than_it_may(people):
    she = alice_of(people)
    outcomes(lambda number: add_pod(people, she, f"pod-{number}"))
    assert len(list_pods(people, she.id)) == people.config.pods_per_account_max


def test_no_attempt_is_lost(people):
    allowance = Allowance("test", AT_ONCE // 2, 60)

    def attempt(_number):
        with people.store.write(SERVER) as tx:
            spend(people, tx, allowance, "key")

    assert outcomes(attempt) == {"done": AT_ONCE // 2, "TooManyRequests": AT_ONCE - AT_ONCE // 2}


def test_several_workers_remove_an_account_together(people):
    she = alice_of(people)
    create_account(people, "bob")
    with people.store.write(SERVER) as tx:
        people.accounts.schedule_deletion(tx, she.id, tx.now_ms)
    assert outcomes(lambda _: delete_due(people)) == {"done": AT_ONCE}
    assert [account.name for account, _ in people.accounts.listed()] == ["bob"]
    assert list(check(people.store)) == []
