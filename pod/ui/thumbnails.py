"""`/.thumbnails/`: small pictures of the files in the pods of whoever is signed in, made by us and never the files.

Each URL names the state of the file that it shows, so browsers keep what they have seen.

Spec: RFC 8246 (immutable); RFC 9111 s5.2.2.7
"""

from __future__ import annotations

from typing import Protocol

from flask import Blueprint, Response, request

from pod.authorization import required
from pod.errors import AccessDenied, NotAuthenticated, NotFound
from pod.files.previews import Previews
from pod.files.thumbnails import SIZES, Pictured, Thumbnails, is_picture
from pod.http.request import parse_target, raw_path
from pod.operations.watched import note_own
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.accounts import Account
from pod.store.records import ResourceState
from pod.ui.door import Door
from pod.ui.language import gettext as _
from pod.ui.render import STATIC

PATH = "/.thumbnails"
NOTED = "page"
"""The size in which a single picture is looked at. Those of a list are noted with the list."""
_KEPT = "private, max-age=31536000, immutable"
_KEPT_SHORT = "private, max-age=3600"
_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Cookie",
}
"""Whoever signs in next in the same browser is not shown what it kept for others."""


class Listed(Pictured, Protocol):
    """A file as lists and snapshots know it."""

    @property
    def path(self) -> str: ...
    @property
    def version(self) -> int: ...


def thumbnail_url(file: Listed, size: str = "tile") -> str | None:
    """Where a small picture of a file is; None of what is no picture. `size` is one of `SIZES`."""
    return f"{PATH}/{size}{file.path}?v={file.version}" if is_picture(file) else None


def add_thumbnails(pages: Blueprint, door: Door) -> None:
    services = door.services
    thumbnails = Thumbnails(services, Previews())

    @pages.get(f"{PATH}/<size>/<path:_path>")
    def thumbnail(size: str, _path: str) -> Response:
        session = door.visitor().session
        prefix = f"{PATH}/{size}"
        path = raw_path(request.environ)
        if session is None or size not in SIZES or not path.startswith(f"{prefix}/"):
            raise nothing()
        state = own_picture(services, session.account, parse_target(path.removeprefix(prefix), "GET"), size)
        made = thumbnails.of(state, size)
        if not made.content:
            return Response(STATIC["no-picture.svg"], mimetype="image/svg+xml", headers=_kept(_KEPT_SHORT))
        is_this = request.args.get("v") == str(state.version)
        return Response(made.content, mimetype="image/webp", headers=_kept(_KEPT if is_this else "private, no-cache"))


def own_picture(services: Services, account: Account, target: Target, size: str) -> ResourceState:
    """A picture in a pod of this account, that its owner may read. Raises: NotFound"""
    snapshot = services.store.describe(target, with_body=False)
    state, storage = snapshot.state, snapshot.storage
    if state is None or storage is None or storage.account != account.id or not is_picture(state):
        raise nothing()
    owner = Credentials(agent=next(iter(storage.owners), None), issuer=services.placement.base_url)
    try:
        services.authorizer.authorize(services.store, snapshot, owner, required.read(snapshot))
    except (AccessDenied, NotAuthenticated) as error:
        raise nothing() from error
    if size == NOTED:
        note_own(services, target.path, owner.agent, AccessMode.READ)
    return state


def nothing() -> NotFound:
    return NotFound(_("There is no such picture here."))


def _kept(how_long: str) -> dict[str, str]:
    return _HEADERS | {"Cache-Control": how_long}
