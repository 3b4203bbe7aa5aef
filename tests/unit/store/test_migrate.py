"""Numbered migrations: forward only, whole or not at all, and never backward."""

from __future__ import annotations

import sqlite3

import pytest

from pod.db.connection import Database
from pod.db.migrate import Migration, migrate, migrations, statements
from pod.errors import NewerSchema

FIRST = Migration(
    1, "0001_first.sql", "CREATE TABLE a (x TEXT);\n-- a comment; with a semicolon\nCREATE TABLE b (y TEXT);\n"
)
SECOND = Migration(2, "0002_second.sql", "ALTER TABLE a ADD COLUMN z TEXT;\n")
BROKEN = Migration(2, "0002_broken.sql", "CREATE TABLE c (x TEXT);\nCREATE TABLE a (x TEXT);\n")


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "test.sqlite", busy_seconds=1)
    yield database
    database.close()


def tables(database):
    return {row[0] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_missing_steps_are_applied_once_and_in_order(database):
    assert migrate(database, (FIRST,)) == ["0001_first.sql"]
    assert migrate(database, (FIRST, SECOND)) == ["0002_second.sql"]
    assert migrate(database, (FIRST, SECOND)) == []
    assert tables(database) == {"a", "b", "schema_migration"}


def test_a_newer_file_is_refused_untouched(database):
    migrate(database, (FIRST, SECOND))
    with pytest.raises(NewerSchema, match=r"newer version.*0002_second\.sql"):
        migrate(database, (FIRST,))


def test_a_step_that_fails_leaves_nothing_and_can_be_repeated(database):
    migrate(database, (FIRST,))
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, (FIRST, BROKEN))
    assert "c" not in tables(database)
    assert migrate(database, (FIRST, SECOND)) == ["0002_second.sql"]


def test_two_processes_may_migrate_at_once(database, tmp_path):
    other = Database(tmp_path / "test.sqlite", busy_seconds=1)
    assert migrate(database, (FIRST,)) == ["0001_first.sql"]
    assert migrate(other, (FIRST,)) == []
    other.close()


def test_scripts_are_cut_into_statements():
    script = "-- first; not a statement\nCREATE TABLE a (\n  x TEXT DEFAULT ';'\n);\nDROP TABLE a;\n"
    assert [statement.splitlines()[-1] for statement in statements(script)] == [");", "DROP TABLE a;"]


@pytest.mark.parametrize("schema", ["main", "side"])
def test_the_steps_of_this_version_are_numbered_without_gaps(schema):
    steps = migrations(schema)
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.script.strip().endswith(";") for step in steps)
