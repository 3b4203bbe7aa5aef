"""Who is told of changes: the channels of an account and those on its pods, and ending one."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response

from pod.errors import NotFound
from pod.identity.clients import list_clients
from pod.identity.consent import list_apps
from pod.notifications.overview import end_channel, list_channels
from pod.ui.door import Door, see_other
from pod.ui.render import render

NOTIFICATIONS = "/.account/notifications"


def add_notifications(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(NOTIFICATIONS)
    def notifications() -> Response:
        account = door.session().account
        names = {app.client: app.name for app in list_apps(services, account.id)}
        names |= {program.id: program.label or program.id for program in list_clients(services, account.name)}
        return render("notifications.html", overview=list_channels(services, account.id), names=names)

    @pages.post(NOTIFICATIONS)
    def stop() -> Response:
        account = door.session().account
        with suppress(NotFound):  # the button was pressed twice
            end_channel(services, account.id, door.form().get("channel", ""))
        return see_other(NOTIFICATIONS)
