"""Leaving: an account is marked to go, can change its mind for some days, and then is removed with everything it has.

From the first moment nothing acts for it any more: its sessions, apps and programs lose what they had, and its pods
answer nobody. What can still be done is to sign in, to save what is there, and to keep the account.

Spec: GDPR article 17; Solid #server-storage-owner
"""

from __future__ import annotations

from pod.errors import Conflict
from pod.identity.accounts import forget_links, named
from pod.identity.sessions import end_sessions
from pod.identity.sign_in import confirm
from pod.mail.message import mail_enabled
from pod.services import Services
from pod.store.accounts import Account
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.records import SERVER
from pod.store.removal import remove_due

_DAY_MS = 24 * 3600 * 1000


def schedule_deletion(services: Services, account: Account, password: str, *, authenticated_ms: int = 0) -> Account:
    """The account goes after `deletion_grace_days`. Asked for twice, the first day stands.

    Raises: WrongPassword, TooManyRequests, Busy
    """
    confirm(services, account, password, authenticated_ms=authenticated_ms)
    return _scheduled(services, account.id)


def delete_account(services: Services, name: str, *, now: bool = False) -> Account:
    """The operator's way, without a password. `now`: without days to change one's mind, gone when this returns.

    Raises: NotFound
    """
    account = _scheduled(services, named(services, name).id, grace_days=0 if now else None)
    if now:
        delete_due(services)
    return account


def keep_account(services: Services, account: Account) -> Account:
    """Changed one's mind. Apps and programs have to be let in anew.

    Raises: Conflict -- too late.
    """
    with services.store.write(SERVER) as tx:
        return keep_within(services, tx, account.id)


def keep_within(services: Services, tx: Writer, account_id: int) -> Account:
    """Raises: Conflict -- too late."""
    current = _current(services, account_id)
    if current.delete_due_ms is not None and current.delete_due_ms <= tx.now_ms:
        raise Conflict("It is too late: this account is being removed.")
    return services.accounts.keep(tx, account_id)


def delete_due(services: Services) -> int:
    """Removes accounts whose days are over; gives their number. Begun twice or killed in the middle, it goes on."""
    return remove_due(services.store, services.clock, services.access_log.records)


def _scheduled(services: Services, account_id: int, grace_days: int | None = None) -> Account:
    with services.store.write(SERVER) as tx:
        return schedule_within(services, tx, account_id, grace_days)


def schedule_within(services: Services, tx: Writer, account_id: int, grace_days: int | None = None) -> Account:
    """The account goes after so many days, or those of the settings. Raises: Conflict -- it is gone."""
    days = services.config.deletion_grace_days if grace_days is None else grace_days
    current = _current(services, account_id)
    due_ms = tx.now_ms + days * _DAY_MS
    if current.delete_due_ms is not None:
        due_ms = min(due_ms, current.delete_due_ms)
    account = services.accounts.schedule_deletion(tx, account_id, due_ms)
    _disarm(services, tx, account)
    if account.email is not None and account.email_verified and days and mail_enabled(services.config):
        services.outbox.add(tx, MailKind.LEAVING, account.email, account.id)
    return account


def _disarm(services: Services, tx: Writer, account: Account) -> None:
    end_sessions(services, tx, account.id)
    services.accounts.revoke_clients(tx, account.id)
    forget_links(services, tx, account.id)


def _current(services: Services, account_id: int) -> Account:
    account = services.accounts.by_id(account_id)
    if account is None:
        raise Conflict("This account was removed.")
    return account
