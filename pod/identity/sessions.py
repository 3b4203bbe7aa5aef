"""Browsers that are signed in: begun after a sign-in, found by the secret in their cookie, ended for good.

The secret is random and only its digest is kept. Ending a session ends what apps were given in it. Knows no cookie.

Spec: OWASP ASVS 3 (session management); NIST SP 800-63B s7
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from pod.authentication.credentials import digest
from pod.errors import NotFound, WrongPassword
from pod.identity.notices import tell_owner
from pod.identity.sign_in import check_unchanged
from pod.services import Services
from pod.store.account_events import AccountEvents
from pod.store.accounts import Account, AccountStatus
from pod.store.factors import Factors
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.records import SERVER
from pod.store.sessions import Session

__all__ = [
    "Arrival",
    "Session",
    "end_everywhere",
    "end_session",
    "end_sessions",
    "find_session",
    "list_sessions",
    "revoke_session",
    "start_session",
]

SECRET_CHARACTERS_MAX = 100
USER_AGENT_CHARACTERS_MAX = 200
SEEN_EVERY_MS = 3600 * 1000
"""How exactly it is known when a session was last seen: a visit within the hour writes nothing."""
MOVED_EVERY_MS = 60 * 1000
"""The same, where it is used from another place than before."""
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came in. `browser` is a secret that their browser keeps after the session; `passkey` is the one that
    let them in; `expected`: its owner has just made the account or the password, and knows of a new browser;
    `shown_ms` is when they showed elsewhere who they are, None for just now.
    """

    browser: str = field(repr=False)
    network: str = ""
    passkey: str | None = None
    expected: bool = False
    shown_ms: int | None = None


def start_session(
    services: Services,
    account: Account,
    user_agent: str,
    *,
    instead_of: Session | None = None,
    arrival: Arrival | None = None,
) -> tuple[Session, str]:
    """A new session, and the secret for its cookie. To be called after each successful sign-in, with a new secret each
    time, so that nobody gets in with one they planted. `instead_of` is the browser's session until now: it ends, and if
    it was the same account's, what apps were given in it goes on in the new one.

    Raises: WrongPassword -- the account has another password by now than when it was read, or is locked; or the passkey
        that let it in was removed.
    """
    secret = secrets.token_urlsafe(32)
    with services.store.write(SERVER) as tx:
        check_unchanged(tx, account)
        if arrival is not None:
            _receive(services, tx, account, arrival)
        network = arrival.network if arrival else ""
        shown_ms = arrival.shown_ms if arrival else None
        session = services.sessions.create(
            tx, digest(secret), account, _printable(user_agent), network, shown_ms=shown_ms
        )
        if instead_of is not None and instead_of.account.id == account.id:
            services.sessions.hand_over(tx, instead_of.id, session.id)
        if instead_of is not None:
            _end(services, tx, instead_of)
    return session, secret


def find_session(services: Services, secret: str, network: str = "") -> Session | None:
    """None: unknown, ended, too old, idle for too long, or its account is disabled or gone. `network` is where it is
    used from now, if that is known.
    """
    if not secret or len(secret) > SECRET_CHARACTERS_MAX:
        return None
    session = services.sessions.find(digest(secret))
    if session is None or not _holds(services, session):
        return None
    network, idle_ms = network or session.network, _now_ms(services) - session.seen_ms
    if idle_ms >= (SEEN_EVERY_MS if network == session.network else MOVED_EVERY_MS):
        with services.store.write(SERVER) as tx:
            services.sessions.see(tx, session.id, network)
    return session


def _receive(services: Services, tx: Writer, account: Account, arrival: Arrival) -> None:
    """Raises: WrongPassword"""
    if arrival.passkey is not None and Factors(tx).passkey(arrival.passkey) is None:
        raise WrongPassword("This passkey has just been removed.")
    is_known = AccountEvents(tx).meet_browser(tx, account.id, digest(arrival.browser))
    if not is_known and not arrival.expected:
        tell_owner(services, tx, account.id, MailKind.NEW_BROWSER)


def end_session(services: Services, session: Session) -> None:
    """Sign out. Apps lose what they were given in it, but for what they may keep while nobody is there."""
    with services.store.write(SERVER) as tx:
        _end(services, tx, session)


def list_sessions(services: Services, account_id: int) -> tuple[Session, ...]:
    """Those that hold, the last seen first."""
    return tuple(each for each in services.sessions.of_account(account_id) if _holds(services, each))


def revoke_session(services: Services, account_id: int, session_id: str) -> None:
    """End a session from another one, with everything that apps were given in it.

    Raises: NotFound -- the account has no such session.
    """
    with services.store.write(SERVER) as tx:
        if not services.sessions.end(tx, account_id, session_id):
            raise NotFound("There is no such session.")
        services.apps.revoke_grants_of_session(tx, session_id, offline_too=True)


def end_everywhere(services: Services, account_id: int) -> None:
    """Sign out all browsers, and end what all apps were given. Every browser is a new one from now on."""
    with services.store.write(SERVER) as tx:
        end_sessions(services, tx, account_id)
        AccountEvents(tx).forget_browsers(tx, account_id)


def end_sessions(services: Services, tx: Writer, account_id: int, *, keep: Session | None = None) -> None:
    """All of an account's but one, and everything that its apps were given, in sessions that are over too."""
    services.sessions.end_others(tx, account_id, keep.id if keep else "")
    services.apps.revoke_grants_of_account(tx, account_id)


def _end(services: Services, tx: Writer, session: Session) -> None:
    services.sessions.end(tx, session.account.id, session.id)
    services.apps.revoke_grants_of_session(tx, session.id, offline_too=False)


def _holds(services: Services, session: Session) -> bool:
    now_ms, config = _now_ms(services), services.config
    return (
        session.account.status is AccountStatus.ACTIVE
        and now_ms - session.created_ms < config.session_days * _DAY_MS
        and now_ms - session.seen_ms < config.session_idle_days * _DAY_MS
    )


def _now_ms(services: Services) -> int:
    return int(services.clock.now() * 1000)


def _printable(text: str) -> str:
    return "".join(each for each in text if each.isprintable())[:USER_AGENT_CHARACTERS_MAX]
