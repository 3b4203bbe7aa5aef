"""The path rules of a Solid server: slashes, parents, ancestors, auxiliary resources and reserved names.

A *path* here is canonical and begins with the storage's own segment (`/alice/notes/a`), whatever the URL
looks like (placement.py turns one into the other). `Target.parse` is the only way in from raw request paths.

Spec: Solid #uri-slashes-hierarchical-identifier, #server-uri-trailing-slash-distinct,
#server-auxiliary-resources-management; RFC 3986 s6.2.2
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, wraps
from typing import TypeVar

from pod.errors import MalformedTarget, ReservedName, TargetTooLong

PATH_BYTES_MAX = 2048
SEGMENT_BYTES_MAX = 255
DEPTH_MAX = 64
REMEMBERED_PATH_BYTES_MAX = 128

ACL_SUFFIX = ".acl"
DESCRIPTION_SUFFIX = ".meta"
INBOX = "inbox/"
"""Below a storage root: where others leave notifications. Spec: LDN #receiver"""
APP_LIST = "settings/apps.ttl"
"""Below a storage root: what apps may do, as the server tells it."""

Made = TypeVar("Made")


class Auxiliary(Enum):
    """Which auxiliary resource a path names. The value is the suffix it adds to its subject's path."""

    ACL = ACL_SUFFIX
    DESCRIPTION = DESCRIPTION_SUFFIX


@dataclass(frozen=True, slots=True)
class Target:
    """A valid resource path, and for an auxiliary resource the subject it belongs to."""

    path: str
    subject: str
    auxiliary: Auxiliary | None = None

    @classmethod
    def parse(cls, raw_path: str) -> Target:
        """Canonicalize a percent-encoded path of ASCII.

        Unreserved characters are decoded, all others keep their encoding in upper-case hex (RFC 3986 s6.2.2),
        so `/a%7Eb` and `/a~b` are one resource while `/a%28` and `/a(` are two. Limits bind the subject, so
        that whatever can exist can have its auxiliary resources.

        Raises: MalformedTarget -- dot or empty segments, `%2F`, `%5C`, control characters, bytes not UTF-8.
        Raises: TargetTooLong -- more than `PATH_BYTES_MAX`, `SEGMENT_BYTES_MAX` or `DEPTH_MAX`.
        Raises: ReservedName -- an auxiliary suffix inside the path or doubled, or a storage or a name
            directly in a storage root that begins with a dot.
        """
        return _parse_target(raw_path)

    @property
    def is_container(self) -> bool:
        return self.path.endswith("/")

    @property
    def acl(self) -> str:
        """Path of the ACL that governs the subject directly. An ACL has no ACL of its own."""
        return self.subject + ACL_SUFFIX

    @property
    def description(self) -> str:
        return self.subject + DESCRIPTION_SUFFIX

    @property
    def parent(self) -> str | None:
        """The container of the subject; None for a storage root. Auxiliary resources are not contained."""
        return parent_of(self.subject)

    @property
    def storage(self) -> str:
        return storage_of(self.path)

    @property
    def is_storage_root(self) -> bool:
        return self.auxiliary is None and self.path == self.storage

    @property
    def is_inbox(self) -> bool:
        return self.auxiliary is None and self.path == self.storage + INBOX

    @property
    def is_app_list(self) -> bool:
        """Whether only the server writes it."""
        return self.path.endswith(APP_LIST) and self.path == self.storage + APP_LIST

    @property
    def describes_inbox(self) -> bool:
        return self.auxiliary is Auxiliary.DESCRIPTION and self.subject == self.storage + INBOX

    @property
    def twin(self) -> str | None:
        """The path that must not exist beside this one; None for auxiliary resources and storage roots."""
        if self.auxiliary or self.is_storage_root:
            return None
        return self.path[:-1] if self.is_container else self.path + "/"


def parent_of(path: str) -> str | None:
    """`/alice/a/b` and `/alice/a/b/` -> `/alice/a/`; `/alice/` -> None."""
    cut = path.rfind("/", 0, len(path) - 1)
    return path[: cut + 1] if cut > 0 else None


def storage_of(path: str) -> str:
    """`/alice/a/b` -> `/alice/`: the root container of the storage the path lies in."""
    return path[: path.index("/", 1) + 1]


def remembered_if_short(entries_max: int) -> Callable[[Callable[[str], Made]], Callable[[str], Made]]:
    """Keep what is made of a path, if that path is short: strangers choose paths, and must not fill the memory."""

    def remembering(make: Callable[[str], Made]) -> Callable[[str], Made]:
        remembered = lru_cache(entries_max)(make)

        @wraps(make)
        def made(path: str) -> Made:
            return remembered(path) if len(path) <= REMEMBERED_PATH_BYTES_MAX else make(path)

        return made

    return remembering


@remembered_if_short(4096)
def lineage(path: str) -> tuple[str, ...]:
    """The path itself and all its containers, nearest first, up to the storage root."""
    line = [path]
    while (parent := parent_of(line[-1])) is not None:
        line.append(parent)
    return tuple(line)


_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})|(%)|([^A-Za-z0-9\-._~!$&'()*+,;=:@/])")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_NEVER = frozenset([*range(0x20), 0x7F, ord("/"), ord("\\")])


def canonical_path(raw_path: str) -> str:
    """One spelling for every equivalent percent-encoding.

    Raises: MalformedTarget -- see `Target.parse`.
    """
    path = _PERCENT.sub(_canonical_escape, raw_path)
    if not path.startswith("/"):
        raise MalformedTarget("A path begins with a slash.")
    return path


def _canonical_escape(match: re.Match[str]) -> str:
    digits, bare_percent, stray = match.groups()
    if bare_percent:
        raise MalformedTarget("After a percent sign in a URL come two hexadecimal digits; write %25 for itself.")
    if stray:
        return _encode_stray(stray)
    byte = int(digits, 16)
    if byte in _NEVER:
        raise MalformedTarget(f"%{digits.upper()} cannot be part of a resource name on this server.")
    return chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"


def _encode_stray(character: str) -> str:
    """Characters that RFC 3986 wants encoded but that some clients send bare, such as `|` or `é`."""
    encoded = character.encode("utf-8", "surrogatepass")
    if any(byte in _NEVER for byte in encoded):
        raise MalformedTarget("Control characters and backslashes cannot be part of a resource name here.")
    return "".join(f"%{byte:02X}" for byte in encoded)


def decoded_segment(segment: str) -> bytes:
    """The bytes a canonical segment stands for."""
    if "%" not in segment:
        return segment.encode("ascii")
    return re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), segment.encode("ascii"))


@remembered_if_short(16_384)
def _parse_target(raw_path: str) -> Target:
    if len(raw_path) > PATH_BYTES_MAX + _SUFFIX_BYTES_MAX:
        raise TargetTooLong(f"A path may have at most {PATH_BYTES_MAX} bytes.")
    path = canonical_path(raw_path)
    auxiliary = next((kind for kind in Auxiliary if path.endswith(kind.value)), None)
    subject = path.removesuffix(auxiliary.value) if auxiliary else path
    _check_subject(subject)
    return Target(path, subject, auxiliary)


_SUFFIX_BYTES_MAX = max(len(kind.value) for kind in Auxiliary)


def _check_subject(subject: str) -> None:
    storage, *names = subject.split("/")[1:]
    if not storage or not names:
        raise MalformedTarget("The path names no storage.")
    if len(subject) > PATH_BYTES_MAX or len(names) >= DEPTH_MAX:
        raise TargetTooLong(f"A path may have at most {PATH_BYTES_MAX} bytes and {DEPTH_MAX} segments.")
    for name in (storage, *names[:-1], *filter(None, names[-1:])):
        _check_name(name)
    if storage.startswith(".") or names[0].startswith("."):
        raise ReservedName("Names that begin with a dot directly under a storage root belong to the server.")


def _check_name(name: str) -> None:
    if name in {"", ".", ".."}:
        raise MalformedTarget("Empty, `.` and `..` segments cannot be part of a resource path.")
    if name.endswith((ACL_SUFFIX, DESCRIPTION_SUFFIX)):
        raise ReservedName("Names that end in .acl or .meta belong to access control lists and descriptions.")
    decoded = decoded_segment(name)
    if len(decoded) > SEGMENT_BYTES_MAX:
        raise TargetTooLong(f"A name may have at most {SEGMENT_BYTES_MAX} bytes.")
    try:
        decoded.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedTarget("A resource name must be percent-encoded UTF-8.") from error
