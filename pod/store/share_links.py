"""Links that owners give to people without a WebID: what each opens, to how many, for how long; and where it is open.

Kept under digests: neither the secret of a link nor that of a browser in which it was opened can be read here. A link
names its resource by id, so it goes with it. Knows neither URLs nor passwords, and not who may do what.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pod.db.connection import Row
from pod.store.interface import Queries, Writer
from pod.store.records import ResourceState

LISTED_MAX = 1_000
SWEPT_AT_ONCE_MAX = 1_000
LEFT_FILES_MAX = 1_000
"""Left through one link, and their bytes: its owner does not know who sends, nor how much."""
LEFT_BYTES_MAX = 5_000_000_000
QUOTA_SHARE = 4
"""One link takes no more than this part of what a pod may hold."""

_OF_LINK = (
    "l.id, l.account, l.web_id, l.resource, l.mode, l.label, l.password_hash, l.uses, l.uses_max, "
    "l.files, l.bytes, COALESCE(s.bytes_max, 0), COALESCE(s.resources_max, 0), "
    "l.created_ms, l.end_ms, l.used_ms, l.revoked_ms, r.path, "
    "CASE WHEN a.status = 'active' AND a.delete_due_ms IS NULL AND w.iri IS NOT NULL AND n.web_id IS NOT NULL "
    "THEN 1 ELSE 0 END"
)
_FROM = (
    "FROM share_link l JOIN account a ON a.id = l.account "
    "LEFT JOIN web_id w ON w.iri = l.web_id AND w.account = l.account LEFT JOIN resource r ON r.id = l.resource "
    "LEFT JOIN storage s ON s.id = l.storage "
    "LEFT JOIN storage_owner n ON n.storage = l.storage AND n.web_id = l.web_id"
)
_INSERT = """
INSERT INTO share_link (hash, account, web_id, storage, resource, mode, label, password_hash, uses_max, created_ms,
  end_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
"""
_FIND = f"""
SELECT {_OF_LINK}, CASE WHEN o.hash IS NULL THEN 0 ELSE 1 END {_FROM}
LEFT JOIN share_link_opening o ON o.link = l.id AND o.hash = ? AND o.end_ms > ?
WHERE l.hash = ?
"""
_BY_ID = f"SELECT {_OF_LINK} {_FROM} WHERE l.id = ?"
_MINE = "(l.account = ? OR l.storage IN (SELECT id FROM storage WHERE account = ?))"
_LIST = f"SELECT {_OF_LINK} {_FROM} WHERE l.revoked_ms IS NULL AND {_MINE}"
_NEWEST = " ORDER BY l.created_ms DESC, l.id DESC LIMIT ?"
_COUNT = "SELECT COUNT(*) FROM share_link WHERE account = ?"
_USE = """
UPDATE share_link SET uses = uses + 1, used_ms = ?
WHERE id = ? AND revoked_ms IS NULL AND (end_ms IS NULL OR end_ms > ?) AND (uses_max IS NULL OR uses < uses_max)
RETURNING uses
"""
_OPEN = "INSERT INTO share_link_opening (hash, link, end_ms) VALUES (?, ?, ?)"
_ADD_FILE = "UPDATE share_link SET files = files + 1, bytes = bytes + ? WHERE id = ?"
_REVOKE = """
UPDATE share_link SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL
  AND (account = ? OR storage IN (SELECT id FROM storage WHERE account = ?))
RETURNING id
"""
_REVOKE_MADE_BY = "UPDATE share_link SET revoked_ms = ? WHERE account = ? AND revoked_ms IS NULL"
_END_WITH_RESOURCE = """
UPDATE share_link SET revoked_ms = ? WHERE id IN (
  SELECT l.id FROM share_link l LEFT JOIN resource r ON r.id = l.resource
  WHERE l.revoked_ms IS NULL AND r.id IS NULL LIMIT ?
) RETURNING id
"""
_SWEEP_OPENINGS = """
DELETE FROM share_link_opening WHERE hash IN (SELECT hash FROM share_link_opening WHERE end_ms <= ? LIMIT ?)
RETURNING link
"""
_SWEEP = """
DELETE FROM share_link WHERE id IN (
  SELECT id FROM share_link WHERE revoked_ms < ? OR end_ms < ? OR (uses >= uses_max AND used_ms < ?) LIMIT ?
) RETURNING id
"""


class LinkMode(StrEnum):
    """What a link is good for: to look at what is there, or to leave files without seeing any."""

    VIEW = "view"
    UPLOAD = "upload"


class LinkEnd(StrEnum):
    """Why a link opens nothing any more."""

    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    USED_UP = "used up"
    GONE = "gone"
    """What it opened was deleted."""
    NO_RIGHT = "no right"
    """Whoever made it may no longer share what it opened, is no owner of the pod, or has no account that could."""


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A link somebody made. `id` opens nothing."""

    id: int
    account: int
    web_id: str
    """As whom it reads and writes: never more than that one may."""
    resource: int
    mode: LinkMode
    label: str
    password_hash: str | None = field(repr=False)
    uses: int
    uses_max: int | None
    """None: any number."""
    files: int
    """How many were left through it, and how much that was."""
    bytes: int
    quota_bytes: int
    """Of the pod; 0 is no limit."""
    quota_resources: int
    created_ms: int
    end_ms: int | None
    used_ms: int | None
    revoked_ms: int | None
    path: str | None
    """Where its resource is; None once that is gone."""
    maker_stands: bool

    def end(self, now_ms: int) -> LinkEnd | None:
        """Why it does not work, wherever it was opened before; None if it does. Used up is another matter."""
        if self.path is None:
            return LinkEnd.GONE
        if self.revoked_ms is not None:
            return LinkEnd.WITHDRAWN
        if self.end_ms is not None and self.end_ms <= now_ms:
            return LinkEnd.ENDED
        return None if self.maker_stands else LinkEnd.NO_RIGHT

    @property
    def is_used_up(self) -> bool:
        return self.uses_max is not None and self.uses >= self.uses_max

    @property
    def files_left(self) -> int:
        """How many more it takes in."""
        return max(0, _most(LEFT_FILES_MAX, self.quota_resources) - self.files)

    @property
    def bytes_left(self) -> int:
        return max(0, _most(LEFT_BYTES_MAX, self.quota_bytes) - self.bytes)

    @property
    def is_full(self) -> bool:
        return self.mode is LinkMode.UPLOAD and not (self.files_left and self.bytes_left)


@dataclass(frozen=True, slots=True)
class NewLink:
    """What is wanted of a link, and who makes it."""

    account: int
    web_id: str
    mode: LinkMode
    label: str = ""
    password_hash: str | None = field(default=None, repr=False)
    uses_max: int | None = None
    end_ms: int | None = None


class ShareLinks:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def create(self, tx: Writer, key: str, resource: ResourceState, new: NewLink) -> int:
        """Gives its id. `key` is the digest of its secret."""
        whose = (key, new.account, new.web_id, resource.storage, resource.id)
        wish = (new.mode.value, new.label, new.password_hash, new.uses_max, tx.now_ms, new.end_ms)
        return int(tx.rows(_INSERT, (*whose, *wish))[0][0])

    def find(self, key: str, opening: str | None, now_ms: int) -> tuple[ShareLink, bool] | None:
        """The link of that key, whether or not it works, and whether this opening of it still lasts."""
        rows = self._queries.rows(_FIND, (opening, now_ms, key))
        return (_link(rows[0][:-1]), bool(rows[0][-1])) if rows else None

    def by_id(self, link: int) -> ShareLink | None:
        rows = self._queries.rows(_BY_ID, (link,))
        return _link(rows[0]) if rows else None

    def of_account(self, account: int) -> tuple[ShareLink, ...]:
        """What it made, and what others made into its storages, the newest first; without those withdrawn."""
        return tuple(map(_link, self._queries.rows(_LIST + _NEWEST, (account, account, LISTED_MAX))))

    def of_resource(self, account: int, resource: int) -> tuple[ShareLink, ...]:
        """Those of them that open one resource."""
        statement = f"{_LIST} AND l.resource = ?{_NEWEST}"
        return tuple(map(_link, self._queries.rows(statement, (account, account, resource, LISTED_MAX))))

    def count(self, account: int) -> int:
        """How many it made that are not forgotten yet."""
        return int(self._queries.rows(_COUNT, (account,))[0][0])

    def use(self, tx: Writer, link: int, opening: str, lasts_ms: int) -> bool:
        """Count one use and remember the browser; False, and nothing happened, if it is used up or has ended."""
        if not tx.rows(_USE, (tx.now_ms, link, tx.now_ms)):
            return False
        tx.rows(_OPEN, (opening, link, tx.now_ms + lasts_ms))
        return True

    def add_file(self, tx: Writer, link: int, size: int) -> None:
        """Whether there is room for it is looked at before, in the same transaction."""
        tx.rows(_ADD_FILE, (size, link))

    def revoke(self, tx: Writer, account: int, link: int) -> bool:
        """Whether there was one that this account made, or that opens something in a storage of it."""
        return bool(tx.rows(_REVOKE, (tx.now_ms, link, account, account)))

    def revoke_made_by(self, tx: Writer, account: int) -> None:
        """All of them: whoever they were sent to knew them from somebody who is not there any more."""
        tx.rows(_REVOKE_MADE_BY, (tx.now_ms, account))

    def sweep(self, tx: Writer, before_ms: int) -> int:
        """Ends those whose resource is gone, and forgets openings that are over and links that ended before a moment.
        Some of each at a time; gives the largest of their numbers.
        """
        ended = tx.rows(_END_WITH_RESOURCE, (tx.now_ms, SWEPT_AT_ONCE_MAX))
        openings = tx.rows(_SWEEP_OPENINGS, (tx.now_ms, SWEPT_AT_ONCE_MAX))
        links = tx.rows(_SWEEP, (before_ms, before_ms, before_ms, SWEPT_AT_ONCE_MAX))
        return max(len(ended), len(openings), len(links))


def _most(most: int, quota: int) -> int:
    return min(most, quota // QUOTA_SHARE) if quota else most


def _link(row: Row) -> ShareLink:
    number, account, web_id, resource, mode, *rest, stands = row
    values = [number, account, web_id, resource, LinkMode(mode), *rest, bool(stands)]
    return ShareLink(*values)
