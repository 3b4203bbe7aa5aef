"""What is known of people elsewhere: name and picture, when they were asked for, and when they are due again.

All of it is what their profiles show to everyone. Whoever no document of any pod here names any more is forgotten.
"""

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pod.db.connection import Row
from pod.store.interface import ResourceStore

_DUE = """
SELECT p.web_id, p.name, p.picture_key, p.failures,
  EXISTS (SELECT 1 FROM thing t WHERE t.web_id = p.web_id AND t.kind <> 'person')
FROM person p WHERE p.due_ms <= ? ORDER BY p.due_ms LIMIT ?
"""
_NEXT_DUE = "SELECT MIN(due_ms) FROM person"
_SAVE = """
UPDATE person SET name = ?, picture_key = ?, picture = ?, fetched_ms = ?, due_ms = ?, failures = 0, why = NULL
WHERE web_id = ?
"""
_SAVE_NAME = """
UPDATE person SET name = ?, fetched_ms = ?, due_ms = ?, failures = 0, why = NULL WHERE web_id = ?
"""
_FAIL = "UPDATE person SET due_ms = ?, failures = failures + 1, why = ? WHERE web_id = ?"
_POSTPONE = "UPDATE person SET due_ms = ? WHERE web_id = ?"
_FORGET = "DELETE FROM person WHERE web_id = ?"
_PICTURE = "SELECT picture FROM person WHERE picture_key = ? LIMIT 1"


Picture: TypeAlias = tuple[str, bytes]
"""Its key, which is a digest of it, and its content."""


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody whose profile is to be read. `is_named` while a document here still names them."""

    web_id: str
    name: str | None
    picture_key: str | None
    failures: int
    is_named: bool


def seen(store: ResourceStore, web_ids: Sequence[str]) -> list[Row]:
    """WebID, name and key of the picture of those who were found."""
    if not web_ids:
        return []
    marks = ", ".join("?" * len(web_ids))
    statement = f"SELECT web_id, name, picture_key FROM person WHERE web_id IN ({marks}) AND fetched_ms IS NOT NULL"
    return store.derived_rows(statement, tuple(web_ids))


def picture(store: ResourceStore, key: str) -> bytes | None:
    rows = store.derived_rows(_PICTURE, (key,))
    return bytes(rows[0][0]) if rows else None


def due(store: ResourceStore, now_ms: int, limit: int) -> list[Due]:
    """Those who are, longest first."""
    rows = store.derived_rows(_DUE, (now_ms, limit))
    return [Due(web_id, name, key, failures, is_named == 1) for web_id, name, key, failures, is_named in rows]


def next_due_ms(store: ResourceStore) -> int | None:
    """When somebody is due; None where nobody is known."""
    due_ms: int | None = store.derived_rows(_NEXT_DUE)[0][0]
    return due_ms


def save(store: ResourceStore, web_id: str, name: str | None, picture: Picture | None, due_ms: int) -> None:
    """What a profile says now."""
    key, content = picture or (None, None)
    store.change_derived(_SAVE, (name, key, content, store.now_ms, due_ms, web_id))


def save_name(store: ResourceStore, web_id: str, name: str | None, due_ms: int) -> None:
    """The same, with the picture that is known: the new one cannot be had now."""
    store.change_derived(_SAVE_NAME, (name, store.now_ms, due_ms, web_id))


def fail(store: ResourceStore, web_id: str, why: str, due_ms: int) -> None:
    """What was known stays."""
    store.change_derived(_FAIL, (due_ms, why, web_id))


def postpone(store: ResourceStore, web_id: str, due_ms: int) -> None:
    """Nothing was found out."""
    store.change_derived(_POSTPONE, (due_ms, web_id))


def forget(store: ResourceStore, web_id: str) -> None:
    store.change_derived(_FORGET, (web_id,))
