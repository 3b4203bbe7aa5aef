"""Takes to one channel's receiver what waits for it: in order, at least once, and only what its subscriber may hear.

How far it came is written down after each message, so a crash repeats one at most. Whose turn it is is decided by
push.py; how a message is sent, by the module of its channel type.

Spec: REQUIREMENTS section 14.2 (derived); Solid Notifications Protocol #notification-sender
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from pod.clock import Deadline
from pod.errors import Busy, JournalGone
from pod.notifications.audience import Audience
from pod.notifications.hosts import Hosts, asked_seconds, pause_seconds
from pod.notifications.messages import Activity, Writer, heard
from pod.notifications.missed import present
from pod.notifications.sender import sender
from pod.protocol.notification import ChannelType
from pod.remote.client import Posted, wire_url
from pod.remote.errors import ForbiddenAddress, MalformedAnswer, RemoteError, RemoteTimeout, Unreachable
from pod.services import Services
from pod.store.channels import Channel, Channels, Deliveries, Delivery
from pod.store.journal import changes_after, head
from pod.store.records import Change

IDLE_MS = -1
"""As `Delivery.due_ms`: nothing waits, until something else happens to a topic."""
PAGE = 200
"""Journal entries read at once."""
TURN_MESSAGES, TURN_SECONDS = 20, 5.0
"""After that it is the turn of other channels."""
CROWDED_SECONDS = 2.0
"""Until the next try, when too many wait for documents of groups to say who may hear."""
GONE = frozenset({404, 410})
TOO_LARGE = 413
"""A message its receiver never takes, however often it is sent."""

_REASONS: Mapping[type[RemoteError], str] = {
    ForbiddenAddress: "It is at an address that this server does not contact.",
    MalformedAnswer: "Its answer could not be read.",
    RemoteTimeout: "It did not answer in time.",
    Unreachable: "It could not be reached.",
}

log = structlog.get_logger()


class Method(Protocol):
    """How messages of one channel type are sent."""

    def send(self, channel: Channel, url: str, message: bytes) -> Posted:
        """Raises: RemoteError"""
        ...


@dataclass(frozen=True, slots=True)
class Trip:
    """How far it came, and when to go on: `Delivery.due_ms`. `ended`: there is nobody any more who wants to hear."""

    delivery: Delivery
    halted: bool = False
    ended: bool = False


class Courier:
    """Shared by all threads; of one channel, one thread at a time."""

    def __init__(
        self, services: Services, methods: Mapping[ChannelType, Method], hosts: Hosts, deliveries: Deliveries
    ) -> None:
        self._services = services
        self._methods = methods
        self._hosts = hosts
        self._deliveries = deliveries
        self._channels = Channels(services.store)
        self._audience = Audience(services)
        self._writer = Writer(services)
        self._sender = sender(services.placement.base_url)
        self._failures_max = services.config.push_failures_max

    def carry(self, channel: Channel, delivery: Delivery) -> Trip:
        """Deliver until nothing waits, something fails, or others should have a turn.

        When its time is over, what waits for a rate or for another try has its last one, and then the channel ends.
        """
        is_over = channel.has_ended(self._now_ms())
        trip = self._turn(channel, delivery, rest_seconds=0.0 if is_over else channel.rate_seconds)
        has_more = not trip.halted and trip.delivery.due_ms != IDLE_MS
        return replace(trip, halted=True, ended=True) if is_over and not has_more else trip

    def _turn(self, channel: Channel, delivery: Delivery, *, rest_seconds: float) -> Trip:
        try:
            return self._carry(channel, delivery, rest_seconds)
        except JournalGone:
            return self._start_anew(channel, delivery)
        except Busy:  # what was told since is written down
            return Trip(self._due_in(self._deliveries.load(channel), CROWDED_SECONDS), halted=True)

    def _carry(self, channel: Channel, delivery: Delivery, rest_seconds: float) -> Trip:
        """Raises: JournalGone -- what comes next can no longer be told."""
        turn, sent = Deadline(TURN_SECONDS), 0
        while True:
            changes = changes_after(self._services.store, channel.storage, delivery.sequence, PAGE)
            for change, wanted in self._wanted(channel, changes):
                trip = self._tell_all(channel, delivery, wanted)
                if trip.halted:
                    return trip
                sent += trip.delivery is not delivery
                delivery = replace(trip.delivery, sequence=change.sequence)
                if sent and rest_seconds:
                    return Trip(self._due_in(delivery, rest_seconds))
                if wanted and (sent >= TURN_MESSAGES or not turn.seconds_left):
                    return Trip(self._due_in(delivery, 0))
            if len(changes) < PAGE:
                return Trip(replace(delivery, due_ms=IDLE_MS))
            if not turn.seconds_left:
                return Trip(self._due_in(delivery, 0))

    # -- what to tell --------------------------------------------------------------------------------------------------

    def _wanted(self, channel: Channel, changes: list[Change]) -> list[tuple[Change, list[Activity]]]:
        """What a channel wants to hear of each change, before anybody asks whether it may.

        With a rate, of what waits only the newest of each topic. Spec: Solid Notifications Protocol #notify-rate
        """
        told = [(each, self._news(channel, each)) for each in changes]
        return self._newest(channel, told) if channel.rate_seconds else told

    def _newest(
        self, channel: Channel, told: list[tuple[Change, list[Activity]]]
    ) -> list[tuple[Change, list[Activity]]]:
        """Of each topic the last that may be heard: one that may not be must not displace one that may."""
        found: list[tuple[Change, list[Activity]]] = []
        topics: set[str] = set()
        for change, news in reversed(told):
            kept: list[Activity] = []
            for activity in reversed(news):
                if activity.topic not in topics and self._may_hear(channel, activity):
                    topics.add(activity.topic)
                    kept.insert(0, activity)
            found.append((change, kept))
        return found[::-1]

    def _may_hear(self, channel: Channel, activity: Activity) -> bool:
        return self._audience.may_hear(self._services.store, activity, channel.credentials)

    def _news(self, channel: Channel, change: Change) -> list[Activity]:
        return [each for each in heard(channel, change) if self._is_news(channel, each)]

    def _is_news(self, channel: Channel, activity: Activity) -> bool:
        """Not what a notification wrote here, if the channel leads here too: two inboxes would tell each other of it
        for ever.
        """
        return activity.change.agent != self._sender or not self._services.placement.is_ours(channel.send_to or "")

    def _start_anew(self, channel: Channel, delivery: Delivery) -> Trip:
        """The receiver has missed what can no longer be told: it hears that its topics are as they are now."""
        sequence = head(self._services.store, channel.storage)
        if not sequence:  # the storage is no more
            return Trip(delivery, halted=True, ended=True)
        trip = self._tell_all(channel, delivery, list(present(self._services, channel)))
        if trip.halted:
            return trip
        return Trip(self._due_in(replace(trip.delivery, sequence=sequence), 0))

    # -- telling it ----------------------------------------------------------------------------------------------------

    def _tell_all(self, channel: Channel, delivery: Delivery, wanted: Sequence[Activity]) -> Trip:
        """What tells of one change, as far as the subscriber may hear it; of nothing, the delivery is as it was."""
        allowed = [each for each in wanted if self._may_hear(channel, each)]
        if allowed and self._channels.get(channel.id) is None:  # ended since it was its turn
            return Trip(delivery, halted=True, ended=True)
        for activity in allowed:
            trip = self._tell(channel, delivery, activity, is_last=activity is allowed[-1])
            if trip.halted:
                return trip
            delivery = trip.delivery
        return Trip(delivery)

    def _tell(self, channel: Channel, delivery: Delivery, activity: Activity, *, is_last: bool) -> Trip:
        """One message. `is_last`: of those that tell of its change. Where the receiver stands moves on with it."""
        pause = self._hosts.ask(host_of(channel))
        if pause:
            return Trip(self._due_in(delivery, pause), halted=True)
        message = self._writer.message(activity, channel.context, channel.accept, with_state=is_last)
        try:
            posted = self._posted(channel, message)
        except RemoteError as error:
            return self._failed(channel, delivery, None, _REASONS.get(type(error), "It cannot be sent to."), 0)
        return self._judged(channel, delivery, posted, activity, is_last=is_last)

    def _posted(self, channel: Channel, message: bytes) -> Posted:
        """Raises: RemoteError"""
        host, started = host_of(channel), self._services.clock.now()
        try:
            url = wire_url(channel.send_to or "")
            posted = self._methods[channel.type].send(channel, url, message)
        except RemoteError:
            self._hosts.was_silent(host)
            raise
        self._hosts.answered(host, self._services.clock.now() - started)
        return posted

    def _judged(
        self, channel: Channel, delivery: Delivery, posted: Posted, activity: Activity, *, is_last: bool
    ) -> Trip:
        status = posted.status
        if status in GONE:
            log.info("channel ended by its receiver", channel=channel.id, status=status)
            return Trip(delivery, halted=True, ended=True)
        if not 200 <= status < 300 and status != TOO_LARGE:
            asked = asked_seconds(posted.retry_after, self._services.clock.now())
            return self._failed(channel, delivery, status, f"It answered with status {status}.", asked)
        told = replace(delivery, failures=0, last_status=status, last_error=None, last_success_ms=self._now_ms())
        if is_last:
            told = replace(told, sequence=activity.sequence)
        self._deliveries.save(self._due_in(told, 0))
        return Trip(self._due_in(told, 0))

    def _failed(
        self, channel: Channel, delivery: Delivery, status: int | None, why: str, asked_for_seconds: float
    ) -> Trip:
        """Try again later, and after so many times no more."""
        failures = delivery.failures + 1
        failed = replace(delivery, failures=failures, last_status=status, last_error=why)
        if failures >= self._failures_max:
            log.info("channel switched off", channel=channel.id, failures=failures, why=why)
            return Trip(replace(failed, disabled_ms=self._now_ms(), due_ms=IDLE_MS), halted=True)
        chance = random.random()  # noqa: S311  # no secret
        return Trip(self._due_in(failed, pause_seconds(failures, asked_for_seconds, chance)), halted=True)

    def _due_in(self, delivery: Delivery, seconds: float) -> Delivery:
        return replace(delivery, due_ms=self._now_ms() + int(seconds * 1000))

    def _now_ms(self) -> int:
        return int(self._services.clock.now() * 1000)


def host_of(channel: Channel) -> str:
    """Whom a channel sends to, as far as others are concerned."""
    return urlsplit(channel.send_to or "").netloc.lower()
