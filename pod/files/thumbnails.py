"""Small pictures of the pictures in a pod, each made once: by the process that reads files, and kept until it changes.

Who may see one was decided before. What cannot be read as a picture is remembered as such, and not tried again.
"""

from __future__ import annotations

from typing import Protocol

from pod.errors import UnprocessableContent
from pod.files.previews import SOURCE_BYTES_MAX, Previews
from pod.services import Services
from pod.store import thumbnails
from pod.store.records import Kind, ResourceState
from pod.store.thumbnails import Thumbnail

SIZES = {"row": 96, "tile": 320, "page": 1280}
"""The longer side in pixels, by where they are shown: twice what is seen of them, for screens with fine dots."""
PICTURES = frozenset(f"image/{each}" for each in ("avif", "bmp", "gif", "jpeg", "png", "webp"))


class Pictured(Protocol):
    """What is asked of a file to know whether there may be a picture of it."""

    @property
    def kind(self) -> Kind: ...
    @property
    def media_type(self) -> str: ...
    @property
    def size(self) -> int: ...


def is_picture(file: Pictured) -> bool:
    """As far as its name says, and unless it is too large to be read for one."""
    media_type = file.media_type.partition(";")[0].strip().lower()
    return file.kind is Kind.OTHER and media_type in PICTURES and 0 < file.size <= SOURCE_BYTES_MAX


class Thumbnails:
    """Shared by all threads."""

    def __init__(self, services: Services, previews: Previews) -> None:
        self._store = services.store
        self._bytes_max = services.config.thumbnail_bytes
        self._previews = previews

    def of(self, state: ResourceState, size: str) -> Thumbnail:
        """One that was kept, or a new one. Raises: Busy; VersionMoved -- the file was replaced just now."""
        kept = thumbnails.find(self._store, state, size)
        if kept is not None:
            return kept
        made = self._made(state, SIZES[size])
        thumbnails.keep(self._store, state, size, made, self._bytes_max)
        return made

    def _made(self, state: ResourceState, side: int) -> Thumbnail:
        with self._store.open(state) as file:
            try:
                content = self._previews.picture(file, side)
            except UnprocessableContent:
                return Thumbnail()
        return Thumbnail(*measures(content), content)


def measures(webp: bytes) -> tuple[int, int]:
    """Width and height of a picture that we made.

    Spec: RFC 9649 s2.5, s2.6, s2.7
    """
    kind, data = webp[12:16], webp[20:30]
    if kind == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if kind == b"VP8L":
        packed = int.from_bytes(data[1:5], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
