"""Accounts and what belongs to them: WebIDs, storages, client credentials, grants; and the server's signing keys.

Every change is made in a `Writer` the caller opened, so that an account, its WebID, its storage and its profile commit
together. Stores hashes and encrypted keys as given; knows neither passwords nor tokens.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from pod.db.connection import Row
from pod.errors import Conflict, NotFound
from pod.store.interface import Queries, Writer


class AccountStatus(StrEnum):
    """Tokens of a disabled account stop working at once."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who can sign in. Without `password_hash`, not with a password."""

    id: int
    name: str
    email: str | None
    password_hash: str | None = field(repr=False)
    status: AccountStatus
    created_ms: int


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
    """An id and secret with which a program gets tokens for a WebID, under a grant of its own."""

    id: str
    account: int
    web_id: str
    label: str
    secret_hash: str = field(repr=False)
    grant: str
    created_ms: int
    revoked_ms: int | None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key the server signs tokens with; retired ones still verify. `private_key` is encrypted by its owner."""

    kid: str
    algorithm: str
    private_key: bytes = field(repr=False)
    created_ms: int
    retired_ms: int | None
