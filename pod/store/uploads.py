"""Files on their way in, piece by piece: how much of each is safe, in the database, and their bytes, beside the blobs
that they become.

What the database says is there was synced before. A file may have more, which nobody was told of: it is cut off before
the next piece. Whoever writes to a file holds a lock on it, which ends with the process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pod.clock import Clock
from pod.config import MIB, Config
from pod.errors import Locked
from pod.store.blobs.filesystem import Sync, translated
from pod.store.interface import Queries, ResourceStore
from pod.store.records import SERVER

PIECE_BYTES = MIB
FOLDER = "uploads"
AT_ONCE_MAX = 500
STRAY_SECONDS = 3600
"""Age at which a file without a row is removed: a row is written before its file."""

_COLUMNS = "name, account, storage, path, media_type, replaces, metadata, length, bytes, end_ms, kept"
_ADD = f"INSERT INTO upload ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM upload WHERE name = ?"  # noqa: S608
_OPEN = "SELECT COUNT(*) FROM upload WHERE account = ? AND kept IS NULL AND end_ms > ?"
_RESERVED = "SELECT COALESCE(SUM(length), 0) FROM upload WHERE storage = ? AND kept IS NULL AND end_ms > ?"
_ADVANCE = "UPDATE upload SET bytes = ?, end_ms = ? WHERE name = ? AND bytes = ? AND kept IS NULL RETURNING bytes"
_FINISH = "UPDATE upload SET bytes = length, kept = ?, end_ms = ? WHERE name = ? AND kept IS NULL RETURNING bytes"
_REMOVE = "DELETE FROM upload WHERE name = ?"
_SWEEP = "DELETE FROM upload WHERE id IN (SELECT id FROM upload WHERE end_ms <= ? LIMIT ?) RETURNING name"


@dataclass(frozen=True, slots=True)
class Upload:
    """`path` is where it is to be; `bytes` of `length` are safe; `kept` is where it is, once it is whole."""

    name: str
    account: int
    storage: int
    path: str
    media_type: str
    replaces: str | None
    metadata: str
    length: int
    bytes: int
    end_ms: int
    kept: str | None = None


class Uploads:
    """Over a store, or in a transaction."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def find(self, name: str) -> Upload | None:
        rows = self._queries.rows(_FIND, (name,))
        return Upload(*rows[0]) if rows else None

    def add(self, upload: Upload) -> None:
        """In a transaction, as all that follow."""
        given = (upload.name, upload.account, upload.storage, upload.path, upload.media_type, upload.replaces)
        self._queries.rows(_ADD, (*given, upload.metadata, upload.length, upload.bytes, upload.end_ms, upload.kept))

    def open_of(self, account: int) -> int:
        """How many an account has under way."""
        return int(self._queries.rows(_OPEN, (account, self._queries.now_ms))[0][0])

    def reserved(self, storage: int) -> int:
        """Bytes that all that is under way into a storage will have there."""
        return int(self._queries.rows(_RESERVED, (storage, self._queries.now_ms))[0][0])

    def advance(self, upload: Upload, size: int, end_ms: int) -> bool:
        """That more is safe now; false when the upload is not as it was, or gone."""
        return bool(self._queries.rows(_ADVANCE, (size, end_ms, upload.name, upload.bytes)))

    def finish(self, upload: Upload, path: str, end_ms: int) -> bool:
        return bool(self._queries.rows(_FINISH, (path, end_ms, upload.name)))

    def remove(self, name: str) -> None:
        self._queries.rows(_REMOVE, (name,))

    def sweep(self, before_ms: int) -> list[str]:
        """Forgets some whose time is over; gives their names."""
        return [row[0] for row in self._queries.rows(_SWEEP, (before_ms, AT_ONCE_MAX))]


class Partial:
    """The file of an upload, in the hands of the only one who writes to it."""

    def __init__(self, path: Path, descriptor: int, sync: Sync) -> None:
        self.path = path
        self._descriptor = descriptor
        self._sync = sync

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def cut(self, size: int) -> None:
        """To what is known to be safe; what is written next comes after it. Raises: StoreUnavailable"""
        with translated():
            os.ftruncate(self._descriptor, size)
            os.lseek(self._descriptor, size, os.SEEK_SET)

    def write(self, piece: bytes) -> None:
        """Raises: NoSpaceLeft, StoreUnavailable"""
        rest = memoryview(piece)
        with translated():
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def sync(self) -> None:
        """Raises: NoSpaceLeft, StoreUnavailable"""
        with translated():
            self._sync(self._descriptor)

    def pieces(self) -> Iterator[bytes]:
        """All of it, from the beginning."""
        at = 0
        while piece := os.pread(self._descriptor, PIECE_BYTES, at):
            yield piece
            at += len(piece)


class Partials:
    """The files of uploads, in a directory of their own on the disk of the blobs."""

    def __init__(self, config: Config, sync: Sync = os.fsync) -> None:
        self._root = config.blobs / FOLDER
        self._sync = sync
        self._root.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def locked(self, name: str) -> Iterator[Partial]:
        """Raises: Locked -- somebody else writes to it; NoSpaceLeft, StoreUnavailable"""
        path = self._root / name
        with translated(BlockingIOError):
            is_new = not path.exists()
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(descriptor, fcntl.LOCK_EX)
            if is_new:
                self._sync_root()
            yield Partial(path, descriptor, self._sync)
        finally:
            os.close(descriptor)

    def check_unlocked(self, name: str) -> None:
        """Raises: Locked -- somebody writes to it"""
        with suppress(FileNotFoundError):
            descriptor = os.open(self._root / name, os.O_RDONLY | os.O_CLOEXEC)
            try:
                _lock(descriptor, fcntl.LOCK_SH)
            finally:
                os.close(descriptor)

    def remove(self, name: str) -> None:
        with translated():
            (self._root / name).unlink(missing_ok=True)

    def older_than(self, before: float) -> list[str]:
        """Names of files nobody wrote to since that moment."""
        found = []
        for each in self._root.iterdir():
            with suppress(FileNotFoundError):
                if each.stat().st_mtime <= before:
                    found.append(each.name)
        return found

    def _sync_root(self) -> None:
        with translated():
            descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._sync(descriptor)
            finally:
                os.close(descriptor)


def _lock(descriptor: int, how: int) -> None:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Locked("This file is being sent at this moment; try again soon.") from error


def sweep_uploads(store: ResourceStore, clock: Clock, config: Config) -> int:
    """Forget uploads whose time is over, and remove files that no upload under way needs; gives the number of files."""
    with store.write(SERVER) as tx:
        gone = Uploads(tx).sweep(tx.now_ms)
    partials, uploads = Partials(config), Uploads(store)
    strays = (name for name in partials.older_than(clock.now() - STRAY_SECONDS) if _is_stray(uploads.find(name)))
    removed = 0
    for name in {*gone, *strays}:
        partials.remove(name)
        removed += 1
    return removed


def _is_stray(upload: Upload | None) -> bool:
    return upload is None or upload.kept is not None
