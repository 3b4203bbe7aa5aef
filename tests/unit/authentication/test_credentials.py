"""Passwords and client secrets at rest."""

from __future__ import annotations

import pytest

from pod.authentication.credentials import ClientSecrets, Passwords


def test_a_password_matches_its_own_hash_only():
    passwords = Passwords(concurrency=1)
    stored = passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert passwords.matches(stored, "correct horse")
    assert not passwords.matches(stored, "wrong horse")


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$v=19$m=1$broken"])
def test_a_spoiled_hash_matches_nothing(stored):
    assert not Passwords(concurrency=1).matches(stored, "anything")


def test_a_client_secret_matches_under_its_pepper_only():
    ours, theirs = ClientSecrets(b"1" * 32), ClientSecrets(b"2" * 32)
    stored = ours.hash("s3crét%+ /")
    assert "s3cr" not in stored
    assert ours.matches(stored, "s3crét%+ /")
    assert not ours.matches(stored, "s3crét%+  ")
    assert not theirs.matches(stored, "s3crét%+ /")


def test_an_unknown_client_has_no_secret():
    assert not ClientSecrets(b"1" * 32).matches(None, "")
    assert not ClientSecrets(b"1" * 32).matches("", "")
