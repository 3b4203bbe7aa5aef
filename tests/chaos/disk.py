"""Disks that fill up and fail on demand: a real file system in a file where this machine lets us mount one, and everywhere
the kernel's limit on the size of files, with which what a process may not write fails as on a full disk.
"""

from __future__ import annotations

import filecmp
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import psutil

from tests.support.processes import tree
from tests.support.server import ALICE, Server, running_server
from tests.support.waiting import until

DISK_BYTES = 80 * 1024 * 1024
LITTLE_BYTES = 128
PIECE = bytes(1024 * 1024)


class Disk(Protocol):
    """Where a server has its data directory."""

    directory: Path

    def fill(self, server: Server) -> None:
        """Takes all the room there is."""
        ...

    def free(self, server: Server) -> None:
        """Gives it back."""
        ...

    def fail(self, server: Server) -> None:
        """Takes no more writes, as a disk with a fault."""
        ...

    def cut(self, server: Server) -> None:
        """The power fails: what was not yet on the disk is gone. The server is started again on what is left."""
        ...


class LimitedFiles:
    """No file of the server may grow beyond a little; nor may any be written to beyond its very beginning."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def fill(self, server: Server) -> None:
        limit(server, LITTLE_BYTES)

    def free(self, server: Server) -> None:
        limit(server, resource.RLIM_INFINITY)

    def fail(self, server: Server) -> None:
        limit(server, 0)

    def cut(self, server: Server) -> None:
        """No more than a kill: the kernel keeps what was not synced."""
        server.kill()
        server.start()


class FileSystem:
    """An ext4 file system of its own, in a file."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "mounted"
        self._image, self._ballast = directory / "disk.img", self.directory / "ballast"
        self.directory.mkdir()
        with self._image.open("wb") as image:
            image.truncate(DISK_BYTES)
        _run("mkfs.ext4", "-q", "-m", "0", str(self._image))
        self._mount()

    def fill(self, server: Server) -> None:
        with suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            while ballast.write(PIECE):
                pass
        with suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while ballast.write(b"x"):
                pass

    def free(self, server: Server) -> None:
        self._ballast.unlink()

    def fail(self, server: Server) -> None:
        _run("mount", "-o", "remount,abort", str(self.directory))

    def cut(self, server: Server) -> None:
        """Not by aborting the file system: the kernel then calls writes synced that are lost."""
        stop(server)
        left = self._image.with_suffix(".left")
        until(lambda: self._kept(left))
        server.kill()
        self.unmount()
        left.replace(self._image)
        self._mount()
        server.start()

    def _kept(self, left: Path) -> bool:
        """Whether `left` is what the disk held at one moment: nothing came to it while it was copied."""
        shutil.copyfile(self._image, left)
        return filecmp.cmp(self._image, left, shallow=False)

    def unmount(self) -> None:
        """As soon as nobody uses it: what a killed process had open is closed a moment after its end."""
        until(self._is_unmounted)

    def _is_unmounted(self) -> bool:
        with suppress(subprocess.CalledProcessError):
            _run("umount", str(self.directory))
            return True
        return False

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.directory))


@contextmanager
def disk(kind: str, directory: Path) -> Iterator[Disk]:
    if kind == "limit":
        yield LimitedFiles(directory)
        return
    mounted = FileSystem(directory)
    try:
        yield mounted
    finally:
        mounted.unmount()


@contextmanager
def server_on(place: Disk, directory: Path, **environment: str) -> Iterator[Server]:
    """A server of alice's that has nothing on that disk but its data."""
    data = place.directory / "data"
    arguments = ("--data", str(data))
    with running_server((ALICE,), directory=directory, extra_args=arguments, environment=environment) as server:
        server.data = data
        yield server


@cache
def kinds() -> tuple[str, ...]:
    """The disks this machine allows."""
    with TemporaryDirectory() as directory, suppress(OSError, subprocess.CalledProcessError):
        FileSystem(Path(directory)).unmount()
        return ("limit", "ext4")
    return ("limit",)


def stop(server: Server) -> None:
    """In the midst of whatever they do."""
    family = [psutil.Process(pid) for pid in tree(server.pid)]
    for each in family:
        each.suspend()
    until(lambda: all(each.status() == psutil.STATUS_STOPPED for each in family))


def limit(server: Server, size: int) -> None:
    """The size to which any file of these processes may grow."""
    for pid in tree(server.pid):
        psutil.Process(pid).rlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _run(*words: str) -> None:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    subprocess.run(words, check=True, capture_output=True, timeout=60, env={**os.environ, "PATH": path})
