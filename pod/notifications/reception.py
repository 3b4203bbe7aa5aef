"""Lets readers in who know the secret of a channel, tells them what they missed, and keeps them while they stay.

What blocks is done on a few threads. Knows no transport.

Spec: Solid Notifications Protocol #notify-receivefrom, #notify-state; W3C TAG, Good Practices for Capability URLs s5
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import structlog

from pod.authentication.credentials import digest
from pod.errors import Busy, JournalGone, NotFound
from pod.notifications.audience import Audience
from pod.notifications.connection import (
    BUSY,
    ENDED,
    FOLLOWED_MS,
    GONE,
    GONE_AWAY,
    TALKATIVE,
    Bounds,
    Connection,
    Receive,
    Visit,
)
from pod.notifications.connections import Connections
from pod.notifications.feed import Heard, Phase
from pod.notifications.live import Live
from pod.notifications.messages import Activity, Writer, heard
from pod.notifications.missed import missed, present
from pod.notifications.replay import Batch, Missed, Replay, render
from pod.protocol.agent import Credentials
from pod.protocol.notification import ChannelType, State
from pod.services import Services
from pod.store.channels import Channel, Channels, living
from pod.store.journal import head
from pod.store.records import Change

THREADS = 8
WAITING_MAX = 1_000
"""Who comes when so many wait for those threads is sent away."""
LOOK_SECONDS = 1.0
"""Between two looks at whether one whose time is over has been told what it missed."""
NEW_SECONDS = 120
"""So long after a channel was made, who connects without a state is told all since then; later, only what is new."""
CROWDED_SECONDS = 2.0
"""Until the next try, when too many wait for a thread or for documents of groups."""
CAPABILITY_CHARACTERS_MAX = 64
MESSAGES_MAX = 100
"""That a reader may send, or parts of the content of its request."""

Made = TypeVar("Made")

log = structlog.get_logger()


class Reception:
    """Shared by all connections of the process."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.audience = Audience(services)
        self.writer = Writer(services)
        self.live = Live(services, self.audience)
        self.connections = Connections(services.config)
        self.bounds = Bounds.of(services.config)
        self._channels = Channels(services.store)
        self._threads = ThreadPoolExecutor(THREADS, "reception")
        self._waiting = 0

    async def channel(self, kind: ChannelType, capability: str) -> Channel:
        """The one that a capability opens.

        Raises: NotFound -- the same for one that never was, one that has ended and one of another kind; Busy
        """
        channel = None
        if len(capability) <= CAPABILITY_CHARACTERS_MAX:
            channel = await self.on_thread(lambda: self._channels.by_capability(digest(capability)))
        if channel is None or channel.type is not kind or channel.has_ended(self.now_ms):
            raise NotFound("There is no such channel, or it has ended. Subscribe again.")
        return channel

    @property
    def now_ms(self) -> int:
        return int(self.services.clock.now() * 1000)

    async def attend(self, connection: ChannelConnection, state: State | None, receive: Receive) -> None:
        """From the first word to the last. `state` is how far the reader had heard.

        Raises (before anything was sent): JournalGone -- that is too long ago; Busy, TooManyRequests
        """
        self.connections.enter(connection)
        try:
            channel = connection.channel
            await self.live.listen(connection, channel.topics)
            replay, batch = await self.on_thread(lambda: self._missed(channel, state))
            await connection.begin()
            self.end_in_time(connection)
            await connection.catch_up(replay, batch)
            await connection.until_gone(receive)
        finally:
            self.live.leave(connection)
            self.connections.leave(connection)
            connection.close()

    async def may_still_hear(self, connection: Connection, message: Heard) -> bool:
        """Decided again for one who is told something late. One for whom that fails is broken off, to come back."""
        decide = partial(self._may_still_hear, connection.channel_id, message.about, connection.credentials)
        while True:
            try:
                return await self.on_thread(decide)
            except Busy:
                await asyncio.sleep(CROWDED_SECONDS)
            except Exception:  # the border: it would miss this without knowing
                log.exception("deciding again failed", topic=message.topic)
                connection.visit.line.abort()
                return False

    def _may_still_hear(self, channel: str | None, activity: Activity, credentials: Credentials) -> bool:
        """Raises: Busy"""
        store = self.services.store
        if channel is not None and not living(store, (channel,)):
            return False
        return self.audience.may_still_hear(store, activity, credentials)

    def end_in_time(self, connection: Connection) -> None:
        """One that ends soon; others are seen to when they are looked after."""
        if connection.end_ms is None:
            return
        left = (connection.end_ms + FOLLOWED_MS - self.now_ms) / 1000
        if left < self.services.config.stream_idle_seconds:
            asyncio.get_running_loop().call_later(max(0.0, left), self._end_if_over, connection)

    def _end_if_over(self, connection: Connection) -> None:
        """One that is still told what it missed hears the end of that first; and an end can have moved."""
        if connection.ending is not None:
            return
        if not connection.is_over(self.now_ms):
            self.end_in_time(connection)
        elif connection.feed.phase is Phase.LIVE:
            connection.end(ENDED)
        else:
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._end_if_over, connection)

    def _missed(self, channel: Channel, state: State | None) -> tuple[Replay, Batch]:
        """The first of what was missed. Raises: JournalGone"""
        is_new = self.now_ms - channel.created_ms <= NEW_SECONDS * 1000
        if state is None and is_new:
            try:
                return _begun(self.replay(channel, self.state(channel.sequence)))
            except JournalGone:
                return _begun(self._replay(channel, Missed(present(self.services, channel), self._head(channel))))
        if state is None:
            return self._replay(channel, Missed(iter(()), self._head(channel))), Batch((), is_last=True)
        return _begun(self.replay(channel, state))

    def replay(self, channel: Channel, after: State) -> Replay:
        return self._replay(channel, Missed(missed(self.services, channel, after), after.sequence))

    def _replay(self, channel: Channel, what: Missed) -> Replay:
        return Replay(self.services.store, self.audience, self.writer, channel, what)

    def _head(self, channel: Channel) -> int:
        return head(self.services.store, channel.storage)

    def state(self, sequence: int) -> State:
        return State(self.services.store.epoch, sequence)

    async def on_thread(self, work: Callable[[], Made]) -> Made:
        """Raises: Busy"""
        if self._waiting >= WAITING_MAX:
            raise Busy("Too many are connecting at once; try again in a moment.", headers=(("Retry-After", "5"),))
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        await self.live.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _begun(replay: Replay) -> tuple[Replay, Batch]:
    """Raises: JournalGone"""
    return replay, replay.next()


class ChannelConnection(Connection):
    """A connection of a channel: it hears what its channel says, and can look into the journal for what it missed."""

    __slots__ = ("_looking", "_reception", "channel")

    def __init__(self, reception: Reception, channel: Channel, visit: Visit) -> None:
        super().__init__(visit, reception.bounds)
        self.channel = channel
        self.group = (
            (channel.storage, channel.topics, channel.subtree),
            (channel.credentials, channel.context, channel.accept),
        )
        self._reception = reception
        self._looking: asyncio.Task[None] | None = None
        self.feed.fall_behind()

    async def until_gone(self, receive: Receive) -> None:
        """Returns when the reader has gone. What it sends meanwhile is nothing, and not much of that."""
        left = MESSAGES_MAX
        while (await receive())["type"] not in {"http.disconnect", "websocket.disconnect"}:
            left -= 1
            if not left:
                self.end(TALKATIVE)

    @property
    def storage(self) -> int:
        return self.channel.storage

    @property
    def channel_id(self) -> str | None:
        return self.channel.id

    @property
    def credentials(self) -> Credentials:
        return self.channel.credentials

    @property
    def rate_seconds(self) -> float:
        return self.channel.rate_seconds

    @property
    def end_ms(self) -> int | None:
        return self.channel.end_ms

    def state(self, sequence: int) -> State:
        return self._reception.state(sequence)

    def wants(self, change: Change) -> bool:
        return self.channel.covers(change.time_ms)

    def told(self, change: Change) -> Sequence[Activity]:
        return heard(self.channel, change)

    def render(self, allowed: Sequence[Activity]) -> tuple[Heard, ...]:
        return render(self._reception.writer, self.channel, allowed)

    async def may_still_hear(self, message: Heard) -> bool:
        return await self._reception.may_still_hear(self, message)

    def doubt(self, change: Change) -> None:
        if self.ending is None and self.feed.doubt(change.sequence):
            self._looking = asyncio.create_task(self._look_again())

    async def _look_again(self) -> None:
        """At what was refused when not all was known that access depends on; the order is kept."""
        await self.quiet()
        replay = self._reception.replay(self.channel, self.state(self.feed.settle_doubt()))
        try:
            await self.catch_up(replay, Batch((), is_last=False))
        except Exception as error:  # the border: it would be held back for ever
            if not isinstance(error, GONE_AWAY):
                log.exception("looking again failed", channel=self.channel.id)
            self.visit.line.abort()

    async def catch_up(self, replay: Replay, batch: Batch) -> None:
        """Tell what was missed, piece by piece as the reader takes it, and go on with what happens."""
        try:
            while self.ending is None:
                await self._pass_on(batch)
                if batch.is_last:
                    if not self._outbox:
                        await self.settle(replay.last)
                    if not self.feed.has_doubt_after(replay.last):
                        break
                    self.feed.settle_doubt()
                    replay = self._reception.replay(self.channel, self.state(replay.last))
                batch = await self._reception.on_thread(replay.next)
        except JournalGone:
            self.end(GONE)
        except Busy:
            self.end(BUSY)
        if self.ending is None:
            self.go_live(replay.last)

    async def settle(self, last: int) -> None:
        """It has been told what it missed, up to there. Nothing may wait between this and its release."""

    async def _pass_on(self, batch: Batch) -> None:
        if self.rate_seconds:
            self.enqueue(batch.messages)
            return
        for message in batch.messages:
            await self.tell_now(message)
