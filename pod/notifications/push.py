"""Follows the journal for the channels that are pushed to, and sees to it that each gets its turn.

One thread reads on; a few others deliver. Who is concerned by a change is looked up by topic, so a change that concerns
nobody costs a look-up. A slow or silent host keeps a part of the threads busy at most; the others never wait for it.

What concerns a channel is noted before the journal's cursor moves on, and each channel has a place of its own in its
storage's journal, so nothing is lost with this process. docs/decisions/0015-push.md says more.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from threading import Event, Lock
from typing import Protocol

import structlog

from pod.errors import JournalGone, UnprocessableContent
from pod.notifications.courier import IDLE_MS, Courier, Method, Trip, host_of
from pod.notifications.hosts import Hosts
from pod.notifications.ldn import Inboxes
from pod.notifications.messages import heard, topics_of
from pod.notifications.sender import Sender
from pod.notifications.signatures import MessageSigner
from pod.notifications.web_push import PushServices
from pod.notifications.webhook import Webhooks
from pod.protocol.notification import ChannelType
from pod.remote.client import Receivers
from pod.remote.errors import ForbiddenAddress, RemoteError, UnsafeURL
from pod.remote.fairness import FairThreads
from pod.services import Services
from pod.store.channels import Channel, Channels, Deliveries, Delivery
from pod.store.journal import entries, last_position
from pod.store.records import Change, Cursor

FOLLOWER = "push"
THREADS, SUSPECT_THREADS = 8, 4
"""Of either, one host keeps half busy at most."""
JOURNAL_SECONDS = 0.1
"""How often the journal is looked at while there is a channel to push to."""
CHANNELS_SECONDS = 1.0
"""How often it is looked whether channels came or went."""
KEPT_SECONDS = 10.0
"""How often the place in the journal is written down while nobody is concerned by what happens."""
BROKEN_SECONDS = 60.0
"""Until the next try, after what should not have happened."""
END_SECONDS = 2.0
"""For what is under way when the process is to end. What a receiver has taken and nobody could note is sent again."""
PAGE = 500

log = structlog.get_logger()


def check_target(services: Services, url: str) -> None:
    """Whether notifications may be sent there. Looks its name up: never in a transaction.

    A host that cannot be found now may be found when there is something to tell, and is checked again then.

    Raises: UnprocessableContent -- not https, or an address inside. Which is not told: it would tell of the network
        that this server is in.
    """
    try:
        services.receivers.address(url, seconds_max=services.config.remote_seconds_max)
    except (UnsafeURL, ForbiddenAddress) as error:
        raise UnprocessableContent(
            "`sendTo` must be an https URL, without credentials in it, of a host on the public internet."
        ) from error
    except RemoteError as error:
        log.info("target of a channel not found", why=str(error))


def methods(services: Services, receivers: Receivers) -> dict[ChannelType, Method]:
    """How each type of channel is pushed to."""
    config, base_url = services.config, services.placement.base_url
    signer = MessageSigner(services.keys, base_url, services.clock)
    sender = Sender(services.keys, base_url, services.clock)
    seconds_max = config.push_seconds_max
    return {
        ChannelType.WEBHOOK: Webhooks(receivers, signer, sender, seconds_max=seconds_max),
        ChannelType.LDN: Inboxes(receivers, signer, sender, services.placement, seconds_max=seconds_max),
        ChannelType.WEB_PUSH: PushServices(receivers, config, services.clock),
    }


def inboxes(services: Services, receivers: Receivers) -> Inboxes:
    """How a message gets into an inbox elsewhere, whatever it is about."""
    base_url, clock = services.placement.base_url, services.clock
    signer = MessageSigner(services.keys, base_url, clock)
    sender = Sender(services.keys, base_url, clock)
    return Inboxes(receivers, signer, sender, services.placement, seconds_max=services.config.push_seconds_max)


@dataclass(slots=True)
class _Line:
    """A channel that is pushed to. `latest` is the last change that concerns it, as far as the follower has come."""

    channel: Channel
    delivery: Delivery
    latest: int = 0
    busy: bool = False
    gone: bool = False


class Carrier(Protocol):
    """What `Courier` does, as far as it matters here."""

    def carry(self, channel: Channel, delivery: Delivery) -> Trip: ...


class Push:
    """One a server: `run` is a thread's whole work."""

    def __init__(self, services: Services, courier: Carrier, hosts: Hosts) -> None:
        self._store = services.store
        self._clock = services.clock
        self._courier = courier
        self._hosts = hosts
        self._channels = Channels(services.store)
        self._deliveries = Deliveries(services.store)
        self._threads: FairThreads[None] = FairThreads(THREADS, _WAITING_MAX, "push")
        self._suspects: FairThreads[None] = FairThreads(SUSPECT_THREADS, _WAITING_MAX, "push-slow")
        self._wake = Event()
        self._over = False
        self._lock = Lock()
        """Over the lines and what is written of them, so that none sleeps while something waits for it."""
        self._lines: dict[str, _Line] = {}
        self._of_topic: dict[str, list[_Line]] = {}
        self._due: list[tuple[int, int, _Line]] = []
        self._numbers = count()
        self._mark: object = None
        self._looked = self._kept = float("-inf")
        self._cursor = services.store.cursor(FOLLOWER)

    @classmethod
    def of(cls, services: Services) -> Push:
        hosts = Hosts(services.clock, 0 if services.config.dev else services.config.push_per_host_per_minute)
        deliveries = Deliveries(services.store)
        return cls(services, Courier(services, methods(services, services.receivers), hosts, deliveries), hosts)

    def run(self, stop: Event) -> None:
        """Until `stop` is set, and what is under way had time to end."""
        while not stop.is_set():
            try:
                pause = self.step()
            except Exception:  # the border: what failed once may do better next time
                log.exception("push failed")
                pause = BROKEN_SECONDS
            self._rest(pause, stop)
        self._over = True
        for threads in (self._threads, self._suspects):
            threads.close(END_SECONDS)

    def _rest(self, seconds: float, stop: Event) -> None:
        """A delivery that ends wakes us; so that `stop` does too, no rest is long."""
        while seconds > 0 and not stop.is_set() and not self._wake.wait(min(seconds, CHANNELS_SECONDS)):
            seconds -= CHANNELS_SECONDS
        self._wake.clear()

    def step(self) -> float:
        """See what came, note whom it concerns, send them off; gives the seconds until there may be something new."""
        now = self._clock.now()
        if not 0 <= now - self._looked < CHANNELS_SECONDS:
            self._look_for_channels()
            self._looked = now
        if not self._lines:
            return CHANNELS_SECONDS
        while self._follow():
            pass
        return min(JOURNAL_SECONDS, self._send_off())

    # -- channels ------------------------------------------------------------------------------------------------------

    def _look_for_channels(self) -> None:
        mark = self._channels.push_mark()
        if mark == self._mark:
            return
        found = {channel.id: channel for channel in self._channels.push_channels()}
        known = self._deliveries.all()
        if not self._lines and known.keys().isdisjoint(found):  # each of them reads on from where it began
            self._move_to(last_position(self._store))
        with self._lock:
            for key in self._lines.keys() - found.keys():
                self._lines.pop(key).gone = True
            self._due = [each for each in self._due if not each[2].gone]
            heapq.heapify(self._due)
            for key in found.keys() - self._lines.keys():
                channel = found[key]
                line = self._lines[key] = _Line(channel, known.get(key) or Delivery(key, channel.sequence))
                self._enqueue(line)
        self._deliveries.forget_all_but(found.values())
        self._of_topic = _by_topic(self._lines.values())
        self._mark = mark

    # -- the journal ---------------------------------------------------------------------------------------------------

    def _follow(self) -> bool:
        """Read on; whether there may be more."""
        try:
            changes = entries(self._store, self._cursor, PAGE)
        except JournalGone:
            self._start_anew()
            return True
        noted = False
        for change in changes:
            for line in self._concerned(change):
                self._note(line, change)
                noted = True
        if changes:
            self._cursor = Cursor(self._store.epoch, changes[-1].position)
        if changes and (noted or self._clock.now() - self._kept > KEPT_SECONDS):
            self._move_to(changes[-1].position)
        return len(changes) == PAGE

    def _concerned(self, change: Change) -> Iterator[_Line]:
        seen: set[str] = set()
        for topic in topics_of(change):
            for line in self._of_topic.get(topic, ()):
                if line.channel.id not in seen and heard(line.channel, change):
                    seen.add(line.channel.id)
                    yield line

    def _note(self, line: _Line, change: Change) -> None:
        """Written down before the cursor moves on. A channel for which nothing waited goes on from here."""
        with self._lock:
            line.latest = max(line.latest, change.sequence)
            if not _sleeps(line) or change.sequence <= line.delivery.sequence:
                return
            self._let_wait(line, change.sequence - 1)

    def _start_anew(self) -> None:
        """What the cursor leads to is no longer kept, or of another history: every channel looks from its own place."""
        position = last_position(self._store)
        with self._lock:
            for line in self._lines.values():
                if _sleeps(line):
                    self._let_wait(line, line.delivery.sequence)
        self._move_to(position)

    def _let_wait(self, line: _Line, sequence: int) -> None:
        """Under the lock. What cannot be written down has not been noted."""
        waiting = replace(line.delivery, sequence=sequence, due_ms=self._now_ms())
        self._deliveries.save(waiting)
        line.delivery = waiting
        self._enqueue(line)

    def _move_to(self, position: int) -> None:
        self._store.advance(FOLLOWER, position)
        self._cursor, self._kept = Cursor(self._store.epoch, position), self._clock.now()

    # -- deliveries ----------------------------------------------------------------------------------------------------

    def _enqueue(self, line: _Line) -> None:
        """Under the lock. What waits when a channel ends has its turn then."""
        if line.delivery.due_ms != IDLE_MS and not line.busy and not line.gone:
            due_ms = min(line.delivery.due_ms, line.channel.end_ms)
            heapq.heappush(self._due, (due_ms, next(self._numbers), line))

    def _send_off(self) -> float:
        """Give what is due to the threads; gives the seconds until something is."""
        now_ms = self._now_ms()
        with self._lock:
            while self._due and self._due[0][0] <= now_ms:
                _, _, line = heapq.heappop(self._due)
                if not line.busy and not line.gone:
                    line.busy = True
                    self._submit(line)
            return (self._due[0][0] - now_ms) / 1000 if self._due else CHANNELS_SECONDS

    def _submit(self, line: _Line) -> None:
        host = host_of(line.channel)
        threads = self._suspects if self._hosts.is_suspect(host) else self._threads
        work = partial(self._carry, line, host, is_suspect=threads is self._suspects)
        if threads.submit(host, work) is None:
            raise RuntimeError("The system gives no thread to send with.")

    def _carry(self, line: _Line, host: str, *, is_suspect: bool) -> None:
        if self._over or line.gone:
            return
        if not is_suspect and self._hosts.is_suspect(host):  # it became one while this waited
            self._submit(line)
            return
        trip = self._carried(line)
        try:
            self._arrive(line, trip)
        except Exception:  # the border: what was not written down is done again after a crash
            log.exception("delivery not noted", channel=line.channel.id)
        self._wake.set()

    def _carried(self, line: _Line) -> Trip:
        try:
            trip = self._courier.carry(line.channel, line.delivery)
            if trip.ended:
                self._channels.remove(line.channel.id)
        except Exception:  # the border: one channel's failure must not stop the others
            log.exception("delivery failed", channel=line.channel.id)
            later = replace(line.delivery, due_ms=self._now_ms() + int(BROKEN_SECONDS * 1000))
            return Trip(later, halted=True, ended=line.channel.has_ended(self._now_ms()))
        return trip

    def _arrive(self, line: _Line, trip: Trip) -> None:
        with self._lock:
            line.delivery, line.busy, line.gone = trip.delivery, False, line.gone or trip.ended
            if line.gone:
                return
            if _sleeps(line) and line.latest > line.delivery.sequence:
                line.delivery = replace(line.delivery, due_ms=self._now_ms())
            self._enqueue(line)
            self._deliveries.save(line.delivery)

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


_WAITING_MAX = 2**31
"""Jobs of one host that wait for a thread: one for each of its channels at most, and those have a cap of their own."""


def _sleeps(line: _Line) -> bool:
    """Whether something new is to wake it."""
    return line.delivery.due_ms == IDLE_MS and line.delivery.disabled_ms is None


def _by_topic(lines: Iterable[_Line]) -> dict[str, list[_Line]]:
    found: dict[str, list[_Line]] = defaultdict(list)
    for line in lines:
        for topic in line.channel.topics:
            found[topic].append(line)
    return dict(found)
