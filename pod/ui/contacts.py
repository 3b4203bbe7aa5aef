"""`/.contacts/`: whom somebody knows, out of their own pod: found, looked at, added, changed and taken out.

Lists come from the index, a page at a time, and cost the same however many there are. Each works without JavaScript.

Spec: pdsinterop conventions, address book
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from pod.errors import (
    Conflict,
    ContentTooLarge,
    NotFound,
    PodError,
    QuotaExceeded,
    UnprocessableContent,
    UnsupportedMediaType,
)
from pod.index.records import ContactRow, GroupRow, sort_mark
from pod.people.address_book import Contact, New
from pod.people.card import Card, Point, cleaned
from pod.sharing.audiences import is_web_iri
from pod.ui.card_form import card_form, read_card_form
from pod.ui.contact_desk import CONTACTS, FACE_SIDE, ContactDesk, Face, Place
from pod.ui.door import see_other
from pod.ui.forms import Errors, errors_of, read_form
from pod.ui.language import gettext as _
from pod.ui.one_file import OneFile
from pod.ui.refusals import refusal
from pod.ui.render import render
from pod.ui.shared_with import SharedWith, shared_with

PAGE = 50
PICTURE_BYTES_MAX = 20_000_000
_TOLD = (Conflict, ContentTooLarge, QuotaExceeded)
"""What is told above the form that it comes from."""


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody in a list. `about` is what tells people of one name apart."""

    iri: str
    face: Face
    about: str = ""


def add_contacts(pages: Blueprint, desk: ContactDesk) -> None:
    @pages.get(f"{CONTACTS}/<name>/")
    def contacts(name: str) -> Response:
        return _list(desk, desk.place(name))

    @pages.get(f"{CONTACTS}/<name>/person")
    def person(name: str) -> Response:
        return _person(desk, desk.place(name), desk.asked())


def add_contact_changes(pages: Blueprint, desk: ContactDesk) -> None:
    @pages.get(f"{CONTACTS}/<name>/new")
    def new_contact(name: str) -> Response:
        web_id, called = request.args.get("web_id", ""), request.args.get("name", "")
        card = Card(name=called[:100], web_ids=(web_id,) if web_id else ())
        return _form(desk, desk.place(name), Card(), card)

    @pages.post(f"{CONTACTS}/<name>/new")
    def add_contact(name: str) -> Response:
        return _add(desk, desk.place(name))

    @pages.get(f"{CONTACTS}/<name>/edit")
    def edit_contact(name: str) -> Response:
        place = desk.place(name)
        found = _contact(desk, place, desk.asked())
        return _form(desk, place, found.card, found.card, found)

    @pages.post(f"{CONTACTS}/<name>/edit")
    def change_contact(name: str) -> Response:
        place = desk.place(name)
        return _change(desk, place, _contact(desk, place, desk.asked()))


def add_contact_pictures(pages: Blueprint, desk: ContactDesk) -> None:
    files = OneFile(desk.door, PICTURE_BYTES_MAX)

    @pages.get(f"{CONTACTS}/<name>/picture")
    def picture_of_contact(name: str) -> Response:
        place = desk.place(name)
        return _picture_page(desk, place, _contact(desk, place, desk.asked()))

    @pages.post(f"{CONTACTS}/<name>/picture")
    def change_picture(name: str) -> Response:
        place = desk.place(name)
        contact = _contact(desk, place, desk.asked())
        try:
            fields, content = files.read()
            made = made_anew(desk, content, removes="remove" in fields)
            desk.book.change(place.account.id, contact.iri, contact.card, contact.card, made)
        except (UnprocessableContent, UnsupportedMediaType, *_TOLD) as error:
            return _picture_page(desk, place, contact, {"picture": refusal(error.detail)}, error.status)
        return see_other(place.to("person", iri=contact.iri))

    @pages.get(f"{CONTACTS}/<name>/delete")
    def ask_before_delete(name: str) -> Response:
        place = desk.place(name)
        found = _contact(desk, place, desk.asked())
        return render(
            "people/delete.html",
            place=place,
            contact=found,
            groups=desk.memberships(place, found.iri, found.card),
        )

    @pages.post(f"{CONTACTS}/<name>/delete")
    def delete_contact(name: str) -> Response:
        place, iri = desk.place(name), desk.asked()
        desk.door.form()
        with suppress(NotFound):  # the button was pressed twice
            _delete(desk, place, _contact(desk, place, iri))
        return see_other(place.to(done="deleted"))


def made_anew(desk: ContactDesk, content: bytes, *, removes: bool = False) -> bytes:
    """A picture out of what somebody chose; nothing where they want none.

    Raises: UnprocessableContent -- nothing was chosen, or it is no picture
    """
    if removes:
        return b""
    if not content:
        raise UnprocessableContent(_("Choose a picture first."))
    return desk.pictures(content, FACE_SIDE)


# -- the list ----------------------------------------------------------------------------------------------------------


def _list(desk: ContactDesk, place: Place) -> Response:
    search, group = request.args.get("q", "").strip(), request.args.get("group", "")
    after = request.args.get("after") or _before_letter(request.args.get("from", ""))
    groups = desk.index.groups(place.id)
    chosen = next((each for each in groups if each.iri == group), None)
    if chosen is None:
        rows = desk.index.contacts(place.id, search, after, PAGE + 1)
        lines, marks = _lines(desk, place, rows[:PAGE]), [each.mark for each in rows]
    else:
        members = desk.index.group_members(place.id, chosen.iri, request.args.get("after"), PAGE + 1)
        faces = desk.seen(each.web_id for each in members if each.web_id)
        marks = [each.mark for each in members]
        lines = [
            Line(each.contact or each.iri, _face(each.name, None, faces.get(each.web_id or "")))
            for each in members[:PAGE]
        ]
    return render(
        "people/list.html",
        pictures=True,
        place=place,
        lines=lines,
        groups=groups,
        chosen=chosen,
        search=search,
        total=desk.index.counts(place.id).contacts,
        letters=string.ascii_uppercase,
        letter=request.args.get("from", ""),
        more=place.to(q=search, group=group, after=marks[PAGE - 1]) if len(marks) > PAGE else None,
        is_first=after is None,
        done=request.args.get("done", ""),
        others=desk.pods(place.account),
    )


def _before_letter(letter: str) -> str | None:
    return sort_mark(letter.casefold()[:1], "") if letter else None


def _lines(desk: ContactDesk, place: Place, rows: Sequence[ContactRow]) -> list[Line]:
    faces = desk.seen(each.web_id for each in rows if each.web_id)
    return [
        Line(
            each.iri,
            _face(each.name, desk.own_picture(each.picture, place), faces.get(each.web_id or "")),
            next(iter((*each.emails, each.organization, *each.phones)), ""),
        )
        for each in rows
    ]


def _face(name: str, picture: str | None, seen: Face | None) -> Face:
    """The owner's own words and picture go before what somebody says of themselves."""
    return Face(name or (seen.name if seen else ""), picture or (seen.picture if seen else None))


# -- one person --------------------------------------------------------------------------------------------------------


def _contact(desk: ContactDesk, place: Place, iri: str) -> Contact:
    """Raises: NotFound"""
    desk.check_here(place, iri)
    return desk.book.contact(place.account.id, iri)


def _person(desk: ContactDesk, place: Place, iri: str) -> Response:
    contact = _contact(desk, place, iri)
    card = contact.card
    faces = desk.seen(card.web_ids)
    seen = next((faces[each] for each in card.web_ids if each in faces), None)
    mine = desk.memberships(place, iri, card)
    return render(
        "people/person.html",
        pictures=True,
        place=place,
        contact=contact,
        card=card,
        face=_face(card.name, desk.own_picture(card.photo, place), seen),
        calls_themselves=seen.name if seen and seen.name != card.name else "",
        mine=mine,
        free=[each for each in desk.index.groups(place.id) if each not in mine],
        links={"emails": _links(card.emails, "mailto:"), "phones": _links(card.phones, "tel:")},
        odd=contact.odd,
        shared=_shared(desk, place, card, mine),
        done=request.args.get("done", ""),
    )


def _shared(desk: ContactDesk, place: Place, card: Card, groups: Sequence[GroupRow]) -> SharedWith | None:
    """None for whoever access rules cannot name."""
    web_ids = [each for each in card.web_ids if is_web_iri(each)]
    names = {**{each.iri: each.name for each in groups}, **dict.fromkeys(web_ids, "")}
    return shared_with(desk.door.services, place.account, place.path, names) if web_ids else None


def _links(points: Sequence[Point], scheme: str) -> list[tuple[str, Point]]:
    return [(scheme + "".join(each.value.split()), each) for each in points]


def _form(
    desk: ContactDesk,
    place: Place,
    was: Card,
    card: Card,
    contact: Contact | None = None,
    *,
    errors: Errors | None = None,
    sent: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    return render(
        "people/form.html",
        status=status,
        place=place,
        contact=contact,
        groups=desk.index.groups(place.id) if contact is None else [],
        errors=errors or {},
        **card_form(was, card, sent),
    )


def _read(desk: ContactDesk) -> tuple[Mapping[str, str], Card, Card]:
    form = read_form(desk.door.visitor(), desk.door.services.placement.origin, long=True)
    return (form, *read_card_form(form))


def _add(desk: ContactDesk, place: Place) -> Response:
    form, was, card = _read(desk)
    if "more" in form:
        return _form(desk, place, was, card, sent=form)
    try:
        iri = desk.book.add(place.account.id, place.path, New(cleaned(card)))
        group = _group_of(desk, place, form.get("group", ""))
        if group is not None:
            _join(desk, place, group, Contact(iri, "", cleaned(card)))
    except (UnprocessableContent, *_TOLD) as error:
        return _form(desk, place, was, card, errors=_told(error), sent=form, status=error.status)
    return see_other(place.to("person", iri=iri, done="added"))


def _change(desk: ContactDesk, place: Place, contact: Contact) -> Response:
    form, was, card = _read(desk)
    if "more" in form:
        return _form(desk, place, was, card, contact, sent=form)
    try:
        now = cleaned(card, was)
        groups = desk.memberships(place, contact.iri, contact.card) if was.web_ids != now.web_ids else []
        desk.book.change(place.account.id, contact.iri, was, now)
        for group in groups:
            _leave(desk, place, group, contact)
            _join(desk, place, group, desk.book.contact(place.account.id, contact.iri))
    except (UnprocessableContent, *_TOLD) as error:
        return _form(desk, place, was, card, contact, errors=_told(error), sent=form, status=error.status)
    return see_other(place.to("person", iri=contact.iri, done="changed"))


def _told(error: PodError) -> Errors:
    found = errors_of(error) if isinstance(error, UnprocessableContent) else {"": error.detail}
    return {field: refusal(text) for field, text in found.items()}


def _delete(desk: ContactDesk, place: Place, contact: Contact) -> None:
    """Out of the groups first: whatever those had, they have no more."""
    for group in desk.memberships(place, contact.iri, contact.card):
        with suppress(NotFound):
            _leave(desk, place, group, contact)
    desk.book.remove(place.account.id, contact.iri)


def _picture_page(
    desk: ContactDesk, place: Place, contact: Contact, errors: Errors | None = None, status: int = 200
) -> Response:
    return render(
        "people/picture.html",
        status=status,
        pictures=True,
        title=_("Picture of %(name)s", name=contact.card.name),
        action=place.to("picture", iri=contact.iri),
        back=(place.to("person", iri=contact.iri), contact.card.name),
        face=Face(contact.card.name, desk.own_picture(contact.card.photo, place)),
        public=False,
        errors=errors or {},
    )


# -- groups ------------------------------------------------------------------------------------------------------------


def _group_of(desk: ContactDesk, place: Place, iri: str) -> GroupRow | None:
    return next((each for each in desk.index.groups(place.id) if iri and each.iri == iri), None)


def _join(desk: ContactDesk, place: Place, group: GroupRow, contact: Contact) -> None:
    """By the WebIDs, which access rules know; by the contact itself where there is none."""
    for member in _web_ids(contact) or [contact.iri]:
        desk.groups.add(place.account.id, group.iri, member, contact.card.name, contact.iri)


def _leave(desk: ContactDesk, place: Place, group: GroupRow, contact: Contact) -> None:
    for member in (*_web_ids(contact), contact.iri):
        desk.groups.remove(place.account.id, group.iri, member)


def _web_ids(contact: Contact) -> list[str]:
    """Those of what is said to be one that can be."""
    return [each for each in contact.card.web_ids if is_web_iri(each)]


def add_memberships(pages: Blueprint, desk: ContactDesk) -> None:
    """Being in a group, from the page of a person."""

    @pages.post(f"{CONTACTS}/<name>/join")
    def join_group(name: str) -> Response:
        return move(name, _join)

    @pages.post(f"{CONTACTS}/<name>/leave")
    def leave_group(name: str) -> Response:
        return move(name, _leave)

    def move(name: str, act: Any) -> Response:  # one of the two
        place, form = desk.place(name), desk.door.form()
        contact = _contact(desk, place, form.get("iri", ""))
        group = _group_of(desk, place, form.get("group", ""))
        if group is None:
            raise NotFound(_("There is no such group."))
        act(desk, place, group, contact)
        return see_other(place.to("person", iri=contact.iri))
