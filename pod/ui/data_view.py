"""The data view: what a document says as sections that people read, and one value at a time as a form that changes it.

A container, or a file that is no document, is shown by what is said about it, its description. Whoever saves says which
version they saw; if it is another by now, both are shown, and nothing is written.

Spec: RFC 9110 s13.1.1; Solid #server-put-patch-intermediate-containers
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from pod.errors import ContentTooLarge, NotFound, PodError, PreconditionFailed, UnprocessableContent
from pod.http.request import page_number
from pod.protocol.resource import Target
from pod.rdf.graph import IRI, BNode, Dataset, Node, Triple
from pod.ui.data_desk import PREFIX, Desk
from pod.ui.data_statements import Sheet, added, nested_in, removed, replaced, sheet, statement
from pod.ui.data_values import KINDS, Typed, link_of, offered, property_of, term_of
from pod.ui.door import see_other
from pod.ui.forms import Errors, errors_of
from pod.ui.language import gettext as _
from pod.ui.refusals import refusal
from pod.ui.render import render
from pod.ui.term_words import term_words
from pod.ui.views import Crumb, HomePages, crumbs, name_of

VALUES_IN_CONFLICT_MAX = 20
NUMBER_DIGITS_MAX = 9


class DataView:
    """One request for the data of a resource."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._held = desk.document()
        self._url = desk.url(self._held.target)

    def page(self) -> Response:
        """All of it, or the form for one value."""
        held, dataset = self._held, self._dataset()
        if dataset is None:
            return self._unreadable()
        if "change" in request.args and self._may_change:
            return self._form_of(dataset, _number(request.args["change"]))
        if "add" in request.args and self._may_change:
            return self._form(dataset, _Draft.adding(dataset, request.args["add"], self._url))
        shown = sheet(dataset.default, self._url, page_number(request.environ))
        return render(
            "data/view.html",
            **frame(self._desk, "data", held.target),
            sheet=shown,
            place=self._place(shown),
            url=self._url,
            statements=len(dataset.default),
            in_graphs=len(dataset) - len(dataset.default),
            may_change=self._may_change,
            may_write=held.may_write,
            is_rules=held.is_rules,
            exists=bool(held.etag) or bool(held.content),
            href=Links(self._desk.services.placement).href,
            done=request.args.get("done", ""),
        )

    def _place(self, shown: Sheet) -> Callable[[int], str]:
        """Where a section is."""
        home = f"{PREFIX}{self._desk.target.path}"

        def place(section: int) -> str:
            page = shown.page_of[section]
            return f"#s{section}" if page == shown.page else f"{home}?view=data&page={page}#s{section}"

        return place

    def save(self, form: Mapping[str, str]) -> Response:
        """After the form for one value."""
        dataset = self._dataset()
        if dataset is None or not self._may_change:
            raise NotFound(_("There is nothing here that you may change."))
        draft = _Draft.sent(form)
        if form.get("etag", "") != self._held.etag:
            return self._conflict(dataset, draft)
        try:
            changed = draft.applied(dataset, self._url)
        except UnprocessableContent as error:
            return self._form(dataset, draft, errors_of(error))
        try:
            self._desk.write_dataset(self._held, changed)
        except PreconditionFailed:
            return DataView(self._desk).save(form)  # which finds the other version, and shows both
        except PodError as error:
            return self._form(dataset, draft, {"": refusal(error.detail)}, error.status)
        return see_other(f"{PREFIX}{self._desk.target.path}?{urlencode({'view': 'data', 'done': draft.do})}")

    @property
    def _may_change(self) -> bool:
        return self._held.may_write and self._held.is_whole and not self._held.is_rules

    def _dataset(self) -> Dataset | None:
        """None where it cannot be read, or not here."""
        try:
            return self._desk.dataset(self._held) if self._held.is_whole else None
        except PodError:
            return None

    def _unreadable(self) -> Response:
        return render(
            "data/unreadable.html",
            **frame(self._desk, "data", self._held.target),
            text=self._held.text[:UNREADABLE_CHARACTERS_MAX],
            is_large=self._is_large(),
            bytes=self._held.size,
            may_write=self._held.may_write,
        )

    def _is_large(self) -> bool:
        """Whether it is not broken, but more than is shown in parts."""
        try:
            return not self._held.is_whole or self._desk.dataset(self._held) is None
        except ContentTooLarge:
            return True
        except PodError:
            return False

    # -- one value -----------------------------------------------------------------------------------------------------

    def _form_of(self, dataset: Dataset, number: int) -> Response:
        found = statement(dataset, number)
        if found is None:
            raise NotFound(_("This value is not there any more."))
        return self._form(dataset, _Draft.of(found, number))

    def _form(self, dataset: Dataset, draft: _Draft, errors: Errors | None = None, status: int = 422) -> Response:
        return render(
            "data/value.html",
            status=status if errors else 200,
            **frame(self._desk, "data", self._held.target),
            **self._values_of_form(dataset, draft),
            conflict=None,
            errors=errors or {},
        )

    def _values_of_form(self, dataset: Dataset, draft: _Draft) -> dict[str, Any]:  # of a template
        found = statement(dataset, draft.number)
        inner = isinstance(found.object, BNode) if found and draft.do != "add" else False
        return {
            "draft": draft,
            "etag": self._held.etag,
            "kinds": {kind: _(words) for kind, words in KINDS.items()},
            "offered": list(offered(dataset)),
            "label": term_words(found.predicate.value) if found else "",
            "verb": found.predicate.value if found else "",
            "about": _about(draft.subject, self._url),
            "is_inner": inner,
            "goes_with": nested_in(dataset, found.object) if found and inner else 0,
        }

    def _conflict(self, dataset: Dataset, draft: _Draft) -> Response:
        """What was written here, and what is there now; it can be saved over that."""
        found = draft.found_again(dataset)
        there = [each for each in dataset.default if _iri(each.subject) == draft.subject and draft.subject]
        values = [each.object for each in there if each.predicate.value == draft.verb or draft.do == "add"]
        return render(
            "data/value.html",
            status=412,
            **frame(self._desk, "data", self._held.target),
            **self._values_of_form(dataset, found or draft),
            conflict=[Typed.of(each) for each in values[:VALUES_IN_CONFLICT_MAX] if not isinstance(each, BNode)],
            is_lost=found is None,
            errors={},
        )


UNREADABLE_CHARACTERS_MAX = 20_000


class Links(HomePages):
    """Links inside the pods of this server stay in the data view."""

    def link(self, path: str) -> str:
        return f"{PREFIX}{path}?view=data"


def frame(desk: Desk, view: str, document: Target) -> dict[str, Any]:  # values of a template
    """What all pages of a resource's data have."""
    target = desk.target
    return {
        "title": _title(target),
        "crumbs": [Crumb(_("My pods"), f"{PREFIX}/"), *crumbs(target, lambda path: PREFIX + path)],
        "view": view,
        "home": f"{PREFIX}{target.path}",
        "is_about": document != target,
        "is_container": target.is_container,
        "is_owner": desk.reader.is_owner,
        "address": desk.url(target),
        "sharing": f"/.account/sharing?{urlencode({'resource': desk.services.placement.url(target.subject)})}",
    }


def _title(target: Target) -> str:
    if target.auxiliary is None:
        return name_of(target.path)
    return name_of(target.subject) + ("/" if target.subject.endswith("/") else "") + target.auxiliary.value


@dataclass(frozen=True, slots=True)
class _Draft:
    """A value on its way in, and what it stands for: the number of a statement, or a subject and a property."""

    do: str
    number: int
    typed: Typed
    subject: str
    verb: str
    was: str
    """The statement as it was seen; nothing where its subject has no name."""

    @classmethod
    def of(cls, found: Triple, number: int) -> _Draft:
        verb, was = found.predicate.value, "" if isinstance(found.subject, BNode) else str(found)
        return cls("change", number, Typed.of(found.object), _iri(found.subject), verb, was)

    @classmethod
    def adding(cls, dataset: Dataset, to: str, url: str) -> _Draft:
        """To the subject of a statement; without one, to something new."""
        found = statement(dataset, _number(to))
        if found is None:
            return cls("add", -1, Typed(), url if not len(dataset.default) else f"{url}#it", "", "")
        return cls("add", _number(to), Typed(), _iri(found.subject), "", "")

    @classmethod
    def sent(cls, form: Mapping[str, str]) -> _Draft:
        do = form.get("do", "")
        number, verb = _number(form.get("number", "")), form.get("property", "")
        return cls(do, number, Typed.sent(form), form.get("subject", "").strip(), verb, form.get("was", ""))

    def applied(self, dataset: Dataset, url: str) -> Dataset:
        """Raises: UnprocessableContent, NotFound"""
        found = statement(dataset, self.number)
        if self.do == "add":
            return added(dataset, self._new(dataset, found, url))
        if found is None:
            raise NotFound(_("This value is not there any more."))
        if self.do == "remove":
            return removed(dataset, self.number)
        return replaced(dataset, self.number, term_of(self.typed, url))

    def _new(self, dataset: Dataset, found: Triple | None, url: str) -> Triple:
        subject: Node
        if found is not None and isinstance(found.subject, BNode):
            subject = found.subject
        else:
            subject = link_of(self.subject, url, "subject")
        return Triple(subject, property_of(self.verb, dataset, url), term_of(self.typed, url))

    def found_again(self, dataset: Dataset) -> _Draft | None:
        """The same for another version of the document; None where what it stands for is gone, or cannot be known."""
        if self.do == "add":
            return replace(self, number=-1) if self.subject else None
        numbers = (number for number, each in enumerate(dataset.default) if self.was and str(each) == self.was)
        number = next(numbers, None)
        return None if number is None else replace(self, number=number)


def _iri(subject: object) -> str:
    return subject.value if isinstance(subject, IRI) else ""


def _about(subject: str, url: str) -> str:
    """A subject as people read it; nothing for the document itself."""
    return "" if subject == url else subject.replace(f"{url}#", "#", 1)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= NUMBER_DIGITS_MAX else -1
