"""Notification channels at rest, and how far each that is pushed to has come.

A channel outlives restarts and restores, so it is in the main database; its deliveries may be repeated, so what tells
of them is in the other one. Knows no HTTP and no JSON-LD; who may hear what is decided above.

Spec: Solid Notifications Protocol #notification-channel-data-model
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from pod.db.connection import Row, Value
from pod.protocol.agent import Credentials
from pod.protocol.notification import ChannelType
from pod.store.interface import Queries, ResourceStore, Writer
from pod.store.records import SERVER

SWEPT_AT_ONCE_MAX = 500
ASKED_AT_ONCE_MAX = 500
KEPT_AFTER_END_MS = 60_000
"""So that what waits for its receiver when a channel ends can still be told."""

_COLUMNS = (
    "id, type, storage, agent, client, issuer, grant_id, origin, context, accept, subtree, rate_seconds, start_ms, "
    "end_ms, sequence, send_to, p256dh, auth, created_ms"
)
_C = ", ".join(f"c.{name}" for name in _COLUMNS.split(", "))
_SELECT = f"SELECT {_C}, t.path FROM channel c JOIN channel_topic t ON t.channel = c.id"  # noqa: S608
_ORDER = "ORDER BY c.created_ms, c.id, t.path"
_BY_ID = f"{_SELECT} WHERE c.id = ? {_ORDER}"
_BY_CAPABILITY = f"{_SELECT} WHERE c.capability_hash = ? {_ORDER}"
_OF_AGENT = f"{_SELECT} WHERE c.agent = ? {_ORDER}"
_PUSHED = f"{_SELECT} WHERE c.send_to IS NOT NULL {_ORDER}"
_PUSH_MARK = "SELECT COUNT(*), COALESCE(SUM(created_ms), 0) FROM channel WHERE send_to IS NOT NULL"
_INSERT = (
    f"INSERT INTO channel ({_COLUMNS}, capability_hash, network) "  # noqa: S608
    f"VALUES ({', '.join('?' * (_COLUMNS.count(',') + 3))})"
)
_INSERT_TOPIC = "INSERT INTO channel_topic (channel, path) VALUES (?, ?)"
_REMOVE_TOPICS = "DELETE FROM channel_topic WHERE channel = ?"
_REMOVE = "DELETE FROM channel WHERE id = ? RETURNING id"
_ENDED = "SELECT id FROM channel WHERE end_ms <= ? ORDER BY end_ms LIMIT ?"
_COUNT_OF_AGENT = "SELECT COUNT(*) FROM channel WHERE agent = ? AND end_ms > ?"
_COUNT_OF_NETWORK = "SELECT COUNT(*) FROM channel WHERE network = ? AND end_ms > ?"
_COUNT_OF_TOPIC = """
SELECT COUNT(*) FROM channel_topic t JOIN channel c ON c.id = t.channel WHERE t.path = ? AND c.end_ms > ?
"""
_RESTART = "UPDATE channel SET sequence = (SELECT s.sequence FROM storage s WHERE s.id = channel.storage)"
_OLDEST_PULLED = """
SELECT id FROM channel WHERE agent = ? AND client IS NOT DISTINCT FROM ? AND capability_hash IS NOT NULL
ORDER BY created_ms, id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Channel:
    """One subscription: who hears of what, where and until when.

    `topics` are paths in the store, all of one storage. `sequence` is the storage's journal at the point from which the
    receiver wants to hear: what comes after it is delivered.
    """

    id: str
    type: ChannelType
    storage: int
    topics: tuple[str, ...]
    agent: str | None
    client: str | None
    issuer: str | None
    grant: str | None
    origin: str | None
    context: str
    """The JSON-LD context its subscriber used, and its messages use."""
    accept: str
    """The media type of its messages."""
    subtree: bool
    rate_seconds: float
    start_ms: int | None
    end_ms: int
    sequence: int
    send_to: str | None
    p256dh: str | None = field(repr=False)
    auth: str | None = field(repr=False)
    created_ms: int

    @property
    def credentials(self) -> Credentials:
        """Whom every delivery is decided for."""
        return Credentials(self.agent, self.client, self.issuer, self.grant, self.origin)

    def has_ended(self, now_ms: int) -> bool:
        return self.end_ms <= now_ms

    def covers(self, time_ms: int) -> bool:
        """Whether it tells of what happened then.

        Spec: Solid Notifications Protocol #notify-startat, #notify-endat
        """
        return (self.start_ms or 0) <= time_ms < self.end_ms


class Channels:
    """The channels of all storages. Whether one has ended is for the caller to see: those are swept in time."""

    def __init__(self, store: ResourceStore) -> None:
        self._store = store

    def add(self, tx: Writer, channel: Channel, *, capability: str | None, network: str | None) -> None:
        """`capability` is the digest of what opens it, for those that are pulled. `network` counts anonymous ones."""
        values: tuple[Value, ...] = (channel.id, channel.type.value, channel.storage)
        values += (channel.agent, channel.client, channel.issuer, channel.grant, channel.origin)
        values += (channel.context, channel.accept, int(channel.subtree), channel.rate_seconds)
        values += (channel.start_ms, channel.end_ms, channel.sequence, channel.send_to, channel.p256dh, channel.auth)
        tx.rows(_INSERT, (*values, channel.created_ms, capability, network))
        for topic in dict.fromkeys(channel.topics):
            tx.rows(_INSERT_TOPIC, (channel.id, topic))

    def get(self, channel: str) -> Channel | None:
        return _one(self._store.rows(_BY_ID, (channel,)))

    def by_capability(self, capability: str) -> Channel | None:
        """`capability` is the digest of what was asked for."""
        return _one(self._store.rows(_BY_CAPABILITY, (capability,)))

    def of_agent(self, web_id: str) -> list[Channel]:
        """The oldest first."""
        return _all(self._store.rows(_OF_AGENT, (web_id,)))

    def of_storages(self, storages: Sequence[int]) -> list[Channel]:
        """Whoever's they are; for the owners of those storages."""
        if not storages:
            return []
        marks = ", ".join("?" * len(storages))
        return _all(self._store.rows(f"{_SELECT} WHERE c.storage IN ({marks}) {_ORDER}", tuple(storages)))

    def push_channels(self) -> list[Channel]:
        """All that are pushed to."""
        return _all(self._store.rows(_PUSHED))

    def push_mark(self) -> tuple[int, int]:
        """How many are pushed to, and a number that is another one when they are others."""
        number, mark = self._store.rows(_PUSH_MARK)[0]
        return int(number), int(mark)

    def remove(self, channel: str) -> bool:
        """Whether there was one."""
        with self._store.write(SERVER) as tx:
            return remove_channels(tx, (channel,)) > 0

    def expire(self, now_ms: int) -> int:
        """Removes the channels that have ended a while ago; gives their number."""
        removed, last_ms = 0, now_ms - KEPT_AFTER_END_MS
        while ended := [row[0] for row in self._store.rows(_ENDED, (last_ms, SWEPT_AT_ONCE_MAX))]:
            with self._store.write(SERVER) as tx:
                removed += remove_channels(tx, ended)
        return removed


def remove_channels(tx: Writer, channels: Iterable[str]) -> int:
    """Gives how many there were."""
    removed = 0
    for channel in channels:
        tx.rows(_REMOVE_TOPICS, (channel,))
        removed += len(tx.rows(_REMOVE, (channel,)))
    return removed


def restart(store: ResourceStore) -> None:
    """After a restore: all channels begin anew where their storages are. What was told before has another name now."""
    with store.write(SERVER) as tx:
        tx.rows(_RESTART)


def living(queries: Queries, channels: Iterable[str]) -> set[str]:
    """Those of some channels that there still are."""
    asked = list(channels)
    found: set[str] = set()
    for first in range(0, len(asked), ASKED_AT_ONCE_MAX):
        some = asked[first : first + ASKED_AT_ONCE_MAX]
        marks = ", ".join("?" * len(some))
        found |= {row[0] for row in queries.rows(f"SELECT id FROM channel WHERE id IN ({marks})", some)}  # noqa: S608
    return found


def count_of_agent(queries: Queries, agent: str, now_ms: int) -> int:
    """Channels that an agent has, without those that have ended."""
    return int(queries.rows(_COUNT_OF_AGENT, (agent, now_ms))[0][0])


def count_of_network(queries: Queries, network: str, now_ms: int) -> int:
    """Channels that nobody in particular made from there."""
    return int(queries.rows(_COUNT_OF_NETWORK, (network, now_ms))[0][0])


def count_of_topic(queries: Queries, path: str, now_ms: int) -> int:
    return int(queries.rows(_COUNT_OF_TOPIC, (path, now_ms))[0][0])


def oldest_pulled(queries: Queries, agent: str, client: str | None) -> str | None:
    """The oldest channel that an app, for an agent, can connect to."""
    rows = queries.rows(_OLDEST_PULLED, (agent, client))
    return rows[0][0] if rows else None


def _one(rows: list[Row]) -> Channel | None:
    return _all(rows)[0] if rows else None


def _all(rows: list[Row]) -> list[Channel]:
    """A row is one topic of one channel; those of a channel follow each other."""
    return [_channel(tuple(group)) for _, group in groupby(rows, key=lambda row: row[0])]


def _channel(rows: tuple[Row, ...]) -> Channel:
    key, kind, storage, *credentials, context, accept, subtree = rows[0][:11]
    rate_seconds, start_ms, end_ms, sequence, send_to, p256dh, auth, created_ms, _ = rows[0][11:]
    agent, client, issuer, grant, origin = credentials
    return Channel(
        id=key,
        type=ChannelType(kind),
        storage=storage,
        topics=tuple(row[-1] for row in rows),
        agent=agent,
        client=client,
        issuer=issuer,
        grant=grant,
        origin=origin,
        context=context,
        accept=accept,
        subtree=subtree == 1,
        rate_seconds=rate_seconds,
        start_ms=start_ms,
        end_ms=end_ms,
        sequence=sequence,
        send_to=send_to,
        p256dh=p256dh,
        auth=auth,
        created_ms=created_ms,
    )


# -- deliveries --------------------------------------------------------------------------------------------------------

_DELIVERY = "channel, sequence, failures, due_ms, last_status, last_error, last_success_ms, disabled_ms"
_LOAD = f"SELECT {_DELIVERY} FROM delivery WHERE channel = ? AND epoch = ?"  # noqa: S608
_LOAD_ALL = f"SELECT {_DELIVERY} FROM delivery WHERE epoch = ?"  # noqa: S608
_SAVE = f"""
INSERT INTO delivery ({_DELIVERY}, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (channel) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence, failures = excluded.failures,
  due_ms = excluded.due_ms, last_status = excluded.last_status, last_error = excluded.last_error,
  last_success_ms = excluded.last_success_ms, disabled_ms = excluded.disabled_ms
"""  # noqa: S608
_FORGET = "DELETE FROM delivery WHERE channel = ?"
_ALL_IDS = "SELECT channel FROM delivery"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a channel that is pushed to has come: all up to `sequence` was received, or was not for it to hear."""

    channel: str
    sequence: int
    failures: int = 0
    due_ms: int = 0
    """When to try next."""
    last_status: int | None = None
    last_error: str | None = None
    last_success_ms: int | None = None
    disabled_ms: int | None = None
    """Since when nothing is tried any more."""


class Deliveries:
    """How it goes with each channel that is pushed to. What was of a history before a restore counts as unknown."""

    def __init__(self, store: ResourceStore) -> None:
        self._store = store

    def load(self, channel: Channel) -> Delivery:
        """Of a channel that nothing is known of: its beginning."""
        rows = self._store.derived_rows(_LOAD, (channel.id, self._store.epoch))
        return Delivery(*rows[0]) if rows else Delivery(channel.id, channel.sequence)

    def all(self) -> dict[str, Delivery]:
        """By channel."""
        return {row[0]: Delivery(*row) for row in self._store.derived_rows(_LOAD_ALL, (self._store.epoch,))}

    def save(self, delivery: Delivery) -> None:
        """After its effect."""
        values: tuple[Value, ...] = (delivery.channel, delivery.sequence, delivery.failures, delivery.due_ms)
        values += (delivery.last_status, delivery.last_error, delivery.last_success_ms, delivery.disabled_ms)
        self._store.change_derived(_SAVE, (*values, self._store.epoch))

    def forget_all_but(self, channels: Iterable[Channel]) -> None:
        """Of channels that are no more nothing is kept."""
        kept = {channel.id for channel in channels}
        for (channel,) in self._store.derived_rows(_ALL_IDS):
            if channel not in kept:
                self._store.change_derived(_FORGET, (channel,))


def enabled(delivery: Delivery) -> Delivery:
    """The same, to be tried again from where it stopped."""
    return replace(delivery, failures=0, due_ms=0, disabled_ms=None)
