"""What files are called in a pod, and which media type they have, from what people's computers say of them.

A name is kept as far as it can be part of a URL here; nobody is asked to rename a photo. Knows no request.

Spec: RFC 9110 s8.3; Unicode UAX 15 (NFC); Solid #uri-slashes-hierarchical-identifier
"""

from __future__ import annotations

import mimetypes
import secrets
from unicodedata import normalize
from urllib.parse import quote

from pod.errors import BadRequest
from pod.protocol.representation import MediaType
from pod.protocol.slug import EXTENSION_CHARS_MAX, segment

PLAIN_FILE = MediaType("application/octet-stream")
SAID_CHARACTERS_MAX = 4_096
"""Of what a file, with the folders it was in, is called."""

_KNOWN = mimetypes.MimeTypes(())  # not those of this machine: a pod says the same on each
_MORE = {
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".ics": "text/calendar",
    ".jsonld": "application/ld+json",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".md": "text/markdown",
    ".mkv": "video/x-matroska",
    ".nq": "application/n-quads",
    ".nt": "application/n-triples",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".ttl": "text/turtle",
    ".vcf": "text/vcard",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def file_name(said: str) -> str:
    """A path segment for a file: no folders, nothing that hides or turns letters around, no name of the server's."""
    last = normalize("NFC", said[-SAID_CHARACTERS_MAX:]).replace("\\", "/").rpartition("/")[2]
    return _segment(last) or f"file-{secrets.token_hex(4)}"


def folder_names(said: str) -> tuple[str, ...]:
    """The path segments of the folders that a file was in, outermost first, from its relative path. What is not the
    name of a folder (`..`, an empty one) is left out.
    """
    folders = normalize("NFC", said[:SAID_CHARACTERS_MAX]).replace("\\", "/").split("/")[:-1]
    return tuple(filter(None, map(_segment, folders)))


def numbered(name: str, number: int) -> str:
    """`photo.jpg` and 2 -> `photo%20(2).jpg`, as people's computers call a second one."""
    stem, _, extension = name.rpartition(".")
    if stem and extension.isalnum() and len(extension) <= EXTENSION_CHARS_MAX:
        return f"{stem}%20({number}).{extension}"
    return f"{name}%20({number})"


def media_type_of(said: str, name: str) -> MediaType:
    """What a browser said a file is, if that can be; else what its name says. A file that would be several is one."""
    try:
        found = MediaType.parse(said)
    except BadRequest:
        found = PLAIN_FILE
    if found == PLAIN_FILE:
        found = _by_extension(name)
    return PLAIN_FILE if found.essence.startswith(("multipart/", "message/")) else found


def _by_extension(name: str) -> MediaType:
    extension = f".{name.rpartition('.')[2].lower()}"
    known = _MORE.get(extension) or _KNOWN.types_map[True].get(extension)
    return MediaType(known) if known else PLAIN_FILE


def _segment(name: str) -> str | None:
    shown = "".join(each if each.isprintable() else " " if each.isspace() else "" for each in name)
    return segment(quote(shown.strip(), safe="", errors="ignore"))
