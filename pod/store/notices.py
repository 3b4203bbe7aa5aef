"""What people with an account should know of: one line each, read or not, for the page that has them all.

Written in the transaction of what they tell of: none comes without the other. Knows no words for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pod.db.connection import Row
from pod.store.interface import Queries, Writer

KEPT_MAX = 300
"""Of one account. Of what there is most, the oldest goes: who repeats one thing hides no other by it."""
UNREAD_COUNTED_MAX = 100
SWEPT_AT_ONCE_MAX = 1_000
MAIL_OF_ROOM_EVERY_MS = 24 * 3600 * 1000
"""A pod that is filled and emptied fills no mailbox."""


class NoticeKind(StrEnum):
    """What `who` and `thing` of each are."""

    ASKED = "asked"
    """A WebID; the path of the pod for which they ask for access."""
    REFUSED = "refused"
    """The path of the pod whose owner said no."""
    SHARED = "shared"
    """The owner's WebID; a path."""
    ACCOUNT = "account"
    """What happened to the ways in, as `MailKind` names it."""
    QUOTA = "quota"
    """The path of the pod that has little room left."""
    OPERATORS = "operators"
    """What operators did about the account, as `ActKind` names it."""
    HANDOVER = "hand-over"
    """The name of an account that one may take over."""


@dataclass(frozen=True, slots=True)
class Notice:
    id: int
    kind: NoticeKind
    who: str
    thing: str
    at_ms: int
    times: int
    is_unread: bool

    @property
    def mark(self) -> str:
        """What a next page begins before."""
        return f"{self.at_ms}-{self.id}"


_AGAIN = """
ON CONFLICT (account, kind, who, thing) DO UPDATE SET at_ms = excluded.at_ms, times = notice.times + 1, read_ms = NULL
RETURNING account
"""
# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

_ADD = f"INSERT INTO notice (account, kind, who, thing, at_ms) VALUES (?, ?, ?, ?, ?) {_AGAIN}"
_ADD_FOR_WEB_ID = f"""
INSERT INTO notice (account, kind, who, thing, at_ms)
SELECT account, ?, ?, ?, ? FROM web_id WHERE iri = ? AND account <> ? {_AGAIN}
"""
_ADD_FOR_STORAGE = f"""
INSERT INTO notice (account, kind, who, thing, at_ms) SELECT account, ?, '', path, ? FROM storage WHERE id = ? {_AGAIN}
"""
_TRIM = """
DELETE FROM notice WHERE ? < (SELECT COUNT(*) FROM notice WHERE account = ?) AND id = (
  SELECT MIN(id) FROM notice WHERE account = ? GROUP BY kind ORDER BY COUNT(*) DESC, MAX(id) DESC LIMIT 1
)
"""
_NOTICE = "id, kind, who, thing, at_ms, times, read_ms"
_NEWEST_FIRST = "ORDER BY at_ms DESC, id DESC LIMIT ?"
_LATEST = f"SELECT {_NOTICE} FROM notice WHERE account = ? AND (at_ms, id) < (?, ?) {_NEWEST_FIRST}"
_UNREAD = f"SELECT {_NOTICE} FROM notice WHERE account = ? AND read_ms IS NULL {_NEWEST_FIRST}"
_READ = "UPDATE notice SET read_ms = ? WHERE account = ? AND id = ? AND read_ms IS NULL"
_READ_ALL = "UPDATE notice SET read_ms = ? WHERE account = ? AND at_ms <= ? AND read_ms IS NULL"
_READ_OF_KIND = "UPDATE notice SET read_ms = ? WHERE account = ? AND kind = ? AND read_ms IS NULL"
_GET = f"SELECT {_NOTICE} FROM notice WHERE account = ? AND id = ?"
_SWEEP = "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE at_ms < ? LIMIT ?) RETURNING 1"

_MAIL_OF_ROOM = """
INSERT INTO outgoing_mail (kind, account, email, created_ms, due_ms)
SELECT 'quota', a.id, a.email, ?, ? FROM storage s JOIN account a ON a.id = s.account
WHERE s.id = ? AND a.email_verified_ms IS NOT NULL AND a.status = 'active' AND a.delete_due_ms IS NULL
  AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.account = a.id AND n.kind = 'quota' AND n.at_ms > ?)
  AND NOT EXISTS (SELECT 1 FROM outgoing_mail m WHERE m.account = a.id AND m.kind = 'quota')
"""
UNREAD = f"""
(SELECT COUNT(*) FROM (
  SELECT 1 FROM notice n WHERE n.account = a.id AND n.read_ms IS NULL LIMIT {UNREAD_COUNTED_MAX}
) c)
"""
"""How many an account `a` has not read: part of the statement that finds whoever looks at a page."""
_END_MS = 10**16


class Notices:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def add(self, tx: Writer, account: int, kind: NoticeKind, who: str = "", thing: str = "") -> None:
        _trimmed(tx, tx.rows(_ADD, (account, kind.value, who, thing, tx.now_ms)))

    def add_shared(self, tx: Writer, web_id: str, sender: int, owner: str, path: str) -> None:
        """For whoever has an account here with this WebID, unless it is the sender's own."""
        values = (NoticeKind.SHARED.value, owner, path, tx.now_ms, web_id, sender)
        _trimmed(tx, tx.rows(_ADD_FOR_WEB_ID, values))

    def add_refused(self, tx: Writer, web_id: str, sender: int, path: str) -> None:
        """The same."""
        _trimmed(tx, tx.rows(_ADD_FOR_WEB_ID, (NoticeKind.REFUSED.value, "", path, tx.now_ms, web_id, sender)))

    def latest(self, account: int, before: str = "", limit: int = 30) -> list[Notice]:
        """The newest first. `before` is the mark of one."""
        return [_notice(row) for row in self._queries.rows(_LATEST, (account, *_place(before), limit))]

    def unread(self, account: int, limit: int) -> list[Notice]:
        return [_notice(row) for row in self._queries.rows(_UNREAD, (account, limit))]

    def get(self, account: int, key: int) -> Notice | None:
        rows = self._queries.rows(_GET, (account, key))
        return _notice(rows[0]) if rows else None

    def read(self, tx: Writer, account: int, key: int) -> None:
        tx.rows(_READ, (tx.now_ms, account, key))

    def read_all(self, tx: Writer, account: int, until_ms: int) -> None:
        """All that there were at a moment: what came later nobody has seen."""
        tx.rows(_READ_ALL, (tx.now_ms, account, until_ms))

    def read_kind(self, tx: Writer, account: int, kind: NoticeKind) -> None:
        """They were all dealt with."""
        tx.rows(_READ_OF_KIND, (tx.now_ms, account, kind.value))

    def sweep(self, tx: Writer, before_ms: int) -> int:
        """Removes some that are older; gives their number."""
        return len(tx.rows(_SWEEP, (before_ms, SWEPT_AT_ONCE_MAX)))


def tell_of_room(tx: Queries, storage: int, now_ms: int) -> None:
    """A pod has little room left: a notice, and mail to an address that is surely its owner's, if none went lately."""
    tx.rows(_MAIL_OF_ROOM, (now_ms, now_ms, storage, now_ms - MAIL_OF_ROOM_EVERY_MS))
    _trimmed(tx, tx.rows(_ADD_FOR_STORAGE, (NoticeKind.QUOTA.value, now_ms, storage)))


def _trimmed(tx: Queries, added: Sequence[Row]) -> None:
    for (account,) in added:
        tx.rows(_TRIM, (KEPT_MAX, account, account))


def _notice(row: Row) -> Notice:
    key, kind, who, thing, at_ms, times, read_ms = row
    return Notice(key, NoticeKind(kind), who, thing, at_ms, times, read_ms is None)


def _place(mark: str) -> tuple[int, int]:
    """What is no mark begins at the newest."""
    at, _, key = mark.partition("-")
    is_mark = all(each.isascii() and each.isdecimal() and len(each) <= 16 for each in (at, key))
    return (int(at), int(key)) if is_mark else (_END_MS, 0)
