"""The apps somebody let in, and showing one out."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response

from pod.errors import NotFound
from pod.identity.consent import list_apps, revoke_app
from pod.ui.door import Door, see_other
from pod.ui.render import render

APPS = "/.account/apps"


def add_apps(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(APPS)
    def apps() -> Response:
        account = door.session().account
        found = list_apps(services, account.id)
        return render("apps.html", apps=found, issuer=services.placement.base_url)

    @pages.post(APPS)
    def disconnect() -> Response:
        account = door.session().account
        with suppress(NotFound):  # the button was pressed twice
            revoke_app(services, account.id, door.form().get("app", ""))
        return see_other(APPS)
