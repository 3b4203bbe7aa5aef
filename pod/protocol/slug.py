"""Names for new resources, made from what a client suggests in `Slug`.

A suggestion never fails a request: whatever cannot be part of a name is left out, and if nothing remains
there is no name. Whether a name is taken, and what to add to it then, is for the caller to find out.

Spec: RFC 5023 s9.7; Solid #server-post-container-create-resource
"""

from __future__ import annotations

import re
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
    """The longest beginning, in whole characters, whose encoded form leaves room for a suffix."""
    room = NAME_BYTES_MAX
    for index, character in enumerate(name):
        room -= len(quote(character, safe=_BARE))
        if room < 0:
            return name[:index]
    return name


def _without_reserved_end(name: str) -> str:
    """Without spaces and the suffixes of auxiliary resources at its end, however often repeated."""
    before = ""
    while name != before:
        before = name
        name = name.rstrip().removesuffix(ACL_SUFFIX).removesuffix(DESCRIPTION_SUFFIX)
    return name
