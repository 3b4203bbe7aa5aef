"""Tells an owner what changed about the ways into their account, so that a thief cannot change them unseen.

By mail, only to an address that is verified; and on a page, since many servers send no mail. Both are written in the
transaction of the change: none comes without the other.

Spec: NIST SP 800-63B s6.1.2.1; OWASP ASVS 2.2.3
"""

from __future__ import annotations

from pod.identity.attempts import Allowance, count
from pod.mail.message import mail_enabled
from pod.services import Services
from pod.store.account_events import AccountEvent, AccountEvents
from pod.store.accounts import Accounts
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.notices import NoticeKind, Notices

NOTICES = Allowance("notice, account", 20, 3600)
"""Of each kind: what changes one thing over and over fills no mailbox, and hides no change of another."""
SHOWN_MAX = 20


def tell_owner(services: Services, tx: Writer, account_id: int, kind: MailKind) -> None:
    """Kept for its page; and mail to the verified address that the account has now, if this server sends mail."""
    AccountEvents(tx).add(tx, account_id, kind)
    Notices(tx).add(tx, account_id, NoticeKind.ACCOUNT, thing=kind.value)
    account = Accounts(tx).by_id(account_id)
    if account is None or account.email is None or not account.email_verified or not mail_enabled(services.config):
        return
    if count(services, tx, NOTICES, str(account_id), kind.value) <= NOTICES.times:
        services.outbox.add(tx, kind, account.email, account_id)


def tell_old_address(services: Services, tx: Writer, account_id: int, email: str | None) -> None:
    """To be called before the account's address becomes `email`: who reads the new one need not be the owner."""
    account = Accounts(tx).by_id(account_id)
    if account is not None and account.email != email:
        tell_owner(services, tx, account_id, MailKind.EMAIL_CHANGED)


def latest_events(services: Services, account_id: int) -> tuple[AccountEvent, ...]:
    """What an owner was told of, the newest first."""
    return AccountEvents(services.store).latest(account_id, SHOWN_MAX)
