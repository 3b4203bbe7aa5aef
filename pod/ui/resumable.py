"""`/.uploads/` for scripts of our pages: the protocol by which large files come piece by piece.

Whoever sends is known by the session's cookie; each request that changes something carries the token of our forms, and
comes from our origin. What goes wrong is told as a problem document.

Spec: tus resumable upload protocol 1.0.0; RFC 9457
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, Response, request

from pod.errors import (
    BadRequest,
    ForeignForm,
    MethodNotAllowed,
    NotAuthenticated,
    PodError,
    PreconditionFailed,
    UnsupportedMediaType,
)
from pod.files.uploads import Resumable
from pod.http.limits import Places
from pod.http.problems import MEDIA_TYPE as PROBLEM
from pod.http.problems import problem, report
from pod.http.upload import Reader
from pod.protocol import tus
from pod.protocol.representation import format_http_date
from pod.store.uploads import Upload
from pod.ui.door import Door
from pod.ui.forms import check_origin

TOKEN = "X-CSRF-Token"  # noqa: S105 -- a name
OVERRIDE = "X-HTTP-Method-Override"

Given = ParamSpec("Given")


def add_resumable(pages: Blueprint, door: Door, path: str) -> None:
    desk = ResumableDesk(door, path)

    @pages.route(path, methods=["POST", "OPTIONS"], provide_automatic_options=False)
    @desk.answered
    def uploads() -> Response:
        return desk.offer() if request.method == "OPTIONS" else desk.create()

    @pages.route(
        f"{path}<name>", methods=["HEAD", "PATCH", "DELETE", "POST", "OPTIONS"], provide_automatic_options=False
    )
    @desk.answered
    def upload(name: str) -> Response:
        return desk.offer() if request.method == "OPTIONS" else desk.at(name)


class ResumableDesk:
    """Made once per process."""

    def __init__(self, door: Door, path: str) -> None:
        self._door = door
        self._services = door.services
        self._path = path
        self._uploads = Resumable(door.services)
        self._senders = Places(
            door.services.config.threads // 2, "Too many people are sending files at once; try again soon."
        )

    def answered(self, view: Callable[Given, Response]) -> Callable[Given, Response]:
        """The answer of a view, or the problem, with what goes with each."""

        @wraps(view)
        def answer(*args: Given.args, **kwargs: Given.kwargs) -> Response:
            try:
                response = view(*args, **kwargs)
            except PodError as error:
                document = problem(error, self._services.placement.base_url, report(error, request.path[:200]))
                response = Response(document, status=error.status, content_type=PROBLEM)
                response.headers.extend(error.headers)
            response.headers["Tus-Resumable"] = tus.VERSION
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer

    def offer(self) -> Response:
        largest = str(self._services.config.blob_bytes_max)
        offered = {"Tus-Version": tus.VERSION, "Tus-Extension": tus.EXTENSIONS, "Tus-Max-Size": largest}
        return Response(status=204, headers=offered)

    def create(self) -> Response:
        account = self._sender()
        if "Upload-Defer-Length" in request.headers:
            raise BadRequest("Say with Upload-Length how long the file is; it cannot be said later.")
        length = tus.parse_number("Upload-Length", request.headers.get("Upload-Length"))
        upload = self._uploads.create(account, length, request.headers.get("Upload-Metadata", ""))
        return self._told(upload, 201, {"Location": f"{self._path}{upload.name}"})

    def at(self, name: str) -> Response:
        """HEAD, PATCH and DELETE of one upload, under their own names or another."""
        method = request.headers.get(OVERRIDE, request.method)
        account = self._sender(safe=method == "HEAD" == request.method)
        if method == "HEAD":
            upload = self._uploads.find(account, name)
            more = {"Upload-Length": str(upload.length), "Upload-Metadata": upload.metadata}
            return self._told(upload, 200, more)
        if method == "PATCH":
            return self._append(account, name)
        if method == "DELETE":
            self._uploads.remove(account, name)
            return Response(status=204)
        raise MethodNotAllowed("This is not done to an upload.", headers=(("Allow", "OPTIONS, HEAD, PATCH, DELETE"),))

    def _append(self, account: int, name: str) -> Response:
        if request.mimetype != tus.MEDIA_TYPE:
            raise UnsupportedMediaType(f"Pieces of a file are sent as {tus.MEDIA_TYPE}.")
        offset = tus.parse_number("Upload-Offset", request.headers.get("Upload-Offset"))
        stream: Any = request.environ["wsgi.input"]
        # Slow content holds one of the threads that everyone's uploads share.
        with self._senders if isinstance(stream, Reader) else nullcontext():
            upload = self._uploads.append(account, name, offset, request.content_length, stream)
        return self._told(upload, 204, {})

    def _sender(self, *, safe: bool = False) -> int:
        """The account of whoever asks. Raises: PreconditionFailed, NotAuthenticated, ForeignForm"""
        visitor = self._door.visitor()
        if visitor.account is None:
            raise NotAuthenticated("You are signed out. Sign in again, in another tab, and go on here.")
        if not safe:
            check_origin(request.headers, self._services.placement.origin)
            if not visitor.sent(request.headers.get(TOKEN, "")):
                raise ForeignForm
        if request.headers.get("Tus-Resumable") != tus.VERSION:
            raise PreconditionFailed(
                f"Say `Tus-Resumable: {tus.VERSION}`; no other version is known here.",
                headers=(("Tus-Version", tus.VERSION),),
            )
        return visitor.account.id

    def _told(self, upload: Upload, status: int, more: dict[str, str]) -> Response:
        headers = {"Upload-Offset": str(upload.bytes), "Upload-Expires": format_http_date(upload.end_ms / 1000), **more}
        if upload.kept is not None:
            headers["Content-Location"] = self._services.placement.url(upload.kept)
        return Response(status=status, headers=headers)
