"""One reader: what waits for it is bounded and in order, it can be held back, and it ends once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pod.notifications.connection import (
    ENDED,
    FOLLOWED_MS,
    REMOVED,
    RESTARTING,
    TOO_SLOW,
    Bounds,
    Connection,
    Ending,
    Visit,
)
from pod.notifications.feed import Heard
from pod.notifications.messages import activities
from pod.protocol.agent import PUBLIC, Credentials
from pod.store.records import Change, ChangeKind
from tests.unit.notifications.happenings import change

BOUNDS = Bounds(messages=5, bytes=100, seconds=10.0)


class Wire:
    """What became of the connection."""

    def __init__(self) -> None:
        self.aborted = 0

    def ping(self) -> bool:
        return True

    def abort(self) -> None:
        self.aborted += 1


class Reader(Connection):
    """Writes down what it is sent; while it is not `ready`, it reads nothing."""

    rate = 0.0
    until: int | None = None

    def __init__(self) -> None:
        super().__init__(Visit(Wire(), "192.0.2.1", None), BOUNDS)
        self.sent: list[Any] = []
        self.asked: list[bytes] = []
        self.closed: set[bytes] = set()
        self.ready = asyncio.Event()
        self.ready.set()

    @property
    def credentials(self) -> Credentials:
        return PUBLIC

    @property
    def rate_seconds(self) -> float:
        return self.rate

    @property
    def end_ms(self) -> int | None:
        return self.until

    async def begin(self) -> None: ...

    async def may_still_hear(self, message: Heard) -> bool:
        self.asked.append(message.body)
        return message.body not in self.closed

    def doubt(self, change: Change) -> None: ...

    async def tell(self, message: Heard) -> None:
        await self.ready.wait()
        self.sent.append(message.body)

    async def sign_of_life(self, reached: int) -> None:
        await self.ready.wait()
        self.sent.append(reached)

    async def farewell(self, ending: Ending) -> None:
        await self.ready.wait()
        self.sent.append(ending)


JUST_NOW_MS = 2**50


def message(
    sequence: int, *, topic: str = "/alice/a", body: bytes = b"", whole: bool = True, time_ms: int = JUST_NOW_MS
) -> Heard:
    (about,) = activities(change(ChangeKind.UPDATE, topic, sequence=sequence, time_ms=time_ms))
    return Heard(sequence, topic, body or b"%d" % sequence, whole, about)


def reading(test: Callable[[Reader], Awaitable[None]]) -> None:
    """Runs it with a reader of its own, in whose task it would be served."""

    async def run() -> None:
        reader = Reader()
        reader._main = None  # this task goes on when the connection ends
        await test(reader)

    asyncio.run(run())


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_messages_arrive_in_order_and_the_last_whole_change_is_what_was_reached():
    async def test(reader: Reader) -> None:
        reader.hear([message(1), message(2, whole=False)])
        reader.hear([message(2, body=b"2b"), message(3, whole=False)])
        await settle()
        assert reader.sent == [b"1", b"2", b"2b", b"3"]
        assert reader.reached == 2

    reading(test)


@pytest.mark.parametrize(
    "heard", [[message(number) for number in range(7)], [message(1), message(2, body=b"x" * 101)]], ids=["many", "long"]
)
def test_a_reader_that_falls_too_far_behind_is_cut_off(heard: list[Heard]):
    async def test(reader: Reader) -> None:
        reader.ready.clear()
        reader.hear(heard)
        await settle()
        assert (reader.ending, reader.visit.line.aborted) == (TOO_SLOW, 1)
        reader.ready.set()
        await settle()
        assert reader.sent == []

    reading(test)


def test_what_is_kept_back_counts_too():
    async def test(reader: Reader) -> None:
        reader.feed.fall_behind()
        for number in range(6):
            reader.hear([message(number)])
        assert reader.ending is TOO_SLOW
        await settle()

    reading(test)


def test_a_reader_that_keeps_up_is_never_cut_off():
    async def test(reader: Reader) -> None:
        for number in range(1, 50):
            reader.hear([message(number, body=b"x" * 60)])
            await settle()
        assert (len(reader.sent), reader.ending) == (49, None)

    reading(test)


def test_what_was_told_meanwhile_is_not_told_again_and_the_rest_follows():
    async def test(reader: Reader) -> None:
        reader.feed.fall_behind()
        reader.hear([message(3), message(4), message(5)])
        await settle()
        assert reader.sent == []
        reader.go_live(4)
        await settle()
        assert (reader.sent, reader.reached) == ([b"5"], 5)

    reading(test)


def test_what_a_follower_that_lags_behind_brings_after_it_was_told_is_not_told_again():
    async def test(reader: Reader) -> None:
        reader.feed.fall_behind()
        reader.go_live(4)
        reader.hear([message(3), message(4)])
        reader.hear([message(5)])
        await settle()
        assert reader.sent == [b"5"]

    reading(test)


@pytest.mark.requirement("notifications#notify-rate")
def test_who_wants_to_hear_seldom_hears_the_first_and_then_the_newest_of_each_topic():
    async def test(reader: Reader) -> None:
        reader.rate = 0.05
        reader.hear([message(1)])
        await settle()
        reader.hear([message(2), message(3, topic="/alice/b"), message(4)])
        await settle()
        assert reader.sent == [b"1"]
        while len(reader.sent) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert reader.sent == [b"1", b"3", b"4"]

    reading(test)


def test_what_waits_for_a_rate_is_decided_again_and_makes_room_for_what_may_be_told():
    async def test(reader: Reader) -> None:
        reader.rate = 0.01
        reader.hear([message(1), message(2, topic="/alice/b"), message(3, topic="/alice/c")])
        reader.closed = {b"2"}
        while len(reader.sent) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (reader.sent, reader.asked) == ([b"1", b"3"], [b"1", b"2", b"3"])

    reading(test)


def test_what_is_told_long_after_it_happened_is_decided_again_and_the_rest_is_not():
    async def test(reader: Reader) -> None:
        reader.closed = {b"1", b"2"}
        reader.hear([message(1, time_ms=0), message(2), message(3, time_ms=0)])
        await settle()
        assert (reader.sent, reader.asked) == ([b"2", b"3"], [b"1", b"3"])

    reading(test)


def test_an_idle_connection_is_sent_signs_of_life_that_tell_how_far_all_were_told():
    async def test(reader: Reader) -> None:
        reader.hear([message(4)])
        await settle()
        reader.look_after(0.0, 0, 3)
        await settle()
        reader.look_after(0.0, 0, 9)
        await settle()
        assert reader.sent == [b"4", 4, 9]

    reading(test)


def test_a_message_that_comes_during_a_sign_of_life_follows_it():
    async def test(reader: Reader) -> None:
        reader.ready.clear()
        reader.look_after(0.0, 0, 1)
        await settle()
        reader.hear([message(2)])
        reader.ready.set()
        await settle()
        assert reader.sent == [1, b"2"]

    reading(test)


def test_a_reader_that_takes_nothing_for_too_long_is_cut_off():
    async def test(reader: Reader) -> None:
        reader.ready.clear()
        reader.hear([message(1)])
        await settle()
        reader.look_after(reader._since + 9, 0, 0)
        assert reader.ending is None
        reader.look_after(reader._since + 11, 0, 0)
        await settle()
        assert (reader.ending, reader.visit.line.aborted) == (TOO_SLOW, 1)

    reading(test)


@pytest.mark.requirement("notifications#notify-endAt")
def test_it_ends_when_its_channel_does():
    async def test(reader: Reader) -> None:
        reader.until = 1000
        reader.look_after(0.0, 999 + FOLLOWED_MS, 0)
        assert reader.ending is None
        reader.look_after(0.0, 1000 + FOLLOWED_MS, 0)
        await settle()
        assert reader.sent[-1] is ENDED

    reading(test)


@pytest.mark.requirement("notifications#notify-rate")
@pytest.mark.requirement("notifications#notify-endAt")
def test_what_waits_for_a_rate_when_it_ends_is_told_then():
    async def test(reader: Reader) -> None:
        reader.rate, reader.until = 60.0, 0
        reader.hear([message(1)])
        await settle()
        reader.hear([message(2), message(3, topic="/alice/b"), message(4)])
        reader.look_after(0.0, FOLLOWED_MS, 0)
        await settle()
        assert reader.sent == [b"1", b"3", b"4", ENDED]

    reading(test)


def test_what_is_under_way_when_it_ends_arrives_and_what_waits_follows():
    async def test(reader: Reader) -> None:
        reader.ready.clear()
        reader.hear([message(1), message(2)])
        await settle()
        reader.end(ENDED)
        await settle()
        reader.ready.set()
        await settle()
        assert reader.sent == [b"1", b"2", ENDED]

    reading(test)


def test_who_ended_a_channel_is_told_nothing_more():
    async def test(reader: Reader) -> None:
        reader.rate = 60.0
        reader.hear([message(1), message(2, topic="/alice/b")])
        await settle()
        reader.end(REMOVED)
        await settle()
        assert reader.sent == [b"1", REMOVED]

    reading(test)


def test_one_that_catches_up_ends_when_it_has_done_so():
    async def test(reader: Reader) -> None:
        reader.until = 0
        reader.feed.fall_behind()
        reader.hear([message(5)])
        reader.look_after(0.0, FOLLOWED_MS, 0)
        assert reader.ending is None
        reader.go_live(4)
        reader.look_after(0.0, FOLLOWED_MS, 0)
        await settle()
        assert reader.sent == [b"5", ENDED]

    reading(test)


def test_leave_is_taken_once_and_nothing_follows():
    async def test(reader: Reader) -> None:
        reader.end(RESTARTING)
        reader.end(TOO_SLOW)
        reader.hear([message(1)])
        await settle()
        assert (reader.sent, reader.visit.line.aborted) == ([RESTARTING], 0)

    reading(test)


def test_a_reader_that_does_not_take_leave_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pod.notifications.connection.FAREWELL_SECONDS", 0.01)

    async def test(reader: Reader) -> None:
        reader.ready.clear()
        reader.end(RESTARTING)
        while not reader.visit.line.aborted:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    reading(test)
