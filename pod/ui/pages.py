"""All pages for people, put together: sign-up, sign-in, consent, and everything under an account."""

from __future__ import annotations

from flask import Blueprint

from pod.identity.identity import Identity
from pod.services import Services
from pod.sharing.people import People
from pod.ui.account import add_overview
from pod.ui.activity import add_activity
from pod.ui.apps import add_apps, add_widen
from pod.ui.authorize import add_authorize
from pod.ui.credentials import add_credential_changes, add_credentials
from pod.ui.departure import add_delete, add_export
from pod.ui.door import Door
from pod.ui.email_address import add_email, add_verify
from pod.ui.groups import add_groups, add_leaving_groups
from pod.ui.home import add_home
from pod.ui.invitations import add_invitations
from pod.ui.issuers import add_issuers, add_leave
from pod.ui.link_pages import add_link_pages
from pod.ui.links import add_links
from pod.ui.logout import add_logout
from pod.ui.notifications import add_notifications
from pod.ui.password import add_password, add_reset, add_reset_link
from pod.ui.pending import Waiting
from pod.ui.pods import add_pods
from pod.ui.problems import add_problem_types
from pod.ui.requests import add_ask, add_requests
from pod.ui.second_step import add_second_step
from pod.ui.security import add_codes, add_passkey_removal, add_second_step_settings, add_security
from pod.ui.sessions import add_sessions
from pod.ui.sharing import add_sharing
from pod.ui.sign_in import add_recovery, add_sign_in, add_sign_in_with_passkey
from pod.ui.sign_up import add_sign_up
from pod.ui.start import add_start


def pages(services: Services, identity: Identity) -> Blueprint:
    """Routes on the base URL."""
    made = Blueprint("pages", __name__)
    door = Door(services)
    waiting = Waiting(identity.authorization, door.address)
    people = People(services)
    door.watch(made)
    add_start(made, door, waiting)
    add_sign_up(made, door, waiting)
    add_sign_in(made, door, waiting)
    add_sign_in_with_passkey(made, door, waiting)
    add_recovery(made, door, waiting)
    add_second_step(made, door, waiting)
    add_authorize(made, door, waiting, identity.authorization)
    add_logout(made, door, identity)
    add_overview(made, door)
    add_apps(made, door)
    add_widen(made, door)
    add_notifications(made, door)
    add_activity(made, door)
    add_sessions(made, door)
    add_security(made, door)
    add_passkey_removal(made, door)
    add_second_step_settings(made, door)
    add_codes(made, door)
    add_credentials(made, door)
    add_credential_changes(made, door)
    add_pods(made, door)
    add_issuers(made, door, identity.providers)
    add_leave(made, door)
    add_password(made, door)
    add_reset(made, door)
    add_reset_link(made, door)
    add_email(made, door)
    add_verify(made, door)
    add_invitations(made, door)
    add_export(made, door)
    add_delete(made, door)
    add_requests(made, door)
    add_ask(made, door)
    add_home(made, door)
    add_sharing(made, door, people)
    add_groups(made, door, people)
    add_leaving_groups(made, door)
    add_links(made, door)
    add_link_pages(made, door)
    add_problem_types(made)
    return made
