"""How many may wait for notifications, and that each is looked after in turn."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from pod.config import Config
from pod.errors import Busy, PodError, TooManyRequests
from pod.notifications import connections as module
from pod.notifications.connection import RESTARTING
from pod.notifications.connections import PER_CHANNEL_MAX, Connections
from pod.protocol.agent import Credentials
from tests.support.stores import StillClock


class Waiting(SimpleNamespace):
    """Someone who waits: from an address, for a channel, as an agent."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __init__(self, address: str = "192.0.2.1", channel_id: str | None = None, agent: str | None = None) -> None:
        visit = SimpleNamespace(address=address, line=None)
        super().__init__(
            visit=visit, channel_id=channel_id, credentials=Credentials(agent), storage=7, looked=[], ending=None
        )

    def look_after(self, *seen: Any) -> None:
        self.looked.append(seen)

    def end(self, ending: Any) -> None:
        self.ending = ending


def entered(limited: Connections, *all_of_them: Waiting) -> type[PodError] | None:
    """What the first who is refused is told."""
    for each in all_of_them:
        try:
            limited.enter(each)
        except PodError as error:
            return type(error)
    return None


@pytest.mark.parametrize(
    ("settings", "waiting", "refused"),
    [
        ({"connections_max": 3}, [Waiting(f"192.0.2.{n}") for n in range(3)], None),
        ({"connections_max": 3}, [Waiting(f"192.0.2.{n}") for n in range(4)], Busy),
        ({"connections_per_address_max": 2}, [Waiting(), Waiting(), Waiting("192.0.2.2")], None),
        ({"connections_per_address_max": 2}, [Waiting(), Waiting(), Waiting()], TooManyRequests),
        ({"connections_per_address_max": 2}, [Waiting(f"2001:db8::{n}") for n in range(3)], TooManyRequests),
        ({"connections_per_address_max": 2}, [Waiting(f"2001:db8:0:{n}::1") for n in range(3)], None),
        ({"connections_per_address_max": 2, "dev": True}, [Waiting(), Waiting(), Waiting()], None),
        ({}, [Waiting(f"192.0.2.{n}", "a") for n in range(PER_CHANNEL_MAX)], None),
        ({}, [Waiting(f"192.0.2.{n}", "a") for n in range(PER_CHANNEL_MAX + 1)], TooManyRequests),
        ({}, [Waiting(f"192.0.2.{n}", str(n)) for n in range(PER_CHANNEL_MAX + 1)], None),
    ],
)
def test_there_is_room_for_so_many(settings: dict[str, Any], waiting: list[Waiting], refused: type[PodError] | None):
    assert entered(Connections(Config(**settings)), *waiting) is refused


@pytest.mark.parametrize(
    ("settings", "waiting", "refused"),
    [
        ({}, [Waiting()] * 2, None),
        ({}, [Waiting()] * 3, TooManyRequests),
        ({}, [Waiting(f"192.0.2.{n}", agent="https://a.example/#me") for n in range(3)], TooManyRequests),
        ({}, [Waiting(f"192.0.2.{n}") for n in range(3)], None),
        ({}, [Waiting(agent=f"https://{n}.example/#me") for n in range(3)], TooManyRequests),
        ({"dev": True}, [Waiting()] * 3, None),
        ({"connections_per_minute": 0}, [Waiting()] * 3, None),
    ],
)
def test_who_leaves_at_once_may_come_back_so_often(
    settings: Any, waiting: list[Waiting], refused: type[PodError] | None
):
    limited = Connections(Config(**{"connections_per_minute": 2} | settings))
    told = []
    for each in waiting:
        told.append(entered(limited, each))
        limited.leave(each)
    assert told[-1] is refused


def test_who_leaves_makes_room_once():
    limited = Connections(Config(connections_per_address_max=2))
    first, second = Waiting(), Waiting()
    assert entered(limited, first, second) is None
    limited.leave(first)
    limited.leave(first)
    assert entered(limited, Waiting(), Waiting()) is TooManyRequests
    assert len(limited) == 2


def test_each_is_looked_after_once_in_an_idle_period(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ROUND_SECONDS", 0.001)
    limited = Connections(Config(stream_idle_seconds=1))
    waiting = [Waiting(f"192.0.2.{n}") for n in range(100)]
    assert entered(limited, *waiting) is None

    async def run() -> None:
        keeper = asyncio.create_task(limited.look_after(StillClock(), lambda storage: storage * 6))
        while not waiting[-1].looked:  # noqa: ASYNC110
            await asyncio.sleep(0)
        keeper.cancel()

    asyncio.run(run())
    assert [len(each.looked) for each in waiting] == [1] * 100
    assert {each.looked[0][2] for each in waiting} == {42}


def test_all_are_told_to_come_back_and_who_stays_is_cut_off():
    limited = Connections(Config())
    polite, rude = Waiting(), Waiting()
    polite.end = lambda ending: (setattr(polite, "ending", ending), limited.leave(polite))
    rude.visit.line = SimpleNamespace(abort=lambda: limited.leave(rude))
    entered(limited, polite, rude)
    asyncio.run(limited.end_all(0.05))
    assert (polite.ending, rude.ending, len(limited)) == (RESTARTING, RESTARTING, 0)
