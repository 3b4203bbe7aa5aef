"""Signing up: one form makes an account, its WebID and its pod. The first account is the operator's.

Who may sign up is a setting. Where others can reach a server that has no account yet, the first one takes an invitation
too, which `freehold account invite` prints: or the first stranger to come by would be the operator.

Names are public, so a taken one is told. Mail addresses are not: one that somebody else has is taken like any other,
stays unverified, and is nobody's way in until whoever reads its mail says so.
"""

from __future__ import annotations

import secrets
from typing import Literal

from pod.authentication.credentials import digest
from pod.errors import Conflict, LinkExpired, RegistrationClosed
from pod.identity.accounts import check_email, check_free, check_name, check_password, make_account
from pod.identity.attempts import Allowance, spend
from pod.identity.outgoing_mail import INVITATION_PATH
from pod.identity.recovery import ask_to_verify
from pod.mail.message import mail_enabled
from pod.protocol.addresses import network_of
from pod.protocol.placement import is_private
from pod.services import Services
from pod.store.accounts import Account, Accounts
from pod.store.interface import Queries, Writer
from pod.store.links import Link, Links, Purpose
from pod.store.mail import MailKind
from pod.store.organisation import organisation
from pod.store.records import SERVER

TOKEN_CHARACTERS_MAX = 100
INVITATIONS_MAX = 1_000
SIGN_UPS = Allowance("sign up", 10, 3600)
_DAY_MS = 24 * 3600 * 1000

Registration = Literal["first", "open", "invitation", "closed"]


def registration(services: Services) -> Registration:
    """How somebody may sign up now. "first": anybody, as the operator, on a server that only this machine can reach;
    elsewhere the first one needs an invitation, whatever the setting.
    """
    return _registration(services, services.store)


def _registration(services: Services, queries: Queries) -> Registration:
    if Accounts(queries).any():
        return organisation(queries).registration or services.config.registration
    return "first" if is_private(services.config.base_url, services.config.host) else "invitation"


def sign_up(
    services: Services,
    name: str,
    password: str,
    email: str | None,
    *,
    invitation: str | None = None,
    address: str,
    language: str = "",
) -> Account:
    """A new account with its WebID and pod. `address` is `effective_address` of the request, `language`
    that of the page.

    Raises: RegistrationClosed -- also without an invitation where it takes one; LinkExpired -- an invitation that is no
        longer one; UnprocessableContent, Conflict -- see `create_account`; TooManyRequests; Busy
    """
    email = email or None
    _admit(services, services.store, invitation)
    check_name(services.config, name)
    check_free(services, services.store, name)
    if email is not None:
        check_email(email)
    check_password(services.config, name, password)
    with services.store.write(SERVER) as tx:
        spend(services, tx, SIGN_UPS, network_of(address))
    password_hash = services.passwords.hash(password)
    with services.store.write(SERVER) as tx:
        link = _taken(services, tx, invitation)
        verified = link is not None and link.email is not None and email is not None and _same(link.email, email)
        account = make_account(services, tx, name, email, password_hash, email_verified=verified)
        if language:
            services.accounts.set_language(tx, account.id, language)
        if email is not None and not verified:
            ask_to_verify(services, tx, account, email)
    return account


def invite(services: Services, email: str | None = None) -> str:
    """The URL of a new invitation, good for one account. With a mail address it is mailed too, if mail can be sent; the
    one in the mail is another, and the first of both to be used ends the other.

    Raises: Conflict -- registration is closed; UnprocessableContent -- not a mail address.
    """
    check_invites(services)
    if email is not None:
        check_email(email)
    token = secrets.token_urlsafe(32)
    with services.store.write(SERVER) as tx:
        invite_within(services, tx, email, token)
    return f"{services.config.base_url}{INVITATION_PATH}{token}"


def check_invites(services: Services) -> None:
    """Raises: Conflict -- registration is closed."""
    if registration(services) == "closed":
        raise Conflict("Registration is closed. Set registration to invitation, or make the account yourself.")


def invite_within(services: Services, tx: Writer, email: str | None, token: str) -> None:
    """Raises: Conflict -- too many are open."""
    if len(Links(tx).invitations(tx.now_ms)) >= INVITATIONS_MAX:
        raise Conflict("There are very many open invitations. Wait until some were used, or are too old.")
    lifetime_ms = services.config.invitation_days * _DAY_MS
    services.links.create(tx, digest(token), Purpose.INVITATION, account=None, email=email, lifetime_ms=lifetime_ms)
    if email is not None and mail_enabled(services.config):
        services.outbox.add(tx, MailKind.INVITATION, email, None)


def find_invitation(services: Services, token: str) -> Link | None:
    """An invitation that is still good, for the page to show whom it is for."""
    if len(token) > TOKEN_CHARACTERS_MAX:
        return None
    return services.links.find(digest(token), Purpose.INVITATION, int(services.clock.now() * 1000))


def _admit(services: Services, queries: Queries, invitation: str | None) -> None:
    """Asked before any work is done, and again in the transaction, where it counts.

    Raises: RegistrationClosed, LinkExpired
    """
    how = _registration(services, queries)
    if how == "closed":
        raise RegistrationClosed("Registration is closed on this server. Its operator can make you an account.")
    if how == "invitation" and not invitation:
        raise RegistrationClosed("Signing up here takes an invitation. Its operator can make you one.")
    if invitation and find_invitation(services, invitation) is None:
        raise LinkExpired("This invitation was used before, or is too old. Ask for a new one.")


def _taken(services: Services, tx: Writer, invitation: str | None) -> Link | None:
    """The invitation, used up. Raises: RegistrationClosed -- somebody else was first; LinkExpired"""
    _admit(services, tx, invitation)
    if not invitation:
        return None
    link = services.links.take(tx, digest(invitation), Purpose.INVITATION)
    if link.email is not None:
        services.links.remove_invitations_to(tx, link.email)
    return link


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
