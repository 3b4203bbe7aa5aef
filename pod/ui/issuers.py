"""Which servers can sign somebody in as their WebID: their profile names them, and only here is it changed.

Adding one takes the password again, for whoever runs it can act as its owner; so does ending what is connected here.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from pod.authentication.webid import ISSUERS_PAGE
from pod.errors import Conflict, NotFound, UnprocessableContent, WrongPassword
from pod.identity.issuers import add_issuer, list_issuers, remove_issuer
from pod.identity.providers import Providers
from pod.identity.sign_in import confirm
from pod.store.accounts import Account
from pod.store.records import Actor
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors
from pod.ui.render import render

ISSUERS = f"/{ISSUERS_PAGE}"
LEAVE = f"{ISSUERS}/leave"


def add_issuers(pages: Blueprint, door: Door, providers: Providers) -> None:
    services, own = door.services, door.services.placement.base_url

    def page(
        account: Account, typed: str = "", chosen: str = "", errors: Errors | None = None, status: int = 200
    ) -> Response:
        found = list_issuers(services, account.id)
        chosen = chosen or found[0].web_id
        return render(
            "issuers.html", status=status, named=found, own=own, typed=typed, chosen=chosen, errors=errors or {}
        )

    @pages.get(ISSUERS)
    def issuers() -> Response:
        return page(door.confirmable().account)

    @pages.post(ISSUERS)
    def add() -> Response:
        session, form = door.session(), door.form()
        account = session.account
        typed, web_id = form.get("issuer", "").strip(), form.get("web_id", "")
        try:
            confirm(services, account, form.get("password", ""), authenticated_ms=session.authenticated_ms)
            add_issuer(services, providers, account, web_id, typed, by=Actor(web_id))
        except WrongPassword as error:
            return page(account, typed, web_id, {"password": error.detail}, error.status)
        except (Conflict, UnprocessableContent) as error:
            return page(account, typed, web_id, {"issuer": error.detail}, error.status)
        return see_other(ISSUERS)

    @pages.post(f"{ISSUERS}/remove")
    def remove_one() -> Response:
        account, form = door.session().account, door.form()
        web_id, issuer = form.get("web_id", ""), form.get("issuer", "")
        if issuer == own:
            return see_other(f"{LEAVE}?{urlencode({'web_id': web_id})}")
        try:
            remove_issuer(services, account, web_id, issuer, by=Actor(web_id))
        except Conflict as error:
            return page(account, "", web_id, {"": error.detail}, error.status)
        return see_other(ISSUERS)


def add_leave(pages: Blueprint, door: Door) -> None:
    services, own = door.services, door.services.placement.base_url

    def page(account: Account, web_id: str, errors: Errors | None = None, status: int = 200) -> Response:
        if web_id not in services.accounts.web_ids(account.id):
            raise NotFound("You have no such WebID.")
        return render("leave_issuer.html", status=status, web_id=web_id, own=own, errors=errors or {})

    @pages.get(LEAVE)
    def ask_leave() -> Response:
        return page(door.confirmable().account, request.args.get("web_id", ""))

    @pages.post(LEAVE)
    def leave() -> Response:
        session, form = door.session(), door.form()
        account, web_id = session.account, form.get("web_id", "")
        try:
            confirm(services, account, form.get("password", ""), authenticated_ms=session.authenticated_ms)
            remove_issuer(services, account, web_id, own, by=Actor(web_id))
        except WrongPassword as error:
            return page(account, web_id, {"password": error.detail}, error.status)
        except Conflict as error:
            return page(account, web_id, {"": error.detail}, error.status)
        return see_other(ISSUERS)
