"""Moving resources through SQL: a resource with all beneath it, and what belongs to these, gets other paths.

Ids, creators and share links stay. The journal tells that each of them went from its old path, the innermost first, and
came to be at its new one, in one operation: followers know both already, and what a path was stays true. What else
keeps paths (what apps may do, what was asked for and given, what was taken down, uploads) follows here too.

Knows nothing of who may do this, nor of what documents say. docs/decisions/0029-moves.md says more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pod.db.connection import Value
from pod.errors import NotFound, VersionMoved
from pod.protocol.ceiling import NOTHING_ALLOWED, Ceiling
from pod.protocol.resource import Auxiliary, Target, lineage
from pod.store import quota
from pod.store.interface import Queries
from pod.store.reading import state_of
from pod.store.records import ACLReference, ChangeKind, Content, Held, Kind, ResourceState
from pod.store.statements import OTHER, STATE
from pod.store.writing import Writing, all_or_nothing, dated, replaced

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

_TREE = (
    f"SELECT {OTHER}, {STATE}, NULL, subject, creator FROM resource "
    "WHERE path IN (?, ?, ?) OR (path > ? AND path < ?) LIMIT ?"
)
_TAKE_NUMBERS = """
UPDATE storage SET sequence = sequence + ?, bytes = bytes + ? WHERE id = ?
RETURNING sequence, bytes, bytes_max, resources, resources_max
"""
_RELOCATE = """
UPDATE resource SET path = ?, parent = CASE WHEN ? = 1 THEN ? ELSE parent END, version = ?, listing_version = ?,
  modified_ms = ? WHERE id = ? AND version = ? RETURNING 1
"""
_REPLACE_BODY = "UPDATE resource SET media_type = ?, size = ?, digest = ?, blob = ?, body = ? WHERE id = ?"
_WENT_BEFORE = """
SELECT 1 FROM change WHERE storage = ? AND kind = 'delete' AND (path = ? OR (path > ? AND path < ?)) LIMIT 1
"""
_PARENT = "SELECT parent FROM resource WHERE id = ?"

_LIMITED = (
    (
        "SELECT id, ceiling FROM app WHERE account = ? AND ceiling IS NOT NULL",
        "UPDATE app SET ceiling = ? WHERE id = ?",
    ),
    (
        "SELECT id, ceiling FROM access_grant WHERE account = ? AND ceiling IS NOT NULL AND revoked_ms IS NULL",
        "UPDATE access_grant SET ceiling = ? WHERE id = ?",
    ),
)
_ASKED_OR_GIVEN = (
    ("SELECT id, items FROM access_request WHERE storage = ?", "UPDATE access_request SET items = ? WHERE id = ?"),
    ("SELECT id, items FROM given_access WHERE storage = ?", "UPDATE given_access SET items = ? WHERE id = ?"),
)
_UPLOADS = "SELECT DISTINCT path FROM upload WHERE path = ? OR (path > ? AND path < ?)"
_UPLOAD_GOES = "UPDATE upload SET path = ? WHERE path = ?"
_TAKEN_DOWN = "SELECT path FROM takedown WHERE path = ? OR (path > ? AND path < ?)"
_TAKE_DOWN_THERE = """
INSERT INTO takedown (path, since_ms, reason) SELECT ?, since_ms, reason FROM takedown WHERE path = ?
ON CONFLICT DO NOTHING
"""
_GIVE_BACK = "DELETE FROM takedown WHERE path = ?"
_IS_TAKEN_DOWN = "SELECT 1 FROM takedown WHERE path = ?"


@dataclass(frozen=True, slots=True)
class Way:
    """From one path to another, for what is there and all beneath."""

    old: str
    new: str

    def __call__(self, path: str) -> str:
        """The new path of something; the same path for what does not go this way."""
        return self.new + path[len(self.old) :] if self.covers(path) else path

    def covers(self, path: str) -> bool:
        if path == self.old:
            return True
        if self.old.endswith("/"):
            return path.startswith(self.old)
        return path in {self.old + each.value for each in Auxiliary}


def tree(queries: Queries, target: Target, limit: int) -> list[Held]:
    """A resource, all beneath it and what belongs to any of these; each before what it holds, and before what belongs
    to it. At most `limit`, in no particular choice.
    """
    path = target.path
    beneath = (path, _end(path)) if target.is_container else (path, path)
    rows = queries.rows(_TREE, (path, target.acl, target.description, *beneath, limit))
    held = [Held(state_of(row[:-2]), *row[-2:]) for row in rows]
    return sorted(held, key=_order)


def _order(held: Held) -> str:
    """What belongs to a resource comes straight after it."""
    return held.state.path if held.subject is None else f"{held.place}\0{held.state.path}"


def _end(container: str) -> str:
    """What comes after all paths in a container."""
    return f"{container[:-1]}0"


class Moving(Writing):
    """`Writer.move`."""

    @all_or_nothing
    def move(
        self,
        moved: Sequence[Held],
        destination: Target,
        contents: Mapping[int, Content],
        *,
        acl: ACLReference | None,
        acl_there: ACLReference | None,
    ) -> dict[int, int]:
        source = moved[0].state
        way = Way(source.path, destination.path)
        place = self._place(destination)
        if place.storage != source.storage or place.parent is None:
            raise NotFound("Things are moved within one pod.")
        keep_dates = not self._went_before(source.storage, destination)
        last = self._take_numbers(source.storage, moved, contents)
        first = last - 2 * len(moved) + 1
        self._tell_gone(moved, first, acl)
        (old_parent,) = self.rows(_PARENT, (source.id,))[0]
        versions: dict[int, int] = {}
        for number, held in enumerate(moved, first + len(moved)):
            versions[held.state.id] = number
        rules = _rules({way(held.place): (held.state.id, versions[held.state.id]) for held in moved if held.is_rules})
        for held in moved:
            new = self._relocated(held, way, versions[held.state.id], last, contents, keep_dates=keep_dates)
            self._update(held, new, place.parent if held is moved[0] else None)
            lines = lineage(way(held.place))
            above = _nearest(rules, lines if held.subject is not None else lines[1:], acl_there)
            self._record(ChangeKind.CREATE, new, held.subject, above, old_path=held.state.path)
        self._show_membership(old_parent, last, -1)
        self._show_membership(place.parent, last, +1)
        return versions

    def _went_before(self, storage: int, destination: Target) -> bool:
        """Whether anything is known to have been there: then a date of old could be taken for one of that."""
        path = destination.path
        return bool(self.rows(_WENT_BEFORE, (storage, path, path, _end(path) if destination.is_container else path)))

    def _take_numbers(self, storage: int, moved: Sequence[Held], contents: Mapping[int, Content]) -> int:
        """Two for each: that it went, that it came. The last of them."""
        more = sum(content.size for content in contents.values())
        more -= sum(held.state.size for held in moved if held.state.id in contents)
        rows = self.rows(_TAKE_NUMBERS, (2 * len(moved), more, storage))
        if not rows:
            raise NotFound("There is no such storage.")
        last, *counters = rows[0]
        if more > 0:
            self._check_quota(storage, quota.Usage(*counters), more, 0)
        return int(last)

    def _tell_gone(self, moved: Sequence[Held], first: int, acl: ACLReference | None) -> None:
        """The innermost first. Rules that go with their subject are in force until that is gone."""
        numbers = {held.state.id: number for number, held in enumerate(reversed(moved), first)}
        rules = _rules({held.place: (held.state.id, held.state.version) for held in moved if held.is_rules})
        for held in reversed(moved):
            state, number = held.state, numbers[held.state.id]
            self._keep_rules(state, numbers.get(held.subject, number) if held.subject is not None else number)
            gone = replaced(state, state.kind, Content(state.media_type, 0, ""), number, self._now_ms)
            above = _nearest(rules, lineage(held.place), acl)
            self._record(ChangeKind.DELETE, gone, held.subject, above, before=state, creator=held.creator)

    def _relocated(
        self,
        held: Held,
        way: Way,
        version: int,
        last: int,
        contents: Mapping[int, Content],
        *,
        keep_dates: bool,
    ) -> ResourceState:
        state = held.state
        content = contents.get(state.id)
        new = replace(
            state,
            path=way(state.path),
            version=version,
            listing_version=last if state.kind is Kind.CONTAINER else version,
            modified_ms=state.modified_ms if keep_dates and content is None else dated(state, self._now_ms),
        )
        if content is None:
            return new
        body = (content.media_type, content.size, content.digest)
        return replace(new, media_type=body[0], size=body[1], digest=body[2], blob=content.blob, inline=content.inline)

    def _update(self, held: Held, new: ResourceState, parent: int | None) -> None:
        """`parent` of None is the one it has. Raises: VersionMoved"""
        self._changed.add(new.id)
        where: tuple[Value, ...] = (new.path, int(parent is not None), parent)
        when: tuple[Value, ...] = (new.version, new.listing_version, new.modified_ms, new.id, held.state.version)
        if not self.rows(_RELOCATE, (*where, *when)):
            raise VersionMoved
        if new.digest != held.state.digest or new.blob != held.state.blob:
            self._abandon(held.state.blob)
            self.rows(_REPLACE_BODY, (new.media_type, new.size, new.digest, new.blob, new.inline, new.id))


def _rules(found: Mapping[str, tuple[int, int]]) -> dict[str, ACLReference]:
    return {subject: ACLReference(subject, *which) for subject, which in found.items()}


def _nearest(
    rules: Mapping[str, ACLReference], lines: Iterable[str], otherwise: ACLReference | None
) -> ACLReference | None:
    return next((rules[path] for path in lines if path in rules), otherwise)


# -- what else keeps paths ---------------------------------------------------------------------------------------------


def follow(tx: Queries, account: int, storage: int, way: Way) -> bool:
    """What apps may do at most, what was asked for and given, what was taken down and what is being uploaded goes where
    its resource goes. True: the limits of an app did.
    """
    for (path,) in tx.rows(_UPLOADS, (way.old, *_beneath(way.old))):
        tx.rows(_UPLOAD_GOES, (way(path), path))
    _stay_taken_down(tx, way)
    for find, update in _ASKED_OR_GIVEN:
        for key, text in tx.rows(find, (storage,)):
            items = [[way(path), *rest] for path, *rest in json.loads(text)]
            if (new := json.dumps(items)) != text:
                tx.rows(update, (new, key))
    changed = [
        tx.rows(update, (limit, key))
        for find, update in _LIMITED
        for key, text in tx.rows(find, (account,))
        if (limit := _moved_limit(text, way)) is not None
    ]
    return bool(changed)


def _stay_taken_down(tx: Queries, way: Way) -> None:
    """Also where something was taken down before, and what leaves a folder that was."""
    for (path,) in tx.rows(_TAKEN_DOWN, (way.old, *_beneath(way.old))):
        tx.rows(_TAKE_DOWN_THERE, (way(path), path))
        tx.rows(_GIVE_BACK, (path,))
    for container in lineage(way.old)[1:]:
        if not way.new.startswith(container) and tx.rows(_IS_TAKEN_DOWN, (container,)):
            tx.rows(_TAKE_DOWN_THERE, (way.new, container))


def _beneath(path: str) -> tuple[str, str]:
    return (path, _end(path)) if path.endswith("/") else (path, path)


def _moved_limit(text: str, way: Way) -> str | None:
    """None: it stays as it is."""
    ceiling = Ceiling.from_text(text)
    if ceiling is NOTHING_ALLOWED or not any(way.covers(each.path) for each in ceiling.items):
        return None
    return replace(ceiling, items=tuple(replace(each, path=way(each.path)) for each in ceiling.items)).to_text()
