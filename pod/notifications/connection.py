"""One reader who waits for notifications: what waits for it, within bounds, and how its connection ends.

Knows no transport and no channel: subclasses say how a message, a sign of life and a farewell look.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from pod.config import Config
from pod.notifications.feed import Feed, Heard, Phase, Queue
from pod.protocol.agent import Credentials
from pod.store.records import Change

Message = dict[str, Any]  # ASGI's own type
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FOLLOWED_MS = 1_000
"""What was committed before a channel ends has been brought to its readers so much later."""
FRESH_SECONDS = 5.0
"""What happened longer ago, and what waited for a rate, is decided again before it is told: access may have ended."""
FAREWELL_SECONDS = 2.0
"""To take leave of a reader before the connection is broken off."""
GONE_AWAY = (OSError, RuntimeError)
"""What a server raises when there is nobody left to send to."""


class Line(Protocol):
    """What the server that speaks HTTP can do with a connection beyond ASGI."""

    def ping(self) -> bool:
        """Ask for a sign of life. False: nothing came since it was asked for the last time."""
        ...

    def abort(self) -> None:
        """Break it off, whatever waits to be sent."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to listen: from where it came, and the way back."""

    line: Line
    address: str
    send: Send
    origin: str | None = None
    subprotocols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection ends: for WebSockets a code and a reason; others are told when they come back."""

    code: int
    reason: str
    is_abrupt: bool = False
    """Nothing more is said: the reader would not hear it."""
    is_last_chance: bool = False
    """There is no coming back for what waits, so that is said first."""


ENDED = Ending(1000, "the channel has ended", is_last_chance=True)
RESTARTING = Ending(1012, "the server restarts; connect again with your last state")
TOO_SLOW = Ending(1013, "you read too slowly; connect again with your last state", is_abrupt=True)
SILENT = Ending(1011, "no sign of life", is_abrupt=True)
TALKATIVE = Ending(1008, "so much is not expected from you here")
REMOVED = Ending(4404, "the channel is no more")
BUSY = Ending(1013, "the server is busy; connect again with your last state")
GONE = Ending(4410, "what you missed can no longer be told; read the topic anew")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may wait for one reader, and how long it may take for one message."""

    messages: int
    bytes: int
    seconds: float

    @classmethod
    def of(cls, config: Config) -> Bounds:
        return cls(config.stream_queue_max, config.stream_queue_bytes_max, 2.0 * config.stream_idle_seconds)


class Connection(ABC):
    """A `Listener` with bounded queues. Made in the task that serves it, and lives on its event loop.

    Its `feed` says what is to be told when, and what is to be told now waits in the outbox. One message or sign of life
    is on its way at a time, and idle connections have no task for it.
    """

    __slots__ = (
        "_bounds",
        "_busy",
        "_main",
        "_outbox",
        "_pause",
        "_since",
        "ending",
        "feed",
        "group",
        "reached",
        "visit",
    )

    def __init__(self, visit: Visit, bounds: Bounds) -> None:
        self.visit = visit
        self.group: Hashable = id(self)
        self.ending: Ending | None = None
        self.reached = 0
        """The last change of which all was told."""
        self.feed = Feed()
        self._bounds = bounds
        self._outbox = Queue()
        self._since = 0.0  # when what is on its way was begun
        self._busy: asyncio.Task[None] | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._main = asyncio.current_task()

    @property
    def storage(self) -> int:
        return 0

    @property
    def channel_id(self) -> str | None:
        return None

    @property
    @abstractmethod
    def credentials(self) -> Credentials:
        """Whom everything is decided for."""

    @property
    def rate_seconds(self) -> float:
        """At least so long between two messages."""
        return 0.0

    @property
    def end_ms(self) -> int | None:
        """When it ends by itself."""
        return None

    @abstractmethod
    async def begin(self) -> None:
        """Sends the head of the answer: from now on messages may follow."""

    @abstractmethod
    async def tell(self, message: Heard) -> None:
        """Sends it; waits while the reader is busy with earlier ones."""

    @abstractmethod
    async def sign_of_life(self, reached: int) -> None:
        """Sends one. `reached`: all up to there was told."""

    @abstractmethod
    async def farewell(self, ending: Ending) -> None:
        """Sends the last thing that is sent."""

    # -- as a listener -------------------------------------------------------------------------------------------------

    def hear(self, messages: Sequence[Heard]) -> None:
        """Never waits: what finds no room ends the connection, and the reader comes back for it."""
        if self.ending is not None:
            return
        self.enqueue(self.feed.take(messages))
        queues = (self._outbox, self.feed.kept)
        if sum(map(len, queues)) > self._bounds.messages or sum(each.bytes for each in queues) > self._bounds.bytes:
            self.end(TOO_SLOW)

    @abstractmethod
    async def may_still_hear(self, message: Heard) -> bool:
        """Whether it may be told now what it might be told when that happened."""

    @abstractmethod
    def doubt(self, change: Change) -> None:
        """Nothing was heard of a change, perhaps only because something was not known yet."""

    def lose_channel(self) -> None:
        self.end(REMOVED)

    def lose_track(self) -> None:
        self.end(GONE)

    # -- sending -------------------------------------------------------------------------------------------------------

    def enqueue(self, messages: Sequence[Heard]) -> None:
        """To be told in this order, as the reader keeps up. Who wants to be told seldom is told the newest.

        Spec: Solid Notifications Protocol #notify-rate
        """
        for message in messages:
            if self.rate_seconds:
                self._outbox.drop(message.topic)
            self._outbox.add((message,))
        if self._outbox and self._busy is None and self._pause is None:
            self._busy = asyncio.create_task(self._alone(self._send_waiting))

    async def _alone(self, send: Callable[[], Awaitable[None]]) -> None:
        """Does it as the only one who sends; then what came meanwhile is sent."""
        try:
            await send()
        except GONE_AWAY:
            self.visit.line.abort()  # whoever waits for the reader to go will notice
        finally:
            if self._busy is asyncio.current_task():
                self._busy = None
        if self.ending is None:
            self.enqueue(())

    async def _send_waiting(self) -> None:
        while self._outbox and self._pause is None and self.ending is None:
            if await self._tell_if_it_may(self._outbox.pop()) and self.rate_seconds:
                self._pause = asyncio.get_running_loop().call_later(self.rate_seconds, self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self.enqueue(())

    async def _tell_if_it_may(self, message: Heard) -> bool:
        waited = self.rate_seconds or time.time() - message.about.time_ms / 1000 > FRESH_SECONDS
        if waited and not await self.may_still_hear(message):
            return False
        await self.tell_now(message)
        return True

    async def tell_now(self, message: Heard) -> None:
        self._since = time.monotonic()
        await self.tell(message)
        self._since = 0.0
        if message.whole:
            self.reached = max(self.reached, message.sequence)

    # -- catching up ---------------------------------------------------------------------------------------------------

    def go_live(self, last: int) -> None:
        """It has been told everything up to `last`: what came meanwhile and is newer follows."""
        fresh = self.feed.catch_up(last)
        if not self._outbox:
            self.reached = max(self.reached, last)
        if self.ending is None:
            self.enqueue(fresh)

    async def quiet(self) -> None:
        """Returns when nothing is on its way."""
        while self._busy is not None:
            await asyncio.wait([self._busy])

    # -- being kept, and ending ----------------------------------------------------------------------------------------

    def look_after(self, now: float, now_ms: int, reached: int) -> None:
        """Now and then: a sign of life, or the end of what has ended or is stuck. `reached`: how far all were told."""
        is_live = self.feed.phase is Phase.LIVE
        if self._since and now - self._since > self._bounds.seconds:
            self.end(TOO_SLOW)
        elif is_live and self.is_over(now_ms):
            self.end(ENDED)
        elif is_live and self._busy is None and self.ending is None:
            told = self.reached if self._outbox else max(self.reached, reached)
            self._busy = asyncio.create_task(self._alone(partial(self._show_life, told)))

    def is_over(self, now_ms: int) -> bool:
        """Whether it has come to its end, and heard of all that happened before."""
        return self.end_ms is not None and self.end_ms + FOLLOWED_MS <= now_ms

    async def _show_life(self, reached: int) -> None:
        self._since = time.monotonic()
        await self.sign_of_life(reached)
        self._since = 0.0

    def end(self, ending: Ending) -> None:
        """For one reason only, the first."""
        if self.ending is not None:
            return
        self.ending = ending
        under_way, left = None, list[Heard]()
        if ending.is_last_chance:
            under_way, self._busy, left = self._busy, None, self._outbox.take()
        self._forget()
        self._busy = asyncio.create_task(self._leave(ending, under_way, left))

    async def _leave(self, ending: Ending, under_way: asyncio.Task[None] | None, left: Sequence[Heard]) -> None:
        try:
            if ending.is_abrupt:
                self.visit.line.abort()
                return
            async with asyncio.timeout(FAREWELL_SECONDS):
                if under_way is not None:
                    await asyncio.wait([under_way])
                for message in left:
                    await self._tell_if_it_may(message)
                await self.farewell(ending)
        except (*GONE_AWAY, TimeoutError):
            self.visit.line.abort()
        finally:
            if self._main is not None:
                self._main.cancel()

    def close(self) -> None:
        """The task that serves it is at its end."""
        self.ending = self.ending or ENDED
        self._main = None
        self._forget()

    def _forget(self) -> None:
        self._outbox.take()
        self.feed.kept.take()
        if self._pause is not None:
            self._pause.cancel()
        if self._busy is not None:
            self._busy.cancel()
