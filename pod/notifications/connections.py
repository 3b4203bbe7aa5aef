"""All connections of those who wait for notifications: how many there may be, and that none is kept that is dead.

One task looks after all of them in turn, so that an idle connection costs neither a timer nor a task.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable

from pod.clock import Clock
from pod.config import Config
from pod.errors import Busy, TooManyRequests
from pod.notifications.connection import RESTARTING, Connection
from pod.protocol.addresses import network_of
from pod.remote.fairness import Rate

PER_CHANNEL_MAX = 20
"""Tabs and devices that share one channel; what it costs to reach one of them is small."""
ROUND_SECONDS = 1.0
_LATER = (("Retry-After", "10"),)
_IN_A_MINUTE = (("Retry-After", "60"),)


class Connections:
    """Counted as a whole, by address and by channel; in `dev` as a whole only. Who comes and goes is counted too: what
    was missed is looked up each time.
    """

    def __init__(self, config: Config) -> None:
        self._max = config.connections_max
        self._per_address_max = config.connections_max if config.dev else config.connections_per_address_max
        self._per_channel_max = config.connections_max if config.dev else PER_CHANNEL_MAX
        self._rate = Rate(0 if config.dev else config.connections_per_minute)
        self._idle_seconds = config.stream_idle_seconds
        self._all: OrderedDict[Connection, None] = OrderedDict()
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._all)

    def enter(self, connection: Connection) -> None:
        """Raises: Busy, TooManyRequests"""
        if len(self._all) >= self._max:
            raise Busy("Too many are connected to this server; try again later.", headers=_LATER)
        if self._of[network_of(connection.visit.address)] >= self._per_address_max:
            raise TooManyRequests("There are too many connections from your address.", headers=_LATER)
        channel = connection.channel_id
        if channel is not None and self._of[channel] >= self._per_channel_max:
            raise TooManyRequests("Too many are connected to this channel.", headers=_LATER)
        self._count(connection)
        self._all[connection] = None
        self._of.update(_names(connection))

    def _count(self, connection: Connection) -> None:
        """Raises: TooManyRequests"""
        now, network = time.monotonic(), network_of(connection.visit.address)
        if not all(self._rate.allows(each, now) for each in {network, connection.credentials.agent or network}):
            raise TooManyRequests("You connect too often; stay connected, or wait a minute.", headers=_IN_A_MINUTE)

    def leave(self, connection: Connection) -> None:
        if connection not in self._all:
            return
        del self._all[connection]
        for name in _names(connection):
            self._of[name] -= 1
            if not self._of[name]:
                del self._of[name]

    async def look_after(self, clock: Clock, reached: Callable[[int], int]) -> None:
        """Each of them once in `stream_idle_seconds`, until cancelled. `reached` tells how far a storage was told."""
        due = 0.0
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            now, now_ms = time.monotonic(), int(clock.now() * 1000)
            due = min(due + len(self._all) * ROUND_SECONDS / self._idle_seconds, len(self._all))
            while due >= 1:
                connection, _ = self._all.popitem(last=False)
                self._all[connection] = None
                connection.look_after(now, now_ms, reached(connection.storage))
                due -= 1

    async def end_all(self, seconds: float) -> None:
        """Tell all to come back, and wait a while for them to go."""
        for connection in tuple(self._all):
            connection.end(RESTARTING)
        try:
            async with asyncio.timeout(seconds):
                while self._all:  # noqa: ASYNC110 -- an event for what happens once in a life
                    await asyncio.sleep(0.02)
        except TimeoutError:
            for connection in tuple(self._all):
                connection.visit.line.abort()


def _names(connection: Connection) -> tuple[str, ...]:
    network = network_of(connection.visit.address)
    return (network,) if connection.channel_id is None else (network, connection.channel_id)
