"""Accounts on a server with a public name that sends mail."""

from __future__ import annotations

import pytest

from tests.support.people import MAIL, Letters, alice_of, opened


@pytest.fixture
def people(tmp_path):
    with opened(tmp_path / "people", registration="open", **MAIL) as services:
        yield services


@pytest.fixture
def she(people):
    """alice, with a password and a verified address."""
    return alice_of(people)


@pytest.fixture
def letters(people):
    return Letters(people)
