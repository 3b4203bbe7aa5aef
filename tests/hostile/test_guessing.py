"""Guessing: who has an account is told by no count of hashes, whatever is asked, and no number of guesses locks an owner out.

Sign-in, reset and more: tests/unit/identity/test_sign_in.py, test_recovery.py, tests/hostile/test_account_pages.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pod.errors import PodError, TooManyRequests
from pod.identity.recovery import request_reset
from pod.identity.sign_in import OF_ADDRESS, sign_in
from pod.identity.sign_up import sign_up
from pod.services import Services
from tests.support.people import HERE, MAIL, PASSWORD, alice_of, opened, work_of


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Services]:
    with opened(tmp_path / "data", registration="open", **MAIL) as services:
        alice_of(services)
        yield services


def work(services: Services, ask: Callable[[], object]) -> int:
    before = work_of(services)
    with suppress(PodError):
        ask()
    return work_of(services) - before


@pytest.mark.parametrize("email", ["alice@example.org", "ALICE@example.org", "nobody@example.org"])
def test_signing_up_is_the_same_work_whoever_has_the_address(people, email):
    assert work(people, lambda: sign_up(people, "newcomer", PASSWORD, email, address=HERE)) == 1
    assert people.accounts.by_name("newcomer") is not None


@pytest.mark.requirement("solid#timing-attacks")
@pytest.mark.parametrize(
    "name", ["alice", "alice@example.org", "nobody", "nobody@example.org", "' OR 1=1 --", "%", "*"]
)
def test_signing_in_and_asking_for_a_reset_are_the_same_work_whoever_exists(people, name):
    assert work(people, lambda: sign_in(people, name, "wrong", HERE)) == 1
    assert work(people, lambda: request_reset(people, name, HERE)) == 0


def test_thousands_of_guesses_from_everywhere_cost_little_and_lock_nobody_out(people):
    """Of each address few are even tried; the owner, who comes from none of them, gets in."""
    before, refused = work_of(people), 0
    for number in range(400):
        address = f"2001:db8:{number % 20:x}::{number:x}"
        try:
            sign_in(people, "alice", f"guess {number}", address)
        except TooManyRequests:
            refused += 1
        except PodError:
            pass
    assert work_of(people) - before <= 120
    assert refused >= 280
    assert sign_in(people, "alice", PASSWORD, HERE).name == "alice"


def test_one_address_runs_out_whatever_names_it_tries(people):
    tried = [work(people, lambda each=number: sign_in(people, f"name{each}", "x", HERE)) for number in range(150)]
    assert sum(tried) == OF_ADDRESS.times
