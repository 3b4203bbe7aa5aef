"""The browsers in which somebody is signed in, and signing out: of one of them, or of all, with the apps."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response

from pod.errors import NotFound
from pod.identity.sessions import end_everywhere, list_sessions, revoke_session
from pod.protocol.devices import device
from pod.ui.door import Door, see_other
from pod.ui.render import render
from pod.ui.sign_in import SIGNED_OUT

SESSIONS = "/.account/sessions"


def add_sessions(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(SESSIONS)
    def sessions() -> Response:
        session = door.session()
        found = [(each, device(each.user_agent)) for each in list_sessions(services, session.account.id)]
        return render("sessions.html", sessions=found, current=session.id)

    @pages.post(SESSIONS)
    def end_one() -> Response:
        session = door.session()
        chosen = door.form().get("session", "")
        with suppress(NotFound):  # the button was pressed twice
            revoke_session(services, session.account.id, chosen)
        return door.forget(see_other(SIGNED_OUT)) if chosen == session.id else see_other(SESSIONS)

    @pages.post(f"{SESSIONS}/all")
    def end_all() -> Response:
        session = door.session()
        door.form()
        end_everywhere(services, session.account.id)
        return door.forget(see_other(SIGNED_OUT))
