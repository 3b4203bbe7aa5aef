"""The store on SQLite and local files: what this engine does its own way, everything else is reading.py and writing.py.

Two database files: the truth, and what may be rebuilt, so that a cursor's step never waits for a pod's write.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

from pod.clock import Clock
from pod.config import Config
from pod.db.connection import Connection, Database, OnConnect, Row, Value
from pod.db.migrate import migrate, migrations
from pod.db.together import Together
from pod.db.turns import Turns
from pod.db.watch import Watch
from pod.errors import StoreUnavailable, VersionMoved
from pod.protocol.resource import Target
from pod.store import staging
from pod.store import statements as sql
from pod.store.blobs.filesystem import FilesystemBlobs, Sync
from pod.store.blobs.interface import BlobStore
from pod.store.interface import Queries
from pod.store.moving import Moving
from pod.store.quota import Held
from pod.store.reading import Reading
from pod.store.records import Actor, Content, Cursor, ResourceState, Snapshot
from pod.store.writing import Limits, Occasion

DESCRIBED_MAX = 1_000
"""Resources that one snapshot remembers."""

Made = TypeVar("Made")


def open_store(
    config: Config, clock: Clock, *, on_connect: OnConnect | None = None, sync: Sync = os.fsync
) -> SQLiteStore:
    """The store in `config.data`, made or brought up to date if need be.

    `on_connect` sees every connection and `sync` every blob that is made durable: tests count with them.

    Raises: NewerSchema -- a newer version wrote there; Busy -- another process held it too long.
    """
    main = _database(config, config.database, "main", config.durability, on_connect)
    side = _database(config, config.side_database, "side", "normal", on_connect)
    return SQLiteStore(config, clock, main, side, FilesystemBlobs(config.blobs, sync=sync))


def _database(
    config: Config,
    path: Path,
    schema: str,
    durability: Literal["full", "normal"],
    on_connect: OnConnect | None,
) -> Database:
    database = Database(path, busy_seconds=config.busy_seconds_max, synchronous=durability, on_connect=on_connect)
    migrate(database, migrations(schema))
    return database


class SQLiteStore(Reading):
    """`ResourceStore` of interface.py. Safe to use from any thread."""

    def __init__(self, config: Config, clock: Clock, main: Database, side: Database, blobs: BlobStore) -> None:
        super().__init__(blobs)
        self._config = config
        self._clock = clock
        self._main = main
        self._side = side
        self._together = Together(main, wait_seconds_max=config.busy_seconds_max)
        self._turns = Turns(config.turns, config.busy_seconds_max)
        inbox = Held(config.inbox_bytes_max, config.inbox_notifications_max)
        self._limits = Limits(config.quota_bytes, config.quota_resources, config.members_max, inbox)
        self._epoch = _epoch(main)

    @property
    def now_ms(self) -> int:
        return int(self._clock.now() * 1000)

    def rows(self, statement: str, parameters: Sequence[Value] = ()) -> list[Row]:
        return self._main.rows(statement, parameters)

    def stream(self, statement: str, parameters: Sequence[Value] = ()) -> Generator[Row]:
        return self._main.stream(statement, parameters)

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def blobs(self) -> BlobStore:
        return self._blobs

    @contextmanager
    def write(self, by: Actor) -> Iterator[Moving]:
        with self._main.transaction() as connection, self._writer(connection, by, set()) as writer:
            yield writer

    def write_together(self, by: Actor, change: Callable[[Moving], Made]) -> Made:
        def work(connection: Connection, changed: set[int]) -> Made:
            with self._writer(connection, by, changed) as writer:
                return change(writer)

        return self._together.run(work)

    @contextmanager
    def _writer(self, connection: Connection, by: Actor, changed: set[int]) -> Iterator[SQLiteWriter]:
        occasion = Occasion(by, self.now_ms, changed)
        writer = SQLiteWriter(connection, self._blobs, occasion, self._limits)
        try:
            yield writer
        finally:
            writer.end()
        if writer.refusal:
            raise writer.refusal

    def turn(self, path: str) -> AbstractContextManager[None]:
        return self._turns.take(path)

    @contextmanager
    def snapshot(self) -> Iterator[Reading]:
        with self._main.snapshot() as connection:
            yield SQLiteSnapshot(connection, self._blobs, self.now_ms)

    def stage(self, body: BinaryIO, media_type: str, *, bytes_max: int) -> Content:
        inline_bytes_max = self._config.inline_bytes_max
        return staging.stage(
            body, media_type, bytes_max=bytes_max, inline_bytes_max=inline_bytes_max, blobs=self._blobs
        )

    def discard(self, content: Content) -> None:
        if content.blob is not None:
            with suppress(StoreUnavailable):
                self._blobs.remove(content.blob)

    def open(self, state: ResourceState) -> BinaryIO:
        if state.inline is not None:
            return BytesIO(state.inline)
        if state.blob is not None:
            return self._opened(state.blob, state.id, state.version)
        body = self.document(state.id, state.version)
        if body is None:
            raise VersionMoved
        return BytesIO(body)

    def cursor(self, follower: str) -> Cursor:
        rows = self._side.rows(sql.CURSOR, (follower,))
        if rows:
            return Cursor(*rows[0])
        return Cursor(self._epoch, int(self.rows(sql.SETTING, ("journal_floor",))[0][0]))

    def advance(self, follower: str, position: int) -> None:
        with self._side.transaction() as connection:
            connection.execute(sql.ADVANCE_CURSOR, (follower, self._epoch, position))

    def derived_rows(self, statement: str, parameters: Sequence[Value] = ()) -> list[Row]:
        return self._side.rows(statement, parameters)

    def change_derived(self, statement: str, parameters: Sequence[Value] = ()) -> None:
        with self._side.transaction() as connection:
            connection.execute(statement, parameters)

    @contextmanager
    def derive(self) -> Iterator[Queries]:
        with self._side.transaction() as connection:
            yield SQLiteSnapshot(connection, self._blobs, self.now_ms)

    def watch(self) -> Watch:
        return Watch(self._config.database)

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the database."""
        broken = [str(row[0]) for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
        dangling = self.rows("PRAGMA foreign_key_check")
        return broken + [f"row {row[1]} of {row[0]} refers to a missing row of {row[2]}" for row in dangling]

    def compact(self) -> None:
        self._main.truncate_log()
        self._side.truncate_log()

    def close(self) -> None:
        self._main.close()
        self._side.close()
        self._turns.close()


class SQLiteSnapshot(Reading):
    """`Reader` of one committed state: what was described once stays so, and need not be read again."""

    def __init__(self, connection: Connection, blobs: BlobStore, now_ms: int) -> None:
        super().__init__(blobs)
        self._connection = connection
        self._now_ms = now_ms
        self._described: dict[tuple[Target, str | None], Snapshot] = {}

    @property
    def now_ms(self) -> int:
        return self._now_ms

    def describe(
        self, target: Target, grant: str | None = None, *, wide: bool = False, with_body: bool = True
    ) -> Snapshot:
        if wide or with_body:
            return super().describe(target, grant, wide=wide, with_body=with_body)
        known = self._described.get((target, grant))
        if known is None:
            known = super().describe(target, grant, with_body=False)
            if len(self._described) < DESCRIBED_MAX:
                self._described[target, grant] = known
        return known

    def rows(self, statement: str, parameters: Sequence[Value] = ()) -> list[Row]:
        return self._connection.execute(statement, parameters).fetchall()

    def stream(self, statement: str, parameters: Sequence[Value] = ()) -> Generator[Row]:
        yield from self._connection.execute(statement, parameters)


class SQLiteWriter(Moving):
    """`Writer` of interface.py, over the one connection that writes."""

    def __init__(self, connection: Connection, blobs: BlobStore, occasion: Occasion, limits: Limits) -> None:
        super().__init__(blobs, occasion, limits)
        self._connection: Connection | None = connection

    def rows(self, statement: str, parameters: Sequence[Value] = ()) -> list[Row]:
        assert self._connection is not None, "a Writer ends with the block it was made for"
        return self._connection.execute(statement, parameters).fetchall()

    def end(self) -> None:
        self._connection = None


def _epoch(main: Database) -> str:
    """The history's name, given when the database is made."""
    if len(main.rows(sql.SETTINGS)) < 2:
        with main.transaction() as connection:
            connection.execute(sql.KEEP_SETTING, ("epoch", secrets.token_hex(4)))
            connection.execute(sql.KEEP_SETTING, ("journal_floor", "0"))
    return str(main.rows(sql.SETTING, ("epoch",))[0][0])
