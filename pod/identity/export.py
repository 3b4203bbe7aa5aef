"""Everything an account has, as one zip: each resource byte for byte under its path, and a manifest that says the rest.

Made while it is sent, in memory that does not grow with it: what a zip tells at its end waits in a file without a name.
The pods may change meanwhile; each resource is whole and of one moment, and nothing is held up. Once an account is
leaving, nothing changes any more.

Spec: GDPR article 20; APPNOTE.TXT (zip) 4.3
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from pod.errors import StorageDamaged, VersionMoved
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.accounts import Account
from pod.store.records import ResourceState
from pod.store.walk import walk

PIECE_BYTES = 64 * 1024
COMPRESSION = 1
"""Fast: most of what is large in a pod is compressed already."""
TRIES_MAX = 5
Enclosures = Iterable[tuple[str, Iterable[bytes]]]
"""Names and contents. No name has a slash in it, as those of resources have."""
_FILE, _DIRECTORY = 0o100600 << 16, (0o040700 << 16) | 0x10
_FIRST_SECOND = 315_532_800
"""1980: zip knows no earlier time."""


def export_account(services: Services, account: Account, beside: Enclosures = ()) -> Iterator[bytes]:
    """The pieces of a zip file. Close the iterator if not all of it is wanted. `beside` are more files."""
    folder = services.config.data
    with ExitStack() as files:
        told = _Spool(files.enter_context(TemporaryFile(dir=folder)))
        archive = _Archive(folder, files)
        files.callback(archive.abandon)
        for pod in services.accounts.storages(account.id):
            for state in walk(services.store, pod.path):
                yield from _add_resource(services, archive, state, told)
        for name, content in beside:
            yield from archive.add(name, services.clock.now(), content)
        yield from archive.add("manifest.json", services.clock.now(), _manifest(services, account, told))
        yield from archive.end()


def _add_resource(services: Services, archive: _Archive, state: ResourceState, told: _Spool) -> Iterator[bytes]:
    opened = _opened(services, state)
    if opened is None:
        return
    current, body = opened
    name = name_in_archive(current.path)
    with body:
        yield from archive.add(name, current.modified_ms / 1000, _pieces(body))
    told.append(_line(services, current, name))


class _Outlet:
    """What a `ZipFile` writes to: there is nothing to seek in, and what it wrote is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._file: IO[bytes] | None = None

    def write(self, piece: bytes) -> int:
        if self._file is not None:
            return self._file.write(piece)
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits here."""

    def spill(self, file: IO[bytes]) -> None:
        """From now on into a file: much comes at once."""
        self._file = file

    def taken(self) -> Iterator[bytes]:
        pieces, self._pieces = self._pieces, []
        yield from pieces


class _Spool:
    """Values in a file without a name, in the order they came."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._count = 0

    def append(self, value: object) -> None:
        pickle.dump(value, self._file)
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:  # what was appended
        self._file.seek(0)
        for _ in range(self._count):
            yield pickle.load(self._file)  # noqa: S301 -- our own, from a file nobody else can name


class _Forgetting(dict[str, ZipInfo]):
    """Remembers no name: ours are all different."""

    def __setitem__(self, name: str, info: ZipInfo) -> None:
        pass


class _Archive:
    """A zip that is being written; each method gives the pieces that are ready."""

    def __init__(self, folder: Path, files: ExitStack) -> None:
        self._folder = folder
        self._files = files
        self._outlet = _Outlet()
        self._zip = ZipFile(self._outlet, "w", ZIP_DEFLATED, compresslevel=COMPRESSION)  # type: ignore[call-overload]  # it calls no more than there is
        self._zip.filelist = _Spool(
            self._scratch_file()
        )  # what stands at the end: appended to, counted, walked through
        self._zip.NameToInfo = _Forgetting()

    def add(self, name: str, seconds: float, pieces: Iterable[bytes]) -> Iterator[bytes]:
        with self._zip.open(_info(name, seconds), "w", force_zip64=True) as entry:
            for piece in pieces:
                entry.write(piece)
                yield from self._outlet.taken()
        yield from self._outlet.taken()

    def end(self) -> Iterator[bytes]:
        rest = self._scratch_file()
        self._outlet.spill(rest)
        self._zip.close()
        rest.seek(0)
        yield from _pieces(rest)

    def abandon(self) -> None:
        """Nothing more is written, even where the end was not reached."""
        self._zip.fp = None

    def _scratch_file(self) -> IO[bytes]:
        return self._files.enter_context(TemporaryFile(dir=self._folder))


def _info(name: str, seconds: float) -> ZipInfo:
    moment = datetime.fromtimestamp(max(seconds, _FIRST_SECOND), UTC)
    info = ZipInfo(name, moment.timetuple()[:6])
    info.compress_type = ZIP_STORED if info.is_dir() else ZIP_DEFLATED
    info.external_attr = _DIRECTORY if info.is_dir() else _FILE
    return info


def _pieces(body: IO[bytes]) -> Iterator[bytes]:
    while piece := body.read(PIECE_BYTES):
        yield piece


def _opened(services: Services, state: ResourceState) -> tuple[ResourceState, BinaryIO] | None:
    """A resource as it is now, with its body. None: it is gone, or changed without end."""
    found: ResourceState | None = state
    for _ in range(TRIES_MAX):
        if found is None:
            return None
        with suppress(VersionMoved):
            return found, services.store.open(found)
        found = services.store.describe(Target.parse(state.path)).state
    return None


# -- names -------------------------------------------------------------------------------------------------------------

_SPELLED_OTHERWISE = re.compile(r"(?:%[0-9A-F]{2})+|[:*]")


def name_in_archive(path: str) -> str:
    """A relative name for a canonical path, different for different paths, that stays below where it is unpacked.

    Percent-encodings of what only people read (other scripts, spaces) are decoded. All others stay, for the plain
    character in its place is another resource; the two plain ones that some systems refuse are encoded, in small
    letters, which no canonical path has.

    Raises: StorageDamaged -- no path that the store could hold.
    """
    if not path.startswith("/") or {"", ".", ".."} & set(path[1:].removesuffix("/").split("/")):
        raise StorageDamaged("A resource has a path that no resource can have.")
    return _SPELLED_OTHERWISE.sub(_respelled, path[1:])


def _respelled(match: re.Match[str]) -> str:
    text = match[0]
    if not text.startswith("%"):
        return f"%{ord(text):02x}"
    decoded = bytes.fromhex(text.replace("%", "")).decode("utf-8", "surrogateescape")
    return "".join(each if _is_readable(each) else _encoded(each) for each in decoded)


def _is_readable(character: str) -> bool:
    return character == " " or (not character.isascii() and character.isprintable())


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


# -- the manifest ------------------------------------------------------------------------------------------------------


def _line(services: Services, state: ResourceState, name: str) -> dict[str, Any]:  # JSON
    return {
        "url": services.placement.url(state.path),
        "file": name,
        "mediaType": state.media_type,
        "modified": _time(state.modified_ms),
        "size": state.size,
        "sha256": state.digest,
    }


def _manifest(services: Services, account: Account, lines: Iterable[dict[str, Any]]) -> Iterator[bytes]:  # JSON
    about = {
        "account": account.name,
        "email": account.email,
        "created": _time(account.created_ms),
        "exported": _time(int(services.clock.now() * 1000)),
        "webIds": services.accounts.web_ids(account.id),
        "storages": [services.placement.url(each.path) for each in services.accounts.storages(account.id)],
    }
    yield json.dumps(about, indent=1, ensure_ascii=False).removesuffix("\n}").encode() + b',\n "resources": ['
    for number, line in enumerate(lines):
        yield (b",\n  " if number else b"\n  ") + json.dumps(line, ensure_ascii=False).encode()
    yield b"\n ]\n}\n"


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
