"""Signing in and out of the pages: with a password, with a passkey, or with a recovery code where there is neither.

The answer to an unknown name is that to a wrong password. After signing in, one goes on to a page of ours or to an app
whose request was checked, never to a place that a link names.

Spec: RFC 9700 s4.11; WebAuthn Level 3 s14.6.2
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, request

from pod.errors import ForeignForm, WrongPassword
from pod.identity.passkeys import relying_party, sign_in_options, sign_in_with_passkey
from pod.identity.second_step import sign_in_with_recovery_code
from pod.identity.sign_in import sign_in
from pod.identity.sign_up import registration
from pod.store.outside import provider_settings
from pod.ui.door import SIGN_IN, Door, local, see_other
from pod.ui.forms import STALE, Errors, read_fields
from pod.ui.pending import Waiting
from pod.ui.render import render
from pod.ui.sign_up import SIGN_UP

SIGNED_OUT = "/.account/signed-out"
PASSKEY = f"{SIGN_IN}/passkey"
RECOVERY = f"{SIGN_IN}/recovery"
PASSKEY_SCRIPT = "passkeys.js"


def add_sign_in(pages: Blueprint, door: Door, waiting: Waiting) -> None:
    services = door.services

    @pages.get(SIGN_IN)
    def ask_password() -> Response:
        sent = SignIn.linked(request.args)
        if not services.accounts.any():
            return see_other(SIGN_UP)
        if door.visitor().session and not sent.request and not sent.again:
            return see_other(local(sent.next))
        return _form(door, waiting, sent)

    @pages.post(SIGN_IN)
    def take_password() -> Response:
        try:
            form = door.form()
        except ForeignForm as error:  # as if its page had been opened anew: nothing that was typed counts
            return _form(door, waiting, SignIn.linked(dict(read_fields())), {"": STALE}, error.status)
        sent = SignIn.of(form)
        try:
            account = sign_in(services, sent.name, form.get("password", ""), door.address())
        except WrongPassword as error:
            return _form(door, waiting, sent, {"": error.detail}, error.status)
        return door.let_in(account, sent.onward(waiting))

    @pages.post("/.account/sign-out")
    def sign_out() -> Response:
        door.form()
        return door.let_out(SIGNED_OUT)

    @pages.get(SIGNED_OUT)
    def signed_out() -> Response:
        return render("done.html", what="signed-out")


def add_sign_in_with_passkey(pages: Blueprint, door: Door, waiting: Waiting) -> None:
    services = door.services

    @pages.get(PASSKEY)
    def other_ways_in() -> Response:
        sent, usable = SignIn.linked(request.args), relying_party(services) is not None
        return render("sign_in_passkey.html", usable=usable, request=sent.request, next=sent.next)

    @pages.post(PASSKEY)
    def take_passkey() -> Response:
        form = door.form()
        sent, secret = SignIn.of(form), door.visitor().secret
        try:
            account, passkey = sign_in_with_passkey(services, form.get("answer", ""), secret, door.address())
        except WrongPassword as error:
            return _form(door, waiting, sent, {"": error.detail}, error.status)
        return door.welcome(account, sent.onward(waiting), passkey=passkey)


def add_recovery(pages: Blueprint, door: Door, waiting: Waiting) -> None:
    services = door.services

    def page(sent: SignIn, errors: Errors | None = None, status: int = 200) -> Response:
        return render(
            "sign_in_recovery.html",
            status=status,
            form_targets=waiting.targets(sent.request),
            name=sent.name,
            request=sent.request,
            next=sent.next,
            errors=errors or {},
        )

    @pages.get(RECOVERY)
    def ask_recovery_code() -> Response:
        return page(SignIn.linked(request.args))

    @pages.post(RECOVERY)
    def take_recovery_code() -> Response:
        form = door.form()
        sent = SignIn.of(form)
        try:
            account = sign_in_with_recovery_code(services, sent.name, form.get("code", ""), door.address())
        except WrongPassword as error:
            return page(sent, {"": error.detail}, error.status)
        return door.welcome(account, sent.onward(waiting))


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the form holds, but for the password, which is never given back."""

    name: str
    request: str
    next: str
    again: bool = False

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> SignIn:
        return cls(fields.get("name", "").strip(), fields.get("request", ""), fields.get("next", ""))

    @classmethod
    def linked(cls, query: Mapping[str, str]) -> SignIn:
        """A link says what waits, and whether the person is known; it fills in nothing for them."""
        return cls("", query.get("request", ""), query.get("next", ""), query.get("again") == "yes")

    def onward(self, waiting: Waiting) -> str:
        """Where one goes once one is in."""
        return waiting.path(self.request) if self.request else local(self.next)


def _form(door: Door, waiting: Waiting, sent: SignIn, errors: Errors | None = None, status: int = 200) -> Response:
    pending = waiting.read(sent.request)
    account = door.visitor().account
    known = account.name if account and sent.again else ""
    hint = known or (pending and pending.login_hint) or ""
    with_passkeys = relying_party(door.services) is not None
    return render(
        "sign_in.html",
        status=status,
        form_targets=waiting.targets(sent.request),
        script=PASSKEY_SCRIPT if with_passkeys else "",
        options=json.dumps(sign_in_options(door.services, door.visitor().secret)) if with_passkeys else "",
        name=sent.name or hint,
        request=sent.request,
        next=sent.next,
        app=pending.client.name if pending else "",
        again=bool(known),
        organisation=organisation.label if (organisation := provider_settings(door.services.store)) else "",
        may_sign_up=registration(door.services) in {"first", "open"},
        errors=errors or {},
    )
