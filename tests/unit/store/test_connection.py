"""Connections and transactions on one SQLite file."""

from __future__ import annotations

import resource
import sqlite3
import stat
import subprocess
import sys
from contextlib import contextmanager

import pytest

from pod.db.connection import Database, _create_private, translate
from pod.errors import Busy, CommitUncertain, NoSpaceLeft, StorageDamaged, StoreUnavailable
from tests.support.waiting import SECONDS_MAX


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "data" / "test.sqlite", busy_seconds=0.2)
    with database.transaction() as connection:
        connection.execute("CREATE TABLE number (value INTEGER PRIMARY KEY)")
    yield database
    database.close()


def insert(database, *values):
    with database.transaction() as connection:
        connection.executemany("INSERT INTO number VALUES (?)", [(value,) for value in values])


def numbers(database):
    return [row[0] for row in database.rows("SELECT value FROM number ORDER BY value")]


def test_files_and_their_directory_are_private(database, tmp_path):
    insert(database, 1)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert modes == dict.fromkeys(("test.sqlite", "test.sqlite-wal", "test.sqlite-shm"), 0o600)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.mark.parametrize(("durability", "expected"), [("full", 2), ("normal", 1)])
def test_every_connection_is_set_up(tmp_path, durability, expected):
    database = Database(tmp_path / "test.sqlite", busy_seconds=1, synchronous=durability)
    asked = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "trusted_schema")
    told = [database.rows(f"PRAGMA {name}")[0][0] for name in asked]
    assert told == ["wal", expected, 1, 1, 0]
    database.close()


def test_what_a_block_did_is_undone_when_it_raises(database):
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute("INSERT INTO number VALUES (1)")
        raise ZeroDivisionError
    insert(database, 2)
    assert numbers(database) == [2]


def test_a_second_writer_is_told_that_the_file_is_busy(database, tmp_path):
    other = Database(tmp_path / "data" / "test.sqlite", busy_seconds=0.1)
    with database.transaction(), pytest.raises(Busy) as refusal, other.transaction():
        pass
    assert ("Retry-After", "1") in refusal.value.headers
    other.close()


def test_a_stream_sees_one_moment_and_reads_after_it_see_the_next(database):
    insert(database, 1, 2, 3)
    stream = database.stream("SELECT value FROM number ORDER BY value")
    first = next(stream)
    insert(database, 4)
    assert numbers(database) == [1, 2, 3, 4]
    assert [first, *stream] == [(1,), (2,), (3,)]
    assert numbers(database) == [1, 2, 3, 4]


def test_an_abandoned_stream_holds_nothing_back(database):
    insert(database, 1, 2)
    stream = database.stream("SELECT value FROM number")
    next(stream)
    stream.close()
    insert(database, 3)
    assert numbers(database) == [1, 2, 3]
    assert database.truncate_log()


def test_truncating_the_log_waits_for_no_reader(database):
    insert(database, 1)
    with database.snapshot() as connection:
        connection.execute("SELECT * FROM number").fetchall()
        insert(database, 2)
        assert not database.truncate_log()
    assert database.truncate_log()


def test_a_failed_statement_leaves_the_database_usable(database):
    with pytest.raises(sqlite3.OperationalError):
        database.rows("SELECT nothing FROM nowhere")
    assert numbers(database) == []


def test_what_was_deleted_is_in_no_file_after_truncating_the_log(database, tmp_path):
    with database.transaction() as connection:
        connection.execute("CREATE TABLE note (text TEXT)")
        connection.execute("INSERT INTO note VALUES ('very-private-words')")
    with database.transaction() as connection:
        connection.execute("DELETE FROM note")
    assert database.truncate_log()
    contents = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert b"very-private-words" not in contents


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, Busy),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Busy),
        (sqlite3.SQLITE_LOCKED, Busy),
        (sqlite3.SQLITE_FULL, NoSpaceLeft),
        (sqlite3.SQLITE_IOERR_WRITE, StoreUnavailable),
        (sqlite3.SQLITE_READONLY, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
        (sqlite3.SQLITE_CORRUPT, StorageDamaged),
        (sqlite3.SQLITE_NOTADB, StorageDamaged),
        (sqlite3.SQLITE_ERROR, sqlite3.OperationalError),
    ],
)
def test_errors_of_sqlite_become_errors_of_ours(code, expected):
    error = sqlite3.OperationalError("told")
    error.sqlite_errorcode = code
    assert type(translate(error)) is expected


def test_a_file_that_is_no_database_is_damage(tmp_path):
    (tmp_path / "test.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageDamaged):
        Database(tmp_path / "test.sqlite", busy_seconds=1)


def test_a_disk_that_is_full_is_told(database):
    database._writer.execute("PRAGMA max_page_count = 2")
    with pytest.raises(NoSpaceLeft):
        insert(database, *range(10_000))
    assert numbers(database) == []


def test_every_connection_is_shown(tmp_path):
    seen = []
    database = Database(tmp_path / "test.sqlite", busy_seconds=1, on_connect=seen.append)
    database.rows("SELECT 1")
    assert len(seen) == 2
    database.close()


def test_a_rollback_that_fails_stops_no_later_write(database):
    def refuse(action, what, *_):
        return sqlite3.SQLITE_DENY if (action, what) == (sqlite3.SQLITE_TRANSACTION, "ROLLBACK") else sqlite3.SQLITE_OK

    with pytest.raises(sqlite3.DatabaseError), database.transaction() as connection:
        connection.execute("INSERT INTO number VALUES (1)")
        connection.set_authorizer(refuse)
        raise ZeroDivisionError
    database._writer.set_authorizer(None)
    insert(database, 2)
    assert numbers(database) == [2]


@contextmanager
def files_no_larger_than(size):
    """Stands in for a disk that fails: what this process may not write fails with an error of input and output."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_commit_that_the_disk_does_not_take_changes_nothing_and_says_that_a_crash_may(database):
    with files_no_larger_than(100), pytest.raises(CommitUncertain):
        insert(database, 1)
    insert(database, 2)
    assert numbers(database) == [2]


TRIES_TO_WRITE = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    print("locked")
"""


def test_opening_a_file_again_leaves_the_locks_of_this_process_alone(tmp_path):
    """Closing any descriptor of a file drops the locks that the process holds on it."""
    first = Database(tmp_path / "test.sqlite", busy_seconds=1)
    first._writer.execute("PRAGMA journal_mode = DELETE")  # in which the locks are on the file itself
    with first.transaction():
        _create_private(tmp_path / "test.sqlite")
        command = [sys.executable, "-c", TRIES_TO_WRITE, str(tmp_path / "test.sqlite")]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS_MAX)
        assert done.stdout == "locked\n"
    first.close()
