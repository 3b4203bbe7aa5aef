"""Another password: with the old one, or with a link that came by mail.

Spec: A Well-Known URL for Changing Passwords
"""

from __future__ import annotations

from flask import Blueprint, Response

from pod.errors import UnprocessableContent, WrongPassword
from pod.identity.recovery import change_password, find_link, request_reset, reset_with_link
from pod.mail.message import mail_enabled
from pod.store.links import Purpose
from pod.ui.door import ACCOUNT, Door, see_other
from pod.ui.forms import Errors
from pod.ui.render import render
from pod.ui.sign_up import password_minimum

PASSWORD = "/.account/password"  # noqa: S105 -- a path
RESET = "/.account/reset"
DONE = f"{ACCOUNT}?done=password"


def add_password(pages: Blueprint, door: Door) -> None:
    services = door.services

    def page(errors: Errors | None = None, status: int = 200) -> Response:
        minimum = password_minimum(services.config)
        return render("password.html", status=status, minimum=minimum, errors=errors or {})

    @pages.get("/.well-known/change-password")
    def known_to_password_managers() -> Response:
        return see_other(PASSWORD)

    @pages.get(PASSWORD)
    def password() -> Response:
        door.confirmable()
        return page()

    @pages.post(PASSWORD)
    def save_password() -> Response:
        session, form = door.session(), door.form()
        old, new = form.get("old", ""), form.get("password", "")
        try:
            account = change_password(services, session.account, old, new, keep=session)
        except WrongPassword as error:
            return page({"old": error.detail}, error.status)
        except UnprocessableContent as error:
            return page({"password": error.detail}, error.status)
        return door.welcome(account, DONE, expected=True)


def add_reset(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(RESET)
    def forgotten() -> Response:
        return render("reset.html", mail=mail_enabled(services.config), sent=False)

    @pages.post(RESET)
    def send_link() -> Response:
        """Says the same whether there is such an account or not."""
        request_reset(services, door.form().get("name", ""), door.address())
        return see_other(f"{RESET}/sent")

    @pages.get(f"{RESET}/sent")
    def link_sent() -> Response:
        return render("reset.html", mail=True, sent=True)


def add_reset_link(pages: Blueprint, door: Door) -> None:
    services = door.services

    def page(token: str, errors: Errors | None = None, status: int = 200) -> Response:
        """For somebody who can read the mail of the account, so it may be named."""
        link = find_link(services, token, Purpose.RESET)
        assert link.account is not None
        owner = services.accounts.by_id(link.account)
        minimum = password_minimum(services.config)
        return render("reset_link.html", status=status, token=token, owner=owner, minimum=minimum, errors=errors or {})

    @pages.get(f"{RESET}/<token>")
    def follow_link(token: str) -> Response:
        return page(token)

    @pages.post(f"{RESET}/<token>")
    def take_link(token: str) -> Response:
        chosen = door.form().get("password", "")
        try:
            account = reset_with_link(services, token, chosen, door.address())
        except UnprocessableContent as error:
            return page(token, {"password": error.detail}, error.status)
        return door.let_in(account, DONE, expected=True)
