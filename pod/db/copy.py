"""A copy of an SQLite file as it was at one moment, taken while others go on writing; and what can be read of one.

Knows files and SQLite; knows no table.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from pod.db.connection import Connection, translated


def copy_database(source: Path, target: Path, *, busy_seconds: float) -> None:
    """In one step, so that writers never make it begin anew. The target is one file, and durable.

    Raises: StoreUnavailable, StorageDamaged, NoSpaceLeft, Busy
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with translated(), closing(_connect(source, "rw", busy_seconds)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def reading(file: Path, *, busy_seconds: float = 5.0) -> Iterator[Connection]:
    """A connection that changes nothing, not even beside the file. Where nobody else has it open, nothing is locked.

    Raises: StoreUnavailable, StorageDamaged, Busy
    """
    still = not file.with_name(f"{file.name}-wal").exists()
    with translated(), closing(_connect(file, "ro&immutable=1" if still else "ro", busy_seconds)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        yield connection


def _connect(file: Path, mode: str, busy_seconds: float) -> Connection:
    return sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode={mode}", uri=True, timeout=busy_seconds, isolation_level=None
    )
