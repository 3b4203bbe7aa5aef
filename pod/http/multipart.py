"""Forms with files, as browsers send them: one part after the other, each read as a stream and never held in memory.

Knows neither what the fields mean nor where files go. Werkzeug's decoder is not used: where the bytes of a boundary
come in two pieces, it can leave a carriage return of it at the end of a file (3.1).

Spec: RFC 7578 s4; RFC 2046 s5.1.1; HTML s4.10.21.8
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from werkzeug.http import parse_options_header

from pod.config import KIB
from pod.errors import BadRequest, ContentTooLarge

MEDIA_TYPE = "multipart/form-data"
BOUNDARY_CHARACTERS_MAX = 200
"""70 are the rule (RFC 2046 s5.1.1), which some libraries break."""
PIECE_BYTES = 256 * KIB
HEAD_BYTES_MAX = 16 * KIB
"""Of the lines before a part, and of what stands before the first part, which means nothing."""
FIELD_BYTES_MAX = 4 * KIB
_LINE_END = b"\r\n"


@dataclass(frozen=True, slots=True)
class SentField:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SentFile:
    """Its stream ends where the file does. What of it is not read is passed over."""

    name: str
    file_name: str
    media_type: str
    stream: BinaryIO


def parts(
    content_type: str, stream: BinaryIO, *, parts_max: int, field_bytes_max: int = FIELD_BYTES_MAX
) -> Iterator[SentField | SentFile]:
    """The parts of a form in the order they were sent; each is good until the next is asked for. `field_bytes_max` is
    what a field may have that is no file.

    Raises: BadRequest, ContentTooLarge; what reading `stream` raises
    """
    form = _Form(stream, _boundary(content_type))
    for number, head in enumerate(form.heads()):
        if number >= parts_max:
            raise ContentTooLarge(f"A form may have {parts_max} parts.", limit=parts_max)
        name, file_name = _disposition(head)
        content = _Content(form)
        if file_name is None:
            yield SentField(name, _text(content, field_bytes_max))
        else:
            yield SentFile(name, file_name, head.get("content-type", ""), cast("BinaryIO", content))
        content.pass_over()


class _Form:
    """The bytes of a form, cut where its boundary stands."""

    def __init__(self, stream: BinaryIO, boundary: bytes) -> None:
        self._stream = stream
        self._cut = _LINE_END + b"--" + boundary
        self._held = bytearray(_LINE_END)  # as if a line had ended before the first boundary

    def heads(self) -> Iterator[dict[str, str]]:
        """The header fields of each part; what follows them has to be taken with `data` before the next.

        Raises: BadRequest, ContentTooLarge
        """
        skipped, has_more = 0, True
        while has_more:
            piece, has_more = self.data()
            skipped += len(piece)
            if skipped > HEAD_BYTES_MAX:
                raise ContentTooLarge("There is too much before the first part of the form.")
        while not self._is_last():
            yield self._head()

    def data(self) -> tuple[bytes, bool]:
        """Some bytes up to the next boundary, and whether there may be more. Raises: BadRequest"""
        while (at := self._held.find(self._cut)) < 0:
            certain = len(self._held) - len(self._cut) + 1
            if certain > 0:
                return self._taken(certain), True
            self._receive()
        piece = self._taken(at)
        del self._held[: len(self._cut)]
        return piece, False

    def _is_last(self) -> bool:
        """What follows a boundary: two hyphens after the last, else the end of the line, which is left."""
        while len(self._held) < len(b"--"):
            self._receive()
        return self._held.startswith(b"--")

    def _head(self) -> dict[str, str]:
        """Raises: BadRequest, ContentTooLarge"""
        while (at := self._held.find(_LINE_END * 2, 0, HEAD_BYTES_MAX)) < 0:
            if len(self._held) >= HEAD_BYTES_MAX:
                raise ContentTooLarge("The lines before a part of the form are too long.")
            self._receive()
        lines = self._taken(at)
        del self._held[: len(_LINE_END)]
        while len(self._held) < len(self._cut):
            self._receive()
        if not self._held.startswith(self._cut):  # a part without content may share its empty line with the boundary
            del self._held[: len(_LINE_END)]
        try:
            pairs = [line.partition(":") for line in lines.decode().split("\r\n")[1:]]
        except UnicodeDecodeError as error:
            raise BadRequest("The lines before a part of a form must be UTF-8.") from error
        return {name.strip(" \t").lower(): value.strip(" \t") for name, _, value in pairs}

    def _receive(self) -> None:
        piece = self._stream.read(PIECE_BYTES)
        if not piece:
            raise BadRequest("The form ends before its last boundary; send it again.")
        self._held += piece

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken


class _Content(io.RawIOBase):
    """The content of one part."""

    def __init__(self, form: _Form) -> None:
        self._form = form
        self._rest = b""
        self._has_more = True

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, as they come; b"" at the end."""
        if size < 0:
            return self.readall()
        while not self._rest and self._has_more:
            self._rest, self._has_more = self._form.data()
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def readinto(self, buffer: Any, /) -> int:  # any writable buffer
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def pass_over(self) -> None:
        while self.read(PIECE_BYTES):
            pass


def _disposition(head: dict[str, str]) -> tuple[str, str | None]:
    """The names of a field and, if it is one, of a file. Raises: BadRequest"""
    kind, said = parse_options_header(head.get("content-disposition"))
    if kind.lower() != "form-data" or "name" not in said:
        raise BadRequest("Each part of a form says its name in Content-Disposition.")
    return said["name"], said.get("filename")


def _text(content: _Content, bytes_max: int) -> str:
    """Raises: ContentTooLarge, BadRequest"""
    found = bytearray()
    while piece := content.read(PIECE_BYTES):
        found += piece
        if len(found) > bytes_max:
            raise ContentTooLarge(f"A field of this form may have {bytes_max} bytes.", limit=bytes_max)
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("A form must be UTF-8.") from error


def _boundary(content_type: str) -> bytes:
    """Raises: BadRequest."""
    media_type, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if media_type != MEDIA_TYPE or not 1 <= len(boundary) <= BOUNDARY_CHARACTERS_MAX or not boundary.isascii():
        raise BadRequest(f"Files must be sent as {MEDIA_TYPE}, with a boundary.")
    return boundary.encode()
