"""Client credentials: keys with which somebody's own programs use their pod, each with what it is good for.

To make one, or change what one is good for, takes the password again, for it outlives the session that is done in.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from flask import Blueprint, Response, request

from pod.errors import Conflict, NotFound, UnprocessableContent, WrongPassword
from pod.identity.ceilings import EVERYTHING, Answers, Offer, Offers, Row, as_chosen
from pod.identity.clients import change_client, client_terms, create_client, list_clients, named_client, revoke_client
from pod.identity.sign_in import confirm
from pod.protocol.ceiling import Ceiling
from pod.store.accounts import Account, ClientCredential
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors, errors_of
from pod.ui.render import render

CREDENTIALS = "/.account/credentials"
CHANGE = f"{CREDENTIALS}/change"


@dataclass(frozen=True, slots=True)
class Key:
    """A key in the list of its owner. `rows` are the places of a limited one."""

    credential: ClientCredential
    ceiling: Ceiling
    rows: tuple[Row, ...]
    ended: bool


def add_credentials(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(CREDENTIALS)
    def credentials() -> Response:
        account = door.confirmable().account
        return _page(door, account, Offers(services, account.id).make())

    @pages.post(CREDENTIALS)
    def make_credential() -> Response:
        """The secret is shown in the answer itself, for it is kept nowhere."""
        session, form = door.session(), door.form()
        account, offers = session.account, Offers(services, session.account.id)
        offer, label = offers.make(), form.get("label", "").strip()

        def again(errors: Errors, status: int) -> Response:
            return _page(door, account, as_chosen(offer, form), label=label, errors=errors, status=status)

        try:
            terms = Answers(services, offers).terms(offer, form)
            confirm(services, account, form.get("password", ""), authenticated_ms=session.authenticated_ms)
            credential, secret = create_client(services, account.name, label, terms=terms)
        except WrongPassword as error:
            return again({"password": error.detail}, error.status)
        except UnprocessableContent as error:
            return again(errors_of(error) if "field" in error.extras else {"label": error.detail}, error.status)
        except Conflict as error:
            return again({"": error.detail}, error.status)
        issuer = services.placement.base_url
        return render("credential_made.html", credential=credential, secret=secret, issuer=issuer)

    @pages.post(f"{CREDENTIALS}/revoke")
    def revoke_credential() -> Response:
        account = door.session().account
        with suppress(NotFound):  # the button was pressed twice
            revoke_client(services, account.name, door.form().get("credential", ""))
        return see_other(CREDENTIALS)


def add_credential_changes(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(CHANGE)
    def ask_change_credential() -> Response:
        account = door.confirmable().account
        credential = _standing(door, account, request.args)
        return _change_page(credential, _offer(door, account, credential))

    @pages.post(CHANGE)
    def change_credential() -> Response:
        session, form = door.session(), door.form()
        account = session.account
        credential = _standing(door, account, form)
        offer = _offer(door, account, credential)
        try:
            terms = Answers(services, Offers(services, account.id)).terms(offer, form)
            confirm(services, account, form.get("password", ""), authenticated_ms=session.authenticated_ms)
            change_client(services, account.name, credential.id, terms, seen=credential)
        except UnprocessableContent as error:
            now = _offer(door, account, _standing(door, account, form))
            return _change_page(credential, as_chosen(now, form), errors_of(error), error.status)
        except WrongPassword as error:
            return _change_page(credential, as_chosen(offer, form), {"password": error.detail}, error.status)
        return see_other(CREDENTIALS)


def _page(
    door: Door, account: Account, offer: Offer, *, label: str = "", errors: Errors | None = None, status: int = 200
) -> Response:
    services, now_ms = door.services, _now_ms(door)
    offers = Offers(services, account.id)
    kept = [each for each in list_clients(services, account.name) if each.revoked_ms is None]
    keys = [_key(offers, each, now_ms) for each in kept]
    return render("credentials.html", status=status, keys=keys, offer=offer, label=label, errors=errors or {})


def _key(offers: Offers, credential: ClientCredential, now_ms: int) -> Key:
    ceiling = credential.ceiling or EVERYTHING
    return Key(credential, ceiling, offers.told(ceiling), ended=not credential.holds(now_ms))


def _standing(door: Door, account: Account, said: Mapping[str, str]) -> ClientCredential:
    """Raises: NotFound"""
    found = named_client(door.services, account.name, said.get("credential", ""))
    if found.revoked_ms is not None:
        raise NotFound("This key was revoked.")
    return found


def _offer(door: Door, account: Account, credential: ClientCredential) -> Offer:
    return Offers(door.services, account.id).make(client_terms(credential, _now_ms(door)))


def _change_page(
    credential: ClientCredential, offer: Offer, errors: Errors | None = None, status: int = 200
) -> Response:
    return render("credential_change.html", status=status, credential=credential, offer=offer, errors=errors or {})


def _now_ms(door: Door) -> int:
    return int(door.services.clock.now() * 1000)
