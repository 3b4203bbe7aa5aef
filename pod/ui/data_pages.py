"""Where the pages about one resource's data are: at its own address in `/.home/`, by what `?view=` asks for.

Routes know paths alone, so what asks for a view is taken before them; all else goes on to the pages of files.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, g, request

from pod.errors import AccessDenied, NotAuthenticated, NotFound
from pod.http.request import raw_path
from pod.index.index import Index
from pod.ui.data_desk import PREFIX, Desk
from pod.ui.data_details import Details
from pod.ui.data_source import NewDocument, SourceView
from pod.ui.data_view import DataView
from pod.ui.door import READING, Door, SignInFirst
from pod.ui.home import Reader, home_target
from pod.ui.language import gettext as _

VIEWS = frozenset({"data", "source", "details", "new"})


def add_data(pages: Blueprint, door: Door, index: Index) -> None:
    @pages.before_request
    def data() -> Response | None:
        view = request.args.get("view", "")
        if view not in VIEWS or not request.path.startswith(f"{PREFIX}/") or request.path == f"{PREFIX}/":
            return None
        reader = _reader(door)
        form = None if request.method in READING else door.form(long=True)
        try:
            desk = Desk(door.services, reader)
            return _read(desk, view, index) if form is None else _changed(desk, view, form)
        except (AccessDenied, NotAuthenticated) as error:
            raise NotFound(_("There is nothing here that you may see.")) from error


def _reader(door: Door) -> Reader:
    session = door.visitor().session
    if session is None:
        query = request.query_string.decode("ascii", "replace")
        raise SignInFirst(f"{raw_path(request.environ)}?{query}" if request.method in READING else f"{PREFIX}/")
    reader = Reader.of(door.services, session, home_target(request.method))
    if reader.is_owner:
        g.pod = reader.target.storage.strip("/")
    return reader


def _read(desk: Desk, view: str, index: Index) -> Response:
    if view == "details":
        return Details(desk, index).page()
    if view == "new":
        return NewDocument(desk).page()
    return SourceView(desk).page() if view == "source" else DataView(desk).page()


def _changed(desk: Desk, view: str, form: Mapping[str, str]) -> Response:
    if view == "data":
        return DataView(desk).save(form)
    if view == "source":
        return SourceView(desk).save(form)
    if view == "new":
        return NewDocument(desk).save(form)
    raise NotFound(_("There is nothing here that you may change."))
