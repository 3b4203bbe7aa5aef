"""Access that others ask for: what they wrote, what owners gave them, whom they want to hear no more of, and the
answers that wait to be sent.

Knows neither URLs nor access rules. That somebody is blocked changes nothing of what they can see here.

Spec: LWS 1.0 #access-requests-and-grants
"""

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Any

from pod.db.connection import Row
from pod.protocol.modes import AccessMode
from pod.store.interface import Queries, Writer
from pod.store.records import StorageState

LISTED_MAX = 1_000
GRANTS_MAX = 5_000
"""Of one account, that were not taken back."""
OPEN_HELD_MAX = 5_000
"""Requests of one account that wait, heard or not: more than there can be."""
SWEPT_AT_ONCE_MAX = 1_000

_REQUEST = (
    "q.id, q.account, q.storage, s.path, q.agent, q.client, q.items, q.purposes, q.comment, q.inbox, q.status, "
    "q.created_ms, q.answered_ms, q.through"
)
_REQUESTS = f"SELECT {_REQUEST} FROM access_request q JOIN storage s ON s.id = q.storage"
_INSERT = """
INSERT INTO access_request (id, account, storage, agent, client, through, network, thing, items, purposes, comment,
  inbox, created_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id
"""
_SAME = "SELECT id FROM access_request WHERE storage = ? AND agent = ? AND client = ? AND thing = ? AND status = 'open'"
_OPEN_OF = """
SELECT id, agent, network, created_ms FROM access_request WHERE account = ? AND status = 'open'
ORDER BY created_ms DESC, id LIMIT ?
"""
_NEWEST = "ORDER BY q.created_ms DESC, q.id LIMIT ?"
_OPEN_FIRST = "ORDER BY CASE WHEN q.status = 'open' THEN 0 ELSE 1 END, q.created_ms DESC, q.id LIMIT ? OFFSET ?"
_OF_ACCOUNT = f"{_REQUESTS} WHERE q.account = ? {_OPEN_FIRST}"
_OF_STORAGE = f"{_REQUESTS} WHERE q.storage = ? {_OPEN_FIRST}"
_OF_AGENT = f"{_REQUESTS} WHERE q.agent = ? {_NEWEST}"
_BY_ID = f"{_REQUESTS} WHERE q.id = ?"
_UNTOLD = f"""
SELECT {_REQUEST} FROM (
  SELECT r.*, ROW_NUMBER() OVER (PARTITION BY r.account ORDER BY r.created_ms, r.id) AS turn
  FROM access_request r WHERE r.told_ms IS NULL
) q JOIN storage s ON s.id = q.storage ORDER BY q.turn, q.created_ms LIMIT ?
"""
_TELL = "UPDATE access_request SET told_ms = ? WHERE id = ? AND told_ms IS NULL RETURNING id"
_ANSWER = (
    "UPDATE access_request SET status = ?, answered_ms = ?, network = '' WHERE id = ? AND status = 'open' RETURNING id"
)
_REMOVE = "DELETE FROM access_request WHERE id = ? RETURNING id"
_SWEEP_REQUESTS = """
DELETE FROM access_request WHERE id IN (
  SELECT id FROM access_request WHERE (status = 'open' AND created_ms < ?) OR answered_ms < ? LIMIT ?
) RETURNING id
"""

_GRANT = (
    "g.id, g.account, g.storage, s.path, g.request, g.agent, g.client, g.items, g.purposes, g.comment, g.inbox, "
    "g.created_ms, g.ended_ms, g.through"
)
_GRANTS = f"SELECT {_GRANT} FROM given_access g JOIN storage s ON s.id = g.storage"
_NEWEST_GRANTS = "ORDER BY g.created_ms DESC, g.id LIMIT ?"
_STANDING_FIRST = "ORDER BY CASE WHEN g.ended_ms IS NULL THEN 0 ELSE 1 END, g.created_ms DESC, g.id LIMIT ? OFFSET ?"
_INSERT_GRANT = """
INSERT INTO given_access (id, account, storage, request, agent, client, through, items, purposes, comment, inbox,
  created_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_GRANTS_OF_ACCOUNT = f"{_GRANTS} WHERE g.account = ? {_STANDING_FIRST}"
_GRANTS_OF_STORAGE = f"{_GRANTS} WHERE g.storage = ? AND g.ended_ms IS NULL {_NEWEST_GRANTS}"
_GRANTS_TO_AGENT = f"{_GRANTS} WHERE g.storage = ? AND g.agent = ? AND g.ended_ms IS NULL {_NEWEST_GRANTS}"
_GRANTS_TO = f"{_GRANTS} WHERE g.storage = ? AND g.agent = ? AND g.client = ? AND g.ended_ms IS NULL {_NEWEST_GRANTS}"
_COUNT_GRANTS = "SELECT COUNT(*) FROM given_access WHERE account = ? AND ended_ms IS NULL"
_GRANT_BY_ID = f"{_GRANTS} WHERE g.id = ?"
_GRANT_OF_REQUEST = "SELECT id FROM given_access WHERE request = ? ORDER BY created_ms DESC LIMIT 1"
_SET_ITEMS = "UPDATE given_access SET items = ? WHERE id = ?"
_END_GRANT = "UPDATE given_access SET ended_ms = ? WHERE id = ? AND ended_ms IS NULL RETURNING id"
_SWEEP_GRANTS = """
DELETE FROM given_access WHERE id IN (SELECT id FROM given_access WHERE ended_ms < ? LIMIT ?) RETURNING id
"""

_BLOCK = "INSERT INTO access_block (account, agent, since_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_UNBLOCK = "DELETE FROM access_block WHERE account = ? AND agent = ?"
_BLOCKED = "SELECT agent, since_ms FROM access_block WHERE account = ? ORDER BY since_ms DESC, agent LIMIT ?"

_NOTICE = "id, account, inbox, message, created_ms, attempts"
_ADD_NOTICE = "INSERT INTO access_notice (account, inbox, message, created_ms, due_ms) VALUES (?, ?, ?, ?, ?)"
_DUE_NOTICES = f"""
SELECT {_NOTICE} FROM (
  SELECT n.*, ROW_NUMBER() OVER (PARTITION BY n.account ORDER BY n.due_ms, n.id) AS turn
  FROM access_notice n WHERE n.due_ms <= ?
) due ORDER BY turn, due_ms, id LIMIT ?
"""
_LET_WAIT = "UPDATE access_notice SET due_ms = ? WHERE id = ?"
_PUT_OFF = "UPDATE access_notice SET attempts = attempts + 1, due_ms = ? WHERE id = ?"
_REMOVE_NOTICE = "DELETE FROM access_notice WHERE id = ?"
_HAS_NEWS = """
SELECT EXISTS (SELECT 1 FROM access_request WHERE told_ms IS NULL) OR
  EXISTS (SELECT 1 FROM access_notice WHERE due_ms <= ?)
"""


class Answer(StrEnum):
    """What became of a request."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AccessItem:
    """Some access to one resource, and all in it if it is a container. `until_ms` of None: without an end.

    `written`: rules were written for it; else they gave that much before, and were left as they were.
    """

    path: str
    modes: AccessMode
    until_ms: int | None = None
    written: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """What asker and owner say about access. Purposes are IRIs; `client` is the only app it is for, or empty."""

    agent: str
    items: tuple[AccessItem, ...]
    client: str = ""
    purposes: tuple[str, ...] = ()
    comment: str = ""
    inbox: str | None = None


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Access that somebody asked for. `root` is the path of the storage, `account` its owner's; `through` is the app
    that asked, if one did.
    """

    id: str
    account: int
    storage: int
    root: str
    said: Said
    answer: Answer
    created_ms: int
    answered_ms: int | None
    through: str = ""


@dataclass(frozen=True, slots=True)
class GivenAccess:
    """Access that an owner gave, on request or not, with what was written for it."""

    id: str
    account: int
    storage: int
    root: str
    request: str | None
    said: Said
    created_ms: int
    ended_ms: int | None
    through: str = ""

    def stands(self, now_ms: int) -> bool:
        """Whether some of it was neither taken back nor is over."""
        is_over = all(each.until_ms is not None and each.until_ms <= now_ms for each in self.said.items)
        return self.ended_ms is None and not is_over


@dataclass(frozen=True, slots=True)
class Asking:
    """How something was asked for: through which app, from where; `thing` is the same for the same resources."""

    through: str
    network: str
    thing: str


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """One that waits: who asks, and from where."""

    id: str
    agent: str
    network: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class Notice:
    """An answer on its way. `account` is the owner's; `attempts` is how often it was tried in vain."""

    id: int
    account: int
    inbox: str
    message: bytes
    created_ms: int
    attempts: int


class AccessRequests:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    # -- requests ------------------------------------------------------------------------------------------------------

    def add(self, tx: Writer, key: str, storage: StorageState, said: Said, asking: Asking) -> bool:
        """False, and nothing happened, where the same was asked before and is not answered."""
        whose = (key, storage.account, storage.id, said.agent, said.client, *astuple(asking))
        told = (_written(said.items), json.dumps(said.purposes), said.comment, said.inbox)
        return bool(tx.rows(_INSERT, (*whose, *told, tx.now_ms)))

    def same(self, storage: int, agent: str, client: str, thing: str) -> str | None:
        """The open request for the same."""
        rows = self._queries.rows(_SAME, (storage, agent, client, thing))
        return rows[0][0] if rows else None

    def open_of(self, account: int) -> tuple[OpenRequest, ...]:
        """What waits for the answer of an owner, of whom they do not want to hear too, the newest first."""
        return tuple(OpenRequest(*row) for row in self._queries.rows(_OPEN_OF, (account, OPEN_HELD_MAX)))

    def of_account(self, account: int, limit: int = LISTED_MAX, skipped: int = 0) -> tuple[AccessRequest, ...]:
        """All that an owner was asked for: first what waits, then what was answered."""
        return tuple(map(_request, self._queries.rows(_OF_ACCOUNT, (account, limit, skipped))))

    def of_storage(self, storage: int) -> tuple[AccessRequest, ...]:
        """The same of one storage."""
        return tuple(map(_request, self._queries.rows(_OF_STORAGE, (storage, LISTED_MAX, 0))))

    def of_agent(self, agent: str) -> tuple[AccessRequest, ...]:
        """What somebody asked for, wherever."""
        return tuple(map(_request, self._queries.rows(_OF_AGENT, (agent, LISTED_MAX))))

    def by_id(self, key: str) -> AccessRequest | None:
        rows = self._queries.rows(_BY_ID, (key,))
        return _request(rows[0]) if rows else None

    def untold(self, limit: int) -> tuple[AccessRequest, ...]:
        """Those of which their owners were not told; owners take turns."""
        return tuple(map(_request, self._queries.rows(_UNTOLD, (limit,))))

    def tell(self, tx: Writer, key: str) -> bool:
        """Whether it was for the caller to tell of it."""
        return bool(tx.rows(_TELL, (tx.now_ms, key)))

    def answer(self, tx: Writer, key: str, answer: Answer) -> bool:
        """False, and nothing happened, where it was answered before."""
        return bool(tx.rows(_ANSWER, (answer.value, tx.now_ms, key)))

    def remove(self, tx: Writer, key: str) -> bool:
        return bool(tx.rows(_REMOVE, (key,)))

    # -- what was given ------------------------------------------------------------------------------------------------

    def give(self, tx: Writer, key: str, storage: StorageState, said: Said, request: AccessRequest | None) -> None:
        told = (_written(said.items), json.dumps(said.purposes), said.comment, said.inbox)
        asked, through = (request.id, request.through) if request else (None, "")
        whose = (key, storage.account, storage.id, asked, said.agent, said.client, through)
        tx.rows(_INSERT_GRANT, (*whose, *told, tx.now_ms))

    def given_by(self, account: int, limit: int = GRANTS_MAX, skipped: int = 0) -> tuple[GivenAccess, ...]:
        """What an owner gave: first what was not taken back, then what was, each the newest first."""
        return tuple(map(_grant, self._queries.rows(_GRANTS_OF_ACCOUNT, (account, limit, skipped))))

    def given_in(self, storage: int) -> tuple[GivenAccess, ...]:
        """What was given in a storage and not taken back."""
        return tuple(map(_grant, self._queries.rows(_GRANTS_OF_STORAGE, (storage, GRANTS_MAX))))

    def given_to_agent(self, storage: int, agent: str) -> tuple[GivenAccess, ...]:
        """The same, of one agent."""
        return tuple(map(_grant, self._queries.rows(_GRANTS_TO_AGENT, (storage, agent, LISTED_MAX))))

    def given_to(self, storage: int, agent: str, client: str) -> tuple[GivenAccess, ...]:
        """The same, of one agent through one app only, or through any."""
        return tuple(map(_grant, self._queries.rows(_GRANTS_TO, (storage, agent, client, LISTED_MAX))))

    def count_given(self, account: int) -> int:
        """How many were not taken back."""
        return int(self._queries.rows(_COUNT_GRANTS, (account,))[0][0])

    def grant(self, key: str) -> GivenAccess | None:
        rows = self._queries.rows(_GRANT_BY_ID, (key,))
        return _grant(rows[0]) if rows else None

    def grant_of(self, request: str) -> str | None:
        """What was given on a request."""
        rows = self._queries.rows(_GRANT_OF_REQUEST, (request,))
        return rows[0][0] if rows else None

    def leave(self, tx: Writer, key: str, items: Iterable[AccessItem]) -> None:
        """Only so much of a grant is left: the rest was given anew by another."""
        tx.rows(_SET_ITEMS, (_written(items), key))

    def end(self, tx: Writer, key: str) -> bool:
        """False, and nothing happened, where it had ended before."""
        return bool(tx.rows(_END_GRANT, (tx.now_ms, key)))

    # -- who is not heard ----------------------------------------------------------------------------------------------

    def block(self, tx: Writer, account: int, agent: str) -> None:
        tx.rows(_BLOCK, (account, agent, tx.now_ms))

    def unblock(self, tx: Writer, account: int, agent: str) -> None:
        tx.rows(_UNBLOCK, (account, agent))

    def blocked(self, account: int) -> tuple[tuple[str, int], ...]:
        """Whom an owner does not want to hear of, and since when."""
        return tuple((agent, since_ms) for agent, since_ms in self._queries.rows(_BLOCKED, (account, LISTED_MAX)))

    # -- answers on their way ------------------------------------------------------------------------------------------

    def add_notice(self, tx: Writer, account: int, inbox: str, message: bytes) -> None:
        tx.rows(_ADD_NOTICE, (account, inbox, message.decode(), tx.now_ms, tx.now_ms))

    def due_notices(self, now_ms: int, limit: int) -> tuple[Notice, ...]:
        """Owners take turns."""
        rows = self._queries.rows(_DUE_NOTICES, (now_ms, limit))
        return tuple(Notice(key, whose, inbox, said.encode(), *rest) for key, whose, inbox, said, *rest in rows)

    def let_wait(self, tx: Writer, notice: int, due_ms: int) -> None:
        """It was not tried."""
        tx.rows(_LET_WAIT, (due_ms, notice))

    def put_off(self, tx: Writer, notice: int, due_ms: int) -> None:
        tx.rows(_PUT_OFF, (due_ms, notice))

    def remove_notice(self, tx: Writer, notice: int) -> None:
        tx.rows(_REMOVE_NOTICE, (notice,))

    def has_news(self, now_ms: int) -> bool:
        """Whether there is somebody to tell something."""
        return bool(self._queries.rows(_HAS_NEWS, (now_ms,))[0][0])

    def sweep(self, tx: Writer, *, asked_before_ms: int, ended_before_ms: int) -> int:
        """Forgets some of what nobody answered for long, and of what was answered or taken back long ago; gives the
        larger of their numbers.
        """
        requests = tx.rows(_SWEEP_REQUESTS, (asked_before_ms, ended_before_ms, SWEPT_AT_ONCE_MAX))
        grants = tx.rows(_SWEEP_GRANTS, (ended_before_ms, SWEPT_AT_ONCE_MAX))
        return max(len(requests), len(grants))


def _written(items: Iterable[AccessItem]) -> str:
    return json.dumps([[each.path, each.modes.value, each.until_ms, int(each.written)] for each in items])


def _items(text: str) -> tuple[AccessItem, ...]:
    return tuple(
        AccessItem(path, AccessMode(modes), until_ms, bool(written))
        for path, modes, until_ms, written in json.loads(text)
    )


def _said(columns: Sequence[Any]) -> Said:  # of a row
    agent, client, items, purposes, comment, inbox = columns
    return Said(agent, _items(items), client, tuple(json.loads(purposes)), comment, inbox)


def _request(row: Row) -> AccessRequest:
    key, account, storage, root, *said, answer, created_ms, answered_ms, through = row
    return AccessRequest(key, account, storage, root, _said(said), Answer(answer), created_ms, answered_ms, through)


def _grant(row: Row) -> GivenAccess:
    key, account, storage, root, request, *said, created_ms, ended_ms, through = row
    return GivenAccess(key, account, storage, root, request, _said(said), created_ms, ended_ms, through)
