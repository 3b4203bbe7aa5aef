"""Credentials in a URL: whole and unaltered for as long as they are good, for the page they were made for, within bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pod.authentication import listeners
from pod.authentication.listeners import CHARACTERS_MAX, RENEWED_SECONDS, STRANGERS_SECONDS, Listeners
from pod.protocol.agent import PUBLIC, Credentials
from tests.support.stores import StillClock

KEY = bytes(range(32))
SECONDS = 14 * 24 * 3600
ALICE = Credentials("https://pods.example/alice#me", "https://app.example/id", "https://pods.example/", "grant", None)
BOB = Credentials("https://people.example/bob#me", "app", "https://elsewhere.example/", None, "https://app.example")


@pytest.fixture
def clock() -> StillClock:
    """At the beginning of a turn."""
    return StillClock(1_000_000 * RENEWED_SECONDS)


@pytest.fixture
def sealing(clock: StillClock) -> Listeners:
    return Listeners(KEY, clock, seconds=SECONDS)


@pytest.mark.parametrize(("credentials", "seconds"), [(ALICE, SECONDS), (BOB, STRANGERS_SECONDS)])
def test_another_process_reads_the_same_credentials_until_they_expire(
    sealing: Listeners, clock: StillClock, credentials: Credentials, seconds: int
):
    text, other = sealing.seal(credentials), Listeners(KEY, clock, seconds=SECONDS)
    assert other.seal(credentials) == text
    read = other.read(text, None)
    assert (read.credentials, read.until_ms) == (credentials, (clock.now() + seconds) * 1000)
    clock.time += seconds - 1
    assert other.read(text, None) is not None
    clock.time += 1
    assert other.read(text, None) is None


def test_a_text_tells_nobody_whose_it_is(sealing: Listeners):
    text = sealing.seal(ALICE)
    plain = listeners.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert all(each.encode() not in plain for each in (ALICE.agent, ALICE.client, ALICE.grant))


def test_every_alteration_is_noticed(sealing: Listeners):
    text = sealing.seal(BOB)
    altered = [text[:at] + ("A" if text[at] != "A" else "E") + text[at + 1 :] for at in range(len(text) - 1)]
    for each in [*altered, text[1:], text[:-2], "A" * 20, "", "é", "a b", "=" * 50, text + "A" * CHARACTERS_MAX]:
        assert sealing.read(each, None) is None
    assert sealing.read(text, None).credentials == BOB


def test_another_key_opens_nothing(sealing: Listeners, clock: StillClock):
    assert Listeners(KEY[::-1], clock, seconds=SECONDS).read(sealing.seal(ALICE), None) is None


@pytest.mark.parametrize(
    ("made_for", "brought_by", "heard_as"),
    [
        (None, None, None),
        (None, "https://a.example", "https://a.example"),
        ("https://a.example", "https://a.example", "https://a.example"),
        ("https://a.example", None, "https://a.example"),
    ],
)
def test_the_origin_narrows_what_rules_give(
    sealing: Listeners, made_for: str | None, brought_by: str | None, heard_as: str | None
):
    read = sealing.read(sealing.seal(replace(ALICE, origin=made_for)), brought_by)
    assert read.credentials == replace(ALICE, origin=heard_as)


def test_a_page_of_another_origin_cannot_use_it(sealing: Listeners):
    assert sealing.read(sealing.seal(BOB), "https://other.example") is None


@pytest.mark.parametrize("nobody", [PUBLIC, Credentials(origin="https://app.example")])
def test_nobody_has_nothing_to_seal(sealing: Listeners, nobody: Credentials):
    assert sealing.seal(nobody) is None


def test_what_would_be_too_long_for_a_header_is_left_out(sealing: Listeners):
    assert sealing.seal(replace(ALICE, client="https://app.example/" + "x" * CHARACTERS_MAX)) is None


def test_the_same_for_some_minutes_and_sealed_once_in_them(
    sealing: Listeners, clock: StillClock, monkeypatch: pytest.MonkeyPatch
):
    first = sealing.seal(ALICE)
    clock.time += RENEWED_SECONDS - 1
    with monkeypatch.context() as patched:
        patched.setattr(sealing, "_sealed", None)
        assert sealing.seal(replace(ALICE)) == first
    clock.time += 1
    assert sealing.seal(ALICE) != first


def test_memory_is_bounded_and_the_newest_are_remembered(sealing: Listeners, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listeners, "KEPT_MAX", 3)
    all_of_them = [replace(ALICE, origin=f"https://{number}.example") for number in range(5)]
    for each in all_of_them:
        sealing.seal(each)
    assert list(sealing._kept) == all_of_them[2:]
