"""From a backup to a data directory: every file is compared with its digest while it is copied, and a store that comes
back takes a new epoch, so that nobody takes what it tells for what it told before.

Only files that a backup can have are read, whatever its list names. backup.py says what is in one.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pod.clock import Clock
from pod.config import Config
from pod.db.connection import Database
from pod.db.migrate import migrations
from pod.store.access_records import AccessRecords
from pod.store.backup import (
    BLOBS,
    DATABASE,
    FORMAT,
    KEYS,
    MANIFEST,
    SUMS,
    UNFINISHED_SUFFIX,
    BackupRefused,
    Manifest,
    copy_synced,
    digest_of,
    newest,
    sync_directory,
    sync_tree,
)
from pod.store.channels import restart
from pod.store.fsck import Finding, check, check_access
from pod.store.sqlite import open_store

WORK = ".restoring"
MANIFEST_BYTES_MAX = 16 * 1024 * 1024
LINE_CHARACTERS_MAX = 300
"""More than any line of the list has."""
_HARMLESS = {WORK, "lost+found"}
"""What an empty directory may hold."""
_LINE = re.compile(
    r"([0-9a-f]{64})  "
    r"(pod\.sqlite|access\.sqlite|base-url|keys/[A-Za-z0-9][A-Za-z0-9._\-]{0,99}|blobs/([0-9a-f]{2})/\3[0-9a-f]{38})\n"
)
_SET_EPOCH = "UPDATE setting SET value = ? WHERE name = 'epoch'"


@dataclass(frozen=True, slots=True)
class Restored:
    """`findings` are what fsck has to say; `epoch` is the new one."""

    manifest: Manifest
    epoch: str
    findings: tuple[Finding, ...]


def read_manifest(backup: Path) -> Manifest:
    """Raises: BackupRefused -- it is no finished backup, or one of a newer version."""
    if backup.name.endswith(UNFINISHED_SUFFIX):
        raise BackupRefused(f"{backup} is no finished backup: it gets its name when all of it is on the disk.")
    if not (backup / MANIFEST).is_file():
        last = newest(backup) if backup.is_dir() else None
        hint = f" There are backups in it; the last one is {last}." if last else ""
        raise BackupRefused(f"{backup} is no finished backup: it has no {MANIFEST}.{hint}")
    try:
        with (backup / MANIFEST).open("rb") as stream:
            manifest = _manifest(json.loads(stream.read(MANIFEST_BYTES_MAX)))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BackupRefused(f"{backup / MANIFEST} is damaged.") from error
    if manifest.format > FORMAT or manifest.schema > migrations("main")[-1].number:
        raise BackupRefused(
            f"{backup} was made by version {manifest.version} of Freehold, which is newer than this one."
        )
    return manifest


def _manifest(document: dict[str, object]) -> Manifest:
    """Raises: TypeError, KeyError -- something is missing or of another kind."""
    fields = {name: document[name] for name in Manifest.__dataclass_fields__}
    fields["damaged"] = tuple(str(each) for each in _listed(fields["damaged"]))
    for name, kind in (("format", int), ("schema", int), ("files", int), ("version", str), ("sums", str)):
        if not isinstance(fields[name], kind):
            raise TypeError(name)
    return Manifest(**fields)  # type: ignore[arg-type]  # those that decide anything are checked above


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def verify(backup: Path) -> Manifest:
    """Reads everything. Raises: BackupRefused -- a file is missing or not as it was written, and which."""
    manifest = read_manifest(backup)
    for name, digest in sums(backup, manifest):
        _compare(backup / name, digest_of, digest)
    return manifest


def restore(backup: Path, config: Config, clock: Clock) -> Restored:
    """Makes the data directory of the settings from a backup.

    Raises: BackupRefused -- see `verify`; or the directory is not empty. OSError, PodError
    """
    manifest = read_manifest(backup)
    _check_empty(config.data)
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    config.data.chmod(0o700)
    work = config.data / WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        _copy(backup, manifest, work)
        epoch, findings = _made_ready(replace(config, data=work), clock)
        sync_tree(work)
        _check_empty(config.data)  # again: a server may have been started there meanwhile
        _move_up(work)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return Restored(manifest, epoch, findings)


def sums(backup: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Name and digest of each file. Raises: BackupRefused -- the list is not the one that was written."""
    _compare(backup / SUMS, digest_of, manifest.sums)
    number, has_database = 0, False
    with (backup / SUMS).open(encoding="ascii", errors="replace") as lines:
        while line := lines.readline(LINE_CHARACTERS_MAX):
            match = _LINE.fullmatch(line)
            if match is None:
                raise BackupRefused(f"{backup / SUMS} names a file that no backup has: {line[:200]!r}")
            yield match[2], match[1]
            number += 1
            has_database = has_database or match[2] == DATABASE
    if not has_database:
        raise BackupRefused(f"{backup / SUMS} does not name {DATABASE}, without which there is no backup.")
    if number != manifest.files:
        raise BackupRefused(f"{backup / SUMS} names {number} files, but the backup has {manifest.files}.")


def _copy(backup: Path, manifest: Manifest, work: Path) -> None:
    for directory in (KEYS, BLOBS):
        (work / directory).mkdir(mode=0o700)
    for name, digest in sums(backup, manifest):
        target = work / name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        _compare(backup / name, partial(copy_synced, target=target), digest)


def _compare(file: Path, read: Callable[[Path], str], digest: str) -> None:
    """A pipe would be waited for without end, and a device may have none."""
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            raise BackupRefused(f"{file} is no regular file, as all files of a backup are.")
        found = read(file)
    except FileNotFoundError as error:
        raise BackupRefused(f"{file} is missing. Take another backup.") from error
    if found != digest:
        raise BackupRefused(f"{file} is damaged: it is not what was backed up. Take another backup.")


def _check_empty(data: Path) -> None:
    if data.exists() and (not data.is_dir() or {each.name for each in data.iterdir()} - _HARMLESS):
        raise BackupRefused(f"{data} is not empty. Restore into a new directory, and nothing is lost.")


def _made_ready(config: Config, clock: Clock) -> tuple[str, tuple[Finding, ...]]:
    """The new epoch, and what fsck found."""
    try:
        return _renew_epoch(config.database), _open_and_check(config, clock)
    except sqlite3.Error as error:  # what is wrong with the disk or the file has come as an error of ours
        raise BackupRefused(f"The backup's {DATABASE} is no database of Freehold: {error}.") from error


def _renew_epoch(file: Path) -> str:
    epoch = secrets.token_hex(4)
    with closing(Database(file, busy_seconds=5)) as database, database.transaction() as connection:
        connection.execute(_SET_EPOCH, (epoch,))
    return epoch


def _open_and_check(config: Config, clock: Clock) -> tuple[Finding, ...]:
    """Brings the schema up to date on the way."""
    with closing(open_store(config, clock)) as store:
        restart(store)
        with closing(AccessRecords.of(config)) as records:
            return (*check(store), *check_access(store, records))


def _move_up(work: Path) -> None:
    """The database last: without it there is no store yet."""
    data = work.parent
    for each in sorted(work.iterdir(), key=lambda file: file.name == DATABASE):
        each.rename(data / each.name)
    work.rmdir()
    sync_directory(data)
    sync_directory(data.parent)
