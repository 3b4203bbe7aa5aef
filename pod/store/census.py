"""How much there is: what an operator watches, asked of the database when somebody looks.

Counts only, nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pod.db.connection import Row
from pod.store.interface import Queries

_CENSUS = """
SELECT
  (SELECT COALESCE(MAX(position), 0) FROM change),
  (SELECT COUNT(*) FROM account),
  (SELECT COUNT(*) FROM storage),
  (SELECT COALESCE(SUM(bytes), 0) FROM storage),
  (SELECT COALESCE(SUM(resources), 0) FROM storage),
  (SELECT COUNT(*) FROM outgoing_mail),
  (SELECT COUNT(*) FROM garbage_blob),
  (SELECT COUNT(*) FROM channel)
"""
_ANYTHING = "SELECT value FROM setting WHERE name = 'epoch'"


@dataclass(frozen=True, slots=True)
class Census:
    """`bytes` are those of bodies; `mails` wait to be sent, `garbage` files to be removed."""

    journal_position: int
    accounts: int
    storages: int
    bytes: int
    resources: int
    mails: int
    garbage: int
    channels: int


def take_census(queries: Queries) -> Census:
    """All of one committed state."""
    return take_census_of(queries.rows)


def take_census_of(rows: Callable[[str], list[Row]]) -> Census:
    return Census(*rows(_CENSUS)[0])


def check_readable(queries: Queries) -> None:
    """Raises: StoreUnavailable, StorageDamaged, Busy -- the database does not answer."""
    queries.rows(_ANYTHING)
