"""One reader that catches up while things happen: nothing is left out, nothing comes twice, and all is in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pod.notifications.connection import Bounds, Ending, Visit
from pod.notifications.feed import Heard
from pod.notifications.reception import ChannelConnection
from pod.notifications.replay import Batch
from pod.protocol.notification import State
from pod.store.records import ChangeKind
from tests.unit.notifications.channels import channel
from tests.unit.notifications.happenings import change
from tests.unit.notifications.test_connection import Wire, message, settle

NOTHING = Batch((), is_last=True)
CHANGE_14 = change(ChangeKind.UPDATE, "/alice/notes", sequence=14)


class Journal:
    """What a reader may look into: each look finds all that is there, from where it is to begin."""

    def __init__(self) -> None:
        self.happened: list[int] = []
        self.is_broken = False
        self.bounds = Bounds(messages=50, bytes=1000, seconds=10.0)

    def state(self, sequence: int) -> State:
        return State("e", sequence)

    def replay(self, _channel: Any, after: State) -> Any:
        found = [each for each in self.happened if each > after.sequence]
        batch = Batch(tuple(map(message, found)), is_last=True)
        return SimpleNamespace(last=max(found, default=after.sequence), next=lambda: batch)

    async def on_thread(self, work: Callable[[], Any]) -> Any:
        if self.is_broken:
            raise ValueError("the disk is gone")
        return work()


class Reader(ChannelConnection):
    """Writes down what it is sent."""

    def __init__(self, journal: Journal, rate: float = 0.0) -> None:
        super().__init__(journal, channel(rate_seconds=rate), Visit(Wire(), "192.0.2.1", None))  # type: ignore[arg-type]
        self.sent: list[int] = []
        self.settled: list[int] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def may_still_hear(self, heard: Heard) -> bool:
        return True

    async def begin(self) -> None: ...

    async def tell(self, heard: Heard) -> None:
        self.sent.append(heard.sequence)

    async def settle(self, last: int) -> None:
        self.settled.append(last)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()

    async def sign_of_life(self, reached: int) -> None: ...

    async def farewell(self, ending: Ending) -> None: ...


def reading(test: Callable[[Reader, Journal], Awaitable[None]], rate: float = 0.0) -> None:
    async def run() -> None:
        journal = Journal()
        reader = Reader(journal, rate)
        reader._main = None  # this task goes on when the connection ends
        await test(reader, journal)

    asyncio.run(run())


def after(sequence: int) -> Any:
    return SimpleNamespace(last=sequence, next=lambda: NOTHING)


def test_what_was_kept_back_before_a_change_in_doubt_is_told_before_it():
    async def test(reader: Reader, journal: Journal) -> None:
        journal.happened = [12, 14]
        reader.hear([message(12)])
        reader.doubt(CHANGE_14)
        await reader.catch_up(after(10), NOTHING)
        await settle()
        assert reader.sent == [12, 14]

    reading(test)


def test_a_doubt_that_comes_while_the_end_of_the_replay_is_told_is_looked_into():
    async def test(reader: Reader, journal: Journal) -> None:
        journal.happened = [14]
        reader.meanwhile = lambda: reader.doubt(CHANGE_14)
        await reader.catch_up(after(10), NOTHING)
        await settle()
        assert reader.sent == [14]

    reading(test)


def test_who_is_told_seldom_is_not_said_to_have_heard_what_waits():
    """An event stream writes as its last id how far its reader has come, and that goes on from there."""

    async def test(reader: Reader, journal: Journal) -> None:
        replay = SimpleNamespace(last=5, next=lambda: NOTHING)
        await reader.catch_up(replay, Batch((message(4), message(5, topic="/alice/b")), is_last=True))
        assert (reader.settled, reader.reached) == ([], 0)
        await settle()
        assert (reader.sent, reader.reached) == ([4], 4)
        reader.close()

    reading(test, rate=60.0)


@pytest.mark.parametrize("is_broken", [False, True])
def test_one_that_cannot_look_again_is_broken_off_and_not_left_deaf(is_broken: bool):
    async def test(reader: Reader, journal: Journal) -> None:
        journal.happened, journal.is_broken = [14], is_broken
        reader.go_live(10)
        reader.doubt(CHANGE_14)
        await settle()
        assert (reader.sent, reader.visit.line.aborted) == (([], 1) if is_broken else ([14], 0))

    reading(test)
