"""Client credentials: keys with which somebody's own programs use their pod.

A new one takes the password again, for it outlives the session it is made in.
"""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response

from pod.errors import Conflict, NotFound, UnprocessableContent, WrongPassword
from pod.identity.clients import create_client, list_clients, revoke_client
from pod.identity.sign_in import confirm
from pod.store.accounts import Account
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors
from pod.ui.render import render

CREDENTIALS = "/.account/credentials"


def add_credentials(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(CREDENTIALS)
    def credentials() -> Response:
        return _page(door, door.session().account)

    @pages.post(CREDENTIALS)
    def make_credential() -> Response:
        """The secret is shown in the answer itself, for it is kept nowhere."""
        account, form = door.session().account, door.form()
        label = form.get("label", "").strip()
        try:
            confirm(services, account, form.get("password", ""))
            credential, secret = create_client(services, account.name, label)
        except WrongPassword as error:
            return _page(door, account, label, {"password": error.detail}, error.status)
        except UnprocessableContent as error:
            return _page(door, account, label, {"label": error.detail}, error.status)
        except Conflict as error:
            return _page(door, account, label, {"": error.detail}, error.status)
        issuer = services.placement.base_url
        return render("credential_made.html", credential=credential, secret=secret, issuer=issuer)

    @pages.post(f"{CREDENTIALS}/revoke")
    def revoke_credential() -> Response:
        account = door.session().account
        with suppress(NotFound):  # the button was pressed twice
            revoke_client(services, account.name, door.form().get("credential", ""))
        return see_other(CREDENTIALS)


def _page(door: Door, account: Account, label: str = "", errors: Errors | None = None, status: int = 200) -> Response:
    kept = [each for each in list_clients(door.services, account.name) if each.revoked_ms is None]
    return render("credentials.html", status=status, credentials=kept, label=label, errors=errors or {})
