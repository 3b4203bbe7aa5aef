"""Passwords and client secrets at rest."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

import pytest

from pod.authentication.credentials import WAITING_FOR_EACH_MAX, ClientSecrets, Passwords, digest
from pod.errors import Busy


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


def test_only_so_many_wait_for_their_turn():
    """Those who come then are told at once: they would hold threads that others need."""
    passwords = Passwords(concurrency=1)
    with ExitStack() as held:
        for _ in range(1 + WAITING_FOR_EACH_MAX):
            held.enter_context(place(passwords))
        with pytest.raises(Busy) as told:
            passwords.matches(None, "anything")
    assert dict(told.value.headers) == {"Retry-After": "5"}
    assert not passwords.matches(None, "anything")


@contextmanager
def place(passwords):
    """One of the places of those who wait or work."""
    passwords._places.acquire()
    try:
        yield
    finally:
        passwords._places.release()


def test_a_digest_tells_secrets_apart_and_opens_nothing():
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    assert len({digest(secret) for secret in ("", "a", "A", "\ud800")}) == 4
