"""Who members are at the organisation's OpenID provider, and the settings of that provider, as they are kept.

One account has at most one identity of an issuer. The client secret is encrypted by whoever writes it here.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

from pod.store import statements as sql
from pod.store.accounts import Account, Accounts
from pod.store.interface import Queries, Writer

NAME = "organisation_provider"
_PUT = "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_REMOVE = "DELETE FROM setting WHERE name = ?"
_ACCOUNT = "SELECT account FROM outside_identity WHERE issuer = ? AND subject = ?"
_LINK = """
INSERT INTO outside_identity (issuer, subject, account, name, since_ms) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING account
"""
_UNLINK = "DELETE FROM outside_identity WHERE account = ? RETURNING issuer"
_OF_ACCOUNT = "SELECT issuer, subject, name, since_ms FROM outside_identity WHERE account = ? AND issuer = ?"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """`secret` is encrypted, in hex. `label` is what people know it by. Who may come in: whoever has a verified address
    of `domain`, and a `claim` with this `value`; empty is no condition. With `may_join`, they make accounts by it.
    """

    issuer: str
    client: str
    secret: str
    label: str
    domain: str = ""
    claim: str = ""
    value: str = ""
    may_join: bool = False


class OutsideIdentity(NamedTuple):
    """`name` is what the provider called them when it was connected."""

    issuer: str
    subject: str
    name: str
    since_ms: int


def provider_settings(queries: Queries) -> ProviderSettings | None:
    """One statement."""
    rows = queries.rows(sql.SETTING, (NAME,))
    return ProviderSettings(**json.loads(rows[0][0])) if rows else None


def put_provider_settings(tx: Writer, settings: ProviderSettings | None) -> None:
    if settings is None:
        tx.rows(_REMOVE, (NAME,))
    else:
        tx.rows(_PUT, (NAME, json.dumps(asdict(settings), ensure_ascii=False)))


def account_of_identity(queries: Queries, issuer: str, subject: str) -> Account | None:
    rows = queries.rows(_ACCOUNT, (issuer, subject))
    return Accounts(queries).by_id(rows[0][0]) if rows else None


def identity_of(queries: Queries, account: int, issuer: str) -> OutsideIdentity | None:
    rows = queries.rows(_OF_ACCOUNT, (account, issuer))
    return OutsideIdentity(*rows[0]) if rows else None


def connect(tx: Writer, account: int, issuer: str, subject: str, name: str) -> bool:
    """False: the identity is somebody's already, or the account has one of this issuer."""
    return bool(tx.rows(_LINK, (issuer, subject, account, name, tx.now_ms)))


def disconnect(tx: Writer, account: int) -> bool:
    """False: there was none."""
    return bool(tx.rows(_UNLINK, (account,)))
