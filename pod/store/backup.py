"""A backup: everything a server needs to come back, in a directory of its own, made while the server works.

    manifest.json   what it is, and the digest of SHA256SUMS; written last, so without it there is no backup
    SHA256SUMS      the digest of every other file, as `sha256sum -c` reads it
    pod.sqlite      all pods and accounts as they were at one moment
    access.sqlite   who used what, a moment before or after
    blobs/ab/abc... the bodies it names; hard links where the file system is the same, for blobs never change
    keys/           what is needed to read the rest and to sign

What may be rebuilt is left out. Nothing is swept meanwhile, so every body that the database named at its moment is
there. restore.py is the way back.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from pod import __version__
from pod.clock import Clock
from pod.config import Config
from pod.db.copy import copy_database, reading
from pod.errors import StorageDamaged
from pod.store.blobs.filesystem import FilesystemBlobs
from pod.store.census import take_census_of
from pod.store.staging import PIECE_BYTES

FORMAT = 1
MANIFEST, SUMS, DATABASE, BLOBS, KEYS = "manifest.json", "SHA256SUMS", "pod.sqlite", "blobs", "keys"
ACCESS = "access.sqlite"
BASE_URL = "base-url"
UNFINISHED_SUFFIX = ".unfinished"
RECORD = "last-backup.json"
"""In the data directory: when the last backup was made."""
_NAMED_BLOBS = "SELECT DISTINCT blob, digest FROM resource WHERE blob IS NOT NULL ORDER BY blob"
_FACTS = "SELECT (SELECT value FROM setting WHERE name = 'epoch'), (SELECT MAX(number) FROM schema_migration)"


class BackupRefused(Exception):
    """A backup cannot be made or used. The message says why, and which file it is about."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """It is without what is `damaged`: bodies that were not as they had been written when this was made, and the access
    log if it could not be read.
    """

    format: int
    version: str
    made: str
    epoch: str
    schema: int
    base_url: str
    accounts: int
    storages: int
    resources: int
    bytes: int
    files: int
    sums: str
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Backup:
    """What was made, and how many of its bodies cost no room of their own."""

    directory: Path
    manifest: Manifest
    linked: int
    copied: int


def back_up(config: Config, folder: Path, clock: Clock, *, verify: bool = False) -> Backup:
    """A new directory in `folder`, named by the time. `verify` reads also what was linked.

    Raises: BackupRefused -- there is nothing to back up, or another backup is being made there; OSError; PodError
    """
    if not config.database.exists():
        raise BackupRefused(f"There is no data of Freehold in {config.data}. Say with --data where it is.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = clock.now()
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    if (folder / name).exists():
        raise BackupRefused(f"{folder / name} exists already.")
    with closing(_Making(config, folder, name, verify=verify)) as making:
        made = making.make(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)))
    _record(config, made, now)
    return made


class _Making:
    """One backup in the making: in a directory that is renamed when all is there."""

    def __init__(self, config: Config, folder: Path, name: str, *, verify: bool) -> None:
        self._config = config
        self._folder = folder
        self._final = folder / name
        self._verify = verify
        self._previous = newest(folder)
        self._lock = _locked(folder)
        self._work = folder / f"{name}{UNFINISHED_SUFFIX}"
        self._linked = self._copied = 0
        self._damaged: list[str] = []

    def make(self, made: str) -> Backup:
        remove_unfinished(self._folder)
        self._work.mkdir(mode=0o700)
        try:
            with FilesystemBlobs(self._config.blobs).held():
                copy_database(self._config.database, self._work / DATABASE, busy_seconds=self._config.busy_seconds_max)
                files = self._write_sums()
            manifest = self._manifest(made, files)
            write_synced(self._work / MANIFEST, json.dumps(asdict(manifest), indent=2).encode() + b"\n")
            sync_tree(self._work)
            self._work.rename(self._final)
            sync_directory(self._folder)
        except BaseException:
            shutil.rmtree(self._work, ignore_errors=True)
            raise
        return Backup(self._final, manifest, self._linked, self._copied)

    def close(self) -> None:
        os.close(self._lock)

    def _write_sums(self) -> int:
        """Takes every file, and notes its digest; gives how many there are."""
        number = 0
        with create(self._work / SUMS) as sums:
            for name, digest in self._taken():
                sums.write(f"{digest}  {name}\n".encode("ascii"))
                number += 1
            sums.flush()
            os.fsync(sums.fileno())
        return number

    def _taken(self) -> Iterator[tuple[str, str]]:
        yield DATABASE, digest_of(self._work / DATABASE)
        yield from self._access_log()
        yield from self._small_files()
        (self._work / BLOBS).mkdir(mode=0o700)
        with reading(self._work / DATABASE) as database:
            damage = [row[0] for row in database.execute("PRAGMA quick_check(1)") if row[0] != "ok"]
            if damage:
                raise BackupRefused(f"The database {self._config.database} is damaged: {damage[0]}. Restore a backup.")
            for blob, digest in database.execute(_NAMED_BLOBS):
                name = f"{BLOBS}/{blob[:2]}/{blob}"
                if self._take_blob(name, digest):
                    yield name, digest
                else:
                    self._damaged.append(name)

    def _access_log(self) -> Iterator[tuple[str, str]]:
        """Without it all else comes back whole, so its damage keeps nothing else from being saved."""
        if not self._config.access_database.exists():
            return
        copy = self._work / ACCESS
        try:
            copy_database(self._config.access_database, copy, busy_seconds=self._config.busy_seconds_max)
            with reading(copy) as database:
                is_whole = database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        except StorageDamaged:
            is_whole = False
        if is_whole:
            yield ACCESS, digest_of(copy)
        else:
            copy.unlink(missing_ok=True)
            self._damaged.append(ACCESS)

    def _small_files(self) -> Iterator[tuple[str, str]]:
        (self._work / KEYS).mkdir(mode=0o700)
        keys = sorted(each for each in self._config.keys.iterdir() if not each.name.startswith("."))
        base_url = self._config.data / BASE_URL
        for file, name in [*((key, f"{KEYS}/{key.name}") for key in keys), (base_url, BASE_URL)]:
            with suppress(FileNotFoundError):
                yield name, copy_synced(file, self._work / name)

    def _take_blob(self, name: str, digest: str) -> bool:
        """False where its body is not what was written."""
        target = self._work / name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        for source in self._sources(name):
            with suppress(OSError):
                os.link(source, target, follow_symlinks=False)
                self._linked += 1
                return self._is_right(target, digest) if self._verify else True
        try:
            is_right = copy_synced(self._config.data / name, target) == digest
        except FileNotFoundError:
            return False
        self._copied += 1
        if not is_right:
            target.unlink()
        return is_right

    def _sources(self, name: str) -> Iterator[Path]:
        """Files that may be linked to: the living one, or else that of the last backup."""
        yield self._config.data / name
        if self._previous is not None:
            yield self._previous / name

    def _is_right(self, file: Path, digest: str) -> bool:
        if digest_of(file) == digest:
            return True
        file.unlink()
        return False

    def _manifest(self, made: str, files: int) -> Manifest:
        with reading(self._work / DATABASE) as database:
            epoch, schema = database.execute(_FACTS).fetchone()
            census = take_census_of(lambda statement: database.execute(statement).fetchall())
        return Manifest(
            format=FORMAT,
            version=__version__,
            made=made,
            epoch=epoch,
            schema=schema,
            base_url=self._config.base_url,
            accounts=census.accounts,
            storages=census.storages,
            resources=census.resources,
            bytes=census.bytes,
            files=files,
            sums=digest_of(self._work / SUMS),
            damaged=tuple(self._damaged),
        )


def newest(folder: Path) -> Path | None:
    """The last finished backup in a folder; names tell the time."""
    return max((each.parent for each in folder.glob(f"*/{MANIFEST}")), default=None, key=lambda each: each.name)


def remove_unfinished(folder: Path) -> None:
    """What a backup that was killed left behind. Call with the folder locked."""
    for each in folder.glob(f"*{UNFINISHED_SUFFIX}"):
        shutil.rmtree(each)


def _locked(folder: Path) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise BackupRefused(f"Another backup is being made in {folder}.") from error
    return descriptor


def _record(config: Config, made: Backup, now: float) -> None:
    """For who looks later whether backups are made. That it cannot be noted spoils no backup."""
    partial = config.data / f"{RECORD}.new"
    with suppress(OSError):
        partial.unlink(missing_ok=True)
        write_synced(partial, json.dumps({"time": now, "directory": str(made.directory.absolute())}).encode() + b"\n")
        partial.replace(config.data / RECORD)


# -- files -------------------------------------------------------------------------------------------------------------


def create(file: Path) -> BinaryIO:
    """A new file that nobody else may read."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def digest_of(file: Path) -> str:
    with file.open("rb") as stream:
        return _pour(stream, lambda _: None)


def copy_synced(source: Path, target: Path) -> str:
    """A durable copy under a new name; gives the digest of what was read."""
    with source.open("rb") as stream, create(target) as copy:
        digest = _pour(stream, copy.write)
        copy.flush()
        os.fsync(copy.fileno())
    return digest


def _pour(stream: BinaryIO, into: Callable[[bytes], object]) -> str:
    digest = hashlib.sha256()
    while piece := stream.read(PIECE_BYTES):
        digest.update(piece)
        into(piece)
    return digest.hexdigest()


def write_synced(file: Path, content: bytes) -> None:
    with create(file) as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def sync_tree(root: Path) -> None:
    """Names are durable only when their directories are. Those without any are made again if need be."""
    for directory, directories, files in os.walk(root):
        if directories or files:
            sync_directory(Path(directory))


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
