"""Connections to one SQLite file: many readers, one writer, transactions that wait with a bound.

Knows files, locks and transactions; knows no table. Reads borrow a connection from a pool and give it back with no
statement open, so each read sees the latest commit. Any number of processes may use the file at once.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from pod.errors import Busy, CommitUncertain, NoSpaceLeft, PodError, StorageDamaged, StoreUnavailable
from pod.observability.meters import METERS

Row = tuple[Any, ...]
"""What a column holds is known where the statement is."""
Value = str | int | float | bytes | None
Connection = sqlite3.Connection
OnConnect = Callable[[Connection], None]
"""Called with every new connection, after its settings: tests count statements through it."""

STATEMENTS_CACHED = 256
WAL_BYTES_KEPT = 64 * 1024 * 1024
_PAUSE_SECONDS = 0.0005
_BUSY_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DISK_CODES = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}


class Database:
    """One SQLite file in WAL mode, private to the account the server runs as."""

    def __init__(
        self,
        path: Path,
        *,
        busy_seconds: float,
        synchronous: Literal["full", "normal"] = "full",
        on_connect: OnConnect | None = None,
    ) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._synchronous = synchronous
        self._on_connect = on_connect
        self._idle: deque[Connection] = deque()
        self._mutex = threading.Lock()
        _create_private(path)
        with translated():
            self._writer = self._connect()
            self._writer.execute("PRAGMA busy_timeout = 0")

    def rows(self, statement: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """All rows of one statement, as last committed."""
        try:
            connection = self._borrow()
            rows: list[Row] = connection.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise translate(error) from error
        self._idle.append(connection)
        return rows

    def stream(self, statement: str, parameters: Sequence[Value] = ()) -> Generator[Row]:
        """The rows of one statement, one by one, all as committed when the first was read."""
        with translated(), self._lent() as connection:
            cursor = connection.execute(statement, parameters)
            try:
                yield from cursor
            finally:
                cursor.close()

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection that sees one committed state for as long as the block lasts."""
        with translated(), self._lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """The connection for writing, in a transaction that commits unless the block raises.

        Raises: Busy -- other writers held the file for longer than `busy_seconds`.
        """
        asked = time.perf_counter()
        if not self._mutex.acquire(timeout=self._busy_seconds):
            raise busy()
        try:
            with translated():
                yield from self._transaction(asked)
        finally:
            self._mutex.release()

    def _transaction(self, asked: float) -> Iterator[Connection]:
        connection = self._writer
        self._begin(connection)
        METERS.waited(time.perf_counter() - asked)
        try:
            yield connection
            _commit(connection)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _begin(self, connection: Connection) -> None:
        """SQLite's own waiting grows to steps of 0.1 s, in which a busy process can starve another for seconds."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")  # as the last one should have done, but failed to
        for _ in range(int(self._busy_seconds / _PAUSE_SECONDS)):
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _BUSY_CODES:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return
        raise busy()

    def truncate_log(self) -> bool:
        """Empty the write-ahead log into the file, so that nothing deleted stays readable beside it.

        Waits for nobody: where a reader still needs the log, it stays, and the answer is False.
        """
        with self._mutex, translated():
            needed, *_ = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not needed

    def close(self) -> None:
        """Close every idle connection. One that is lent out closes when it comes back and is dropped."""
        with self._mutex, suppress(sqlite3.Error):
            self._writer.close()
        while self._idle:
            self._idle.pop().close()

    def _borrow(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        connection = self._borrow()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def _connect(self) -> Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_CACHED,
        )
        _configure(connection, self._synchronous)
        if self._on_connect:
            self._on_connect(connection)
        return connection


def _commit(connection: Connection) -> None:
    began = time.perf_counter()
    try:
        connection.execute("COMMIT")
        METERS.committed(time.perf_counter() - began)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_IOERR:
            raise
        raise CommitUncertain("This server's disk did not take the change. Its operator must see to it.") from error


def _configure(connection: Connection, synchronous: str) -> None:
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}")


def _create_private(path: Path) -> None:
    """SQLite gives its log and index files the mode of the database, so only this one needs care.

    A file that is there is not opened: closing it again would drop the locks that SQLite holds on it in this process.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@contextmanager
def translated() -> Iterator[None]:
    """Turns what SQLite raises into what callers are told."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error) from error


def translate(error: sqlite3.Error) -> Exception:
    """The error of ours that an SQLite error means; a programming mistake stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY_CODES:
        return busy()
    if code == sqlite3.SQLITE_FULL:
        return NoSpaceLeft("This server's disk is full. Nothing was changed.")
    if code in _DISK_CODES:
        return StoreUnavailable("This server cannot use the disk with its database. Its operator must see to it.")
    if code in _DAMAGE_CODES:
        return StorageDamaged("The database of this server is damaged. Nothing was changed.")
    return error


def busy() -> PodError:
    return Busy("Another write is taking long. Nothing was changed; try again.", headers=(("Retry-After", "1"),))
