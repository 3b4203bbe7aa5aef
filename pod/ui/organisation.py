"""What an organisation says of itself: set in the console, read by everybody at `/.about/`; and how its server is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request
from markupsafe import Markup

from pod.console.members import Console
from pod.console.organisation import LOGO_BYTES_MAX, LOGO_SIDE, TEXT_CHARACTERS_MAX, save_logo, save_organisation
from pod.errors import BadRequest, Busy, ContentTooLarge, NotFound, UnprocessableContent, UnsupportedMediaType
from pod.mail.message import mail_enabled
from pod.operator.mail import check_mail
from pod.posts.cleaning import cleaned
from pod.posts.markdown import to_html
from pod.store.organisation import Organisation, organisation
from pod.ui.console import CONSOLE
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors, errors_of
from pod.ui.one_file import OneFile
from pod.ui.render import render

ORGANISATION = f"{CONSOLE}organisation"
MAIL = f"{CONSOLE}mail"
ABOUT = "/.about/"
TEXTS = ("terms", "privacy")
LOGO = f"{ORGANISATION}/logo"
LOGO_FILE_BYTES_MAX = 5_000_000

Pictures = Callable[[bytes, int], bytes]
"""Makes a picture anew, its longer side so many pixels. Raises: UnprocessableContent -- it is none; Busy."""


def add_organisation(pages: Blueprint, door: Door) -> None:
    services = door.services

    def page(said: Organisation, errors: Errors | None = None, status: int = 200) -> Response:
        return render(
            "console/organisation.html",
            status=status,
            said=said,
            settings=services.config.registration,
            most=TEXT_CHARACTERS_MAX,
            done=request.args.get("done", ""),
            errors=errors or {},
        )

    @pages.get(ORGANISATION)
    def ask_organisation() -> Response:
        Console(services, door.session().account)
        return page(organisation(services.store))

    @pages.post(ORGANISATION)
    def change_organisation() -> Response:
        console = Console(services, door.fresh_session(ORGANISATION).account)
        form = door.form()
        said = _said(form)
        try:
            save_organisation(console, said)
        except UnprocessableContent as error:
            return page(said, errors_of(error), error.status)
        door.branding.forget()
        return see_other(f"{ORGANISATION}?done=yes")


def add_logo(pages: Blueprint, door: Door, picture: Pictures) -> None:
    """A picture for the top of each page: made anew and small, never the file that was sent."""
    services, files = door.services, OneFile(door, LOGO_FILE_BYTES_MAX)

    def page(errors: Errors | None = None, status: int = 200) -> Response:
        Console(services, door.session().account)
        return render("console/logo.html", status=status, errors=errors or {}, done=request.args.get("done", ""))

    @pages.get(LOGO)
    def ask_logo() -> Response:
        return page()

    @pages.post(LOGO)
    def change_logo() -> Response:
        console = Console(services, door.fresh_session(LOGO).account)
        try:
            fields, content = files.read()
            save_logo(console, None if "remove" in fields else _made(picture, content))
        except (BadRequest, Busy, ContentTooLarge, UnprocessableContent, UnsupportedMediaType) as error:
            return page({"picture": error.detail}, error.status)
        door.branding.forget()
        return see_other(f"{LOGO}?done=yes")


def _made(picture: Pictures, content: bytes) -> bytes:
    """As sharp as there is room for. Raises: UnprocessableContent, Busy."""
    if not content:
        raise UnprocessableContent("Choose a picture first.")
    made = picture(content, LOGO_SIDE)
    return made if len(made) <= LOGO_BYTES_MAX else picture(content, LOGO_SIDE // 2)


def _said(form: Mapping[str, str]) -> Organisation:
    """As typed, still to be checked. A colour input always says some colour, so a checkbox says if it counts."""
    names = ("name", "contact", "terms", "privacy", "registration", *(["accent"] if form.get("coloured") else []))
    typed: dict[str, Any] = {name: form.get(name, "").strip().replace("\r\n", "\n") for name in names}  # see above
    return Organisation(**typed)


def add_mail_test(pages: Blueprint, door: Door) -> None:
    """Whether mail goes out: one to the operator who asks, at most."""
    services = door.services

    def page(finding: object = None) -> Response:
        account = door.session().account
        Console(services, account)
        return render("console/mail.html", config=services.config, sends=mail_enabled(services.config), finding=finding)

    @pages.get(MAIL)
    def see_mail() -> Response:
        return page()

    @pages.post(MAIL)
    def try_mail() -> Response:
        account = door.session().account
        Console(services, account)
        door.form()
        return page(next(check_mail(services.config, account.email, services.clock.now())))


def add_about(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(ABOUT)
    def about() -> Response:
        said = organisation(services.store)
        return render("about.html", said=said, is_mail="@" in said.contact and "/" not in said.contact)

    @pages.get(f"{ABOUT}<text>")
    def about_text(text: str) -> Response:
        said = organisation(services.store)
        written = getattr(said, text) if text in TEXTS else ""
        if not written:
            raise NotFound("There is no such page.")
        html = cleaned(to_html(written), base=services.placement.base_url, is_own=lambda _: False)
        return render("about_text.html", which=text, text=Markup(html))  # noqa: S704 -- cleaned
