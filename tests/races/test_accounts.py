"""People who do the same thing at the same moment: one of them is first, the others are told, nothing is done twice."""

from __future__ import annotations

from collections import Counter

import pytest

from pod.errors import PodError
from pod.identity.accounts import create_account
from pod.identity.attempts import Allowance, spend
from pod.identity.departure import delete_due
from pod.identity.pods import add_pod, list_pods
from pod.identity.recovery import VERIFICATIONS_TO, request_reset, reset_with_link, verify_email
from pod.identity.sign_up import invite, sign_up
from pod.store.fsck import check
from pod.store.records import SERVER
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
