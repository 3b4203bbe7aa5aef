"""What the documents of pods say, as rows for lists and counts: kept beside the truth, and made from it at any time.

Knows tables, not RDF. Rows of a storage and how far they have come in its journal change in one transaction, and only
by whoever read on from where they stand: any number of processes may be at it, and each may die at any moment.
"""

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from pod.db.connection import Row, Value
from pod.store.interface import Queries, ResourceStore
from pod.store.records import Kind

CLEARED_AT_ONCE_MAX = 5_000
NAMED_MAX = 5_000
"""People of whom one storage has name and picture fetched."""


class ThingKind(StrEnum):
    CONTACT = "contact"
    BOOK = "book"
    GROUP = "group"
    POST = "post"
    PERSON = "person"
    """Whose profile it is."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that a document describes. `data` is JSON: what lists show beside the name."""

    iri: str
    kind: ThingKind
    name: str
    sort: str
    words: str
    """What it is found by."""
    data: str
    at_ms: int | None = None
    """Where it is not said: the time of its document."""
    web_id: str | None = None
    members: tuple[tuple[str, str], ...] = ()
    """Of a group: who, and by what name."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one resource. `is_document` of what is kept at all; `whole` unless something was left out."""

    resource: int
    path: str = ""
    modified_ms: int = 0
    is_document: bool = False
    whole: bool = True
    things: tuple[Thing, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """How far the rows of a storage have come: in its journal, and in a first reading as long as that is under way."""

    storage: int
    epoch: str
    format: int
    sequence: int
    walked: str | None
    contacts: int = 0
    groups: int = 0
    posts: int = 0
    unread: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True)
class ReadableState:
    """What must be known of a resource to read it."""

    id: int
    path: str
    kind: Kind
    media_type: str
    version: int
    size: int
    modified_ms: int


# -- the truth ---------------------------------------------------------------------------------------------------------

_STATE = "id, path, kind, media_type, version, size, modified_ms"
_AFTER = f"SELECT {_STATE} FROM resource WHERE path > ? AND path < ? ORDER BY path LIMIT ?"
_TOUCHED = """
SELECT s.sequence, c.sequence, c.resource
FROM storage s LEFT JOIN change c ON c.storage = s.id AND c.sequence > ? WHERE s.id = ? ORDER BY c.sequence LIMIT ?
"""
_NEWS = "SELECT s.value, c.position, c.storage FROM setting s LEFT JOIN change c ON c.position > ? "
_NEWS += "WHERE s.name = 'journal_floor' ORDER BY c.position LIMIT ?"
_STORAGE = "SELECT path, sequence FROM storage WHERE id = ?"
_RECENT = """
SELECT r.path, r.media_type, r.size, r.modified_ms FROM (
  SELECT resource, sequence, path FROM change WHERE storage = ? AND kind <> 'delete' ORDER BY sequence DESC LIMIT ?
) c JOIN resource r ON r.id = c.resource AND r.version = c.sequence
WHERE r.subject IS NULL AND r.kind <> 'container' AND (r.kind = 'other' OR NOT ({}))
ORDER BY c.sequence DESC LIMIT ?
"""
"""The last entry of what is still so: a walk back through the journal that ends with the last row asked for."""


class Gone(Exception):
    """What happened meanwhile is no longer kept, or the storage is not."""


def storage_head(queries: Queries, storage: int) -> tuple[str, int] | None:
    """Path and last sequence number of a storage; None where it is no more."""
    rows = queries.rows(_STORAGE, (storage,))
    return (str(rows[0][0]), int(rows[0][1])) if rows else None


def touched_after(queries: Queries, storage: int, sequence: int, limit: int) -> list[tuple[int, int]]:
    """Sequence number and resource of what happened in a storage since then, with nothing left out.

    Raises: Gone
    """
    rows = queries.rows(_TOUCHED, (sequence, storage, limit))
    last, first = rows[0][:2] if rows else (-1, None)
    if sequence > last or first != (sequence + 1 if sequence < last else None):
        raise Gone
    return [(row[1], row[2]) for row in rows if row[1] is not None]


def news_after(queries: Queries, position: int, limit: int) -> list[tuple[int, int]]:
    """Position and storage of what happened anywhere since then.

    Raises: Gone
    """
    rows = queries.rows(_NEWS, (position, limit))
    if position < int(rows[0][0]):
        raise Gone
    return [(row[1], row[2]) for row in rows if row[1] is not None]


def heads(queries: Queries, storages: Sequence[int]) -> dict[int, int]:
    """The last sequence numbers of those that there are."""
    statement = f"SELECT id, sequence FROM storage WHERE id IN ({_marks(len(storages))})"
    return dict(queries.rows(statement, tuple(storages))) if storages else {}


def states(queries: Queries, resources: Sequence[int]) -> dict[int, ReadableState]:
    found = queries.rows(_states(len(resources)), tuple(resources)) if resources else []
    return {row[0]: _state(row) for row in found}


@cache
def _states(count: int) -> str:
    return f"SELECT {_STATE} FROM resource WHERE id IN ({_marks(count)})"


def states_after(queries: Queries, root: str, path: str, limit: int) -> list[ReadableState]:
    """What lies in a storage, by path, past one."""
    end = root[:-1] + chr(ord("/") + 1)
    return [_state(row) for row in queries.rows(_AFTER, (max(root, path), end, limit))]


def _state(row: Row) -> ReadableState:
    key, path, kind, *rest = row
    return ReadableState(key, path, Kind(kind), *rest)


def recent(queries: Queries, storage: int, root: str, apart: Sequence[str], *, looked_at: int, limit: int) -> list[Row]:
    """Path, media type, size and time of the files written last. Documents in the folders `apart` are left out."""
    prefixes = [root + name for name in apart]
    outside = " OR ".join(["substr(r.path, 1, ?) = ?"] * len(prefixes)) or "1 = 0"
    values = [value for prefix in prefixes for value in (len(prefix), prefix)]
    return queries.rows(_RECENT.format(outside), (storage, looked_at, *values, limit))


# -- how far the rows are ----------------------------------------------------------------------------------------------

_PLACE = "storage, epoch, format, sequence, walked, contacts, groups, posts, unread, people"
_GET_PLACE = f"SELECT {_PLACE} FROM thing_place WHERE storage = ?"
_PLACES = "SELECT storage, epoch, format, sequence, walked FROM thing_place WHERE storage > ? ORDER BY storage LIMIT ?"
_BEGIN = """
INSERT INTO thing_place (storage, epoch, format, sequence, walked) VALUES (?, '', 0, 0, '') ON CONFLICT DO NOTHING
"""
_UNFINISHED = "SELECT storage FROM thing_place WHERE walked IS NOT NULL ORDER BY storage LIMIT ?"
_ANY_PLACE = "SELECT 1 FROM thing_place LIMIT 1"
_MOVE = """
UPDATE thing_place SET epoch = ?, format = ?, sequence = ?, walked = ?, contacts = ?, groups = ?, posts = ?, unread = ?,
  people = ?
WHERE storage = ? AND epoch = ? AND format = ? AND sequence = ? AND walked IS NOT DISTINCT FROM ? RETURNING 1
"""
_FORGET_PLACE = "DELETE FROM thing_place WHERE storage = ?"
_CLEAR = (
    *(
        f"DELETE FROM {table} WHERE (storage, resource) IN "
        f"(SELECT storage, resource FROM {table} WHERE storage = ? LIMIT ?) RETURNING 1"
        for table in ("thing", "thing_member", "thing_document")
    ),
    """
    DELETE FROM thing_reference WHERE (storage, target, resource) IN
      (SELECT storage, target, resource FROM thing_reference WHERE storage = ? LIMIT ?) RETURNING 1
    """,
)


def place_of(store: ResourceStore, storage: int) -> Place | None:
    rows = store.derived_rows(_GET_PLACE, (storage,))
    return Place(*rows[0]) if rows else None


def places_after(store: ResourceStore, storage: int, limit: int) -> list[Place]:
    """Of all storages that anybody looked into, past one; without counts."""
    return [Place(*row) for row in store.derived_rows(_PLACES, (storage, limit))]


def unfinished(store: ResourceStore, limit: int) -> list[int]:
    """Storages whose first reading, or reading anew, is under way."""
    return [row[0] for row in store.derived_rows(_UNFINISHED, (limit,))]


def has_places(store: ResourceStore) -> bool:
    """Whether anybody looked into any storage."""
    return bool(store.derived_rows(_ANY_PLACE))


def with_places(store: ResourceStore, storages: Sequence[int]) -> set[int]:
    """Those of the storages that anybody looked into."""
    statement = f"SELECT storage FROM thing_place WHERE storage IN ({_marks(len(storages))})"
    return {row[0] for row in store.derived_rows(statement, tuple(storages))} if storages else set()


def begin(store: ResourceStore, storage: int) -> None:
    """Its rows, if there are any from before, are of nobody knows when."""
    store.change_derived(_BEGIN, (storage,))


def clear_some(tx: Queries, storage: int) -> bool:
    """Whether anything of a storage was left to remove."""
    return any(tx.rows(statement, (storage, CLEARED_AT_ONCE_MAX)) for statement in _CLEAR)


def forget_storage(store: ResourceStore, storage: int) -> None:
    """All that was kept of it. The place goes first: nobody adds rows where there is none."""
    store.change_derived(_FORGET_PLACE, (storage,))
    while True:
        with store.derive() as tx:
            if not clear_some(tx, storage):
                return


def move(tx: Queries, old: Place, new: Place) -> bool:
    """Whether the rows stood at `old`, and stand at `new` from now on."""
    values = (new.epoch, new.format, new.sequence, new.walked, new.contacts, new.groups, new.posts, new.unread)
    found = (old.storage, old.epoch, old.format, old.sequence, old.walked)
    return bool(tx.rows(_MOVE, (*values, new.people, *found)))


# -- rows --------------------------------------------------------------------------------------------------------------

_REMOVE_THINGS = "DELETE FROM thing WHERE storage = ? AND resource = ? RETURNING kind, web_id"
_REMOVE_MEMBERS = "DELETE FROM thing_member WHERE storage = ? AND resource = ?"
_REMOVE_REFERENCES = "DELETE FROM thing_reference WHERE storage = ? AND resource = ?"
_REMOVE_DOCUMENT = "DELETE FROM thing_document WHERE storage = ? AND resource = ? RETURNING whole"
_ADD_DOCUMENT = "INSERT INTO thing_document (storage, resource, path, whole) VALUES (?, ?, ?, ?)"
_ADD_THING = """
INSERT INTO thing (storage, resource, iri, kind, name, sort, at_ms, web_id, words, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_MEMBER = "INSERT INTO thing_member (storage, resource, of_group, member, name) VALUES (?, ?, ?, ?, ?)"
_ADD_REFERENCES = "INSERT INTO thing_reference (storage, resource, target) VALUES {} ON CONFLICT DO NOTHING"
_NAME_PERSON = "INSERT INTO person (web_id, due_ms) VALUES (?, ?) ON CONFLICT DO NOTHING"
_RENEW_PERSON = "UPDATE person SET due_ms = ? WHERE web_id = ?"
REFERENCES_AT_ONCE = 200


def put_readings(tx: Queries, place: Place, readings: Sequence[Reading]) -> Place:
    """Each in the place of what was read of its resource before; gives the place with the counts that it has then."""
    counts: Counter[str] = Counter()
    for reading in readings:
        _remove(tx, place.storage, reading.resource, counts)
        if reading.is_document:
            _add(tx, place, reading, counts)
    return replace(
        place,
        contacts=place.contacts + counts[ThingKind.CONTACT],
        groups=place.groups + counts[ThingKind.GROUP],
        posts=place.posts + counts[ThingKind.POST],
        unread=place.unread + counts["unread"],
        people=place.people + counts["people"],
    )


def _remove(tx: Queries, storage: int, resource: int, counts: Counter[str]) -> None:
    for (whole,) in tx.rows(_REMOVE_DOCUMENT, (storage, resource)):
        counts["unread"] -= not whole
        for kind, web_id in tx.rows(_REMOVE_THINGS, (storage, resource)):
            counts[kind] -= 1
            counts["people"] -= web_id is not None and kind != ThingKind.PERSON
        tx.rows(_REMOVE_MEMBERS, (storage, resource))
        tx.rows(_REMOVE_REFERENCES, (storage, resource))


def _add(tx: Queries, place: Place, reading: Reading, counts: Counter[str]) -> None:
    tx.rows(_ADD_DOCUMENT, (place.storage, reading.resource, reading.path, int(reading.whole)))
    counts["unread"] += not reading.whole
    for thing in reading.things:
        _add_thing(tx, place, reading, thing, counts)
    for start in range(0, len(reading.references), REFERENCES_AT_ONCE):
        some = reading.references[start : start + REFERENCES_AT_ONCE]
        values: list[Value] = [value for target in some for value in (place.storage, reading.resource, target)]
        tx.rows(_ADD_REFERENCES.format(", ".join(["(?, ?, ?)"] * len(some))), values)


def _add_thing(tx: Queries, place: Place, reading: Reading, thing: Thing, counts: Counter[str]) -> None:
    at_ms = reading.modified_ms if thing.at_ms is None else thing.at_ms
    values = (thing.iri, thing.kind.value, thing.name, thing.sort, at_ms, thing.web_id, thing.words, thing.data)
    tx.rows(_ADD_THING, (place.storage, reading.resource, *values))
    counts[thing.kind.value] += 1
    for member, name in thing.members:
        tx.rows(_ADD_MEMBER, (place.storage, reading.resource, thing.iri, member, name))
    if thing.kind is ThingKind.PERSON:  # whoever names them sees soon what has changed
        tx.rows(_RENEW_PERSON, (tx.now_ms, thing.web_id))
    elif thing.web_id is not None:
        counts["people"] += 1
        if place.people + counts["people"] <= NAMED_MAX:
            tx.rows(_NAME_PERSON, (thing.web_id, tx.now_ms))


# -- what lists ask for ------------------------------------------------------------------------------------------------

_ROW = "t.iri, d.path, t.kind, t.name, t.sort, t.at_ms, t.web_id, t.data"
_FROM = "FROM thing t JOIN thing_document d ON d.storage = t.storage AND d.resource = t.resource"
_SORTED = f"SELECT {_ROW} {_FROM} WHERE t.storage = ? AND t.kind = ? AND (t.sort, t.iri) > (?, ?) "
_SORTED_END = "ORDER BY t.sort, t.iri LIMIT ?"
_DATED = (
    f"SELECT {_ROW} {_FROM} WHERE t.storage = ? AND t.kind = ? AND (t.at_ms, t.iri) < (?, ?) "
    "ORDER BY t.at_ms DESC, t.iri DESC LIMIT ?"
)
_BY_IRI = f"SELECT {_ROW} {_FROM} WHERE t.storage = ? AND t.iri = ? ORDER BY t.id LIMIT 1"
_GROUPS = (
    f"SELECT {_ROW}, (SELECT COUNT(*) FROM thing_member m WHERE m.storage = t.storage AND m.of_group = t.iri) "
    f"{_FROM} WHERE t.storage = ? AND t.kind = 'group' ORDER BY t.sort, t.iri LIMIT ?"
)
_MEMBERS = """
SELECT m.member, m.name, c.iri, c.name, c.web_id FROM thing_member m
  LEFT JOIN thing c ON c.id = COALESCE(
    (SELECT i.id FROM thing i WHERE i.storage = m.storage AND i.iri = m.member AND i.kind = 'contact' LIMIT 1),
    (SELECT w.id FROM thing w WHERE w.web_id = m.member AND w.storage = m.storage AND w.kind = 'contact' LIMIT 1))
WHERE m.storage = ? AND m.of_group = ? AND m.member > ? ORDER BY m.member LIMIT ?
"""
_MENTIONING = """
SELECT DISTINCT d.path, 1 FROM thing_reference r
  JOIN thing_document d ON d.storage = r.storage AND d.resource = r.resource
WHERE r.storage = ? AND r.target >= ? AND r.target < ?
UNION ALL
SELECT d.path, 0 FROM thing_document d WHERE d.storage = ? AND d.whole = 0
ORDER BY 1, 2 DESC
"""


def sorted_things(
    store: ResourceStore,
    storage: int,
    kind: ThingKind,
    *,
    words: str = "",
    after: tuple[str, str] = ("", ""),
    limit: int,
) -> list[Row]:
    """By name, past one; only those in which `words` are found, if any."""
    values: tuple[Value, ...] = (storage, kind.value, *after)
    if not words:
        return store.derived_rows(_SORTED + _SORTED_END, (*values, limit))
    found = "AND t.words LIKE ? ESCAPE '!' "
    return store.derived_rows(_SORTED + found + _SORTED_END, (*values, f"%{_literal(words)}%", limit))


def _literal(words: str) -> str:
    for sign in "!%_":
        words = words.replace(sign, "!" + sign)
    return words


def dated_things(store: ResourceStore, storage: int, kind: ThingKind, before: tuple[int, str], limit: int) -> list[Row]:
    """The newest first, before one."""
    return store.derived_rows(_DATED, (storage, kind.value, *before, limit))


def thing_at(store: ResourceStore, storage: int, iri: str) -> Row | None:
    rows = store.derived_rows(_BY_IRI, (storage, iri))
    return rows[0] if rows else None


def things_at(store: ResourceStore, storage: int, kind: ThingKind, iris: Sequence[str]) -> list[Row]:
    """Those of a kind among some IRIs."""
    statement = f"SELECT {_ROW} {_FROM} WHERE t.storage = ? AND t.kind = ? AND t.iri IN ({_marks(len(iris))})"
    return store.derived_rows(statement, (storage, kind.value, *iris)) if iris else []


def groups_of(store: ResourceStore, storage: int, limit: int) -> list[Row]:
    """The number of members follows what rows of things have."""
    return store.derived_rows(_GROUPS, (storage, limit))


def groups_with(store: ResourceStore, storage: int, members: Sequence[str]) -> list[str]:
    """Groups that have any of these as a member."""
    statement = f"SELECT DISTINCT of_group FROM thing_member WHERE storage = ? AND member IN ({_marks(len(members))})"
    rows = store.derived_rows(statement, (storage, *members)) if members else []
    return sorted(row[0] for row in rows)


def members_of(store: ResourceStore, storage: int, group: str, after: str, limit: int) -> list[Row]:
    """Member and its name in the group; IRI, name and WebID of the contact that it is, if it is one."""
    return store.derived_rows(_MEMBERS, (storage, group, after, limit))


def documents_mentioning(store: ResourceStore, storage: int, path: str, *, beneath: bool) -> list[tuple[str, bool]]:
    """Documents that mention a path, or also what lies beneath it; not sure of those that were not read as a whole."""
    end = path[:-1] + chr(ord(path[-1]) + 1) if beneath else path + "\0"
    rows = store.derived_rows(_MENTIONING, (storage, path, end, storage))
    found: dict[str, bool] = {}
    for document, is_sure in rows:
        found[document] = found.get(document, False) or is_sure == 1
    return sorted(found.items())


def _marks(count: int) -> str:
    return ", ".join("?" * count)
