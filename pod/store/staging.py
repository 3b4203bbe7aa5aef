"""Taking in a body whose length and honesty nobody vouches for: counted, hashed and capped while it is read.

Small bodies stay in memory, others go to the blob store piece by piece. Knows no resource.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from pod.errors import ContentTooLarge
from pod.store.blobs.interface import BlobStore
from pod.store.records import Content

PIECE_BYTES = 1024 * 1024
"""At most: a body that is still arriving gives less, and then as it came."""


class Intake:
    """The pieces of a body, each seen once."""

    def __init__(self, body: BinaryIO, bytes_max: int) -> None:
        self._body = body
        self._bytes_max = bytes_max
        self._hash = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._body.read(PIECE_BYTES):
            self.size += len(piece)
            if self.size > self._bytes_max:
                raise ContentTooLarge(f"The content may have at most {self._bytes_max} bytes here.")
            self._hash.update(piece)
            yield piece

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def stage(body: BinaryIO, media_type: str, *, bytes_max: int, inline_bytes_max: int, blobs: BlobStore) -> Content:
    """Read a body to its end. Raises: ContentTooLarge, and whatever reading raises; nothing of it stays."""
    intake = Intake(body, bytes_max)
    pieces = iter(intake)
    head: list[bytes] = []
    for piece in pieces:
        head.append(piece)
        if intake.size > inline_bytes_max:
            blob = blobs.stage(chain(head, pieces))
            return Content(media_type, intake.size, intake.digest, blob=blob)
    return Content(media_type, intake.size, intake.digest, inline=b"".join(head))
