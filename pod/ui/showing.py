"""What pages of ours show of a resource, and how its content is sent from our own origin: so that it acts nowhere.

Which resource, and whether somebody may see it, was decided before.

Spec: RFC 6266; RFC 9110 s14; HTML s4.8.5 (sandbox)
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, request
from markupsafe import Markup

from pod.operations.operation import Result
from pod.protocol.representation import format_http_date
from pod.store.records import Kind
from pod.ui.views import HEAD_ENDS, kind_of

DOWNLOAD_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "Accept-Ranges": "bytes",
}
SHOWN_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
"""For pictures and texts in a tab of their own: the page around them is the browser's. Sound and film play in pages of
ours: the page that a browser makes for them asks for them as if from elsewhere, because of the sandbox, in vain.
"""
PICTURE_BYTES_MAX = 25 * 1024 * 1024
"""Larger ones are not loaded by whoever only looks up what a file is."""
PLAYERS = ("audio", "video")

_SHOWN = frozenset(
    {
        *(f"audio/{each}" for each in ("aac", "flac", "mp4", "mpeg", "ogg", "opus", "wav", "wave", "webm", "x-flac")),
        *(f"audio/{each}" for each in ("x-m4a", "x-wav", "3gpp")),
        *(f"video/{each}" for each in ("3gpp", "mp4", "mpeg", "ogg", "quicktime", "webm", "x-m4v", "x-matroska")),
        *(f"image/{each}" for each in ("avif", "bmp", "gif", "jpeg", "png", "webp")),
        "text/plain",
        "application/pdf",
    }
)
"""Each by its name: what is new, or ends in `+xml`, may be a document with scripts in it. PDF is shown by a program of
the browser that knows no origin, under a policy that lets nothing act too.
"""


def may_show(media_type: str) -> bool:
    """Whether browsers only show such a file: there are no scripts in it. All others are saved."""
    return media_type.partition(";")[0].strip().lower() in _SHOWN


def player(media_type: str) -> str | None:
    """The element in which such a file plays; None for what is no sound or film."""
    kind = media_type.partition("/")[0].lower()
    return kind if kind in PLAYERS and may_show(media_type) else None


def previewed(result: Result) -> str | None:
    """The element in which a page of ours shows a file itself: `img`, `audio`, `video`; None for all others."""
    whole = result.representation
    if whole is None or result.page_policy is not None or not may_show(whole.media_type):
        return None
    if whole.media_type.lower().startswith("image/"):
        return "img" if (whole.size or 0) <= PICTURE_BYTES_MAX else None
    return player(whole.media_type)


def told(result: Result) -> dict[str, Any]:  # values of a template
    """What is shown of a resource: the part that a renderer of pages made, or the facts about a file."""
    whole = result.representation
    assert whole is not None
    if result.page_policy is None:
        sign, kind = kind_of(Kind.OTHER, whole.media_type)
        facts = {"sign": sign, "kind": kind, "media_type": whole.media_type, "bytes": whole.size}
        return {"body": None, **facts, "modified_ms": (result.modified or 0) * 1000}
    assert isinstance(whole.content, bytes)
    return {"body": Markup(whole.content.decode())}  # noqa: S704 -- templates made it


def parted(told: dict[str, Any]) -> dict[str, Any]:  # values of a template
    """The same, with the head of the page apart, which ends where the renderer said so."""
    if told["body"] is None:
        return told
    head, _mark, body = told["body"].partition(HEAD_ENDS)
    return {**told, "head": head, "body": body}


def sent(result: Result, name: str, *, shown: bool = False) -> Response:
    """The stored file, whole or a part, as an attachment; or to be `shown`, if it is of a kind that may.

    Spec: RFC 6266 s4.2, s4.3, s7 -- nothing in a name may trick whoever saves the file
    """
    whole = result.representation
    safe_name = "".join(each if each.isprintable() else "_" for each in name)
    headers = {**DOWNLOAD_HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(safe_name, safe='')}"}
    if shown and whole is not None and may_show(whole.media_type):
        headers |= {"Content-Security-Policy": SHOWN_POLICY, "Content-Disposition": "inline"}
    if result.etag is not None:
        headers["ETag"] = result.etag.format()
    if result.modified is not None:
        headers["Last-Modified"] = format_http_date(result.modified)
    if result.content_range is not None:
        headers["Content-Range"] = result.content_range
    if whole is None:
        return Response(status=result.status, headers=headers)
    headers |= {"Content-Type": whole.media_type, "Content-Length": str(whole.size)}
    content: Any = whole.content  # bytes, or an open file
    if not isinstance(content, bytes):
        content = request.environ["wsgi.file_wrapper"](content)
    return Response(content, status=result.status, headers=headers, direct_passthrough=True)
