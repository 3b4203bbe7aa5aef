"""Apps that registered themselves: what they said, and whether anybody ever used them.

Every change is made in a `Writer` the caller opened. Stores metadata and hashes as given; knows neither OAuth nor
secrets.

Spec: RFC 7591 s1.2 (client registration); Solid-OIDC #security-client-ids
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pod.store.interface import Queries, ResourceStore, Writer
from pod.store.records import SERVER

UNUSED_MAX = 5_000
"""Registrations nobody used yet; the oldest give way to new ones."""
UNUSED_SECONDS = 24 * 3600
KEPT_SECONDS = 400 * 24 * 3600
"""Since its last use, of a registration that is in nobody's list of apps: a browser may still know its id."""
USED_AGAIN_SECONDS = 24 * 3600
"""How exactly the last use is known."""

_COLUMNS = "id, metadata, secret_hash, created_ms, used_ms"
_INSERT = "INSERT INTO registered_client (id, metadata, secret_hash, created_ms) VALUES (?, ?, ?, ?)"
_BY_ID = f"SELECT {_COLUMNS} FROM registered_client WHERE id = ?"  # noqa: S608  # constant text
_USE = "UPDATE registered_client SET used_ms = ? WHERE id = ?"
_FORGET_OLDEST = """
DELETE FROM registered_client WHERE id IN (
  SELECT id FROM registered_client WHERE used_ms IS NULL ORDER BY created_ms DESC LIMIT ? OFFSET ?)
"""
_FORGET_UNUSED = "DELETE FROM registered_client WHERE used_ms IS NULL AND created_ms < ?"
_FORGET_ABANDONED = """
DELETE FROM registered_client WHERE used_ms < ? AND NOT EXISTS (SELECT 1 FROM app WHERE client = registered_client.id)
"""


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A registration. `metadata` is JSON."""

    id: str
    metadata: str
    secret_hash: str | None = field(repr=False)
    created_ms: int
    used_ms: int | None

    def needs_use(self, now_ms: int) -> bool:
        """Whether its last use is so long ago, if it ever was, that `RegisteredClients.use` has something to write."""
        return self.used_ms is None or now_ms - self.used_ms >= USED_AGAIN_SECONDS * 1000


class RegisteredClients:
    """Reads through `queries` (a store, or a Writer to see its own changes); changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def add(self, tx: Writer, key: str, metadata: str, secret_hash: str | None) -> RegisteredClient:
        """One more; of those that nobody used, the newest `UNUSED_MAX` stay."""
        tx.rows(_FORGET_OLDEST, (UNUSED_MAX, UNUSED_MAX - 1))
        tx.rows(_INSERT, (key, metadata, secret_hash, tx.now_ms))
        return RegisteredClient(key, metadata, secret_hash, tx.now_ms, None)

    def find(self, key: str) -> RegisteredClient | None:
        rows = self._queries.rows(_BY_ID, (key,))
        return RegisteredClient(*rows[0]) if rows else None

    def use(self, tx: Writer, key: str) -> None:
        """From now on it is kept."""
        tx.rows(_USE, (tx.now_ms, key))


def sweep_unused_clients(store: ResourceStore) -> None:
    """Forget registrations that nobody used within a day, and those that nobody has used for long."""
    with store.write(SERVER) as tx:
        tx.rows(_FORGET_UNUSED, (tx.now_ms - UNUSED_SECONDS * 1000,))
        tx.rows(_FORGET_ABANDONED, (tx.now_ms - KEPT_SECONDS * 1000,))
