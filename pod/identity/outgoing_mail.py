"""Sending the mail that waits: made when it is sent, tried again with growing pauses, given up after a while.

A link gets into the database when its mail is sent and out of it when that failed, so only one that arrived works. A
crash between sending and noting it sends a mail twice. The log has no address and no link.
"""

from __future__ import annotations

import secrets
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

import structlog

from pod.authentication.credentials import digest
from pod.clock import Clock
from pod.config import Config
from pod.mail.message import (
    ENGLISH,
    FACTORS_CHANGED,
    RESET_MINUTES,
    VERIFY_HOURS,
    Letter,
    Speech,
    mail_enabled,
    message,
)
from pod.mail.smtp import send
from pod.protocol.devices import device_name
from pod.store.accounts import Account, Accounts, AccountStatus
from pod.store.interface import ResourceStore
from pod.store.links import Links, Purpose
from pod.store.mail import MailKind, Outbox, OutgoingMail
from pod.store.operator_acts import ActKind, OperatorActs
from pod.store.records import SERVER
from pod.store.sessions import Sessions

AT_ONCE_MAX = 20
ATTEMPTS_MAX = 8
AGE_SECONDS_MAX = 24 * 3600
"""After that nobody waits for it any more: mail was switched off meanwhile."""
PAUSE_SECONDS, PAUSE_SECONDS_MAX = 60, 3600
RESET_PATH, VERIFY_PATH = ".account/reset/", ".account/verify/"
INVITATION_PATH = ".account/sign-up?invitation="
SIGN_IN_PATH = ".account/sign-in"
FORGOTTEN_PATH, EMAIL_PATH = ".account/reset", ".account/email"
ISSUERS_PATH, CREDENTIALS_PATH = ".account/issuers", ".account/credentials"
REQUESTS_PATH = ".account/requests"
SECURITY_PATH, SESSIONS_PATH = ".account/security", ".account/sessions"
ABOUT_PATH, PODS_PATH = ".about/", ".account/pods"
EXPORT_PATH, HAND_OVER_PATH = ".account/export", ".account/hand-over"
ACTS_READ_MAX = 100
_HOUR_MS = 3600 * 1000

Send = Callable[[Config, EmailMessage, str], None]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Link:
    """Where the link in a mail leads, and how long; without a purpose it is no secret."""

    path: str
    purpose: Purpose | None = None
    lifetime_ms: int = 0


class Postman:
    """Sends what is due. One a worker."""

    def __init__(
        self,
        config: Config,
        store: ResourceStore,
        clock: Clock,
        send: Send = send,
        speech: Callable[[str], Speech] = lambda _language: ENGLISH,
    ) -> None:
        """`speech`: how a language says things, by its name; empty where nobody said which."""
        self._config = config
        self._store = store
        self._clock = clock
        self._send = send
        self._speech = speech
        self._accounts = Accounts(store)
        self._links = Links(store)
        self._outbox = Outbox(store)

    def work(self) -> int:
        """Gives the number of mails that went out."""
        if not mail_enabled(self._config):
            return 0
        return sum(self._deliver(mail) for mail in self._outbox.due(int(self._clock.now() * 1000), AT_ONCE_MAX))

    def _deliver(self, mail: OutgoingMail) -> bool:
        account = None if mail.account is None else self._accounts.by_id(mail.account)
        is_too_old = self._clock.now() * 1000 - mail.created_ms > AGE_SECONDS_MAX * 1000
        if is_too_old or not _is_still_wanted(mail, account):
            self._drop(mail)
            return False
        token = self._make_link(mail)
        if token is None:
            return False
        speech = self._speech_of(account)
        letter = self._letter(mail, account, token, speech)
        try:
            written = message(self._config, letter, mail.email, self._clock.now(), speech.said)
            self._send(self._config, written, mail.email)
        except (OSError, ValueError) as error:
            self._failed(mail, token, error)
            return False
        self._drop(mail)
        return True

    def _make_link(self, mail: OutgoingMail) -> str | None:
        """A new token; empty where the link is no secret. None: the mail was withdrawn while those before it went."""
        link = self._about(mail)
        if link.purpose is None:
            return ""
        token = secrets.token_urlsafe(32)
        with self._store.write(SERVER) as tx:
            if not Outbox(tx).has(mail.id):
                return None
            self._links.create(
                tx, digest(token), link.purpose, account=mail.account, email=mail.email, lifetime_ms=link.lifetime_ms
            )
        return token

    def _letter(self, mail: OutgoingMail, account: Account | None, token: str, speech: Speech) -> Letter:
        link = self._config.base_url + self._about(mail).path + token
        name, date = account.name if account else "", _date(mail, account, speech)
        if account is not None and mail.kind is MailKind.NEW_BROWSER:
            browser, place = self._seen(mail, account)
            return Letter(mail.kind, link, name, date, browser, place)
        reason = self._reason(account) if account is not None and mail.kind is MailKind.SUSPENDED else ""
        return Letter(mail.kind, link, name, date, reason=reason)

    def _seen(self, mail: OutgoingMail, account: Account) -> tuple[str, str]:
        """What the browser of a sign-in calls itself, and where it was, if that is known still."""
        begun = (each for each in Sessions(self._store).of_account(account.id) if each.created_ms == mail.created_ms)
        session = next(begun, None)
        if session is None:
            return "", ""
        has_moved = session.seen_ms != session.created_ms
        return device_name(session.user_agent), "" if has_moved else session.network

    def _reason(self, account: Account) -> str:
        """What the operator said who suspended it."""
        acts = OperatorActs(self._store).about(account.id, ACTS_READ_MAX)
        return next((each.detail for each in acts if each.kind is ActKind.SUSPENDED), "")

    def _speech_of(self, account: Account | None) -> Speech:
        """Whoever has no account yet reads what those read who invite them."""
        if account is None:
            return self._speech(self._accounts.operators_language())
        return self._speech(self._accounts.language(account.id))

    def _failed(self, mail: OutgoingMail, token: str, error: Exception) -> None:
        tried = mail.attempts + 1
        gives_up = tried >= ATTEMPTS_MAX or _is_for_good(error)
        pause = min(PAUSE_SECONDS * 2**mail.attempts, PAUSE_SECONDS_MAX)
        with self._store.write(SERVER) as tx:
            if token and (purpose := self._about(mail).purpose):
                self._links.remove(tx, digest(token), purpose)
            if gives_up:
                self._outbox.remove(tx, mail.id)
            else:
                self._outbox.put_off(tx, mail.id, tx.now_ms + pause * 1000)
        code = getattr(error, "smtp_code", None)
        log.warning(
            "mail not sent",
            mail=mail.id,
            kind=mail.kind.value,
            tried=tried,
            given_up=gives_up,
            error=type(error).__name__,
            code=code,
        )

    def _drop(self, mail: OutgoingMail) -> None:
        with self._store.write(SERVER) as tx:
            self._outbox.remove(tx, mail.id)

    def _about(self, mail: OutgoingMail) -> _Link:
        days = self._config.invitation_days
        return {
            MailKind.RESET: _Link(RESET_PATH, Purpose.RESET, RESET_MINUTES * 60 * 1000),
            MailKind.VERIFY: _Link(VERIFY_PATH, Purpose.VERIFY, VERIFY_HOURS * _HOUR_MS),
            MailKind.INVITATION: _Link(INVITATION_PATH, Purpose.INVITATION, days * 24 * _HOUR_MS),
            MailKind.LEAVING: _Link(SIGN_IN_PATH),
            MailKind.PASSWORD_CHANGED: _Link(FORGOTTEN_PATH),
            MailKind.EMAIL_CHANGED: _Link(EMAIL_PATH),
            MailKind.ISSUERS_CHANGED: _Link(ISSUERS_PATH),
            MailKind.CLIENT_ADDED: _Link(CREDENTIALS_PATH),
            MailKind.CLIENT_CHANGED: _Link(CREDENTIALS_PATH),
            MailKind.ACCESS_ASKED: _Link(REQUESTS_PATH),
            MailKind.NEW_BROWSER: _Link(SESSIONS_PATH),
            MailKind.WRONG_CODES: _Link(FORGOTTEN_PATH),
            MailKind.FACTORS_REMOVED: _Link(SIGN_IN_PATH),
            MailKind.SUSPENDED: _Link(ABOUT_PATH),
            MailKind.RESUMED: _Link(SIGN_IN_PATH),
            MailKind.QUOTA: _Link(PODS_PATH),
            MailKind.EXPORT_OFFERED: _Link(EXPORT_PATH),
            MailKind.HANDOVER_ASKED: _Link(HAND_OVER_PATH),
            MailKind.HANDOVER_AGREED: _Link(HAND_OVER_PATH),
            MailKind.HANDED_OVER: _Link(ABOUT_PATH),
            **dict.fromkeys(FACTORS_CHANGED, _Link(SECURITY_PATH)),
        }[mail.kind]


def _date(mail: OutgoingMail, account: Account | None, speech: Speech) -> str:
    """When the account goes; else when what the mail tells happened."""
    if mail.kind is MailKind.LEAVING:
        due_ms = account.delete_due_ms if account else None
        return speech.day(due_ms) if due_ms else ""
    return speech.moment(mail.created_ms)


def _is_still_wanted(mail: OutgoingMail, account: Account | None) -> bool:
    """What happened since it was asked for may have made it pointless, or dangerous."""
    if mail.kind is MailKind.INVITATION:
        return True
    if account is None:
        return False
    if mail.kind is MailKind.RESET:
        return account.email_verified and account.email == mail.email
    if mail.kind in {MailKind.SUSPENDED, MailKind.RESUMED}:
        return (account.status is AccountStatus.DISABLED) == (mail.kind is MailKind.SUSPENDED)
    return mail.kind is not MailKind.LEAVING or account.leaving


def _is_for_good(error: Exception) -> bool:
    """There is no such mailbox, says the server: trying again would only annoy it."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return isinstance(error, ValueError)
    return all(code >= 500 for code, _ in error.recipients.values())
