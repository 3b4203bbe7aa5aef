"""Blobs as files: random names in 256 directories, staged beside their place, synced, renamed, directory synced.

Knows files only. The directories are made and synced at opening, not on demand: so no upload can be acknowledged while
a directory that leads to it is still on its way to the disk, and staging always costs exactly two syncs.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pod.errors import NoSpaceLeft, StoreUnavailable
from pod.store.blobs.interface import BlobFile

Sync = Callable[[int], None]
"""Makes what was written to a file descriptor durable; tests count its calls."""

PARTIAL_SUFFIX = ".part"
_NAME_BYTES = 20
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}
"""What file systems say that know one name for a file."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FilesystemBlobs:
    """Blobs below one directory of a local file system."""

    def __init__(self, root: Path, *, sync: Sync = os.fsync) -> None:
        self._root = root
        self._sync = sync
        self._make_directories()

    def stage(self, pieces: Iterable[bytes]) -> str:
        name = secrets.token_hex(_NAME_BYTES)
        place = self._place(name)
        partial = place.with_name(name + PARTIAL_SUFFIX)
        try:
            self._write(partial, pieces)
            with translated():
                partial.rename(place)
                self._sync_directory(place.parent)
        except BaseException:
            for leftover in (partial, place):
                with suppress(OSError):  # it will be swept
                    leftover.unlink(missing_ok=True)
            raise
        return name

    def adopt(self, file: Path) -> str:
        name = secrets.token_hex(_NAME_BYTES)
        place = self._place(name)
        with translated(FileNotFoundError):
            _link(file, place)
            try:
                self._sync_directory(place.parent)
            except OSError:
                if file.exists():
                    place.unlink()
                else:
                    place.rename(file)
                raise
        return name

    def open(self, name: str) -> BinaryIO:
        with translated(FileNotFoundError):
            return self._place(name).open("rb")

    def remove(self, name: str) -> None:
        with translated():
            self._place(name).unlink(missing_ok=True)

    def files(self) -> Iterator[BlobFile]:
        for path in self._root.glob("??/*"):
            with suppress(FileNotFoundError):
                facts = path.stat()
                yield BlobFile(path.name, facts.st_size, facts.st_mtime)

    @contextmanager
    def held(self) -> Iterator[None]:
        descriptor = self._locked(fcntl.LOCK_SH)
        assert descriptor is not None, "it was waited for"
        try:
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def sweeping(self) -> Iterator[bool]:
        descriptor = self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _locked(self, how: int) -> int | None:
        """A descriptor of the directory that holds a lock on it until it is closed. None: others have it."""
        with translated():
            descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, how)
            except BlockingIOError:
                os.close(descriptor)
                return None
            return descriptor

    def _place(self, name: str) -> Path:
        return self._root / name[:2] / name

    def _write(self, partial: Path, pieces: Iterable[bytes]) -> None:
        with translated():
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            for piece in pieces:  # what these raise is not ours
                with translated():
                    _write_all(descriptor, piece)
            with translated():
                self._sync(descriptor)
        finally:
            os.close(descriptor)

    def _make_directories(self) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = {each.name for each in self._root.iterdir()}
        for number in range(256):
            if f"{number:02x}" not in there:
                (self._root / f"{number:02x}").mkdir(mode=0o700, exist_ok=True)
        self._sync_directory(self._root)
        self._sync_directory(self._root.parent)

    def _sync_directory(self, directory: Path) -> None:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._sync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def translated(*passing: type[OSError]) -> Iterator[None]:
    """Turns what the file system raises into what callers are told, but for what is `passing`."""
    try:
        yield
    except passing:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpaceLeft("This server's disk is full. Nothing was changed.") from error
        raise StoreUnavailable(
            "This server cannot use the disk with its files. Its operator must see to it."
        ) from error


def _link(file: Path, place: Path) -> None:
    """Another name for the file; its only one, where files can have no others."""
    try:
        place.hardlink_to(file)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        file.rename(place)


def _write_all(descriptor: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
