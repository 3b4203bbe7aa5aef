"""What the page of a file shows of it: a picture made small, a player, the beginning of a text, or where to open it.

Nothing of a file acts on this origin: pictures are made anew, texts are escaped, and what browsers open themselves is
sent as `pod/ui/showing.py` says. Whether somebody may see the file was decided before.

Spec: Encoding Standard s4.2 (names of encodings)
"""

from __future__ import annotations

import codecs
from contextlib import closing
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from pod.errors import BadRequest, PodError
from pod.operations.get import get
from pod.operations.operation import Operation, Result
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.representation import MediaType
from pod.services import Services
from pod.store.thumbnails import measured
from pod.ui.showing import may_show, player, previewed
from pod.ui.thumbnails import thumbnail_url

TEXT_BYTES_MAX = 32 * 1024
"""Of a text, on a page that is to stay small."""
SIZE = "page"

_TEXTS = frozenset(
    f"application/{each}"
    for each in ("ecmascript", "javascript", "json", "sql", "toml", "x-ndjson", "x-sh", "xml", "yaml", "x-yaml")
)
_NO_TEXTS = frozenset({"image/svg+xml"})
_ENCODINGS = frozenset(
    {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "koi8-r", "koi8-u", "shift_jis", "euc_jp", "euc_kr", "big5"}
    | {"gbk", "gb18030", *(f"iso8859-{part}" for part in range(1, 17)), *(f"cp{page}" for page in range(1250, 1259))}
)
"""By the names of their codecs. Python has others under the same roof that turn texts into something else."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LAST_RESORT = "cp1252"
_UNSEEN = {each: "\N{REPLACEMENT CHARACTER}" for each in (*range(32), 127) if chr(each) not in "\t\n\r"}


@dataclass(frozen=True, slots=True)
class Preview:
    """`kind` is `picture`, `img`, `audio`, `video`, `text`, `open` (browsers show it in a tab of its own), `empty`, or
    nothing where there is none. The measures of a picture are 0 until it was made; of a text, it may be the beginning.
    """

    kind: str = ""
    src: str = "?shown"
    width: int = 0
    height: int = 0
    text: str = ""
    is_whole: bool = True


def preview_of(services: Services, result: Result, reader: Credentials, *, is_owner: bool) -> Preview:
    """Of the file that a page is about. `result` is what was told of it."""
    whole = result.representation
    if whole is None or result.page_policy is not None:
        return Preview()
    if not whole.size:
        return Preview("empty")
    if is_owner and whole.media_type.lower().startswith("image/"):
        return _picture(services, result)
    if (element := previewed(result)) is not None:
        return Preview(element)
    if _is_text(whole.media_type):
        return _text(services, result, reader)
    return Preview("open") if may_show(whole.media_type) and player(whole.media_type) is None else Preview()


def _picture(services: Services, result: Result) -> Preview:
    """Made by us: without what cameras write into files, and no larger than screens."""
    state = services.store.describe(result.target, with_body=False).state
    url = thumbnail_url(state, SIZE) if state is not None else None
    if state is None or url is None:
        return Preview("open" if may_show(state.media_type if state else "") else "")
    known = measured(services.store, state, SIZE)
    if known is not None and not known.width:
        return Preview()
    return Preview("picture", url, *((known.width, known.height) if known else (0, 0)))


def _is_text(media_type: str) -> bool:
    essence = media_type.partition(";")[0].strip().lower()
    is_one = essence.startswith("text/") or essence in _TEXTS or essence.endswith(("+json", "+xml"))
    return is_one and essence not in _NO_TEXTS


def _text(services: Services, result: Result, reader: Credentials) -> Preview:
    whole = result.representation
    assert whole is not None
    is_whole = (whole.size or 0) <= TEXT_BYTES_MAX
    asked = None if is_whole else f"bytes=0-{TEXT_BYTES_MAX - 1}"
    try:
        part = get(services, Operation("GET", result.target, reader, NO_CONDITIONS, range=asked)).representation
    except PodError:  # it was changed or removed just now
        return Preview()
    content = _all_of(part.content) if part is not None else b""
    text = decoded(content, whole.media_type, is_whole=is_whole)
    return Preview() if text is None else replace(Preview("text"), text=text, is_whole=is_whole)


def _all_of(content: object) -> bytes:
    if isinstance(content, bytes):
        return content
    with closing(cast("BinaryIO", content)) as file:
        return file.read(TEXT_BYTES_MAX)


def decoded(content: bytes, media_type: str, *, is_whole: bool) -> str | None:
    """A text, or its beginning, as people can read it; None of what is none."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", ""))
    tried = (encoding,) if encoding else (_declared(media_type), "utf-8", _LAST_RESORT)
    for each in filter(None, tried):
        try:
            text = codecs.getincrementaldecoder(each)("replace" if each in {encoding, _LAST_RESORT} else "strict")
            said: str = text.decode(content[len(mark) :], is_whole)
        except UnicodeError:
            continue
        return None if "\0" in said else said.translate(_UNSEEN)
    return None


def _declared(media_type: str) -> str | None:
    """The encoding that a media type names, if it is one of texts."""
    try:
        name = codecs.lookup(MediaType.parse(media_type).parameter("charset") or "").name
    except (BadRequest, LookupError, ValueError):
        return None
    return name if name in _ENCODINGS else None
