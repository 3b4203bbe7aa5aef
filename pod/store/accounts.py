"""Accounts and what belongs to them: WebIDs, storages, client credentials, grants; and the server's signing keys.

Every change is made in a `Writer` the caller opened, so that an account, its WebID, its storage and its profile commit
together. Stores hashes and encrypted keys as given; knows neither passwords nor tokens.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pod.db.connection import Row
from pod.errors import Conflict, NotFound
from pod.protocol.ceiling import Ceiling
from pod.store import account_statements as sql
from pod.store.interface import Queries, Writer


class AccountStatus(StrEnum):
    """Tokens of a disabled account stop working at once."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Role(StrEnum):
    """What an account may do on this server beside looking after itself."""

    OPERATOR = "operator"
    MEMBER = "member"


ACTIVE, LEAVING, EMPTYING = "active", "leaving", "emptying"
"""States of a storage: at work; answering nobody while its owner may still change their mind; being removed."""


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who can sign in. Without `password_hash`, not with a password."""

    id: int
    name: str
    email: str | None
    password_hash: str | None = field(repr=False)
    status: AccountStatus
    created_ms: int
    role: Role
    email_verified_ms: int | None
    """Since when it is known that the mail address is the owner's. Until then it is no way in."""
    delete_due_ms: int | None
    """When the account goes for good, once its owner asked for it."""

    @property
    def is_operator(self) -> bool:
        return self.role is Role.OPERATOR

    @property
    def has_password(self) -> bool:
        return self.password_hash is not None

    @property
    def email_verified(self) -> bool:
        return self.email_verified_ms is not None

    @property
    def leaving(self) -> bool:
        """It may be kept and exported, and nothing else."""
        return self.delete_due_ms is not None

    @property
    def stands(self) -> bool:
        """Whether programs and apps may act for it."""
        return self.status is AccountStatus.ACTIVE and not self.leaving


@dataclass(frozen=True, slots=True)
class StorageUsage:
    """A storage as its account sees it. A maximum of 0 is no limit."""

    id: int
    path: str
    account: int
    bytes: int
    bytes_max: int
    resources: int
    resources_max: int
    status: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What an account allowed a client to do for one of its WebIDs. Tokens name it and fall with it."""

    id: str
    account: int
    client: str
    web_id: str
    created_ms: int
    revoked_ms: int | None


@dataclass(frozen=True, slots=True)
class ClientCredential:
    """An id and secret with which a program gets tokens for a WebID, under a grant of its own: it may do all that the
    account can unless there is a `ceiling`, and until `end_ms`, if it has one.
    """

    id: str
    account: int
    web_id: str
    label: str
    secret_hash: str = field(repr=False)
    grant: str
    created_ms: int
    revoked_ms: int | None
    used_ms: int | None = None
    ceiling: Ceiling | None = None
    end_ms: int | None = None

    def holds(self, now_ms: int) -> bool:
        """Whether it gets tokens, as far as it goes by itself."""
        return self.revoked_ms is None and (self.end_ms is None or self.end_ms > now_ms)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key the server signs tokens with; retired ones still verify. `private_key` is encrypted by its owner."""

    kid: str
    algorithm: str
    private_key: bytes = field(repr=False)
    created_ms: int
    retired_ms: int | None


class Accounts:
    """Reads through `queries` (a store, or a Writer to see its own changes); changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    # -- accounts ------------------------------------------------------------------------------------------

    def create_account(
        self, tx: Writer, name: str, email: str | None, password_hash: str | None, *, email_verified: bool = True
    ) -> Account:
        """The first one there is becomes the operator's. `name` is valid: the caller saw to it.

        Raises: Conflict -- there is an account of that name, or another has the mail address for certain.
        """
        verified_ms = tx.now_ms if email is not None and email_verified else None
        inserted = tx.rows(sql.INSERT_ACCOUNT, (name, email, password_hash, tx.now_ms, verified_ms))
        if inserted:
            return account_of(inserted[0])
        if tx.rows(sql.ACCOUNT_BY_NAME, (name,)):
            raise Conflict(f"There is an account named {name} already. Choose another name.")
        raise _email_taken()

    def is_name_taken(self, name: str) -> bool:
        """By an account or a storage: they share their names."""
        return bool(self._queries.rows(sql.NAME_TAKEN, (name, f"/{name}/")))

    def is_name_retired(self, name: str) -> bool:
        """Whether there was a storage or an account of that name that was removed."""
        return bool(self._queries.rows(sql.NAME_RETIRED, (name,)))

    def any(self) -> bool:
        """Whether there is an account at all."""
        return bool(self._queries.rows(sql.ANY_ACCOUNT))

    def by_id(self, account: int) -> Account | None:
        return _first(self._queries.rows(sql.ACCOUNT_BY_ID, (account,)))

    def by_name(self, name: str) -> Account | None:
        return _first(self._queries.rows(sql.ACCOUNT_BY_NAME, (name,)))

    def by_email(self, email: str) -> Account | None:
        """Whose verified address it is, whatever the case of its letters."""
        return _first(self._queries.rows(sql.ACCOUNT_BY_EMAIL, (email,)))

    def listed(self) -> Iterator[tuple[Account, tuple[StorageUsage, ...]]]:
        """Every account by name, with its storages."""
        storages: dict[int, list[StorageUsage]] = defaultdict(list)
        for row in self._queries.rows(sql.STORAGES):
            storages[row[2]].append(StorageUsage(*row))
        for row in self._queries.rows(sql.ACCOUNTS):
            yield account_of(row), tuple(storages[row[0]])

    def storages(self, account: int) -> tuple[StorageUsage, ...]:
        return tuple(StorageUsage(*row) for row in self._queries.rows(sql.STORAGES_OF, (account,)))

    def set_status(self, tx: Writer, account: int, status: AccountStatus) -> None:
        """Raises: NotFound."""
        _found(tx.rows(sql.SET_STATUS, (status.value, account)), "account")

    def set_password_hash(self, tx: Writer, account: int, password_hash: str | None) -> None:
        """None: it has no password. Raises: NotFound."""
        _found(tx.rows(sql.SET_PASSWORD_HASH, (password_hash, account)), "account")

    def set_email(self, tx: Writer, account: int, email: str | None, *, verified: bool) -> Account:
        """Raises: NotFound; Conflict -- another account has this address for certain."""
        if email is not None and verified and tx.rows(sql.EMAIL_TAKEN, (email, account)):
            raise _email_taken()
        changed = tx.rows(sql.SET_EMAIL, (email, tx.now_ms if email is not None and verified else None, account))
        _found(changed, "account")
        return account_of(changed[0])

    def language(self, account: int) -> str:
        """Which one it reads; empty where nobody said."""
        rows = self._queries.rows(sql.LANGUAGE, (account,))
        return str(rows[0][0]) if rows else ""

    def operators_language(self) -> str:
        """Of whoever has run the server longest; empty where nobody said."""
        rows = self._queries.rows(sql.OPERATORS_LANGUAGE)
        return str(rows[0][0]) if rows else ""

    def set_language(self, tx: Writer, account: int, language: str) -> None:
        tx.rows(sql.SET_LANGUAGE, (language, account, language))

    def schedule_deletion(self, tx: Writer, account: int, due_ms: int) -> Account:
        """Its storages answer nobody, and whatever acts for it no longer may. Raises: NotFound."""
        changed = tx.rows(sql.SET_DELETE_DUE, (due_ms, account))
        _found(changed, "account")
        if not tx.rows(sql.REMOVAL_BEGUN, (account,)):
            tx.rows(sql.SET_STORAGES_STATUS, (LEAVING, account))
        return account_of(changed[0])

    def keep(self, tx: Writer, account: int) -> Account:
        """Raises: NotFound; Conflict -- its removal has begun."""
        if tx.rows(sql.REMOVAL_BEGUN, (account,)):
            raise Conflict("This account is being removed already.")
        changed = tx.rows(sql.SET_DELETE_DUE, (None, account))
        _found(changed, "account")
        tx.rows(sql.SET_STORAGES_STATUS, (ACTIVE, account))
        return account_of(changed[0])

    # -- WebIDs --------------------------------------------------------------------------------------------

    def add_web_id(self, tx: Writer, account: int, iri: str) -> None:
        """Its first one becomes an account's primary WebID. Raises: Conflict -- the WebID has an account."""
        is_primary = not tx.rows(sql.WEB_IDS_OF, (account,))
        if not tx.rows(sql.INSERT_WEB_ID, (iri, account, int(is_primary))):
            raise Conflict(f"The WebID {iri} belongs to an account already.")

    def web_ids(self, account: int) -> tuple[str, ...]:
        """The primary one first."""
        return tuple(row[0] for row in self._queries.rows(sql.WEB_IDS_OF, (account,)))

    def web_ids_signing_in_here(self, account: int) -> tuple[str, ...]:
        """Those whose profile names this server as an issuer, the primary one first."""
        return tuple(row[0] for row in self._queries.rows(sql.WEB_IDS_SIGNING_IN_HERE, (account,)))

    def set_signs_in_here(self, tx: Writer, account: int, iri: str, *, signs_in_here: bool) -> None:
        """To be called in the transaction that changes the profile. Raises: NotFound."""
        _found(tx.rows(sql.SET_SIGNS_IN_HERE, (int(signs_in_here), iri, account)), "WebID")

    def web_id_account(self, iri: str) -> Account | None:
        return _first(self._queries.rows(sql.ACCOUNT_BY_WEB_ID, (iri,)))

    # -- grants and client credentials ---------------------------------------------------------------------

    def create_grant(
        self,
        tx: Writer,
        account: int,
        client: str,
        web_id: str,
        *,
        ceiling: Ceiling | None = None,
        end_ms: int | None = None,
    ) -> Grant:
        limits = (None if ceiling is None else ceiling.to_text(), end_ms)
        values = (secrets.token_urlsafe(16), account, client, web_id, tx.now_ms, *limits)
        return Grant(*tx.rows(sql.INSERT_GRANT, values)[0])

    def revoke_grant(self, tx: Writer, grant: str) -> None:
        """Once is enough: a second time changes nothing. Raises: NotFound."""
        _found(tx.rows(sql.REVOKE_GRANT, (tx.now_ms, grant)), "grant")

    def create_client(
        self,
        tx: Writer,
        key: str,
        *,
        account: int,
        web_id: str,
        label: str,
        secret_hash: str,
        ceiling: Ceiling | None = None,
        end_ms: int | None = None,
    ) -> ClientCredential:
        """Client credentials and their grant. Raises: Conflict -- the id is taken."""
        if tx.rows(sql.CLIENT_BY_ID, (key,)):
            raise Conflict(f"There is a client with the id {key} already.")
        grant = self.create_grant(tx, account, key, web_id, ceiling=ceiling, end_ms=end_ms)
        values = (key, account, web_id, label, secret_hash, grant.id, tx.now_ms)
        return _credential(tx.rows(sql.INSERT_CLIENT, values)[0])

    def client(self, key: str) -> ClientCredential | None:
        """Revoked ones too: whoever asks looks at `revoked_ms`."""
        rows = self._queries.rows(sql.CLIENT_BY_ID, (key,))
        return _credential(rows[0]) if rows else None

    def clients(self, account: int) -> tuple[ClientCredential, ...]:
        return tuple(map(_credential, self._queries.rows(sql.CLIENTS_OF, (account,))))

    def client_used(self, tx: Writer, key: str) -> None:
        """A token was issued to it now: for its owner to see. To be called in the transaction that spends the proof."""
        tx.rows(sql.USE_CLIENT, (tx.now_ms, key))

    def revoke_client(self, tx: Writer, key: str) -> None:
        """With its grant, so that its tokens fall at once. Raises: NotFound."""
        revoked = tx.rows(sql.REVOKE_CLIENT, (tx.now_ms, key))
        _found(revoked, "client")
        self.revoke_grant(tx, revoked[0][0])

    def revoke_clients_as(self, tx: Writer, account: int, web_id: str) -> None:
        """Those that act as one WebID. Their grants stay, for `Apps.forget_as` to revoke."""
        tx.rows(sql.REVOKE_CLIENTS_AS, (tx.now_ms, account, web_id))

    def revoke_clients(self, tx: Writer, account: int) -> None:
        """All of an account's, with their grants."""
        tx.rows(sql.REVOKE_CLIENTS_OF, (tx.now_ms, account))
        tx.rows(sql.REVOKE_GRANTS_OF_CLIENTS, (tx.now_ms, account))

    # -- signing keys --------------------------------------------------------------------------------------

    def add_signing_key(self, tx: Writer, kid: str, algorithm: str, private_key: bytes) -> SigningKey:
        return SigningKey(*tx.rows(sql.INSERT_KEY, (kid, algorithm, private_key, tx.now_ms))[0])

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """The newest first, retired ones too."""
        return tuple(SigningKey(*row) for row in self._queries.rows(sql.KEYS))

    def retire_signing_key(self, tx: Writer, kid: str) -> None:
        """Raises: NotFound."""
        _found(tx.rows(sql.RETIRE_KEY, (tx.now_ms, kid)), "signing key")


def account_of(row: Row) -> Account:
    """The columns of `account_statements.ACCOUNT`."""
    key, name, email, password_hash, status, created_ms, role, email_verified_ms, delete_due_ms = row
    return Account(
        key,
        name,
        email,
        password_hash,
        AccountStatus(status),
        created_ms,
        Role(role),
        email_verified_ms,
        delete_due_ms,
    )


def _credential(row: Row) -> ClientCredential:
    *plain, ceiling, end_ms = row
    credential = ClientCredential(*plain)
    return replace(credential, ceiling=None if ceiling is None else Ceiling.from_text(ceiling), end_ms=end_ms)


def _first(rows: list[Row]) -> Account | None:
    return account_of(rows[0]) if rows else None


def _email_taken() -> Conflict:
    return Conflict("There is an account with this mail address already.")


def _found(rows: list[Row], what: str) -> None:
    if not rows:
        raise NotFound(f"There is no such {what}.")
