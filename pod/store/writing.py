"""Changing resources through SQL, the same for every engine: state, containment, quota and journal in one transaction.

A backend inherits and brings `rows` of a connection whose transaction it began and will end. Knows nothing of who may
do this; belt and braces, it refuses slash twins, missing parents and states that are no longer current.

Spec: Solid #server-hierarchical-containment, #server-uri-trailing-slash-distinct,
#server-delete-remove-auxiliary-resource
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from pod.db.connection import Row, Value
from pod.errors import Conflict, ContainerNotEmpty, NotFound, QuotaExceeded, SlashTwinExists, VersionMoved
from pod.protocol.agent import Proof
from pod.protocol.resource import ACL_SUFFIX, DESCRIPTION_SUFFIX, Target
from pod.store import quota
from pod.store import statements as sql
from pod.store.blobs.interface import BlobStore
from pod.store.inboxes import set_aside
from pod.store.notices import tell_of_room
from pod.store.reading import Reading, state_of
from pod.store.records import ACLReference, Actor, ChangeKind, Content, Kind, ResourceState, StorageState

PROOFS_FORGOTTEN_MAX = 4
"""Expired proofs removed with each new one: more than one, so that they never pile up."""

_CONTAINER_DESCRIPTION = "/" + DESCRIPTION_SUFFIX

Parameters = ParamSpec("Parameters")
Given = TypeVar("Given")
Own = TypeVar("Own", bound="Writing")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a new storage may hold, any container, and any inbox."""

    quota_bytes: int
    quota_resources: int
    members_max: int
    inbox: quota.Held


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who writes and when, and the ids of what the transaction made or changed so far, whoever did."""

    by: Actor
    now_ms: int
    changed: set[int]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a new resource goes: in its storage, under its parent or beside its subject."""

    storage: int
    parent: int | None = None
    subject: int | None = None


def all_or_nothing(
    change: Callable[Concatenate[Own, Parameters], Given],
) -> Callable[Concatenate[Own, Parameters], Given]:
    """A change that raised half-way must never be committed, even if the caller swallows what it raised."""

    @wraps(change)
    def guarded(self: Own, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Given:
        try:
            return change(self, *args, **kwargs)
        except Exception as error:
            self.refusal = error
            raise

    return guarded


class Writing(Reading):
    """The `Writer` of interface.py, over a connection in a transaction."""

    def __init__(self, blobs: BlobStore, occasion: Occasion, limits: Limits) -> None:
        super().__init__(blobs)
        self._changed = occasion.changed
        self._by = occasion.by
        self._now_ms = occasion.now_ms
        self._limits = limits
        self._operation = secrets.token_hex(8)
        self.refusal: Exception | None = None

    def stream(self, statement: str, parameters: Sequence[Value] = ()) -> Generator[Row]:
        """All rows at once: what follows in this transaction may change them."""
        yield from self.rows(statement, parameters)

    def is_committed(self, resource: int) -> bool:
        return resource not in self._changed

    @property
    def now_ms(self) -> int:
        """The one moment of this transaction."""
        return self._now_ms

    @all_or_nothing
    def create(
        self,
        target: Target,
        kind: Kind,
        content: Content,
        *,
        acl: ACLReference | None,
        protected: bool = False,
    ) -> ResourceState:
        place = self._place(target)
        version, usage = self._charge(place.storage, content.size, 1)
        state = self._inserted(target, kind, content, place, version, protected=protected)
        self._check_quota(place.storage, usage, content.size, 1)
        self._show_membership(place.parent, version, +1)
        self._show_description(target.path, place.subject, version)
        self._record(ChangeKind.CREATE, state, place.subject, acl)
        return state

    @all_or_nothing
    def replace(self, state: ResourceState, content: Content, *, kind: Kind, acl: ACLReference | None) -> ResourceState:
        self._changed.add(state.id)
        version = self._spend(state.storage, content.size - state.size, 0)
        self._keep_rules(state, version)
        new = replaced(state, kind, content, version, self._now_ms)
        updated = self.rows(sql.UPDATE_RESOURCE, _update_values(new, state))
        if not updated:
            raise VersionMoved
        parent, subject = updated[0]
        self._abandon(state.blob)
        if parent is not None:
            self.rows(sql.LISTING_MOVED, (version, parent))
        self._show_description(state.path, subject, version)
        self._record(ChangeKind.UPDATE, new, subject, acl, before=state)
        return new

    @all_or_nothing
    def delete(self, state: ResourceState, *, acl: ACLReference | None) -> None:
        if state.is_container and self.rows(sql.MEMBERS_COUNT, (state.id,)) != [(0,)]:
            raise ContainerNotEmpty
        auxiliaries = self.rows(sql.AUXILIARIES, (state.id,))
        for index, row in enumerate(auxiliaries):
            self._remove(state_of(row), acl, followed_by=len(auxiliaries) - index)
        parent, subject, version = self._remove(state, acl)
        self._show_membership(parent, version, -1)
        self._show_description(state.path, subject, version)

    def remember_proof(self, proof: Proof) -> bool:
        self.rows(sql.FORGET_PROOFS, (self._now_ms, PROOFS_FORGOTTEN_MAX))
        return bool(self.rows(sql.INSERT_PROOF, (proof.jkt, proof.jti, int(proof.expires * 1000))))

    @all_or_nothing
    def create_storage(self, path: str, account: int, owners: tuple[str, ...]) -> StorageState:
        limits = self._limits
        inserted = self.rows(
            sql.INSERT_STORAGE, (path, account, limits.quota_bytes, limits.quota_resources, self._now_ms)
        )
        if not inserted:
            raise Conflict(f"There is a storage at {path} already.")
        for owner in owners:
            self.rows(sql.INSERT_OWNER, (inserted[0][0], owner))
        return StorageState(inserted[0][0], path, account, tuple(sorted(owners)))

    def _place(self, target: Target) -> _Place:
        above = target.subject if target.auxiliary else target.parent
        found = {row[0]: row for row in self.rows(sql.NEIGHBOURS, (target.path, target.twin, above))}
        if target.path in found:
            raise Conflict("There is a resource at this URL already.")
        if target.twin in found:
            raise SlashTwinExists
        if above is None:
            return _Place(self._root_storage(target))
        if above not in found:
            raise NotFound("The resource this one belongs to does not exist.")
        _, key, storage = found[above]
        return _Place(storage, subject=key) if target.auxiliary else _Place(storage, parent=key)

    def _root_storage(self, target: Target) -> int:
        rows = self.rows(sql.STORAGE_ID, (target.path,))
        if not rows:
            raise NotFound("There is no such storage.")
        return int(rows[0][0])

    def _spend(self, storage: int, bytes_more: int, resources_more: int) -> int:
        """Charge the storage and take its next sequence number: the version of what is being written."""
        version, usage = self._charge(storage, bytes_more, resources_more)
        self._check_quota(storage, usage, bytes_more, resources_more)
        return version

    def _charge(self, storage: int, bytes_more: int, resources_more: int) -> tuple[int, quota.Usage]:
        rows = self.rows(sql.SPEND, (bytes_more, resources_more, storage))
        if not rows:
            raise NotFound("There is no such storage.")
        version, *counters = rows[0]
        return int(version), quota.Usage(*counters)

    def _check_quota(self, storage: int, usage: quota.Usage, bytes_more: int, resources_more: int) -> None:
        """What lies in the inbox, what was just put there included, is looked at only where it would be too much."""
        try:
            quota.check(usage, bytes_more=bytes_more, resources_more=resources_more)
        except QuotaExceeded:
            usage = usage.without(set_aside(self, storage, self._limits.inbox))
            quota.check(usage, bytes_more=bytes_more, resources_more=resources_more)
        if quota.gets_full(usage, bytes_more=bytes_more):
            tell_of_room(self, storage, self._now_ms)

    def _inserted(
        self, target: Target, kind: Kind, content: Content, place: _Place, version: int, *, protected: bool
    ) -> ResourceState:
        where: tuple[Value, ...] = (place.storage, target.path, place.parent, place.subject)
        what: tuple[Value, ...] = (kind.value, content.media_type, version, version, self._now_ms)
        body: tuple[Value, ...] = (content.size, content.digest, int(protected), content.blob, content.inline)
        (key,) = self.rows(sql.INSERT_RESOURCE, (*where, *what, *body, self._by.agent))[0]
        self._changed.add(key)
        return ResourceState(
            id=key,
            storage=place.storage,
            path=target.path,
            kind=kind,
            media_type=content.media_type,
            version=version,
            listing_version=version,
            modified_ms=self._now_ms,
            size=content.size,
            digest=content.digest,
            inline=content.inline,
            blob=content.blob,
            protected=protected,
        )

    def _remove(
        self, state: ResourceState, acl: ACLReference | None, *, followed_by: int = 0
    ) -> tuple[int | None, int | None, int]:
        """Parent, subject and the version of the removal. `followed_by` counts what the same deletion removes after."""
        version = self._spend(state.storage, -state.size, -1)
        self._keep_rules(state, version + followed_by)
        removed = self.rows(sql.DELETE_RESOURCE, (state.id, state.version))
        if not removed:
            raise VersionMoved
        parent, subject, creator = removed[0]
        self._abandon(state.blob)
        gone = replaced(state, state.kind, Content(state.media_type, 0, ""), version, self._now_ms)
        self._record(ChangeKind.DELETE, gone, subject, acl, before=state, creator=creator)
        return parent, subject, version

    def _keep_rules(self, state: ResourceState, until: int) -> None:
        """An ACL that ends is kept for a while: by it is judged who may hear of what came before."""
        if not state.path.endswith(ACL_SUFFIX):
            return
        body = b""  # of one whose file is missing nobody knows whom it let in: nobody
        if state.blob is not None:
            with suppress(FileNotFoundError), self._blobs.open(state.blob) as file:
                body = file.read()
        self.rows(sql.KEEP_RULES, (until, self._now_ms, body, state.id, state.version))

    def _abandon(self, blob: str | None) -> None:
        if blob is not None:
            self.rows(sql.INSERT_GARBAGE, (blob, self._now_ms))

    def _show_membership(self, parent: int | None, version: int, more: int) -> None:
        """A container changes with its members; the listing above it shows when it changed."""
        if parent is None:
            return
        grandparent, members = self.rows(sql.MEMBERS_MOVED, (version, self._now_ms, self._now_ms, more, parent))[0]
        if more > 0 and members > self._limits.members_max:
            raise QuotaExceeded(f"A container may have at most {self._limits.members_max} members.")
        if grandparent is not None:
            self.rows(sql.LISTING_MOVED, (version, grandparent))

    def _show_description(self, path: str, subject: int | None, version: int) -> None:
        """The representation of a container shows its description; that of any other resource does not."""
        if subject is None or not path.endswith(_CONTAINER_DESCRIPTION):
            return
        moved = self.rows(sql.DESCRIPTION_MOVED, (version, self._now_ms, self._now_ms, subject))
        if moved and moved[0][0] is not None:
            self.rows(sql.LISTING_MOVED, (version, moved[0][0]))

    def _record(
        self,
        kind: ChangeKind,
        state: ResourceState,
        subject: int | None,
        acl: ACLReference | None,
        *,
        before: ResourceState | None = None,
        creator: str | None = None,
        old_path: str | None = None,
    ) -> None:
        """`creator` is that of what is gone: of what is there, the resource tells. `old_path`: where it was."""
        what: tuple[Value, ...] = (state.storage, state.version, self._now_ms, kind.value)
        where: tuple[Value, ...] = (state.id, state.path, old_path, subject)
        after: tuple[Value, ...] = (state.media_type, state.size, state.digest)
        was: tuple[Value, ...] = (before.version, before.digest) if before else (None, None)
        who: tuple[Value, ...] = (self._by.agent, self._by.client, self._operation)
        rule: tuple[Value, ...] = (acl.id, acl.version) if acl else (None, None)
        self.rows(sql.INSERT_CHANGE, (*what, *where, *after, *was, *who, *rule, creator))


def replaced(state: ResourceState, kind: Kind, content: Content, version: int, now_ms: int) -> ResourceState:
    return replace(
        state,
        kind=kind,
        media_type=content.media_type,
        version=version,
        listing_version=version,
        modified_ms=dated(state, now_ms),
        size=content.size,
        digest=content.digest,
        inline=content.inline,
        blob=content.blob,
    )


def dated(state: ResourceState, now_ms: int) -> int:
    """Of the state that follows: a clock that is set back must not make a newer state look older, or as old."""
    return now_ms if now_ms >= state.modified_ms else (state.modified_ms // 1000 + 1) * 1000


def _update_values(new: ResourceState, old: ResourceState) -> tuple[Value, ...]:
    values = (
        new.kind.value,
        new.media_type,
        new.version,
        new.listing_version,
        new.modified_ms,
        new.size,
        new.digest,
    )
    return (*values, new.blob, new.inline, old.id, old.version)
