"""The databases: whether they are whole, of this version, and kept in order. Changes nothing; the server may run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from pod.config import MIB, Config
from pod.db.connection import Connection
from pod.db.copy import reading
from pod.db.migrate import migrations
from pod.errors import PodError
from pod.operator.findings import Finding, fine, problem, warning

SUBJECT, ACCESS_LOG = "database", "access log"
LOG_BYTES_LARGE = 512 * MIB
FAULTS_SHOWN = 3
_SCHEMA = "SELECT MAX(number) FROM schema_migration"


def check_database(config: Config) -> Iterator[Finding]:
    if not config.database.exists():
        return
    try:
        with reading(config.database) as connection:
            yield check_integrity(connection)
            yield check_schema(connection.execute(_SCHEMA).fetchone()[0])
    except (PodError, sqlite3.Error) as error:
        yield problem(SUBJECT, f"{config.database} cannot be read: {error}".rstrip("."), "Restore a backup.")
    log = config.database.with_name(f"{config.database.name}-wal")
    if log.exists() and log.stat().st_size > LOG_BYTES_LARGE:
        text = f"its log has grown to {log.stat().st_size // MIB} MiB: something reads without an end"
        yield warning(SUBJECT, text, "Restart the server.")


def check_access_log(config: Config) -> Iterator[Finding]:
    """It holds nobody up, so its damage may go unseen for long."""
    if not config.access_database.exists():
        return
    try:
        with reading(config.access_database) as connection:
            rows = connection.execute(f"PRAGMA quick_check({FAULTS_SHOWN})").fetchall()
    except (PodError, sqlite3.Error) as error:
        rows = [(str(error).rstrip("."),)]
    if rows == [("ok",)]:
        mebibytes = config.access_database.stat().st_size // MIB
        yield fine(ACCESS_LOG, f"it is whole; {config.access_database} has {mebibytes} MiB")
        return
    text = (
        f"{config.access_database} is damaged, so nothing is noted any more: {'; '.join(str(row[0]) for row in rows)}"
    )
    yield problem(ACCESS_LOG, text, "Stop the server and move the file away; a backup may have an older one.")


def check_integrity(connection: Connection) -> Finding:
    rows = connection.execute(f"PRAGMA quick_check({FAULTS_SHOWN})").fetchall()
    faults = "; ".join(" ".join(str(row[0]).split()) for row in rows if row[0] != "ok")
    if faults:
        return problem(SUBJECT, f"it is damaged: {faults}", "Stop the server, keep a copy, and restore a backup.")
    return fine(SUBJECT, "it is whole")


def check_schema(number: int) -> Finding:
    ours = migrations("main")[-1].number
    if number > ours:
        text = f"a newer version of Freehold wrote it (schema {number}; this version knows {ours})"
        return problem(SUBJECT, text, "Install that version again.")
    if number < ours:
        return fine(SUBJECT, f"its schema {number} will become {ours} at the next start: make a backup before")
    return fine(SUBJECT, f"its schema is {number}, that of this version")
