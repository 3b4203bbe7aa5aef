"""`/.uploads/`: how files come from people's computers into their pods, for our pages alone.

A form with any number of files works everywhere; each is kept by itself as it comes. What browsers send piece by piece
is in pod/ui/resumable.py. Nobody else's page may send anything here: no CORS, and the token of our forms each time.

Spec: RFC 7578; HTML s4.10.21.8
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from pod.errors import BadRequest, ForeignForm, NotAuthenticated, NotFound, PodError
from pod.files.keeping import Same, keep_file, wish_for
from pod.http.limits import Places
from pod.http.multipart import SentField, SentFile, parts
from pod.http.request import parse_target
from pod.http.upload import Reader
from pod.operations.writing import acting_for
from pod.protocol.agent import Credentials
from pod.protocol.resource import Target
from pod.services import Services
from pod.store import quota
from pod.store.accounts import Account
from pod.ui.door import Door, see_other
from pod.ui.forms import check_origin
from pod.ui.language import gettext as _
from pod.ui.render import render, static_url
from pod.ui.resumable import add_resumable
from pod.ui.views import name_of

UPLOADS = "/.uploads/"
FILES = f"{UPLOADS}files"
NEW = f"{UPLOADS}new"
HOME = "/.home"
LIBRARY = "vendor/tus.min.js"
"""Sends large files piece by piece; asked for when there is one."""
FILES_MAX = 200
"""Sent with one form."""
FIELDS_MAX = 10
NAME_CHARACTERS_MAX = 80
ENDING = 12
"""Of a long name, with the extension, by which people tell files."""


def upload_of(services: Services, account: Account, target: Target) -> dict[str, Any]:  # values of a template
    """What `files/upload.html` says and needs about bringing files into a folder: its value `upload`. The page runs
    `uploads.js`, and may ask `uploads`.
    """
    bytes_left = quota.room(services.store.describe(target, with_body=False))
    return {
        "action": FILES,
        "folder": target.path,
        "files_max": FILES_MAX,
        "bytes_max": services.config.blob_bytes_max,
        "bytes_left": bytes_left,
        "for_script": json.dumps(
            {
                "account": account.id,
                "folder": target.path,
                "shown": f"{HOME}{target.path}",
                "library": static_url(LIBRARY),
                "bytesLeft": bytes_left,
                "words": _words(),
            }
        ),
    }


def counted(what: str) -> int:
    """How many things were `uploaded`, say, by the form that led back to the page of their folder."""
    said = request.args.get(what, "")
    return int(said) if said.isdecimal() and said.isascii() and len(said) <= 3 else 0


def _words() -> dict[str, str]:
    """What uploads.js says. It puts values where there are braces."""
    return {
        "waiting": _("Waiting"),
        "part": _("{part} percent"),
        "done": _("Uploaded"),
        "renamed": _("Uploaded as “{name}”, because the name was taken"),
        "cancelled": _("Cancelled"),
        "begun": _("Files to upload: {count}"),
        "all": _("Files uploaded: {count}"),
        "failed": _("This file could not be uploaded."),
        "broken": _("The connection broke. Nothing that arrived is lost: try again."),
        "offline": _("You are offline. It goes on by itself once you are back."),
        "stale": _("You were signed out, or this page is too old. Open it again, and choose the file once more."),
        "full": _("There is not enough room for this file. Delete something first."),
        "unreadable": _("Some of what you dropped could not be read."),
        "unfinished": _("Not finished: {names}. Choose the same file again, and it goes on where it stopped."),
    }


def add_uploads(pages: Blueprint, door: Door) -> None:
    desk = Desk(door)
    add_resumable(pages, door, UPLOADS)

    @pages.get(NEW)
    def new_upload() -> Response:
        return desk.show()

    @pages.post(FILES)
    def take_files() -> AnyResponse:
        return desk.take()


@dataclass(slots=True)
class _Came:
    """What came of a form with files: the places of those that were kept, and what went wrong with the next."""

    is_ours: bool = False
    """The form is: it brought the token."""
    folder: Target | None = None
    same: Same = Same.BOTH
    kept: list[Target] = field(default_factory=list)
    name: str = ""
    error: PodError | None = None


class Desk:
    """Where files are taken in. Made once per process."""

    def __init__(self, door: Door) -> None:
        self._services = door.services
        self._door = door
        self._senders = Places(
            self._services.config.threads // 2, "Too many people are sending files at once; try again soon."
        )

    def show(self) -> Response:
        """A page for nothing else, where people come from anywhere: into the folder it names, or their first pod."""
        account = self._door.session().account
        first = next((each.path for each in self._services.accounts.storages(account.id)), "")
        folder = parse_target(request.args.get("folder", first), "GET")
        if not folder.is_container:
            raise NotFound(_("There is no such folder."))
        return self._page("files/upload_page.html", account, folder)

    def take(self) -> AnyResponse:
        """Files for a folder; each is kept by itself, so that what came before one that did not fit stays."""
        is_script = request.accept_mimetypes.best == "application/json"
        if is_script and self._door.visitor().session is None:  # which could not follow to the page for that
            raise NotAuthenticated(_("You are signed out. Sign in again, and choose the file once more."))
        account = self._door.session().account
        check_origin(request.headers, self._services.placement.origin)
        # Slow content holds one of the threads that everyone's uploads share.
        with self._senders if isinstance(request.environ["wsgi.input"], Reader) else nullcontext():
            came = self._kept(account)
        if is_script:
            return _told(came)
        if came.error is None and came.folder is not None:
            return see_other(f"{HOME}{came.folder.path}?{urlencode({'uploaded': len(came.kept)})}")
        return self._failed(account, came)

    def _kept(self, account: Account) -> _Came:
        came = _Came()
        try:
            for file in self._files(came):
                came.name = shown_name(file.file_name)
                self._keep(account, came, file)
            if not came.kept:
                came.name = ""
                raise BadRequest(_("Choose a file first."))
        except PodError as error:
            if not came.is_ours:
                raise ForeignForm from error
            came.error = error
        return came

    def _keep(self, account: Account, came: _Came, file: SentFile) -> None:
        if came.folder is None:
            raise BadRequest(_("Open the folder again, and choose the files once more."))
        who = self._who(account, came.folder)
        wish = wish_for(self._services, came.folder, file.file_name, file.media_type, came.same)
        came.kept.append(keep_file(self._services, who, wish, file.stream))

    def _who(self, account: Account, folder: Target) -> Credentials:
        return acting_for(self._services, self._services.store, account.id, folder.path)

    def _files(self, came: _Came) -> Iterator[SentFile]:
        """Of a form that came from our page. Raises: ForeignForm; BadRequest, ContentTooLarge"""
        stream: Any = request.environ["wsgi.input"]
        for part in parts(request.content_type or "", stream, parts_max=FILES_MAX + FIELDS_MAX):
            if isinstance(part, SentField):
                came.is_ours = came.is_ours or (part.name == "csrf" and self._door.visitor().sent(part.value))
                _note(came, part)
            elif not came.is_ours:
                raise ForeignForm
            elif part.file_name:  # without a name: nothing was chosen
                yield part

    def _failed(self, account: Account, came: _Came) -> AnyResponse:
        return self._page(
            "files/upload_failed.html",
            account,
            came.folder,
            status=came.error.status if came.error else 400,
            kept=[name_of(each.path) for each in came.kept],
            errors={"files": _sentence(came)},
        )

    def _page(self, template: str, account: Account, folder: Target | None, **values: Any) -> Response:
        return render(
            template,
            folder=name_of(folder.path) if folder else "",
            back=f"{HOME}{folder.path}" if folder else f"{HOME}/",
            upload=upload_of(self._services, account, folder) if folder else None,
            script="uploads.js",
            uploads=True,
            **values,
        )


def _note(came: _Came, part: SentField) -> None:
    """Raises: BadRequest, NotFound, MalformedTarget, ReservedName, TargetTooLong"""
    if part.name == "folder":
        came.folder = parse_target(part.value, "POST")
    elif part.name == "same" and part.value in set(Same):
        came.same = Same(part.value)


def _sentence(came: _Came) -> str:
    detail = (came.error and came.error.detail) or ""
    return f"{came.name}: {detail}" if came.name else detail


def _told(came: _Came) -> Response:
    """To a page of ours that sends files one by one."""
    kept = [{"name": name_of(each.path), "path": each.path} for each in came.kept]
    answer = jsonify(kept=kept, error=came.error.detail if came.error else None)
    answer.status_code = came.error.status if came.error else 201
    answer.headers["Cache-Control"] = "no-store"
    return answer


def shown_name(said: str) -> str:
    shown = "".join(each for each in said if each.isprintable())
    return shown if len(shown) <= NAME_CHARACTERS_MAX else f"{shown[: NAME_CHARACTERS_MAX - ENDING]}…{shown[-ENDING:]}"
