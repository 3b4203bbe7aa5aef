"""Brings a database file to the schema this version knows: numbered SQL files, forward only, one transaction each.

Knows nothing of what the tables hold. A file written by a newer version is refused untouched.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from pod.db.connection import Database
from pod.errors import NewerSchema

_FILE_NAME = re.compile(r"(\d{4})_\w+\.sql")
_REMEMBERED = "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of a schema."""

    number: int
    name: str
    script: str


def migrations(schema: str) -> tuple[Migration, ...]:
    """The steps of `main` or `side`, in order."""
    folder = resources.files("pod.db") / "migrations" / schema
    files = [(match, each) for each in folder.iterdir() if (match := _FILE_NAME.fullmatch(each.name))]
    steps = [Migration(int(match[1]), each.name, each.read_text(encoding="utf-8")) for match, each in files]
    return tuple(sorted(steps, key=lambda step: step.number))


def migrate(database: Database, steps: tuple[Migration, ...]) -> list[str]:
    """Apply the steps that are missing; gives their names.

    Raises: NewerSchema -- the file knows steps that this version does not.
    """
    if database.rows("SELECT 1 FROM sqlite_master WHERE name = 'schema_migration'"):
        applied = _applied(database.rows("SELECT number, name FROM schema_migration"), steps)
        if len(applied) == len(steps):
            return []
    return [step.name for step in steps if _apply(database, step, steps)]


def _apply(database: Database, step: Migration, steps: tuple[Migration, ...]) -> bool:
    with database.transaction() as connection:
        connection.execute(_REMEMBERED)
        known = connection.execute("SELECT number, name FROM schema_migration").fetchall()
        if step.number in _applied(known, steps):
            return False
        for statement in statements(step.script):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_migration (number, name) VALUES (?, ?)", (step.number, step.name))
        return True


def _applied(rows: list[tuple[int, str]], steps: tuple[Migration, ...]) -> set[int]:
    newer = sorted(name for number, name in rows if number > steps[-1].number)
    if newer:
        raise NewerSchema(
            f"The data directory was written by a newer version of Freehold (it has {newer[-1]}; this version knows "
            f"{steps[-1].name}). Install that version again, or restore a backup made before it. Nothing was changed."
        )
    return {number for number, _ in rows}


def statements(script: str) -> Iterator[str]:
    """The single statements of a script: sqlite3's own way to run one would commit on the way."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
