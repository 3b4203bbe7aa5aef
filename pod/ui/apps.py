"""The apps somebody let in: what each may do, changing that, and showing one out.

`/.account/apps/widen` is where an app sends its person that was refused something: one question, one answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from pod.errors import BadRequest, NotFound, UnprocessableContent, WrongPassword
from pod.identity.ceilings import Answers, Offer, Offers, as_chosen, terms_of
from pod.identity.consent import change_app, connected, find_app, revoke_app
from pod.identity.sign_in import confirm
from pod.identity.widening import Widening, Widenings
from pod.store.accounts import Account
from pod.store.apps import App
from pod.store.sessions import Session
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors, errors_of
from pod.ui.render import render

APPS = "/.account/apps"
CHANGE = f"{APPS}/change"
WIDEN = f"{APPS}/widen"
PROGRAMS_CHANGE = "/.account/credentials/change"


def add_apps(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(APPS)
    def apps() -> Response:
        account = door.session().account
        return render("apps.html", apps=connected(services, account.id), issuer=services.placement.base_url)

    @pages.post(APPS)
    def disconnect() -> Response:
        account = door.session().account
        with suppress(NotFound):  # the button was pressed twice
            revoke_app(services, account.id, door.form().get("app", ""))
        return see_other(APPS)

    @pages.get(CHANGE)
    def ask_app_change() -> Response:
        account = door.session().account
        app = find_app(services, account.id, request.args.get("app", ""))
        return _change_page(app, _offer(door, account, app))

    @pages.post(CHANGE)
    def app_change() -> Response:
        account, form = door.session().account, door.form()
        app = find_app(services, account.id, form.get("app", ""))
        offer = _offer(door, account, app)
        try:
            terms = Answers(services, Offers(services, account.id)).terms(offer, form)
            change_app(services, account.id, app.id, terms, seen=app)
        except UnprocessableContent as error:
            now = _offer(door, account, find_app(services, account.id, app.id))
            return _change_page(app, as_chosen(now, form), errors_of(error), error.status)
        return see_other(APPS)


def _offer(door: Door, account: Account, app: App) -> Offer:
    now_ms = int(door.services.clock.now() * 1000)
    return Offers(door.services, account.id).make(terms_of(app, now_ms))


def _change_page(app: App, offer: Offer, errors: Errors | None = None, status: int = 200) -> Response:
    return render("app_change.html", status=status, app=app, offer=offer, errors=errors or {})


def add_widen(pages: Blueprint, door: Door) -> None:
    @pages.get(WIDEN)
    def ask_widen() -> Response:
        account = door.session().account
        widening = _asked(door, account, {name: request.args.get(name, "") for name in _ASKED})
        if widening.unlimited and not widening.has_it:
            return see_other(_where_unlimited(widening))
        if widening.is_program:
            door.confirmable()
        return _widen_page(widening, request.args)

    @pages.post(WIDEN)
    def widen() -> Response:
        session, form = door.session(), door.form()
        widening = _asked(door, session.account, form)
        match form.get("answer"):
            case "allow":
                try:
                    _allow(door, session, widening, form)
                except WrongPassword as error:
                    return _widen_page(widening, form, {"password": error.detail}, error.status)
            case "refuse":
                pass
            case _:
                raise BadRequest("The answer is allow or refuse.")
        return render("widened.html", widening=widening, allowed=form["answer"] == "allow")


def _widen_page(
    widening: Widening, said: Mapping[str, str], errors: Errors | None = None, status: int = 200
) -> Response:
    asked = {name: said.get(name, "") for name in _ASKED}
    place = said.get("place", widening.places[0].path)
    page = render("widen.html", status=status, widening=widening, asked=asked, place=place, errors=errors or {})
    page.headers["Cross-Origin-Opener-Policy"] = "same-origin"  # the app that opened it cannot exchange it for another
    return page


_ASKED = ("client", "resource", "modes")


def _asked(door: Door, account: Account, said: Mapping[str, str]) -> Widening:
    """Raises: NotFound, BadRequest"""
    return Widenings(door.services, account).asked(*(said.get(name, "") for name in _ASKED))


def _allow(door: Door, session: Session, widening: Widening, form: Mapping[str, str]) -> None:
    """What a program may do outlives the session, so that takes the password.

    Raises: WrongPassword, TooManyRequests, BadRequest, NotFound
    """
    if widening.is_program:
        confirm(door.services, session.account, form.get("password", ""), authenticated_ms=session.authenticated_ms)
    Widenings(door.services, session.account).allow(widening, form.get("place", ""))


def _where_unlimited(widening: Widening) -> str:
    """Whoever may do everything, and not change who has access, is given that on the page for everything."""
    if widening.app is not None:
        return f"{CHANGE}?{urlencode({'app': widening.app})}"
    return f"{PROGRAMS_CHANGE}?{urlencode({'credential': widening.client})}"
