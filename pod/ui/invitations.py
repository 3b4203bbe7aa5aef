"""The operator lets somebody in who may make a pod here."""

from __future__ import annotations

from flask import Blueprint, Response

from pod.errors import AccessDenied, Conflict, UnprocessableContent
from pod.identity.sign_up import invite, registration
from pod.mail.message import mail_enabled
from pod.ui.door import Door
from pod.ui.forms import Errors
from pod.ui.render import render

INVITATIONS = "/.account/invitations"


def add_invitations(pages: Blueprint, door: Door) -> None:
    services = door.services

    def page(url: str = "", email: str = "", errors: Errors | None = None, status: int = 200) -> Response:
        _operator(door)
        return render(
            "invitations.html",
            status=status,
            url=url,
            email=email,
            mail=mail_enabled(services.config),
            closed=registration(services) == "closed",
            days=services.config.invitation_days,
            errors=errors or {},
        )

    @pages.get(INVITATIONS)
    def invitations() -> Response:
        return page()

    @pages.post(INVITATIONS)
    def make_invitation() -> Response:
        """The link is shown in the answer itself, for it is kept nowhere."""
        _operator(door)
        email = door.form().get("email", "").strip()
        try:
            return page(invite(services, email or None), email)
        except UnprocessableContent as error:
            return page(email=email, errors={"email": error.detail}, status=error.status)
        except Conflict as error:
            return page(email=email, errors={"": error.detail}, status=error.status)


def _operator(door: Door) -> None:
    """Raises: SignInFirst, AccessDenied."""
    if not door.session().account.is_operator:
        raise AccessDenied("Only whoever runs this server invites people.")
