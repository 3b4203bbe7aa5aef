"""What happens, to those who listen now: one follower of the journal for all connections of this process.

While nobody listens it does nothing. What was committed is read, judged and rendered on one thread, once for all who
hear the same; handing it over is left to the event loop. Knows no sockets.

Spec: Solid Notifications Protocol #notification-sender
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import structlog

from pod.errors import JournalGone
from pod.notifications.audience import Audience, Verdict
from pod.notifications.feed import Heard
from pod.notifications.messages import Activity, topics_of
from pod.protocol.agent import Credentials
from pod.services import Services
from pod.store.channels import living
from pod.store.interface import Reader
from pod.store.journal import last_position
from pod.store.records import Change

POLL_SECONDS = 0.01
"""Between two looks at whether anything was committed, while somebody listens."""
CHANGES_AT_ONCE = 500
STEPS_AT_ONCE_MAX = 20_000
"""Handed over in one go, which takes some hundredths of a second. Those of one change stay together."""
RETRY_SECONDS = 1.0

Made = TypeVar("Made")

log = structlog.get_logger()


class Listener(Protocol):
    """Whoever is told of changes. All calls come on the event loop but `wants`, `told` and `render`."""

    @property
    def storage(self) -> int:
        """0 where it is not of one storage alone."""
        ...

    @property
    def channel_id(self) -> str | None:
        """Its channel, if it ends with one."""
        ...

    @property
    def credentials(self) -> Credentials: ...

    @property
    def group(self) -> Hashable:
        """Listeners of one group hear the same of each change that they want."""
        ...

    def wants(self, change: Change) -> bool:
        """Whether it was to hear of things when that happened."""
        ...

    def told(self, change: Change) -> Sequence[Activity]:
        """What a change that it wants is to it, if it may hear of that."""
        ...

    def render(self, allowed: Sequence[Activity]) -> tuple[Heard, ...]:
        """The messages for what it hears of one change."""
        ...

    def hear(self, heard: Sequence[Heard]) -> None: ...

    def doubt(self, change: Change) -> None:
        """It heard nothing of that change, perhaps only because something is not known yet: it should look again."""
        ...

    def lose_channel(self) -> None:
        """Its channel is no more."""
        ...

    def lose_track(self) -> None:
        """What comes next cannot be told."""
        ...


Step = tuple[Heard, ...] | Change | None
"""What a change is to a listener: messages, the change itself if it is in doubt, or None if it could not be found out.
"""


@dataclass(slots=True)
class Round:
    """What was found in some entries of the journal: steps for the event loop, in order."""

    steps: list[tuple[Listener, Step]] = field(default_factory=list)
    reached: dict[int, int] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    has_more: bool = False


class Live:
    """The follower. Everything but its thread's work happens on one event loop."""

    def __init__(self, services: Services, audience: Audience) -> None:
        self._store = services.store
        self._audience = audience
        self._watch = services.store.watch()
        self._thread = ThreadPoolExecutor(1, "follower")
        self._joining = asyncio.Lock()
        self._awake = asyncio.Event()
        self._topics: dict[str, set[Listener]] = {}
        self._listeners: dict[Listener, set[str]] = {}
        self._storages: dict[int, list[int]] = {}  # how many listen there, and how far they were told
        self._position = 0  # only its thread touches this
        self._is_behind = False
        self._is_failing = False

    async def listen(self, listener: Listener, topics: Iterable[str]) -> None:
        """From now on it is told; what was committed before it can read in the journal, so nothing falls between."""
        async with self._joining:
            if not self._listeners:
                await self._on_thread(self._go_to_end)
        if listener not in self._listeners:
            self._listeners[listener] = set()
            self._storages.setdefault(listener.storage, [0, 0])[0] += 1
        for topic in topics:
            self._listeners[listener].add(topic)
            self._topics.setdefault(topic, set()).add(listener)
        self._awake.set()

    def forget(self, listener: Listener, topic: str) -> None:
        """It no longer wants to hear of that."""
        if listener in self._listeners:
            self._listeners[listener].discard(topic)
            self._discard(listener, topic)

    def leave(self, listener: Listener) -> None:
        """It hears nothing any more."""
        topics = self._listeners.pop(listener, None)
        if topics is None:
            return
        for topic in topics:
            self._discard(listener, topic)
        place = self._storages[listener.storage]
        place[0] -= 1
        if not place[0]:
            del self._storages[listener.storage]

    def _discard(self, listener: Listener, topic: str) -> None:
        there = self._topics.get(topic)
        if there is not None:
            there.discard(listener)
            if not there:
                del self._topics[topic]

    def reached(self, storage: int) -> int:
        """Up to where all who listen to a storage have been told; 0 where nothing happened yet."""
        return self._storages.get(storage, (0, 0))[1]

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._awake.wait()
            if not self._listeners:
                self._awake.clear()
                continue
            if self._watch.has_changed() or self._is_behind:
                await self._follow()
            await asyncio.sleep(POLL_SECONDS)

    async def _follow(self) -> None:
        """One round; the border where what fails is told and tried again."""
        try:
            found = await self._on_thread(self._round)
            self._is_behind, self._is_failing = found.has_more, False
            self._hand_over(found)
        except JournalGone:
            await self._on_thread(self._go_to_end)
            for listener in tuple(self._listeners):
                listener.lose_track()
        except Exception:
            log.exception("following failed")
            self._is_behind = self._is_failing = True
            await asyncio.sleep(RETRY_SECONDS)

    def _hand_over(self, found: Round) -> None:
        for listener, step in found.steps:
            if listener.channel_id in found.ended:
                listener.lose_channel()
            elif step is None:
                listener.lose_track()
            elif isinstance(step, Change):
                listener.doubt(step)
            else:
                listener.hear(step)
        for storage, sequence in found.reached.items():
            if storage in self._storages:
                self._storages[storage][1] = sequence

    async def _on_thread(self, work: Callable[[], Made]) -> Made:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # -- on the thread -------------------------------------------------------------------------------------------------

    def _go_to_end(self) -> None:
        self._position = last_position(self._store)

    def _round(self) -> Round:
        """Raises: JournalGone"""
        found = Round()
        with self._store.snapshot() as reader:
            changes = reader.changes(self._position, CHANGES_AT_ONCE)
            position = self._position
            for change in changes:
                self._look_at(reader, change, found)
                position = change.position
                if len(found.steps) >= STEPS_AT_ONCE_MAX:
                    break
            concerned = {key for key in (listener.channel_id for listener, _ in found.steps) if key is not None}
            found.ended = frozenset(concerned - living(reader, concerned)) if concerned else frozenset()
        found.has_more = len(changes) == CHANGES_AT_ONCE or (bool(changes) and position < changes[-1].position)
        self._position = position
        return found

    def _look_at(self, reader: Reader, change: Change, found: Round) -> None:
        """Who listens to it hears of it, if they may: decided and rendered once a group."""
        found.reached[change.storage] = change.sequence
        known: dict[Hashable, Step] = {}
        listeners = {each for topic in topics_of(change) for each in tuple(self._topics.get(topic, ()))}
        for listener in filter(lambda each: each.wants(change), listeners):
            if listener.group not in known:
                known[listener.group] = self._step_or_none(reader, change, listener)
            step = known[listener.group]
            if step != ():
                found.steps.append((listener, step))

    def _step_or_none(self, reader: Reader, change: Change, listener: Listener) -> Step:
        """What fails once may do better next time; what fails again must not stop all others."""
        try:
            return self._step(reader, change, listener)
        except Exception:
            if not self._is_failing:
                raise
            log.exception("change not told", storage=change.storage, sequence=change.sequence)
            return None

    def _step(self, reader: Reader, change: Change, listener: Listener) -> Step:
        told = listener.told(change)
        verdicts = [self._audience.judge(reader, each, listener.credentials) for each in told]
        if Verdict.UNSETTLED in verdicts:
            return change
        return listener.render([each for each, verdict in zip(told, verdicts, strict=True) if verdict is Verdict.YES])

    async def close(self) -> None:
        await self._on_thread(self._watch.close)
        self._thread.shutdown(wait=False)
