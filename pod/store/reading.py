"""Reading resources through SQL, the same for every engine: statements in, values out.

A backend inherits and brings `rows`, `stream` and its blobs. Knows the tables' columns by position; no URL, no RDF.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import chain
from typing import BinaryIO

from pod.db.connection import Row, Value
from pod.errors import JournalGone, StorageDamaged, VersionMoved
from pod.protocol.ceiling import NOTHING_ALLOWED, Ceiling
from pod.protocol.resource import ACL_SUFFIX, Target, lineage, remembered_if_short, storage_of
from pod.store import statements as sql
from pod.store.blobs.interface import BlobStore
from pod.store.records import (
    ACLReference,
    Change,
    ChangeKind,
    GrantState,
    GroupUse,
    Kind,
    Member,
    ResourceState,
    Snapshot,
    StorageState,
)

_KINDS = {kind.value: kind for kind in Kind}
_CHANGE_KINDS = {kind.value: kind for kind in ChangeKind}


class Reading(ABC):
    """The `Reader` of interface.py, over any source of rows."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    @property
    @abstractmethod
    def now_ms(self) -> int: ...

    @abstractmethod
    def rows(self, statement: str, parameters: Sequence[Value] = ()) -> list[Row]: ...

    @abstractmethod
    def stream(self, statement: str, parameters: Sequence[Value] = ()) -> Generator[Row]: ...

    def is_committed(self, resource: int) -> bool:  # noqa: ARG002 -- a transaction looks
        return True

    def describe(
        self, target: Target, grant: str | None = None, *, wide: bool = False, with_body: bool = True
    ) -> Snapshot:
        acls = _acls(target.subject)
        others = _relatives(target.subject) if wide else ()
        statement = sql.describe(others=len(others), acls=len(acls), grant=grant is not None, with_body=with_body)
        asked = (target.path, *others, *acls, storage_of(target.path))
        if grant is None:
            return _snapshot(target, None, self.rows(statement, asked))
        unknown = GrantState(grant, "", "", stands=False, ceiling=NOTHING_ALLOWED)
        uses = (_written(target), storage_of(target.path), grant) * 2 if wide else ()
        return _snapshot(target, unknown, self.rows(statement, (*asked, grant, *uses)), self.now_ms)

    def document(self, resource: int, version: int) -> bytes | None:
        rows = self.rows(sql.DOCUMENT, (resource, version))
        if not rows:
            return None
        body, blob = rows[0]
        if body is not None:
            return bytes(body)
        try:
            with self._opened(blob, resource, version) as file:
                return file.read()
        except VersionMoved:
            return None

    def rules(self, reference: ACLReference) -> tuple[str, bytes] | None:
        asked = (reference.id, reference.version)
        for media_type, body, blob in self.rows(sql.RULES, asked * 2):
            if body is not None:
                return media_type, bytes(body)
            try:
                with self._opened(blob, *asked) as file:
                    return media_type, file.read()
            except VersionMoved:  # replaced between the two reads: by now it is among the past ones
                return self.rules(reference)
        return None

    def lineage_rules(self, target: Target, before: int) -> tuple[ACLReference, ...]:
        acls = _acls(target.subject)
        rows = self.rows(sql.lineage_rules(len(acls)), (*acls, before, *acls, before, before))
        found = [ACLReference(path[: -len(ACL_SUFFIX)], key, version) for path, key, version in rows]
        return _nearest_first(found)

    def creator(self, path: str) -> str | None:
        rows = self.rows(sql.CREATOR, (path,))
        return rows[0][0] if rows else None

    def _opened(self, blob: str, resource: int, version: int) -> BinaryIO:
        """Raises: VersionMoved -- the resource has another body by now; StorageDamaged -- it has not."""
        try:
            return self._blobs.open(blob)
        except FileNotFoundError as error:
            if self.rows(sql.DOCUMENT, (resource, version)):
                raise StorageDamaged("The body of this resource is missing on the server.") from error
            raise VersionMoved from error

    def members(self, container: int, listing_version: int | None = None) -> Iterator[Member]:
        with closing(self.stream(sql.MEMBERS, (container,))) as rows:
            first = next(rows, None)
            if listing_version is not None and (first is None or first[0] != listing_version):
                raise VersionMoved
            for _, path, kind, media_type, size, modified_ms in chain([first] if first else [], rows):
                if path is not None:
                    yield Member(path, _KINDS[kind], media_type, size, modified_ms)

    def changes(self, after: int, limit: int) -> list[Change]:
        rows = self.rows(sql.CHANGES, (after, limit))
        if after < int(rows[0][0]):
            raise JournalGone
        return [change_of(row[1:]) for row in rows if row[1] is not None]


@remembered_if_short(4096)
def _acls(subject: str) -> tuple[str, ...]:
    return tuple(path + ACL_SUFFIX for path in lineage(subject))


def _relatives(subject: str) -> tuple[str, ...]:
    """The subject, its containers, and the slash twins of all of them but the storage root."""
    line = lineage(subject)
    return (*line, *(twin_of(path) for path in line[:-1]))


def twin_of(path: str) -> str:
    """The path that differs only in its trailing slash."""
    return path[:-1] if path.endswith("/") else path + "/"


def _written(target: Target) -> str:
    """The document whose content a write to the target changes: what comes with a new container describes it."""
    return target.description if target.is_container else target.path


def _snapshot(target: Target, grant: GrantState | None, rows: list[Row], now_ms: int = 0) -> Snapshot:
    """`grant` is what is told of one that is not found."""
    state = None
    acls: list[ACLReference] = []
    storages: list[Row] = []
    others: set[str] = set()
    uses: list[GroupUse] = []
    for row in rows:
        about = row[0]
        if about == sql.ACL:
            acls.append(ACLReference(row[3][: -len(ACL_SUFFIX)], row[1], row[6]))
        elif about == sql.TARGET:
            state = state_of(row)
        elif about == sql.STORAGE:
            storages.append(row)
        elif about == sql.OTHER:
            others.add(row[3])
        elif about == sql.GRANT:
            grant = _grant(row, now_ms)
        else:
            uses.append(GroupUse(row[3][: -len(ACL_SUFFIX)], row[2]))
    return Snapshot(target, state, _nearest_first(acls), _storage(storages), grant, frozenset(others), tuple(uses))


def _grant(row: Row, now_ms: int) -> GrantState:
    _, stands, account, key, web_id, client, end_ms, _, _, _, ceiling, *_ = row
    return GrantState(
        key,
        web_id,
        client,
        stands == 1 and (end_ms is None or end_ms > now_ms),
        account,
        None if ceiling is None else Ceiling.from_text(ceiling),
        end_ms,
    )


def _storage(rows: list[Row]) -> StorageState | None:
    """One row an owner; the owner's column is empty where there is none."""
    if not rows:
        return None
    _, key, account, path, status, _, _, _, _, size, size_max, *_ = rows[0]
    owners = tuple(sorted(row[5] for row in rows if row[5]))
    return StorageState(key, path, account, owners, status, size_max - size if size_max else None)


def _nearest_first(acls: list[ACLReference]) -> tuple[ACLReference, ...]:
    """The engine may give the rows of a union in any order; of one lineage, the longer path is the nearer."""
    if len(acls) > 1:
        acls.sort(key=_path_length, reverse=True)
    return tuple(acls)


def _path_length(acl: ACLReference) -> int:
    return len(acl.subject)


def state_of(row: Row) -> ResourceState:
    """A row of `describe` about a resource."""
    (
        _,
        key,
        storage,
        path,
        kind,
        media_type,
        version,
        listing,
        modified_ms,
        size,
        digest,
        protected,
        blob,
        body,
    ) = row
    return ResourceState(
        key,
        storage,
        path,
        _KINDS[kind],
        media_type,
        version,
        listing,
        modified_ms,
        size,
        digest,
        body,
        blob,
        protected == 1,
    )


def change_of(row: Row) -> Change:
    """A journal entry from its columns, the position first."""
    position, storage, sequence, time_ms, kind, *rest = row
    return Change(position, storage, sequence, time_ms, _CHANGE_KINDS[kind], *rest)
