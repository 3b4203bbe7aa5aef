"""The source of a document in a form, with what is wrong with it shown where it is; and documents that are new.

What was typed is never lost: it comes back with the error, or beside what somebody else wrote meanwhile.

Spec: RDF 1.1 Turtle; RFC 9110 s13.1.1
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Response, request

from pod.errors import Conflict, MalformedContent, NotFound, PodError, PreconditionFailed
from pod.files.names import file_name
from pod.operations.operation import Result
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.rdf import formats
from pod.rdf.graph import IRI, Dataset, Graph, Literal, Triple
from pod.rdf.vocab import DCTERMS
from pod.ui.data_desk import PREFIX, TURTLE, Desk
from pod.ui.data_view import frame
from pod.ui.door import see_other
from pod.ui.forms import LONG_BYTES_MAX, Errors
from pod.ui.language import gettext as _
from pod.ui.refusals import refusal
from pod.ui.render import render

SOURCE_BYTES_MAX = LONG_BYTES_MAX // 4
"""In a form, most characters of a document take one byte, and some three."""
LINES_AROUND = 2
LINE_CHARACTERS_MAX = 300
NAME_CHARACTERS_MAX = 255
ENDING = ".ttl"


class Line(NamedTuple):
    """A line near an error. In the one that is wrong, `wrong` begins where the error is."""

    number: int
    text: str
    wrong: str = ""
    column: int | None = None
    """Where the error is in the whole line."""


class SourceView:
    """One request for the source of a document, or of what is said about a resource that is none."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._held = desk.document()

    def page(self) -> Response:
        held = self._held
        if not self._is_here:
            return self._shown(held.text[:SHOWN_CHARACTERS_MAX], is_long=True)
        return self._shown(held.text)

    def save(self, form: Mapping[str, str]) -> Response:
        held, typed = self._held, form.get("source", "").replace("\r\n", "\n")
        if not (held.may_write and self._is_here):
            raise NotFound(_("There is nothing here that you may change."))
        if form.get("etag", "") != held.etag:
            return self._shown(typed, status=412, there=held.text)
        try:
            self._desk.write(held.target, held.etag, typed.encode(), held.media_type)
        except PreconditionFailed:
            return SourceView(self._desk).save(form)  # which finds the other version, and shows both
        except MalformedContent as error:
            return self._shown(typed, {"source": refusal(error.detail)}, 422, lines=near(typed, error))
        except PodError as error:
            return self._shown(typed, {"source": refusal(error.detail)}, error.status)
        return see_other(f"{PREFIX}{self._desk.target.path}?{urlencode({'view': 'source', 'done': 'saved'})}")

    @property
    def _is_here(self) -> bool:
        """Whether all of it stands in the form."""
        return self._held.is_whole and self._held.size <= SOURCE_BYTES_MAX

    def _shown(
        self,
        text: str,
        errors: Errors | None = None,
        status: int = 200,
        *,
        lines: tuple[Line, ...] = (),
        there: str | None = None,
        is_long: bool = False,
    ) -> Response:
        held = self._held
        return render(
            "data/source.html",
            status=status,
            **frame(self._desk, "source", held.target),
            text=text,
            errors=errors or {},
            lines=lines,
            there=there,
            is_long=is_long,
            may_write=held.may_write and not is_long,
            etag=held.etag,
            media_type=held.media_type,
            is_rules=held.is_rules,
            bytes=held.size,
            done=request.args.get("done", ""),
            script="data.js" if lines else "",
        )


SHOWN_CHARACTERS_MAX = 20_000


def near(text: str, error: PodError) -> tuple[Line, ...]:
    """The lines around an error, if it says where it is."""
    at, column = error.extras.get("line"), error.extras.get("column")
    if not isinstance(at, int):
        return ()
    lines = text.split("\n")
    first = max(at - 1 - LINES_AROUND, 0)
    return tuple(
        _wrong(number, line, column) if number == at else Line(number, line[:LINE_CHARACTERS_MAX])
        for number, line in enumerate(lines[first : at + LINES_AROUND], first + 1)
    )


def _wrong(number: int, line: str, column: object) -> Line:
    """Cut where the error is: the beginning of what is wrong stays in sight in a long line."""
    at = min(max(column - 1, 0), len(line)) if isinstance(column, int) else 0
    start = max(at - LINE_CHARACTERS_MAX // 2, 0)
    return Line(number, line[start:at], line[at : at + LINE_CHARACTERS_MAX // 2], at)


# -- new ones ----------------------------------------------------------------------------------------------------------


class NewDocument:
    """One request for a document that is to be made in a folder."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._may = _may_add(desk.head(desk.target)) if desk.target.is_container else False

    def page(self, typed: Mapping[str, str] | None = None, errors: Errors | None = None, status: int = 422) -> Response:
        if not self._may or self._desk.target.auxiliary:
            raise NotFound(_("You cannot make a document here."))
        values = frame(self._desk, "new", self._desk.target)
        return render(
            "data/new.html", status=status if errors else 200, **values, typed=typed or {}, errors=errors or {}
        )

    def save(self, form: Mapping[str, str]) -> Response:
        """Under its name, which is its title too."""
        name = form.get("name", "").strip()
        if not name or len(name) > NAME_CHARACTERS_MAX:
            return self.page(form, {"name": _("Give the document a name of 1 to 255 letters.")})
        try:
            segment = file_name(name if name.endswith(ENDING) else name + ENDING)
            target = Target.parse(self._desk.target.path + segment)
            about = Triple(IRI(self._desk.url(target)), DCTERMS.title, Literal(name.removesuffix(ENDING)))
            content = formats.serialize(Dataset(Graph([about]), prefixes={"dcterms": DCTERMS.iri}), TURTLE)
            self._desk.write(target, "", content, TURTLE)
        except (PreconditionFailed, Conflict):
            return self.page(form, {"name": _("This name is taken or kept for the server. Choose another one.")})
        except PodError as error:
            return self.page(form, {"name": refusal(error.detail)}, error.status)
        return see_other(f"{PREFIX}{target.path}?view=data")


def _may_add(found: Result) -> bool:
    return found.granted is not None and AccessMode.APPEND in found.granted[0]
