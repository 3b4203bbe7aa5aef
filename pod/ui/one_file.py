"""A form of ours with one file in it, held in memory: a picture, or an address book.

Spec: RFC 7578
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, BinaryIO

from flask import request

from pod.errors import ContentTooLarge, ForeignForm
from pod.http.limits import Places
from pod.http.multipart import PIECE_BYTES, SentField, parts
from pod.http.upload import Reader
from pod.ui.door import Door
from pod.ui.forms import check_origin
from pod.ui.language import gettext as _

PARTS_MAX = 10
MEGABYTE = 1_000_000


class OneFile:
    """Takes such forms in, a bounded number of slow ones at a time. Made once per page that has one."""

    def __init__(self, door: Door, bytes_max: int) -> None:
        self._door = door
        self._bytes_max = bytes_max
        places = max(door.services.config.threads // 4, 1)
        self._senders = Places(places, "Too many people are sending files at once; try again soon.")

    def read(self) -> tuple[dict[str, str], bytes]:
        """The fields, and the file: empty where none was chosen.

        Raises: ForeignForm; BadRequest, ContentTooLarge, TruncatedContent, RequestTimeout
        """
        check_origin(request.headers, self._door.services.placement.origin)
        # Slow content holds one of the threads that everyone's uploads share.
        with self._senders if isinstance(request.environ["wsgi.input"], Reader) else nullcontext():
            return self._read()

    def _read(self) -> tuple[dict[str, str], bytes]:
        fields: dict[str, str] = {}
        content = b""
        stream: Any = request.environ["wsgi.input"]
        for part in parts(request.content_type or "", stream, parts_max=PARTS_MAX):
            if isinstance(part, SentField):
                fields[part.name] = part.value
            elif not self._door.visitor().sent(fields.get("csrf", "")):
                raise ForeignForm
            else:
                content = content or self._whole(part.stream)
        if not self._door.visitor().sent(fields.get("csrf", "")):
            raise ForeignForm
        return fields, content

    def _whole(self, stream: BinaryIO) -> bytes:
        pieces, size = [], 0
        while piece := stream.read(PIECE_BYTES):
            size += len(piece)
            if size > self._bytes_max:
                most = self._bytes_max // MEGABYTE
                raise ContentTooLarge(_("The file is too large: at most %(most)s MB.", most=most))
            pieces.append(piece)
        return b"".join(pieces)
