"""Making and looking after accounts: what the command line does, and what signing up shares with it.

An account, its WebID, its storage and its profile are made in one transaction, so nobody ever has half of them.

Spec: Solid WebID Profile; Solid #storage-resource
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pod.authentication.credentials import PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN
from pod.config import Config, is_mail_address
from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.identity.notices import tell_old_address, tell_owner
from pod.identity.sessions import end_sessions
from pod.operations.provision import PROFILE, provision
from pod.services import Services
from pod.store.access_control import check_access_control
from pod.store.account_events import AccountEvents
from pod.store.accounts import Account, Accounts, AccountStatus
from pod.store.interface import Queries, Writer
from pod.store.links import Purpose
from pod.store.mail import MailKind
from pod.store.records import SERVER

# fmt: off
RESERVED_NAMES = frozenset({
    "abuse", "admin", "administrator", "api", "auth", "autoconfig", "autodiscover", "dns", "ftp", "freehold",
    "hostmaster", "imap", "isatap", "localhost", "login", "mail", "mx", "ns1", "ns2", "oauth", "operator", "pop",
    "pop3", "postmaster", "root", "security", "server", "smtp", "ssl", "static", "support", "sysadmin", "system",
    "usenet", "uucp", "webmaster", "wpad", "www",
})
# fmt: on
"""Names that browsers, mail systems and certificate authorities trust, or that read as the server itself."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def create_account(services: Services, name: str, *, email: str | None = None, password: str | None = None) -> Account:
    """A new account with its WebID `<storage>profile/card#me` and its storage, made by the operator, who vouches for
    the mail address.

    Raises: UnprocessableContent -- a name, mail address or password that cannot be used; Conflict -- the name or the
        address is taken or reserved.
    """
    check_name(services.config, name)
    if email is not None:
        check_email(email)
    password_hash = None if password is None else hashed(services, name, password)
    with services.store.write(SERVER) as tx:
        return make_account(services, tx, name, email, password_hash, email_verified=True)


def make_account(
    services: Services, tx: Writer, name: str, email: str | None, password_hash: str | None, *, email_verified: bool
) -> Account:
    """Account, WebID and storage, all valid by now. Raises: Conflict -- the name or the mail address is taken."""
    check_free(services, tx, name)
    account = services.accounts.create_account(tx, name, email, password_hash, email_verified=email_verified)
    make_pod(services, tx, account, name)
    return account


def make_pod(services: Services, tx: Writer, account: Account, name: str) -> None:
    """A storage with a WebID of its own. Raises: OtherAccessControl -- the server has to be restarted"""
    check_access_control(tx, services.config.access_control)
    web_id = services.placement.url(f"/{name}/{PROFILE}") + "#me"
    services.accounts.add_web_id(tx, account.id, web_id)
    acp = services.config.access_control == "acp"
    provision(tx, services.placement, account=account.id, name=name, web_id=web_id, acp=acp)


def list_accounts(services: Services) -> Iterator[str]:
    """A line about each account."""
    for account, storages in services.accounts.listed():
        places = ", ".join(f"{services.placement.url(each.path)} ({each.bytes} bytes)" for each in storages)
        email = f" <{account.email}>" if account.email else ""
        status = "leaving" if account.leaving else account.status.value
        role = " operator" if account.is_operator else ""
        yield f"{account.name}{email} {status} {places or 'no pod'}{role}"


def set_disabled(services: Services, name: str, disabled: bool) -> None:
    """Lock an account, whose sessions and tokens stop working at once, or unlock it. Raises: NotFound."""
    account = named(services, name)
    with services.store.write(SERVER) as tx:
        disable_within(services, tx, account.id, disabled=disabled)


def disable_within(services: Services, tx: Writer, account_id: int, *, disabled: bool) -> None:
    """Raises: NotFound."""
    services.accounts.set_status(tx, account_id, AccountStatus.DISABLED if disabled else AccountStatus.ACTIVE)
    if disabled:
        end_sessions(services, tx, account_id)


def reset_password(services: Services, name: str, password: str) -> None:
    """Ends all sessions, and what apps were given. Raises: NotFound; UnprocessableContent -- a password that cannot be
    used.
    """
    account = named(services, name)
    password_hash = hashed(services, name, password)
    with services.store.write(SERVER) as tx:
        put_password(services, tx, account, password_hash)


def put_password(services: Services, tx: Writer, account: Account, password_hash: str) -> None:
    """A new password for whoever forgot theirs. Who knew the old one keeps no session, no app and no link; client
    credentials go on.
    """
    services.accounts.set_password_hash(tx, account.id, password_hash)
    forget_links(services, tx, account.id)
    end_sessions(services, tx, account.id)
    AccountEvents(tx).forget_browsers(tx, account.id)
    tell_owner(services, tx, account.id, MailKind.PASSWORD_CHANGED)


def set_verified_email(services: Services, name: str, email: str) -> None:
    """An address the operator vouches for. Raises: NotFound, UnprocessableContent, Conflict"""
    account = named(services, name)
    check_email(email)
    with services.store.write(SERVER) as tx:
        forget_links(services, tx, account.id)
        tell_old_address(services, tx, account.id, email)
        services.accounts.set_email(tx, account.id, email, verified=True)


def forget_links(services: Services, tx: Writer, account_id: int) -> None:
    """Those that were sent no longer work, and those that wait are not sent. All of them, whatever the reason: one to
    an address that a thief named lets in after the password changed, one for a password after the address did.
    """
    for purpose in (Purpose.RESET, Purpose.VERIFY):
        services.links.remove_of_account(tx, account_id, purpose)
        services.outbox.remove_of_account(tx, account_id, MailKind(purpose.value))


def named(services: Services, name: str) -> Account:
    """Raises: NotFound."""
    account = services.accounts.by_name(name)
    if account is None:
        raise NotFound(f"There is no account named {name}.")
    return account


def check_name(config: Config, name: str) -> None:
    """Raises: UnprocessableContent -- not fit for a host name; Conflict -- reserved, or not this server's one name."""
    if not _NAME.fullmatch(name) or name.startswith("xn--"):
        raise UnprocessableContent(
            "An account's name has 1 to 63 lower-case letters a to z, digits, and hyphens between them."
        )
    if name in RESERVED_NAMES:
        raise Conflict(f"The name {name} is reserved; choose another.")
    if config.placement == "root" and name != config.root_name:
        raise Conflict(f"This server holds one pod, of the account {config.root_name}.")


def check_free(services: Services, queries: Queries, name: str) -> None:
    """Accounts and pods share their names. A name is never given twice: others still trust the WebID of whoever had it.
    But where the whole server is one pod, its name says nothing; the domain does.

    Raises: Conflict
    """
    accounts = Accounts(queries)
    is_retired = services.config.placement != "root" and accounts.is_name_retired(name)
    if is_retired or accounts.is_name_taken(name):
        raise Conflict(f"The name {name} is taken. Choose another.")


def check_email(email: str) -> None:
    """Raises: UnprocessableContent."""
    if not is_mail_address(email):
        raise UnprocessableContent(f"{email[:100]!r} is not a mail address.")


def check_password(config: Config, name: str, password: str) -> None:
    """Its length, and that it is not the account's name: what else makes a password good cannot be seen in it.

    Spec: NIST SP 800-63B s5.1.1.2
    Raises: UnprocessableContent -- too long; too short, or the name (not with `dev`, where passwords protect nothing).
    """
    characters_min = 1 if config.dev else PASSWORD_CHARACTERS_MIN
    if len(password) < characters_min or len(password.encode("utf-8", "replace")) > PASSWORD_BYTES_MAX:
        raise UnprocessableContent(
            f"A password has {characters_min} characters or more, in {PASSWORD_BYTES_MAX} bytes."
        )
    if not config.dev and password.lower() == name:
        raise UnprocessableContent("The name of the account is the first thing that anybody would try as its password.")


def hashed(services: Services, name: str, password: str) -> str:
    """Raises: UnprocessableContent -- see `check_password`; Busy"""
    check_password(services.config, name, password)
    return services.passwords.hash(password)
