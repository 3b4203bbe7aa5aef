"""Names for new resources, made from what a client suggests in `Slug`.

A suggestion never fails a request: whatever cannot be part of a name is left out, and if nothing remains
there is no name. Whether a name is taken, and what to add to it then, is for the caller to find out.

Spec: RFC 5023 s9.7; Solid #server-post-container-create-resource
"""

from __future__ import annotations

import re
from unicodedata import category
from urllib.parse import quote, unquote_to_bytes

from pod.protocol.resource import ACL_SUFFIX, DESCRIPTION_SUFFIX, SEGMENT_BYTES_MAX

SUFFIX_BYTES_MAX = 48
NAME_BYTES_MAX = SEGMENT_BYTES_MAX - SUFFIX_BYTES_MAX
EXTENSION_CHARS_MAX = 16

# Slashes, control characters, and the line breaks of Unicode.
_DROPPED = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LEADING = re.compile(r"\A[\s.]++")
# Beside the unreserved characters: what encodeURIComponent leaves alone, so that clients can foretell the
# URL.
_BARE = "!'()*"
_JOINER = "\u200d"
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))


def segment(slug_header: str | None) -> str | None:
    """A canonical path segment after the client's wish; None when nothing of it is left."""
    if slug_header is None:
        return None
    name = _LEADING.sub("", _DROPPED.sub("", _decoded(slug_header)))
    return quote(_without_reserved_end(_fitting(name)), safe=_BARE) or None


def with_suffix(segment: str, suffix: str) -> str:
    """`photo.jpg` and `3f2a` -> `photo-3f2a.jpg`.

    The suffix consists of unreserved characters, fewer than `SUFFIX_BYTES_MAX`.
    """
    stem, _, extension = segment.rpartition(".")
    if stem and extension.isalnum() and len(extension) <= EXTENSION_CHARS_MAX:
        return f"{stem}-{suffix}.{extension}"
    return f"{segment}-{suffix}"


def _decoded(slug_header: str) -> str:
    """Percent-encoded UTF-8, with stray bytes left out."""
    return unquote_to_bytes(_as_text(slug_header).encode("utf-8", "ignore")).decode("utf-8", "ignore")


def _as_text(slug_header: str) -> str:
    """WSGI hands over bytes as Latin-1: what reads as UTF-8 underneath was meant so."""
    try:
        return slug_header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return slug_header


def _fitting(name: str) -> str:
    """As much of the beginning as leaves room for a suffix, with the extension, by which people and programs know what
    a file is.
    """
    stem, dot, extension = name.rpartition(".")
    if not (stem and extension.isalnum() and len(extension) <= EXTENSION_CHARS_MAX):
        return _beginning(name, NAME_BYTES_MAX)
    kept = _beginning(stem, NAME_BYTES_MAX - len(quote(dot + extension, safe=_BARE)))
    return name if kept == stem else f"{kept.rstrip('. ')}{dot}{extension}"


def _beginning(name: str, room: int) -> str:
    """The longest beginning whose encoded form has room, in characters as people see them: marks stay with what they
    are on, unless somebody piled up more than fit.
    """
    for index, character in enumerate(name):
        room -= len(quote(character, safe=_BARE))
        if room < 0:
            return name[: _whole(name, index)] or name[:index]
    return name


def _whole(name: str, cut: int) -> int:
    """Where to cut instead, so that what follows begins a character of its own."""
    while cut > 0 and (_joins(name[cut]) or name[cut - 1] == _JOINER):
        cut -= 1
    return cut


def _joins(character: str) -> bool:
    return character == _JOINER or category(character).startswith("M") or character in _SKIN_TONES


def _without_reserved_end(name: str) -> str:
    """Without spaces and the suffixes of auxiliary resources at its end, however often repeated."""
    before = ""
    while name != before:
        before = name
        name = name.rstrip().removesuffix(ACL_SUFFIX).removesuffix(DESCRIPTION_SUFFIX)
    return name
