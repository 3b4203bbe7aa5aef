"""Secrets that live beside the database and not in it, each in a file of its own that only the server can read.

A copy of the database without these files signs nothing and tests no client secret.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from pod.errors import StorageDamaged

SECRET_BYTES = 32


def secret(directory: Path, name: str) -> bytes:
    """The secret of that name, made when there is none yet. Processes that start at once all get the same.

    Raises: StorageDamaged -- the file is not one that this function wrote.
    """
    file = directory / name
    if not file.exists():
        _make(file)
    try:
        value = bytes.fromhex(file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StorageDamaged(f"The secret {name} cannot be read.") from error
    if len(value) != SECRET_BYTES:
        raise StorageDamaged(f"The secret {name} has the wrong length.")
    return value


def derived(directory: Path, name: str, use: str) -> bytes:
    """A secret for one use alone, of a file that serves several: what one gives away says nothing of the others.

    Raises: StorageDamaged
    """
    return hmac.digest(secret(directory, name), use.encode(), "sha256")


def _make(file: Path) -> None:
    """A link either appears with the whole secret behind it or fails because another process was first."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(SECRET_BYTES) + "\n")
        stream.flush()
        os.fsync(descriptor)
    with suppress(FileExistsError):
        os.link(partial, file)
    partial.unlink()
    _sync(file.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
