"""Forms with files, as browsers send them: one part after the other, each read as a stream and never held in memory.

Knows neither what the fields mean nor where files go.

Spec: RFC 7578; RFC 2046 s5.1.1
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import NEED_DATA, Data, Epilogue, Event, Field, File, MultipartDecoder

from pod.config import KIB
from pod.errors import BadRequest, ContentTooLarge

MEDIA_TYPE = "multipart/form-data"
BOUNDARY_CHARACTERS_MAX = 70
"""Spec: RFC 2046 s5.1.1"""
PIECE_BYTES = 256 * KIB
HELD_BYTES_MAX = 2 * PIECE_BYTES
"""Of what is neither a file nor a field: head lines, and what stands before the first part and after the last."""
FIELD_BYTES_MAX = 4 * KIB


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


def parts(content_type: str, stream: BinaryIO, *, parts_max: int) -> Iterator[SentField | SentFile]:
    """The parts of a form in the order they were sent; each is good until the next is asked for.

    Raises: BadRequest, ContentTooLarge; what reading `stream` raises
    """
    form = _Form(stream, _boundary(content_type), parts_max)
    while True:
        event = form.event()
        if isinstance(event, Epilogue):
            return
        if isinstance(event, Field):
            yield SentField(event.name or "", _text(form))
        elif isinstance(event, File):
            content = _Content(form)
            media_type = event.headers.get("Content-Type", "")
            yield SentFile(event.name or "", event.filename, media_type, cast("BinaryIO", content))
            content.pass_over()


class _Form:
    """The events of one form."""

    def __init__(self, stream: BinaryIO, boundary: bytes, parts_max: int) -> None:
        self._stream = stream
        self._decoder = MultipartDecoder(boundary, HELD_BYTES_MAX, max_parts=parts_max)

    def event(self) -> Event:
        """The next one. Raises: BadRequest, ContentTooLarge"""
        try:
            while (event := self._decoder.next_event()) is NEED_DATA:
                self._decoder.receive_data(self._stream.read(PIECE_BYTES) or None)
        except RequestEntityTooLarge as error:
            raise ContentTooLarge("The form has too many parts, or heads that are too long.") from error
        except ValueError as error:
            raise BadRequest("The form cannot be read to its end; send it again.") from error
        return event

    def data(self) -> tuple[bytes, bool]:
        """Some of the part that was begun, and whether there is more."""
        event = self.event()
        return (event.data, event.more_data) if isinstance(event, Data) else (b"", False)


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


def _text(form: _Form) -> str:
    """Raises: ContentTooLarge, BadRequest"""
    content = _Content(form)
    found = bytearray()
    while piece := content.read(PIECE_BYTES):
        found += piece
        if len(found) > FIELD_BYTES_MAX:
            raise ContentTooLarge(f"A field of this form may have {FIELD_BYTES_MAX} bytes.")
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
