"""Pictures of people elsewhere, as this server keeps them: small, made by us, and the same for as long as their name.

Only for those who are signed in here. Where a picture came from is told to nobody, and nobody is asked for it.

Spec: RFC 8246 (immutable)
"""

from __future__ import annotations

from flask import Blueprint, Response

from pod.errors import NotFound
from pod.store import people
from pod.ui.door import Door

PATH = "/.people/"
_HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_KINDS = ((b"\x89PNG", "image/png"), (b"RIFF", "image/webp"), (b"\xff\xd8", "image/jpeg"))
"""By how they begin: what is kept is one of these."""


def add_people_pictures(pages: Blueprint, door: Door) -> None:
    """`/.people/{key}`"""
    store = door.services.store

    @pages.get(f"{PATH}<key>")
    def person_picture(key: str) -> Response:
        content = people.picture(store, key) if door.visitor().session else None
        kind = next((kind for begins, kind in _KINDS if content and content.startswith(begins)), None)
        if content is None or kind is None:
            raise NotFound("There is no such picture here.")
        return Response(content, mimetype=kind, headers=_HEADERS)
