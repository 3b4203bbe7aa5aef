"""Ways back in, and what they stand on: new passwords, verified mail addresses, links that work once.

A link for a new password goes to a verified address only. Anyone may name any address, and whoever mistyped theirs
would otherwise hand their account to a stranger, who need only ask for a new password.

Spec: NIST SP 800-63B s6.1.2.3; OWASP ASVS 2.5
"""

from __future__ import annotations

from pod.authentication.credentials import digest
from pod.errors import Conflict, LinkExpired
from pod.identity.accounts import check_email, forget_links, hashed, put_password
from pod.identity.attempts import Allowance, count, spend
from pod.identity.notices import tell_old_address, tell_owner
from pod.identity.sessions import Session, end_sessions
from pod.identity.sign_in import as_typed, check_unchanged, confirm, find
from pod.mail.message import mail_enabled
from pod.protocol.addresses import network_of
from pod.services import Services
from pod.store.account_events import AccountEvents
from pod.store.accounts import Account, Accounts, AccountStatus
from pod.store.interface import Writer
from pod.store.links import Link, Purpose
from pod.store.mail import MailKind
from pod.store.records import SERVER

TOKEN_CHARACTERS_MAX = 100
RESETS_OF_ADDRESS = Allowance("reset, address", 20, 3600)
RESETS = Allowance("reset, account", 3, 3600)
VERIFICATIONS = Allowance("verify, account", 5, 3600)
VERIFICATIONS_TO = Allowance("verify, mailbox", 5, 3600)
PASSWORDS_BY_LINK = Allowance("reset with link, address", 20, 3600)


def request_reset(services: Services, name_or_email: str, address: str) -> None:
    """Mail with a link, if there is such an account with a verified address. Nobody learns whether there is: the answer
    is the same, and so is the work, for the worker sends the mail. So many for one account, then no more for a while.

    Raises: Conflict -- this server sends no mail; TooManyRequests -- of this address, whatever it asked for.
    """
    if not mail_enabled(services.config):
        raise Conflict("This server sends no mail. Ask its operator for a new password.")
    account = find(services, name_or_email)
    key = str(account.id) if account else as_typed(name_or_email)
    with services.store.write(SERVER) as tx:
        spend(services, tx, RESETS_OF_ADDRESS, network_of(address))
        is_enough = count(services, tx, RESETS, key) > RESETS.times
        email = _way_in(account)
        if account is not None and email is not None and not is_enough:
            services.outbox.add(tx, MailKind.RESET, email, account.id)


def reset_with_link(services: Services, token: str, password: str, address: str) -> Account:
    """A new password for whoever read the mail. Ends all sessions of the account, what apps were given, other links.

    Raises: LinkExpired, UnprocessableContent -- the link still works then; TooManyRequests, Busy
    """
    with services.store.write(SERVER) as tx:
        spend(services, tx, PASSWORDS_BY_LINK, network_of(address))
    link = find_link(services, token, Purpose.RESET)
    account = services.accounts.by_id(link.account or 0)
    if account is None or account.status is not AccountStatus.ACTIVE:
        raise LinkExpired("This account is locked. Ask the operator of this server.")
    password_hash = hashed(services, account.name, password)
    with services.store.write(SERVER) as tx:
        services.links.take(tx, link.id, Purpose.RESET)
        put_password(services, tx, account, password_hash)
        return _now(tx, account)


def change_password(
    services: Services, account: Account, old: str, new: str, *, keep: Session | None = None
) -> Account:
    """Ends all other sessions, and what apps were given; `keep` is the one that asks. A first password, for whoever has
    none, takes a session that is fresh.

    Raises: WrongPassword, UnprocessableContent, TooManyRequests, Busy
    """
    confirmed = confirm(services, account, old, authenticated_ms=keep.authenticated_ms if keep else 0)
    password_hash = hashed(services, account.name, new)
    with services.store.write(SERVER) as tx:
        check_unchanged(tx, confirmed)
        services.accounts.set_password_hash(tx, account.id, password_hash)
        AccountEvents(tx).forget_browsers(tx, account.id)
        forget_links(services, tx, account.id)
        end_sessions(services, tx, account.id, keep=keep)
        tell_owner(services, tx, account.id, MailKind.PASSWORD_CHANGED)
        return _now(tx, account)


def set_email(
    services: Services, account: Account, email: str | None, *, password: str, authenticated_ms: int = 0
) -> Account:
    """Name another address, or none. One that is verified stays until the new one is, lest a slip lock its owner out.

    The password is asked for since the address is a way in; see `confirm`.

    Raises: WrongPassword, UnprocessableContent -- no address; TooManyRequests, Busy
    """
    email = email or None
    if email is not None:
        check_email(email)
    confirmed = confirm(services, account, password, authenticated_ms=authenticated_ms)
    with services.store.write(SERVER) as tx:
        check_unchanged(tx, confirmed)
        forget_links(services, tx, account.id)
        sends = email is not None and mail_enabled(services.config)
        if not (sends and confirmed.email_verified):
            tell_old_address(services, tx, account.id, email)
            services.accounts.set_email(tx, account.id, email, verified=False)
        if email is not None and sends:
            spend(services, tx, VERIFICATIONS, str(account.id))
            ask_to_verify(services, tx, account, email)
        return _now(tx, account)


def ask_to_verify(services: Services, tx: Writer, account: Account, email: str) -> None:
    """Mail with a link to whoever reads it there: so many for one mailbox, whichever accounts name it, then silence."""
    if not mail_enabled(services.config):
        return
    if count(services, tx, VERIFICATIONS_TO, email.lower()) <= VERIFICATIONS_TO.times:
        services.outbox.add(tx, MailKind.VERIFY, email, account.id)


def verify_email(services: Services, token: str) -> Account:
    """The address a link was sent to is the account's from now on.

    Raises: LinkExpired; Conflict -- another account was faster.
    """
    link = find_link(services, token, Purpose.VERIFY)
    with services.store.write(SERVER) as tx:
        services.links.take(tx, link.id, Purpose.VERIFY)
        assert link.account is not None
        tell_old_address(services, tx, link.account, link.email)
        account = services.accounts.set_email(tx, link.account, link.email, verified=True)
        forget_links(services, tx, link.account)
        return account


def find_link(services: Services, token: str, purpose: Purpose) -> Link:
    """What a link is for, without using it up: pages ask before they show a form.

    Raises: LinkExpired
    """
    now_ms = int(services.clock.now() * 1000)
    link = services.links.find(digest(token), purpose, now_ms) if len(token) <= TOKEN_CHARACTERS_MAX else None
    if link is None:
        raise LinkExpired("This link works once and for a while: it was used before or is too old. Get a new one.")
    return link


def _way_in(account: Account | None) -> str | None:
    """The address that links for a new password go to."""
    if account is None or account.status is not AccountStatus.ACTIVE or not account.email_verified:
        return None
    return account.email


def _now(tx: Writer, account: Account) -> Account:
    """As it is after what was changed."""
    changed = Accounts(tx).by_id(account.id)
    assert changed is not None
    return changed
