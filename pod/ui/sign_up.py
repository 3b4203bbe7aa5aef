"""The one form that makes account, WebID and pod.

Names are public, so a taken one is told; mail addresses are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from pod.authentication.credentials import PASSWORD_CHARACTERS_MIN
from pod.config import Config
from pod.errors import (
    Conflict,
    ForeignForm,
    LinkExpired,
    RegistrationClosed,
    TooManyRequests,
    UnprocessableContent,
    WrongPassword,
)
from pod.identity.accounts import check_email, check_name, check_password
from pod.identity.sign_in import sign_in
from pod.identity.sign_up import find_invitation, registration, sign_up
from pod.protocol.placement import Placement
from pod.store.accounts import Account
from pod.ui.door import Door
from pod.ui.forms import STALE, Errors, read_fields
from pod.ui.language import spoken
from pod.ui.pending import Waiting
from pod.ui.render import render

SIGN_UP = "/.account/sign-up"
READY = "/.account/ready"


def add_sign_up(pages: Blueprint, door: Door, waiting: Waiting) -> None:
    services = door.services

    @pages.get(SIGN_UP)
    def ask_name() -> Response:
        return _opened(door, waiting, request.args)

    @pages.post(SIGN_UP)
    def make_pod() -> Response:
        try:
            sent = SignUp.of(door.form())
        except ForeignForm as error:  # as if its page had been opened anew: nothing that was typed counts
            return _opened(door, waiting, dict(read_fields()), {"": STALE}, error.status)
        errors = wrong_fields(services.config, sent)
        if errors:
            return sign_up_form(door, waiting, sent, errors, UnprocessableContent.status)
        try:
            account = sign_up(
                services,
                sent.name,
                sent.password,
                sent.email or None,
                invitation=sent.invitation or None,
                address=door.address(),
                language=spoken(),
            )
        except (Conflict, RegistrationClosed, LinkExpired) as error:
            known = _made_before(door, sent)
            if known is None:
                return _not_made(door, waiting, sent, error)
            return door.let_in(known, _onward(waiting, sent))
        return door.let_in(account, _onward(waiting, sent), expected=True)


def _onward(waiting: Waiting, sent: SignUp) -> str:
    return waiting.path(sent.request) if sent.request else READY


def _opened(
    door: Door, waiting: Waiting, link: Mapping[str, str], errors: Errors | None = None, status: int = 200
) -> Response:
    """A link fills in nothing but what its invitation says: a stranger's mail address would be a way in."""
    token, how = link.get("invitation", ""), registration(door.services)
    invitation = find_invitation(door.services, token)
    if how == "closed" or (how == "invitation" and invitation is None):
        return sign_up_refused(door, is_spent=bool(token))
    sent = SignUp(
        email=(invitation and invitation.email) or "",
        invitation=token if invitation else "",
        request=link.get("request", ""),
    )
    return sign_up_form(door, waiting, sent, errors, status)


def _made_before(door: Door, sent: SignUp) -> Account | None:
    """Who pressed the button twice has made the account with the first press. A guess here counts as one at sign-in."""
    try:
        return sign_in(door.services, sent.name, sent.password, door.address())
    except (WrongPassword, TooManyRequests):
        return None


def _not_made(
    door: Door, waiting: Waiting, sent: SignUp, error: Conflict | RegistrationClosed | LinkExpired
) -> Response:
    if isinstance(error, Conflict):
        return sign_up_form(door, waiting, sent, {"name": error.detail}, error.status)
    return sign_up_refused(door, is_spent=isinstance(error, LinkExpired))


@dataclass(frozen=True, slots=True)
class SignUp:
    """What the form holds."""

    name: str = ""
    password: str = ""
    email: str = ""
    invitation: str = ""
    request: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> SignUp:
        """A phone writes names with a capital letter, and nobody means the space at the end."""
        return cls(
            name=fields.get("name", "").strip().lower(),
            password=fields.get("password", ""),
            email=fields.get("email", "").strip(),
            invitation=fields.get("invitation", ""),
            request=fields.get("request", ""),
        )


def wrong_fields(config: Config, sent: SignUp) -> Errors:
    """Everything that is wrong with what somebody typed, at once."""
    checks: dict[str, Callable[[], None]] = {
        "name": lambda: check_name(config, sent.name),
        "password": lambda: check_password(config, sent.name, sent.password),
    }
    if sent.email:
        checks["email"] = lambda: check_email(sent.email)
    return {field: text for field, check in checks.items() if (text := complaint(check))}


def complaint(check: Callable[[], None]) -> str:
    """What a check says against a value, or nothing."""
    try:
        check()
    except (Conflict, UnprocessableContent) as error:
        return error.detail
    return ""


def password_minimum(config: Config) -> int:
    return 1 if config.dev else PASSWORD_CHARACTERS_MIN


def around_name(placement: Placement) -> dict[str, Any]:
    """What stands before and after a pod's name in its address."""
    if placement.kind == "subdomain":
        return {"before": "", "after": f".{placement.authority}"}
    return {"before": f"{placement.authority}/", "after": ""}


def sign_up_form(
    door: Door, waiting: Waiting, sent: SignUp, errors: Errors | None = None, status: int = 200
) -> Response:
    config, placement = door.services.config, door.services.placement
    return render(
        "sign_up.html",
        status=status,
        form_targets=waiting.targets(sent.request),
        first=not door.services.accounts.any(),
        name=sent.name,
        email=sent.email,
        invitation=sent.invitation,
        request=sent.request,
        fixed_name=config.root_name if placement.kind == "root" else "",
        minimum=password_minimum(config),
        errors=errors or {},
        **around_name(placement),
    )


def sign_up_refused(door: Door, *, is_spent: bool = False) -> Response:
    """Why this visitor cannot sign up. `is_spent`: they came with an invitation, but it is none any more."""
    why = registration(door.services) if door.services.accounts.any() else "first"
    return render("no_sign_up.html", status=RegistrationClosed.status, why=why, bad_invitation=is_spent)
