"""`/.people/own/`: small pictures of people that lie in a pod, for the pages of its owner and for files of theirs.

Whatever apps left there, it is sent as a picture or not at all.

Spec: RFC 9111 s5.2.2.7
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from pod.errors import NotFound, PodError
from pod.http.request import raw_path
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.records import Kind
from pod.ui.door import Door
from pod.ui.language import gettext as _

PATH = "/.people/own"
BYTES_MAX = 1024 * 1024
_HEADERS = {
    "Cache-Control": "private, max-age=300",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Cookie",
}
"""Whoever signs in next in the same browser is not shown what it kept for others."""
_KINDS = (
    (b"\x89PNG\r\n", "image/png"),
    (b"RIFF", "image/webp"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
"""By how they begin, not by what they are called."""


def add_faces(pages: Blueprint, door: Door) -> None:
    @pages.get(f"{PATH}/<path:_path>")
    def own_face(_path: str) -> Response:
        account = door.session().account
        target = Target.parse(raw_path(request.environ).removeprefix(PATH))
        if target.storage not in {each.path for each in door.services.accounts.storages(account.id)}:
            raise NotFound(_("There is no such picture here."))
        content = picture_at(door.services, target)
        kind = next((kind for begins, kind in _KINDS if content.startswith(begins)), None)
        if kind is None:
            raise NotFound(_("There is no such picture here."))
        return Response(content, mimetype=kind, headers=_HEADERS)


def face_url(path: str) -> str:
    return PATH + path


def own_picture(services: Services, storage: str, iri: str | None) -> Target | None:
    """Where a picture lies, if that is in the pod at a path."""
    path = services.placement.local_path(iri) if iri else None
    try:
        target = Target.parse(path) if path else None
    except PodError:
        return None
    return target if target is not None and target.storage == storage and not target.is_container else None


def picture_at(services: Services, target: Target) -> bytes:
    """Its content; nothing of what is no small file."""
    state = services.store.describe(target).state
    if state is None or state.kind is not Kind.OTHER or state.size > BYTES_MAX:
        return b""
    try:
        with services.store.open(state) as file:
            return file.read(BYTES_MAX)
    except PodError:  # it was replaced just now
        return b""
