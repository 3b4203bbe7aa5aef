"""Contacts from a file and as one: what phones, mail programs and other services give out and take in.

Spec: RFC 6350; RFC 2426
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response

from pod.errors import BadRequest, Busy, ContentTooLarge, PodError
from pod.http.multipart import MEDIA_TYPE as MULTIPART
from pod.index.index import BACKGROUND
from pod.people.card import Card, Point
from pod.people.importing import PHOTO_SIDE, Report, take_in
from pod.people.vcards import BYTES_MAX, MEDIA_TYPE, Problem, write_vcard
from pod.ui.contact_desk import CONTACTS, ContactDesk, Place
from pod.ui.faces import own_picture, picture_at
from pod.ui.forms import Errors
from pod.ui.language import gettext as _
from pod.ui.one_file import OneFile
from pod.ui.refusals import refusal
from pod.ui.render import render

AT_ONCE = 200
CATCHING_UP_MAX = 10


def add_address_files(pages: Blueprint, desk: ContactDesk) -> None:
    files = OneFile(desk.door, BYTES_MAX)

    @pages.get(f"{CONTACTS}/<name>/import")
    def import_contacts(name: str) -> Response:
        return _page(desk.place(name))

    @pages.post(f"{CONTACTS}/<name>/import")
    def take_contacts(name: str) -> Response:
        place = desk.place(name)
        try:
            content = files.read()[1]
        except (BadRequest, ContentTooLarge) as error:
            return _page(place, {"file": refusal(error.detail)}, error.status)
        if not content:
            return _page(place, {"file": _("Choose a file first.")}, 422)
        report = _taken(desk, place, content)
        if report.is_empty and report.error is None:
            return _page(place, {"file": _("There are no contacts in this file. It should end in .vcf.")}, 422)
        return render("people/imported.html", place=place, report=report, words=_words(), error=_why(report))

    @pages.get(f"{CONTACTS}/<name>/export.vcf")
    def export_contacts(name: str) -> Response:
        place = desk.place(name)
        headers = {"Content-Disposition": "attachment; filename=contacts.vcf", "Cache-Control": "no-store"}
        return Response(_written(desk, place), content_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def _page(place: Place, errors: Errors | None = None, status: int = 200) -> Response:
    return render("people/import.html", status=status, place=place, enctype=MULTIPART, errors=errors or {})


def _taken(desk: ContactDesk, place: Place, content: bytes) -> Report:
    def made(photo: bytes) -> bytes:
        return desk.pictures(photo, PHOTO_SIDE)

    for _turn in range(CATCHING_UP_MAX):  # whoever is not in the list yet would come in twice
        if desk.index.catch_up(place.id, BACKGROUND):
            break
    else:
        raise Busy(_("Your contacts are being looked through; try again in a moment."))
    return take_in(desk.book, (place.account.id, place.path), content, _known(desk, place), made)


def _known(desk: ContactDesk, place: Place) -> Iterator[Card]:
    after: str | None = None
    while True:
        rows = desk.index.contacts(place.id, after=after, limit=AT_ONCE)
        for row in rows:
            points = (tuple(Point(each) for each in found) for found in (row.emails, row.phones))
            emails, phones = points
            yield Card(name=row.name, emails=emails, phones=phones)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].mark


def _words() -> dict[Problem, str]:
    return {
        Problem.NO_END: _("the entry has no end"),
        Problem.NO_NAME: _("nobody is named"),
        Problem.GROUP: _("it is a group, not a person"),
        Problem.TOO_LONG: _("the entry is too long"),
        Problem.UNREADABLE: _("it cannot be read"),
    }


def _why(report: Report) -> str:
    return refusal(report.error.detail) if report.error else ""


# -- export ------------------------------------------------------------------------------------------------------------


def _written(desk: ContactDesk, place: Place) -> Iterator[str]:
    """One after the other, so that no number of them fills the memory. What cannot be read is left out."""
    after: str | None = None
    while True:
        rows = desk.index.contacts(place.id, after=after, limit=AT_ONCE)
        for row in rows:
            try:
                card = desk.book.contact(place.account.id, row.iri).card
            except PodError:
                card = Card()
            if card.name or row.name:
                yield write_vcard(card if card.name else Card(name=row.name), _photo(desk, place, card.photo))
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].mark


def _photo(desk: ContactDesk, place: Place, iri: str) -> bytes:
    """One that lies in this pod."""
    target = own_picture(desk.door.services, place.path, iri)
    return picture_at(desk.door.services, target) if target else b""
