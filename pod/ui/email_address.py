"""The mail address of an account: naming one, and showing with a link that one reads what comes there."""

from __future__ import annotations

from flask import Blueprint, Response, request

from pod.errors import UnprocessableContent, WrongPassword
from pod.identity.recovery import find_link, set_email, verify_email
from pod.mail.message import mail_enabled
from pod.store.links import Purpose
from pod.ui.door import ACCOUNT, Door, see_other
from pod.ui.forms import Errors
from pod.ui.render import render

EMAIL = "/.account/email"
VERIFY = "/.account/verify"


def add_email(pages: Blueprint, door: Door) -> None:
    services = door.services

    def page(email: str, errors: Errors | None = None, status: int = 200) -> Response:
        sent = request.args.get("sent") == "yes"
        mail = mail_enabled(services.config)
        return render("email.html", status=status, mail=mail, email=email, sent=sent, errors=errors or {})

    @pages.get(EMAIL)
    def email() -> Response:
        return page(door.confirmable().account.email or "")

    @pages.post(EMAIL)
    def save_email() -> Response:
        session, form = door.session(), door.form()
        typed, password = form.get("email", "").strip(), form.get("password", "")
        try:
            set_email(
                services,
                session.account,
                typed or None,
                password=password,
                authenticated_ms=session.authenticated_ms,
            )
        except WrongPassword as error:
            return page(typed, {"password": error.detail}, error.status)
        except UnprocessableContent as error:
            return page(typed, {"email": error.detail}, error.status)
        sends = typed and mail_enabled(services.config)
        return see_other(f"{EMAIL}?sent=yes" if sends else f"{ACCOUNT}?done=email")


def add_verify(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(f"{VERIFY}/<token>")
    def ask_verify(token: str) -> Response:
        """Mail programs open links before people do, so a link alone confirms nothing."""
        find_link(services, token, Purpose.VERIFY)
        return render("verify.html", token=token)

    @pages.post(f"{VERIFY}/<token>")
    def verify(token: str) -> Response:
        door.form()
        verify_email(services, token)
        return see_other(f"{ACCOUNT}?done=verified" if door.visitor().session else f"{VERIFY}/done")

    @pages.get(f"{VERIFY}/done")
    def verified() -> Response:
        return render("done.html", what="verified")
