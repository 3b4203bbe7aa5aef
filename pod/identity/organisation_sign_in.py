"""Coming in by the organisation's provider: into the account that is connected with who one is there, into a new one,
or to connect one's account with it.

Issuer and subject decide, never a mail address. Connecting is confirmed by whoever is signed in here, with what the
provider said before their eyes: a link cannot make somebody else's identity a way into their account.

Spec: OpenID Connect Core s5.7; RFC 9700 s4.7
"""

from __future__ import annotations

import hmac

from pod.authentication.secret_files import derived
from pod.errors import BadRequest, Conflict, RegistrationClosed, WrongPassword
from pod.identity.accounts import check_free, check_name, make_account
from pod.identity.attempts import spend
from pod.identity.challenges import FACTORS_KEY
from pod.identity.notices import tell_owner
from pod.identity.organisation_provider import Person
from pod.identity.passkeys import can_do_without_password
from pod.identity.sealed import Seal
from pod.identity.sign_up import SIGN_UPS
from pod.protocol.addresses import network_of
from pod.services import Services
from pod.store.accounts import Account, Accounts, AccountStatus
from pod.store.factors import Factors
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.outside import (
    OutsideIdentity,
    account_of_identity,
    connect,
    disconnect,
    identity_of,
    provider_settings,
)
from pod.store.records import SERVER

SEALED_SECONDS = 1800
_SEAL_USE = "somebody whom the organisation's provider knows"
_TAKEN = "This identity, or this account, is connected already. Disconnect the other one first."


def seal_person(services: Services, person: Person, browser: str) -> str:
    """Who came from the provider, for the form that decides what becomes of it. Anyone may read what is sealed, so the
    secret of the browser, which may be that of a session, is not in it.
    """
    said = {"iss": person.issuer, "sub": person.subject, "name": person.name, "email": person.email}
    return _seal(services).write(said | {"browser": _bound(services, browser)})


def unseal_person(services: Services, sealed: str, browser: str) -> Person:
    """Raises: BadRequest -- too old, or of another browser"""
    said = _seal(services).read(sealed)
    settings = provider_settings(services.store)
    if (
        not hmac.compare_digest(said["browser"], _bound(services, browser))
        or settings is None
        or settings.issuer != said["iss"]
    ):
        raise BadRequest("This page is too old, or was not made here. Go back and start over.")
    return Person(said["iss"], said["sub"], said["name"], said["email"])


def account_of(services: Services, person: Person) -> Account | None:
    """Raises: WrongPassword -- it is locked"""
    account = account_of_identity(services.store, person.issuer, person.subject)
    if account is not None and account.status is not AccountStatus.ACTIVE:
        raise WrongPassword("This account is locked. Ask those who run this server.")
    return account


def may_join(services: Services) -> bool:
    """Whether somebody whom nobody here knows yet makes an account by coming from the provider."""
    settings = provider_settings(services.store)
    return settings is not None and settings.may_join and services.accounts.any()


def join(services: Services, person: Person, name: str, *, address: str, language: str = "") -> Account:
    """A new account with its pod, connected, without a password.

    Raises: RegistrationClosed; UnprocessableContent, Conflict -- the name, or who they are is somebody's already;
        TooManyRequests
    """
    if not may_join(services):
        raise RegistrationClosed("Signing up here takes an invitation. Its operator can make you one.")
    check_name(services.config, name)
    check_free(services, services.store, name)
    with services.store.write(SERVER) as tx:
        spend(services, tx, SIGN_UPS, network_of(address))
    with services.store.write(SERVER) as tx:
        email = person.email or None
        if email is not None and Accounts(tx).by_email(email) is not None:
            email = None
        account = make_account(services, tx, name, email, None, email_verified=True)
        if language:
            services.accounts.set_language(tx, account.id, language)
        _connect(tx, account.id, person)
    return account


def connect_account(services: Services, account: Account, person: Person) -> None:
    """Raises: Conflict -- one of both is connected"""
    with services.store.write(SERVER) as tx:
        _connect(tx, account.id, person)
        tell_owner(services, tx, account.id, MailKind.ORGANISATION_CONNECTED)


def _connect(tx: Writer, account: int, person: Person) -> None:
    if not connect(tx, account, person.issuer, person.subject, person.shown):
        raise Conflict(_TAKEN)


def connected(services: Services, account: int) -> OutsideIdentity | None:
    """Who an account is at the provider there is now."""
    settings = provider_settings(services.store)
    return identity_of(services.store, account, settings.issuer) if settings else None


def disconnect_account(services: Services, account: Account) -> None:
    """Raises: Conflict -- nothing else would let its owner in"""
    with services.store.write(SERVER) as tx:
        now, state = Accounts(tx).by_id(account.id), Factors(tx).state(account.id)
        without_password = can_do_without_password(state.passkeys, state.recovery_codes)
        if now is None or not (now.has_password or without_password):
            raise Conflict("Choose a password or add a passkey first, or you could not come in any more.")
        if disconnect(tx, account.id):
            tell_owner(services, tx, account.id, MailKind.ORGANISATION_DISCONNECTED)


def _bound(services: Services, browser: str) -> str:
    return hmac.digest(derived(services.config.keys, FACTORS_KEY, _SEAL_USE), browser.encode(), "sha256").hex()


def _seal(services: Services) -> Seal:
    key = derived(services.config.keys, FACTORS_KEY, _SEAL_USE)
    return Seal(key, _SEAL_USE, seconds=SEALED_SECONDS, now=services.clock.now)
