"""A build of mashlib, the data browser of SolidOS, on this machine: what browsers may ask for, read and held ready.

Files are kept compressed, as they are sent. Knows nothing of pages and of HTTP, and not how a build came here.

Spec: RFC 1952
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pod.config import MIB, Config, ConfigError
from pod.operator.findings import Finding, fine, problem

SUBJECT = "data browser"
FILE_BYTES_MAX = 32 * MIB
FILES_MAX = 500
NAME_CHARACTERS_MAX = 100

PAGE, SCRIPT, STYLE = "databrowser.html", "mashlib.min.js", "mash.css"
VERSION = "version.txt"
"""Written by the installation; a build of somebody's own has none."""
MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".ttf": "font/ttf",
}
_UNWANTED = re.compile(r"(?:.*\.)?mashlib\.js|browse.*\.html")
"""What a build has beside that for developers and for other uses."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HELP = "`freehold data-browser install --help` says how to install one"


@dataclass(frozen=True, slots=True)
class BuildFile:
    """`content` is compressed with gzip."""

    media_type: str
    content: bytes

    def plain(self) -> bytes:
        return unpacked(self.content)


@dataclass(frozen=True, slots=True)
class Build:
    """What browsers get of one version of mashlib: its page, and by name the files that the page asks for."""

    page: str
    files: Mapping[str, BuildFile]
    version: str | None

    @classmethod
    def read(cls, directory: Path) -> Build:
        """Of an installed package, or of the `dist` of one that somebody built.

        Raises: ConfigError -- there is none, or not all of it.
        """
        try:
            files = dict(_files(directory))
            missing = [each for each in (PAGE, SCRIPT, STYLE) if each not in files]
            if missing:
                raise ConfigError(f"data_browser: there is no {missing[0]} in {directory}; {_HELP}")
            page, said = files.pop(PAGE).plain(), files.pop(VERSION, None)
            version = None if said is None else said.plain().decode("ascii", "replace")
        except (OSError, EOFError, zlib.error) as error:
            raise ConfigError(f"data_browser: no build can be read in {directory} ({error}); {_HELP}") from error
        return cls(page.decode("utf-8", "replace"), files, version)


def _files(directory: Path) -> Iterator[tuple[str, BuildFile]]:
    """Raises: OSError"""
    for path in sorted(directory.iterdir())[:FILES_MAX]:
        name = path.name.removesuffix(".gz")
        if not is_wanted(name) or not path.is_file() or path.stat().st_size > FILE_BYTES_MAX:
            continue
        content = path.read_bytes()
        yield name, BuildFile(MEDIA_TYPES[Path(name).suffix], content if path.suffix == ".gz" else packed(content))


def is_wanted(name: str) -> bool:
    """Whether a file of a build is one that browsers may ask for."""
    is_name = _NAME.fullmatch(name) is not None and len(name) <= NAME_CHARACTERS_MAX
    return is_name and not _UNWANTED.fullmatch(name) and Path(name).suffix in MEDIA_TYPES


def packed(content: bytes) -> bytes:
    """The same bytes each time, so that their digest is the same in every process."""
    return gzip.compress(content, 9, mtime=0)


def unpacked(content: bytes) -> bytes:
    """Raises: zlib.error, EOFError -- it is damaged, or longer than any file of a build"""
    reader = zlib.decompressobj(wbits=31)
    plain = reader.decompress(content, FILE_BYTES_MAX)
    if not reader.eof:
        raise EOFError("a file is not whole, or too large")
    return plain


def check_data_browser(config: Config) -> Iterator[Finding]:
    """For the doctor; nothing where it is off."""
    if config.data_browser == "off":
        return
    try:
        build = Build.read(config.data_browser_directory)
    except ConfigError as error:
        yield problem(SUBJECT, str(error), "Until then the server does not start; or set data_browser to off.")
        return
    yield fine(SUBJECT, f"mashlib {build.version or 'of your own'} is shown at the URLs of pods")
