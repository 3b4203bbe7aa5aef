"""What people send when they write a post: its text, its pictures and whom it is for, read with caps.

Pictures are made anew from what they show before anything else happens to them, so what a camera wrote beside that (the
place, the time, the device) is never kept.

Spec: RFC 7578; Exif 3.0 s4.6
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from flask import request

from pod.config import KIB, MIB
from pod.errors import BadRequest, ContentTooLarge, ForeignForm, UnprocessableContent
from pod.http.limits import Places
from pod.http.multipart import SentField, SentFile, parts
from pod.http.upload import Reader
from pod.posts.changing import NewPicture, Writing
from pod.posts.post import Post
from pod.posts.readers import AUDIENCES_MAX, Readers
from pod.sharing.audiences import Audience, parse_audience
from pod.ui.door import Door
from pod.ui.forms import check_origin

DRAFT = "draft"
"""What the button says that keeps a post for its writer."""
FIND = "find"
"""What the button says that looks for people and publishes nothing."""
NEW_PICTURES_MAX = 4
"""Sent with one form; a post that is changed takes more."""
FIELD_BYTES_MAX = 256 * KIB
PARTS_MAX = 200
PICTURE_BYTES_MAX = 32 * MIB
SIDE_MAX = 2048
"""Of a picture as it is kept: what the largest screens show."""

MakePicture = Callable[[bytes, int], bytes]
"""Of a file, a picture whose longer side is at most so many pixels, as PNG or WebP. Raises: UnprocessableContent."""

_PICTURE = re.compile("picture-([1-9])")


@dataclass(slots=True)
class SentPost:
    """A form as it came. `some` are the audiences that were ticked; `pictures` those chosen, by their number."""

    fields: dict[str, str] = field(default_factory=dict)
    some: list[str] = field(default_factory=list)
    pictures: dict[int, tuple[bytes, str]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def reach(self) -> str:
        return self.get("reach") or "me"

    def audiences(self) -> tuple[Audience, ...]:
        """Raises: UnprocessableContent."""
        said = (each.partition(" ") for each in self.some)
        return tuple(parse_audience(whom, iri) for whom, _space, iri in said)

    def writing(self, more: Sequence[Audience], labels: Mapping[str, str], post: Post | None = None) -> Writing:
        """`more` are those who were named rather than ticked; `post` is what is changed.

        Raises: UnprocessableContent
        """
        is_draft = self.get("do") == DRAFT
        some = (*self.audiences(), *more)
        readers = Readers() if is_draft else Readers.chosen(self.reach, some)
        before = post.pictures if post else ()
        return Writing(
            self.get("text"),
            self.get("name"),
            readers,
            labels,
            tuple(NewPicture(*each, self.get(f"alt-{number}")) for number, each in sorted(self.pictures.items())),
            alts={each.url: self.fields.get(f"alt-old-{at}", each.alt) for at, each in enumerate(before)},
            dropped=frozenset(each.url for at, each in enumerate(before) if self.get(f"drop-{at}")),
            is_draft=is_draft,
        )


class Desk:
    """Where forms are taken in. Made once per process."""

    def __init__(self, door: Door, make_picture: MakePicture) -> None:
        self._door = door
        self._make_picture = make_picture
        self._senders = Places(
            door.services.config.threads // 2, "Too many people are sending pictures at once; try again soon."
        )

    def take(self, sent: SentPost, *, side: int = SIDE_MAX) -> None:
        """A form of ours, as far as it can be read. `side` is the longest that its pictures have afterwards.

        Raises: ForeignForm; BadRequest, ContentTooLarge; UnprocessableContent -- a file is no picture
        """
        check_origin(request.headers, self._door.services.placement.origin)
        # Slow content holds one of the threads that everyone's uploads share.
        with self._senders if isinstance(request.environ["wsgi.input"], Reader) else nullcontext():
            for part in self._parts():
                self._note(sent, part, side)

    def _parts(self) -> Iterator[SentField | SentFile]:
        stream: Any = request.environ["wsgi.input"]
        is_ours = False
        sent = parts(request.content_type or "", stream, parts_max=PARTS_MAX, field_bytes_max=FIELD_BYTES_MAX)
        for part in sent:
            if isinstance(part, SentField) and part.name == "csrf":
                is_ours = is_ours or self._door.visitor().sent(part.value)
            elif not is_ours:
                raise ForeignForm
            else:
                yield part
        if not is_ours:
            raise ForeignForm

    def _note(self, sent: SentPost, part: SentField | SentFile, side: int) -> None:
        if isinstance(part, SentFile):
            found = _PICTURE.fullmatch(part.name)
            if part.file_name and found and int(found[1]) <= NEW_PICTURES_MAX:
                sent.pictures[int(found[1])] = self._picture(part, side)
        elif part.name == "some":
            if len(sent.some) > AUDIENCES_MAX:
                raise BadRequest("Too many people and groups were chosen.")
            sent.some.append(part.value)
        else:
            sent.fields[part.name] = part.value

    def _picture(self, file: SentFile, side: int) -> tuple[bytes, str]:
        content = _read(file.stream)
        try:
            made = self._make_picture(content, side)
        except UnprocessableContent as error:
            raise UnprocessableContent(error.detail, field=file.name) from error
        return made, "image/png" if made.startswith(b"\x89PNG") else "image/webp"


def _read(stream: BinaryIO) -> bytes:
    """Raises: ContentTooLarge."""
    found = bytearray()
    while piece := stream.read(256 * KIB):
        found += piece
        if len(found) > PICTURE_BYTES_MAX:
            raise ContentTooLarge(f"A picture may have {PICTURE_BYTES_MAX // MIB} MB.", limit=PICTURE_BYTES_MAX)
    return bytes(found)
