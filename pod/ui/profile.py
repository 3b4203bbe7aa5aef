"""`/.profile/`: what somebody shows of themselves, to everyone: seen as others see it, and changed.

Spec: WebID Profile #webid-profile-data-model
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from pod.errors import (
    BadRequest,
    Conflict,
    ContentTooLarge,
    PodError,
    QuotaExceeded,
    UnprocessableContent,
    UnsupportedMediaType,
)
from pod.people.card import Card, cleaned
from pod.people.profile import Profile, Profiles
from pod.sharing.audiences import EVERYONE, Level
from pod.sharing.sharing import Sharing
from pod.store.interface import Writer
from pod.ui.card_form import card_form, read_card_form
from pod.ui.contact_desk import ContactDesk, Face, Place
from pod.ui.contacts import PICTURE_BYTES_MAX, made_anew
from pod.ui.door import see_other
from pod.ui.forms import Errors, errors_of, read_form
from pod.ui.language import gettext as _
from pod.ui.one_file import OneFile
from pod.ui.refusals import refusal
from pod.ui.render import render

PROFILE = "/.profile"
_TOLD = (Conflict, ContentTooLarge, QuotaExceeded)


def add_profile(pages: Blueprint, desk: ContactDesk) -> None:
    sharing = Sharing(desk.door.services)

    def show_to_all(tx: Writer, account: int, path: str) -> None:
        sharing.share_within(tx, account, path, EVERYONE, Level.READ)

    profiles = Profiles(desk.door.services, show_to_all)

    @pages.get(f"{PROFILE}/<name>/")
    def profile(name: str) -> Response:
        place = desk.place(name, fresh=False)
        found = profiles.profile(place.account.id, place.path)
        return _page(desk, place, found, found.card)

    @pages.post(f"{PROFILE}/<name>/")
    def change_profile(name: str) -> Response:
        place = desk.place(name, fresh=False)
        found = profiles.profile(place.account.id, place.path)
        form = read_form(desk.door.visitor(), desk.door.services.placement.origin, long=True)
        was, card = read_card_form(form)
        if "more" in form:
            return _page(desk, place, found, card, was=was, sent=form)
        try:
            profiles.change(place.account.id, found.web_id, was, cleaned(card, was))
        except (UnprocessableContent, *_TOLD) as error:
            return _page(desk, place, found, card, was=was, errors=_told(error), sent=form, status=error.status)
        return see_other(f"{PROFILE}/{name}/?done=saved")

    add_picture(pages, desk, profiles)


def add_picture(pages: Blueprint, desk: ContactDesk, profiles: Profiles) -> None:
    files = OneFile(desk.door, PICTURE_BYTES_MAX)

    @pages.get(f"{PROFILE}/<name>/picture")
    def profile_picture(name: str) -> Response:
        place = desk.place(name, fresh=False)
        return _picture(desk, place, profiles.profile(place.account.id, place.path))

    @pages.post(f"{PROFILE}/<name>/picture")
    def change_profile_picture(name: str) -> Response:
        place = desk.place(name, fresh=False)
        found = profiles.profile(place.account.id, place.path)
        try:
            fields, content = files.read()
            made = made_anew(desk, content, removes="remove" in fields)
            profiles.change(place.account.id, found.web_id, found.card, found.card, made)
        except (BadRequest, UnprocessableContent, UnsupportedMediaType, *_TOLD) as error:
            return _picture(desk, place, found, {"picture": refusal(error.detail)}, error.status)
        return see_other(f"{PROFILE}/{name}/?done=saved")


def _page(
    desk: ContactDesk,
    place: Place,
    profile: Profile,
    card: Card,
    *,
    was: Card | None = None,
    errors: Errors | None = None,
    sent: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    return render(
        "people/profile.html",
        status=status,
        pictures=True,
        place=place,
        profile=profile,
        face=Face(profile.card.name, desk.own_picture(profile.card.photo, place)),
        done=request.args.get("done", ""),
        errors=errors or {},
        **card_form(was or profile.card, card, sent),
    )


def _picture(
    desk: ContactDesk, place: Place, profile: Profile, errors: Errors | None = None, status: int = 200
) -> Response:
    return render(
        "people/picture.html",
        status=status,
        pictures=True,
        title=_("Your picture"),
        action=f"{PROFILE}/{place.name}/picture",
        back=(f"{PROFILE}/{place.name}/", _("Your profile")),
        face=Face(profile.card.name, desk.own_picture(profile.card.photo, place)),
        public=True,
        errors=errors or {},
    )


def _told(error: PodError) -> Errors:
    found = errors_of(error) if isinstance(error, UnprocessableContent) else {"": error.detail}
    return {field: refusal(text) for field, text in found.items()}
