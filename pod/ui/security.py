"""What an account signs in with beside a password: passkeys, codes from an app, recovery codes.

Whoever changes any of it has signed in a moment ago. What is shown once, codes and keys, is in the answer to the form
that asked for it, for it is kept nowhere.
"""

from __future__ import annotations

import json
from contextlib import suppress

from flask import Blueprint, Response, request

from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.identity.code_app import Setup, begin_setup, finish_setup, read_setup, switch_codes_off
from pod.identity.notices import latest_events
from pod.identity.passkeys import (
    add_passkey,
    can_do_without_password,
    registration_options,
    relying_party,
    remove_passkey,
)
from pod.identity.recovery_codes import make_recovery_codes
from pod.identity.second_step import ask_for_passkey, remove_password
from pod.identity.sessions import Session
from pod.protocol.devices import device_name
from pod.store.factors import Factors
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors
from pod.ui.render import render
from pod.ui.sign_in import PASSKEY_SCRIPT

SECURITY = "/.account/security"
CODES = f"{SECURITY}/codes"
REMOVAL = f"{SECURITY}/passkey/remove"
QUIET_ZONE = 4
"""Of a QR code, in modules. Spec: ISO/IEC 18004 s6.3.8"""


def add_security(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(SECURITY)
    def security() -> Response:
        return _page(door, door.fresh_session())

    @pages.post(f"{SECURITY}/passkey")
    def new_passkey() -> Response:
        session, form = door.fresh_session(SECURITY), door.form()
        try:
            secret = door.visitor().secret
            add_passkey(services, session.account, secret, form.get("answer", ""), form.get("label", ""))
        except (UnprocessableContent, Conflict) as error:
            return _page(door, session, {"label": error.detail}, error.status)
        return see_other(f"{SECURITY}?done=passkey")


def add_passkey_removal(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(REMOVAL)
    def ask_whether_lost() -> Response:
        account = door.fresh_session().account
        state = Factors(services.store).state(account.id)
        found = Factors(services.store).passkey(request.args.get("passkey", ""))
        if found is None or found.account != account.id:
            return see_other(SECURITY)
        is_last_step = state.second_step and not state.has_codes and state.passkeys == 1
        return render("passkey_removal.html", passkey=found, is_last_step=is_last_step)

    @pages.post(REMOVAL)
    def no_passkey() -> Response:
        session, form = door.fresh_session(SECURITY), door.form()
        stay = session if form.get("lost") == "yes" else None
        try:
            with suppress(NotFound):  # the button was pressed twice
                remove_passkey(services, session.account, form.get("passkey", ""), stay=stay)
        except Conflict as error:
            return _page(door, session, {"": error.detail}, error.status)
        return see_other(f"{SECURITY}?done={'lost' if stay else 'removed'}")


def add_second_step_settings(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.post(f"{SECURITY}/step")
    def ask_or_not() -> Response:
        session, form = door.fresh_session(SECURITY), door.form()
        try:
            ask_for_passkey(services, session.account, asked=form.get("asked") == "yes")
        except Conflict as error:
            return _page(door, session, {"": error.detail}, error.status)
        return see_other(SECURITY)

    @pages.post(f"{SECURITY}/no-password")
    def no_password() -> Response:
        session = door.fresh_session(SECURITY)
        door.form()
        try:
            remove_password(services, session.account)
        except Conflict as error:
            return _page(door, session, {"": error.detail}, error.status)
        return see_other(f"{SECURITY}?done=no-password")

    @pages.post(f"{SECURITY}/recovery")
    def new_recovery_codes() -> Response:
        session = door.fresh_session(SECURITY)
        door.form()
        return _recovery_codes(door, session)


def add_codes(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(CODES)
    def show_key() -> Response:
        account = door.fresh_session().account
        return _setup_page(begin_setup(services, account))

    @pages.post(CODES)
    def take_first_code() -> Response:
        session, form = door.fresh_session(CODES), door.form()
        sealed = form.get("setup", "")
        try:
            finish_setup(services, session.account, sealed, form.get("code", ""))
        except UnprocessableContent as error:
            setup = read_setup(services, session.account, sealed)
            return _setup_page(setup, {"code": error.detail}, error.status)
        if Factors(services.store).state(session.account.id).recovery_codes:
            return see_other(f"{SECURITY}?done=codes")
        return _recovery_codes(door, session)

    @pages.post(f"{CODES}/off")
    def no_codes() -> Response:
        session = door.fresh_session(SECURITY)
        door.form()
        switch_codes_off(services, session.account)
        return see_other(SECURITY)


def _page(door: Door, session: Session, errors: Errors | None = None, status: int = 200) -> Response:
    services, account = door.services, session.account
    state = Factors(services.store).state(account.id)
    usable = relying_party(services) is not None
    options = registration_options(services, account, door.visitor().secret) if usable else None
    return render(
        "security.html",
        status=status,
        script=PASSKEY_SCRIPT if usable else "",
        options=json.dumps(options) if usable else "",
        passkeys=Factors(services.store).passkeys(account.id),
        state=state,
        has_password=account.has_password,
        may_do_without=account.has_password and can_do_without_password(state.passkeys, state.recovery_codes),
        label=device_name(session.user_agent),
        events=latest_events(services, account.id),
        done=request.args.get("done", ""),
        errors=errors or {},
    )


def _setup_page(setup: Setup, errors: Errors | None = None, status: int = 200) -> Response:
    size, path = qr_code(setup.uri)
    return render("codes.html", status=status, setup=setup, size=size, path=path, errors=errors or {})


def _recovery_codes(door: Door, session: Session) -> Response:
    codes = make_recovery_codes(door.services, session.account)
    return render("recovery_codes.html", codes=codes)


def qr_code(text: str) -> tuple[int, str]:
    """Its width in modules, and the dark ones as a path: a picture that needs no style and no URL."""
    import segno  # noqa: PLC0415 -- asked for once in the life of an account

    rows = segno.make(text, error="m", micro=False).matrix
    dark = ((x, y) for y, row in enumerate(rows) for x, module in enumerate(row) if module)
    path = "".join(f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h1v1h-1z" for x, y in dark)
    return len(rows) + 2 * QUIET_ZONE, path
