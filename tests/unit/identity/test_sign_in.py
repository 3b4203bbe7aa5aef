"""Signing in: who gets in, what a guess costs, and what it tells."""

from __future__ import annotations

import pytest

from pod.errors import PodError, TooManyRequests, WrongPassword
from pod.identity.accounts import create_account, set_disabled
from pod.identity.sign_in import OF_ADDRESS, OF_NAME, OF_NAME_AT_ADDRESS, TIMES_WHEN_MANY_GUESS, confirm, sign_in
from pod.protocol.addresses import network_of
from pod.store.forget import forget
from pod.store.records import SERVER
from tests.support.people import ELSEWHERE, HERE, PASSWORD, opened, pass_time, work_of


def guess(services, name="alice", password="wrong", address=HERE):
    """What somebody gets to see."""
    try:
        return sign_in(services, name, password, address).name
    except PodError as error:
        return type(error)


@pytest.mark.parametrize("typed", ["alice", " Alice ", "alice@example.org", "ALICE@Example.ORG"])
def test_a_name_or_a_verified_address_and_the_password_let_in(people, she, typed):
    assert sign_in(people, typed, PASSWORD, HERE) == she


def test_an_address_that_is_not_verified_is_no_way_in(people, she):
    with people.store.write(SERVER) as tx:
        people.accounts.set_email(tx, she.id, "alice@example.org", verified=False)
    assert guess(people, "alice@example.org", PASSWORD) is WrongPassword


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", "wrong"),
        ("alice", ""),
        ("nobody", PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("locked", PASSWORD),
        ("program", PASSWORD),
        ("", PASSWORD),
        ("x" * 100_000, PASSWORD),
        ("a\x00b\ud800", PASSWORD),
    ],
)
def test_all_that_can_be_wrong_is_answered_alike_at_the_same_cost(people, she, name, password):
    create_account(people, "locked", password=PASSWORD)
    set_disabled(people, "locked", disabled=True)
    create_account(people, "program")
    before = work_of(people)
    with pytest.raises(WrongPassword) as told:
        sign_in(people, name, password, HERE)
    assert told.value.detail == "The name or the password is wrong, or the account is locked."
    assert work_of(people) == before + 1


def test_the_hash_of_nobody_costs_what_a_real_one_costs():
    from argon2 import extract_parameters

    from pod.authentication.credentials import Passwords

    passwords = Passwords(1)
    assert extract_parameters(passwords._nobodys) == extract_parameters(passwords.hash("anything"))
    assert not passwords.matches(None, "")


def test_a_very_long_password_is_not_hashed(people, she):
    before = work_of(people)
    assert guess(people, password="x" * 2000) is WrongPassword
    assert work_of(people) == before


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_guesses_at_a_name_from_an_address_run_out_whether_it_exists_or_not(people, she, name):
    answers = [guess(people, name) for _ in range(OF_NAME_AT_ADDRESS.times + 1)]
    assert answers == [WrongPassword] * OF_NAME_AT_ADDRESS.times + [TooManyRequests]
    assert guess(people, name, PASSWORD) is TooManyRequests
    assert guess(people, name, address=ELSEWHERE) is WrongPassword


def test_what_ran_out_comes_back_and_says_when(people, she):
    for _ in range(OF_NAME_AT_ADDRESS.times):
        guess(people)
    pass_time(people, 60)
    with pytest.raises(TooManyRequests, match="14 minutes") as told:
        sign_in(people, "alice", PASSWORD, HERE)
    assert dict(told.value.headers) == {"Retry-After": "840"}
    pass_time(people, 840)
    assert guess(people, password=PASSWORD) == "alice"


def test_the_right_password_clears_the_count_of_that_address(people, she):
    for _ in range(3):
        for _ in range(OF_NAME_AT_ADDRESS.times - 1):
            guess(people)
        assert guess(people, password=PASSWORD) == "alice"


def test_an_address_that_tries_many_names_runs_out(people):
    answers = [guess(people, f"name-{number}") for number in range(OF_ADDRESS.times + 1)]
    assert answers[-1] is TooManyRequests
    assert set(answers[:-1]) == {WrongPassword}


def test_strangers_everywhere_cannot_lock_the_owner_out(people, she):
    for number in range(OF_NAME.times * 3):
        guess(people, address=f"203.0.113.{number}")
    assert guess(people, password=PASSWORD) == "alice"


def test_while_many_guess_each_address_may_guess_less(people, she):
    for number in range(OF_NAME.times):
        guess(people, address=f"203.0.113.{number}")
    answers = [guess(people, address=ELSEWHERE) for _ in range(TIMES_WHEN_MANY_GUESS + 1)]
    assert answers == [WrongPassword] * TIMES_WHEN_MANY_GUESS + [TooManyRequests]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("no address", "no address"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address, network):
    assert network_of(address) == network


def test_counts_are_shared_and_survive_a_restart(tmp_path):
    with opened(tmp_path / "data") as services:
        for _ in range(OF_NAME_AT_ADDRESS.times):
            guess(services)
    with opened(tmp_path / "data") as services:
        assert guess(services) is TooManyRequests


def test_counts_name_nobody_and_are_swept(people, she):
    guess(people)
    rows = people.store.rows("SELECT name FROM attempt")
    assert rows
    assert all(len(name) == 64 and HERE not in name for (name,) in rows)
    pass_time(people, 25 * 3600)
    forget(people.config, people.store)
    assert people.store.rows("SELECT name FROM attempt") == []


def test_a_clock_that_was_set_back_ends_the_window(people, she):
    for _ in range(OF_NAME_AT_ADDRESS.times):
        guess(people)
    pass_time(people, -3600)
    assert guess(people, password=PASSWORD) == "alice"


def test_with_dev_nothing_is_counted(tmp_path):
    with opened(tmp_path / "data", dev=True) as services:
        assert {guess(services) for _ in range(50)} == {WrongPassword}
        assert services.store.rows("SELECT * FROM attempt") == []


def test_the_password_is_asked_again_so_many_times(people, she):
    confirm(people, she, PASSWORD)
    for _ in range(10):
        with pytest.raises(WrongPassword):
            confirm(people, she, "wrong")
    with pytest.raises(TooManyRequests):
        confirm(people, she, PASSWORD)
    assert guess(people, password=PASSWORD) == "alice"
