"""Making and looking after accounts: what the command line and, later, the sign-up page do.

An account, its WebID, its storage and its profile are made in one transaction, so nobody ever has half of them.

Spec: Solid WebID Profile; Solid #storage-resource
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pod.authentication.credentials import PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN
from pod.config import Config
from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.operations.provision import PROFILE, provision
from pod.services import Services
from pod.store.accounts import Account, AccountStatus
from pod.store.records import SERVER

EMAIL_CHARACTERS_MAX = 254
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
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def create_account(services: Services, name: str, *, email: str | None = None, password: str | None = None) -> Account:
    """A new account with its WebID `<storage>profile/card#me` and its storage.

    Raises: UnprocessableContent -- a name, mail address or password that cannot be used; Conflict -- the name or the
        address is taken or reserved.
    """
    check_name(services.config, name)
    if email is not None:
        check_email(email)
    password_hash = None if password is None else _hashed(services, password)
    web_id = services.placement.url(f"/{name}/{PROFILE}") + "#me"
    with services.store.write(SERVER) as tx:
        account = services.accounts.create_account(tx, name, email, password_hash)
        services.accounts.add_web_id(tx, account.id, web_id)
        provision(tx, services.placement, account=account.id, name=name, web_id=web_id)
    return account


def list_accounts(services: Services) -> Iterator[str]:
    """A line about each account."""
    for account, storages in services.accounts.listed():
        places = ", ".join(f"{services.placement.url(each.path)} ({each.bytes} bytes)" for each in storages)
        email = f" <{account.email}>" if account.email else ""
        yield f"{account.name}{email} {account.status.value} {places or 'no pod'}"


def set_disabled(services: Services, name: str, disabled: bool) -> None:
    """Lock an account, whose tokens stop working at once, or unlock it. Raises: NotFound."""
    account = named(services, name)
    with services.store.write(SERVER) as tx:
        services.accounts.set_status(tx, account.id, AccountStatus.DISABLED if disabled else AccountStatus.ACTIVE)


def reset_password(services: Services, name: str, password: str) -> None:
    """Raises: NotFound; UnprocessableContent -- a password that cannot be used."""
    account = named(services, name)
    password_hash = _hashed(services, password)
    with services.store.write(SERVER) as tx:
        services.accounts.set_password_hash(tx, account.id, password_hash)


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


def check_email(email: str) -> None:
    """Raises: UnprocessableContent."""
    if len(email) > EMAIL_CHARACTERS_MAX or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise UnprocessableContent(f"{email[:EMAIL_CHARACTERS_MAX]!r} is not a mail address.")


def _hashed(services: Services, password: str) -> str:
    """Raises: UnprocessableContent -- too short (not with `dev`, where passwords protect nothing) or too long."""
    characters_min = 1 if services.config.dev else PASSWORD_CHARACTERS_MIN
    if len(password) < characters_min or len(password.encode("utf-8", "replace")) > PASSWORD_BYTES_MAX:
        raise UnprocessableContent(
            f"A password has {characters_min} characters or more, in {PASSWORD_BYTES_MAX} bytes."
        )
    return services.passwords.hash(password)
