"""Installs mashlib from its published package, a file as npm makes it.

A package counts by its digest alone, wherever it came from, so what is shown later is what was published and nothing
here fetches anything.

Spec: SRI s3.5 (digests as npm prints them)
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tarfile
import tempfile
import zlib
from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from pod.config import MIB, ConfigError
from pod.operator.data_browser import FILE_BYTES_MAX, VERSION, Build, is_wanted, packed

RELEASES = {
    "2.3.3": "sha512-KvsXrY+5dqUCQUIz989pkogMTojCwj1NX/f991PhcVpV+UTWQutd/oqSTMEO86V/sDfkJQtZZJ6p3nMjQBbVSw==",
}
"""The versions that the tests have tried, and the digests of their packages."""
PACKAGE_BYTES_MAX = 64 * MIB
UNPACKED_BYTES_MAX = 256 * MIB

DESCRIPTION = "package.json"
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,50}")
_MEMBER = re.compile(r"package/(?:dist/)?([^/]+)")


class PackageRefused(ValueError):
    """What was to be installed is not what it should be. The message says what to do."""


def install(package: Path, directory: Path, integrity: str | None = None) -> str:
    """Puts what browsers need of a package into `directory`, in place of what was there; gives the version.

    `integrity` is the digest of a package that is not among `RELEASES`.

    Raises: PackageRefused, OSError
    """
    content = _read(package)
    check_integrity(content, integrity)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".data-browser-") as made:
        version = _unpack(content, Path(made))
        try:
            Build.read(Path(made))
        except ConfigError as error:
            raise PackageRefused(f"This is no build of mashlib that can be shown: {error}") from error
        _replace(directory, Path(made))
    return version


def _read(package: Path) -> bytes:
    with package.open("rb") as file:
        content = file.read(PACKAGE_BYTES_MAX + 1)
    if len(content) > PACKAGE_BYTES_MAX:
        raise PackageRefused(f"This is larger than {PACKAGE_BYTES_MAX // MIB} MiB, so it is no package of mashlib.")
    return content


def check_integrity(content: bytes, integrity: str | None) -> None:
    """Raises: PackageRefused -- it is not the package that was meant, or one that nobody vouches for."""
    digest = f"sha512-{b64encode(hashlib.sha512(content).digest()).decode()}"
    if integrity is not None and integrity != digest:
        raise PackageRefused(f"This is another package: its digest is {digest}.")
    if integrity is None and digest not in RELEASES.values():
        raise PackageRefused(
            f"This is not the package that this Freehold was tried with, mashlib {', '.join(RELEASES)}: its digest is "
            f"{digest}. If `npm view mashlib@VERSION dist.integrity` says the same, give it with --integrity."
        )


def _unpack(content: bytes, directory: Path) -> str:
    """The version. Raises: PackageRefused"""
    try:
        found = dict(_members(content))
        described = json.loads(found.pop(DESCRIPTION, b"null"))
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
        raise PackageRefused(f"This is no package of npm: {error}.") from error
    if not isinstance(described, dict) or described.get("name") != "mashlib":
        raise PackageRefused("This is a package of something else than mashlib.")
    version = str(described.get("version"))
    if not _VERSION.fullmatch(version):
        raise PackageRefused("This package does not say its version.")
    for name, each in [*found.items(), (VERSION, version.encode())]:
        (directory / f"{name}.gz").write_bytes(packed(each))
    return version


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Only plain files, under names that lead nowhere else.

    Raises: PackageRefused, tarfile.TarError, OSError, EOFError, zlib.error
    """
    total = 0
    with tarfile.open(fileobj=BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            total += member.size
            if total > UNPACKED_BYTES_MAX:
                raise PackageRefused(f"This holds more than {UNPACKED_BYTES_MAX // MIB} MiB.")
            match = _MEMBER.fullmatch(member.name)
            if match is None or not (is_wanted(match[1]) or match[1] == DESCRIPTION) or member.size > FILE_BYTES_MAX:
                continue
            if member.isreg() and (file := archive.extractfile(member)) is not None:
                yield match[1], file.read()


def _replace(directory: Path, made: Path) -> None:
    """A server that runs has read what was there before, and goes on with it until it is started anew."""
    before = made.with_name(f"{made.name}-before")
    if directory.exists():
        directory.rename(before)
    made.rename(directory)
    shutil.rmtree(before, ignore_errors=True)
