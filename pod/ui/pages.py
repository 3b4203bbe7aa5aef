"""All pages for people, put together: sign-up, sign-in, consent, and everything under an account."""

from __future__ import annotations

from flask import Blueprint

from pod.files.previews import Previews
from pod.identity.identity import Identity
from pod.identity.organisation_provider import OrganisationProvider
from pod.index.index import Index
from pod.services import Services
from pod.sharing.people import People
from pod.ui.account import add_overview
from pod.ui.activity import add_activity
from pod.ui.address_files import add_address_files
from pod.ui.apps import add_apps, add_widen
from pod.ui.authorize import add_authorize
from pod.ui.console import add_console, add_console_invitations, add_members
from pod.ui.console_provider import add_console_provider
from pod.ui.contact_desk import ContactDesk
from pod.ui.contact_groups import add_contact_groups
from pod.ui.contacts import add_contact_changes, add_contact_pictures, add_contacts, add_memberships
from pod.ui.credentials import add_credential_changes, add_credentials
from pod.ui.data_pages import add_data
from pod.ui.departure import add_delete, add_export
from pod.ui.door import Door
from pod.ui.email_address import add_email, add_verify
from pod.ui.faces import add_faces
from pod.ui.files import add_files
from pod.ui.front import add_front
from pod.ui.handover import add_handover, add_taking_over
from pod.ui.home import add_home
from pod.ui.issuers import add_issuers, add_leave
from pod.ui.language_choice import add_language
from pod.ui.link_pages import add_link_pages
from pod.ui.links import add_links
from pod.ui.logout import add_logout
from pod.ui.member_groups import add_group_documents, add_member_groups
from pod.ui.moderation import add_moderation, add_reporting
from pod.ui.notices import add_notices
from pod.ui.notifications import add_notifications
from pod.ui.organisation import add_about, add_logo, add_mail_test, add_organisation
from pod.ui.organisation_sign_in import add_organisation_account, add_organisation_sign_in
from pod.ui.own_pod import add_first_pods
from pod.ui.password import add_password, add_reset, add_reset_link
from pod.ui.pending import Waiting
from pod.ui.people_pictures import add_people_pictures
from pod.ui.pods import add_pods
from pod.ui.posts import add_changing_posts, add_posts
from pod.ui.problems import add_problem_types
from pod.ui.profile import add_profile
from pod.ui.reach import add_reach
from pod.ui.requests import add_ask, add_requests
from pod.ui.second_step import add_second_step
from pod.ui.security import add_codes, add_passkey_removal, add_second_step_settings, add_security
from pod.ui.server_health import add_health
from pod.ui.sessions import add_sessions
from pod.ui.sharing import add_sharing
from pod.ui.sign_in import add_recovery, add_sign_in, add_sign_in_with_passkey
from pod.ui.sign_up import add_sign_up
from pod.ui.start import add_start
from pod.ui.thumbnails import add_thumbnails
from pod.ui.uploads import add_uploads

_PAGES = (
    add_people_pictures,
    add_thumbnails,
    add_language,
    add_overview,
    add_apps,
    add_widen,
    add_notifications,
    add_activity,
    add_sessions,
    add_security,
    add_passkey_removal,
    add_second_step_settings,
    add_codes,
    add_credentials,
    add_credential_changes,
    add_pods,
    add_leave,
    add_password,
    add_reset,
    add_reset_link,
    add_email,
    add_verify,
    add_export,
    add_delete,
    add_requests,
    add_ask,
    add_home,
    add_first_pods,
    add_reach,
    add_uploads,
    add_links,
    add_link_pages,
    add_console,
    add_members,
    add_console_invitations,
    add_organisation,
    add_mail_test,
    add_reporting,
    add_about,
    add_moderation,
    add_member_groups,
    add_group_documents,
    add_handover,
    add_taking_over,
    add_health,
)
"""Those that need no more than the door."""


def _picture(content: bytes, side: int) -> bytes:
    return Previews().picture(content, side)


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
    provider = OrganisationProvider(services)
    add_organisation_sign_in(made, door, waiting, provider)
    add_organisation_account(made, door, provider)
    add_console_provider(made, door, provider)
    add_issuers(made, door, identity.providers)
    add_sharing(made, door, people)
    index = Index(services)
    add_front(made, door, index)
    add_files(made, door, index)
    add_data(made, door, index)
    add_notices(made, door, index)
    add_posts(made, door, people, index, _picture)
    add_changing_posts(made, door, people, index, _picture)
    _add_people(made, people, ContactDesk(door, index, _picture))
    add_logo(made, door, _picture)
    for add in _PAGES:
        add(made, door)
    add_problem_types(made)
    return made


def _add_people(made: Blueprint, people: People, desk: ContactDesk) -> None:
    add_contacts(made, desk)
    add_contact_changes(made, desk)
    add_contact_pictures(made, desk)
    add_memberships(made, desk)
    add_contact_groups(made, desk, people)
    add_address_files(made, desk)
    add_profile(made, desk)
    add_faces(made, desk.door)
