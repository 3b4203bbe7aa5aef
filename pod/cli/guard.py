"""One server for one data directory, and no process that outlives the one that started it.

Standard library only. The lock is the kernel's, so it ends with the last process that holds it, however that ends.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOCK_WAIT_SECONDS = 2.0
PR_SET_PDEATHSIG = 1
BASE_URL_FILE = "base-url"


class InUse(Exception):
    """Someone else has what this process needs, or keeps it from us. The message says who, and what to do."""


def lock(data: Path) -> int:
    """Takes the data directory for this process and its children; gives the descriptor that holds it.

    Waits a moment, because the children of a server that was just killed may still be ending.
    Raises: InUse
    """
    descriptor = _opened(data)
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while not _locked(descriptor):
        if time.monotonic() > deadline:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise InUse(f"{data} is in use by another Freehold, process {holder}. Stop it, or give another --data.")
        time.sleep(0.05)
    with suppress(OSError):  # a full disk; the number is only for the message above
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    os.set_inheritable(descriptor, True)
    return descriptor


def _opened(data: Path) -> int:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InUse(
            f"{data} cannot be written to ({error.strerror}). See to the disk, or give another --data."
        ) from error


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check_port(host: str, port: int, setting: str = "--port") -> None:
    """Whether the port is free. The web server itself would share it with a stranger and not say so. `setting` is
    where another can be given.

    Raises: InUse
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            why = "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
            raise InUse(f"Port {port} on {host} {why}. Give another with {setting}.") from error


def listening(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def die_with(parent: int) -> None:
    """Has the kernel kill this process when its parent ends; ends it now if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def record_base_url(data: Path, base_url: str) -> str | None:
    """Keeps the URL this data directory is served at; gives the one it was served at before, if that was another."""
    before = served_at(data)
    if before == base_url:
        return None
    partial = data / f"{BASE_URL_FILE}.new"
    partial.write_text(base_url + "\n", encoding="utf-8")
    partial.replace(data / BASE_URL_FILE)
    return before


def served_at(data: Path) -> str | None:
    """The base URL a data directory was last served at."""
    try:
        return (data / BASE_URL_FILE).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
