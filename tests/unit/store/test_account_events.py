"""What happened to the ways into an account: who repeats one thing hides no other by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pod.store.account_events import EVENTS_MAX, AccountEvents
from pod.store.mail import MailKind
from pod.store.records import SERVER
from tests.support.stores import StillClock, make_account, sqlite_store

DAY_SECONDS = 24 * 3600


@pytest.fixture
def happened(tmp_path: Path):
    """Lets something happen to alice's account, and gives what its page lists."""
    clock = StillClock(1_000 * DAY_SECONDS)
    store = sqlite_store(tmp_path, clock)
    alice = make_account(store, "alice", "https://pods.example/alice/profile/card#me")

    def happen(*kinds: MailKind, later: int = 1) -> list[tuple[MailKind, int, int]]:
        for kind in kinds:
            clock.time += later
            with store.write(SERVER) as tx:
                AccountEvents(tx).add(tx, alice, kind)
        return [(each.kind, each.times, each.at_ms // 1000) for each in AccountEvents(store).latest(alice, 20)]

    yield happen
    store.close()


def test_repeats_of_a_day_are_one_line(happened):
    begun = 1_000 * DAY_SECONDS
    assert happened(MailKind.PASSKEY_ADDED, *[MailKind.NEW_BROWSER] * 3, MailKind.PASSKEY_ADDED) == [
        (MailKind.PASSKEY_ADDED, 2, begun + 5),
        (MailKind.NEW_BROWSER, 3, begun + 4),
    ]
    assert happened(MailKind.NEW_BROWSER, later=DAY_SECONDS)[0] == (MailKind.NEW_BROWSER, 1, begun + 5 + DAY_SECONDS)


def test_repeats_push_nothing_else_out(happened):
    found = happened(MailKind.PASSKEY_ADDED, *[MailKind.NEW_BROWSER] * 2 * EVENTS_MAX)
    assert [(kind, times) for kind, times, _ in found] == [
        (MailKind.NEW_BROWSER, EVENTS_MAX - 1),
        (MailKind.PASSKEY_ADDED, 1),
    ]
