"""The contract of the store: what its callers may assume and what every backend must keep. tests/contract/store.py
holds each promise below; a backend is right when it passes.

The store knows paths, versions and bodies. It does not know URLs, RDF or who may do what.

Spec: Solid #server-hierarchical-containment, #server-delete-remove-auxiliary-resource,
#server-delete-remove-containment
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol, TypeVar

from pod.db.connection import Row, Value
from pod.protocol.agent import Proof
from pod.protocol.resource import Target
from pod.store.blobs.interface import BlobStore
from pod.store.records import (
    ACLReference,
    Actor,
    Change,
    Content,
    Cursor,
    Held,
    Kind,
    Member,
    ResourceState,
    Snapshot,
    StorageState,
)

Made = TypeVar("Made")


class Nudge(Protocol):
    """That there may be news."""

    def has_changed(self) -> bool:
        """Since this was asked last; in doubt, and the first time, it has."""
        ...

    def close(self) -> None: ...


class Queries(Protocol):
    """Portable SQL (`?` for parameters) for the modules of this package; nobody else knows the tables."""

    @property
    def now_ms(self) -> int:
        """The one moment of this transaction or snapshot; of the store itself, now."""
        ...

    def rows(self, statement: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """All rows of one statement."""
        ...

    def stream(self, statement: str, parameters: Sequence[Value] = ()) -> Generator[Row]:
        """The rows of one statement, one by one, all of one committed state."""
        ...


class Reader(Queries, Protocol):
    """Reads committed state. Each method is one statement; `describe` is the whole cost of a warm request."""

    def is_committed(self, resource: int) -> bool:
        """False of what an open transaction made or changed: it may never come to be, so nobody remembers it."""
        ...

    def describe(
        self, target: Target, grant: str | None = None, *, wide: bool = False, with_body: bool = True
    ) -> Snapshot:
        """The target, the ACLs on the way to its storage root, the storage and the caller's grant: one statement.

        `wide` adds `Snapshot.others`. Of the target alone the body is read, and only `with_body`.
        """
        ...

    def document(self, resource: int, version: int) -> bytes | None:
        """The whole body of a small document (an ACL, a group, a description) if that version is still current."""
        ...

    def rules(self, reference: ACLReference) -> tuple[str, bytes] | None:
        """Media type and body of an ACL as it is or was; None of one that was forgotten. One statement when small."""
        ...

    def lineage_rules(self, target: Target, before: int) -> tuple[ACLReference, ...]:
        """The ACLs from the target's subject up to the storage root, nearest first, that were in force just before a
        change, which its sequence number names. The subject's own counts until the subject itself is gone.

        Callers know from the journal that rules of then are still kept: `changes_after` refuses what is older.
        """
        ...

    def creator(self, path: str) -> str | None:
        """The agent that made what is at a path; None where nobody is known to have."""
        ...

    def members(self, container: int, listing_version: int | None = None) -> Iterator[Member]:
        """A container's members in path order: one index scan, streamed, auxiliary resources left out.

        All members are of one committed state, and of no other than `listing_version` when that is given.

        Raises: VersionMoved -- at the first member: the container is gone or no longer at `listing_version`.
        """
        ...

    def changes(self, after: int, limit: int) -> list[Change]:
        """Journal entries of all storages past a position, in commit order.

        Raises: JournalGone -- entries past that position are no longer kept.
        """
        ...


class Writer(Reader, Protocol):
    """A write transaction: what it reads is what it changes. Exists only inside `with store.write(...)`.

    Every change below advances the storage's sequence, charges its quota, bumps the listings that show the resource and
    adds its journal entry, all in this transaction. `acl` is the effective ACL before the change.

    Raises (all): QuotaExceeded -- the storage would outgrow its bytes or resources. Nothing of the transaction stays: a
    block that goes on after a refused change gets the refusal again at its end. A change that shrinks is never refused.
    """

    def create(
        self,
        target: Target,
        kind: Kind,
        content: Content,
        *,
        acl: ACLReference | None,
        protected: bool = False,
    ) -> ResourceState:
        """Make a resource where there is none. Its parent (an auxiliary resource: its subject) must exist.

        Raises: Conflict -- something is there, or the slash twin is; NotFound -- the parent or subject is gone.
        """
        ...

    def replace(self, state: ResourceState, content: Content, *, kind: Kind, acl: ACLReference | None) -> ResourceState:
        """Give an existing resource a new body. `state` must be current (read in this transaction).

        Raises: VersionMoved -- it is not.
        """
        ...

    def delete(self, state: ResourceState, *, acl: ACLReference | None) -> None:
        """Remove a resource and its auxiliary resources, each with a journal entry of the same operation.

        Raises: ContainerNotEmpty -- it has members; VersionMoved -- `state` is not current.
        """
        ...

    def move(
        self,
        moved: Sequence[Held],
        destination: Target,
        contents: Mapping[int, Content],
        *,
        acl: ACLReference | None,
        acl_there: ACLReference | None,
    ) -> dict[int, int]:
        """Give a resource with all beneath it, as `moving.tree` lists them, other paths; gives the new versions by id.
        `contents` are new bodies, by id; `acl_there` is the effective ACL of what is new at the destination.

        In the journal each goes (the innermost first) and comes (with its old path), in one operation.

        Raises: Conflict, SlashTwinExists -- something is there; NotFound -- the parent is gone, or in another storage;
            VersionMoved -- one of them is not current
        """
        ...

    def remember_proof(self, proof: Proof) -> bool:
        """False when this proof was seen before in a transaction. Commits and rolls back with what it protects."""
        ...

    def create_storage(self, path: str, account: int, owners: tuple[str, ...]) -> StorageState:
        """A new storage without its root container (make that with `create`).

        Raises: Conflict -- the path is taken.
        """
        ...


class ResourceStore(Reader, Protocol):
    """Resources at rest."""

    @property
    def epoch(self) -> str:
        """A name for this history; a restore from backup takes a new one. Part of every ETag and cursor."""
        ...

    def write(self, by: Actor) -> AbstractContextManager[Writer]:
        """One write transaction of its own, committed and fsynced when the block ends without an exception.

        One at a time in a process. Nothing of a block that raises remains, staged blobs excepted (they are swept).

        Raises: Busy -- the database could not be had within `busy_seconds_max`; NoSpaceLeft; StoreUnavailable;
            CommitUncertain -- it may have happened after a crash, so leave its staged content to the sweep.
        """
        ...

    def write_together(self, by: Actor, change: Callable[[Writer], Made]) -> Made:
        """What `change` gives, once what it did is committed and fsynced: in a transaction that it may share.

        It sees what the changes before it in that transaction did. It runs on any thread, and again when a transaction
        that it shared failed, so it does nothing but through its Writer. One that raises takes nothing of others with
        it, nor leaves anything of its own but staged blobs.

        Raises: what `change` raises; what `write` raises
        """
        ...

    def turn(self, path: str) -> AbstractContextManager[None]:
        """The turn of whoever computes a change to this path from what is there, so that nobody on this machine
        computes one in vain meanwhile. Take one at a time, before a write, not within it. Writes do not ask for it.

        Raises: Busy -- others kept it for longer than `busy_seconds_max`.
        """
        ...

    def stage(self, body: BinaryIO, media_type: str, *, bytes_max: int) -> Content:
        """Read a body to its end: small ones into memory, others into a blob that is durable when this returns.

        Raises: ContentTooLarge -- more than `bytes_max`. What `body.read` raises passes through. Nothing of it stays.
        """
        ...

    def discard(self, content: Content) -> None:
        """Forget staged content that was not written. What cannot be removed now is swept."""
        ...

    def open(self, state: ResourceState) -> BinaryIO:
        """The body of a described resource, seekable, open until closed even when the resource is replaced meanwhile.

        Raises: VersionMoved -- it was replaced before this call and that body is gone.
        """
        ...

    def snapshot(self) -> AbstractContextManager[Reader]:
        """A reader that sees one committed state for as long as the block lasts."""
        ...

    def cursor(self, follower: str) -> Cursor:
        """Where a follower stands, under the epoch it last advanced in; the journal's start for a new one."""
        ...

    def advance(self, follower: str, position: int) -> None:
        """Move a follower's cursor, after its effect."""
        ...

    def watch(self) -> Nudge:
        """Tells soon that something was committed, by whichever process. What it was is in the journal."""
        ...

    def derived_rows(self, statement: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """As `rows`, of what may be rebuilt and is kept apart; for the modules of this package."""
        ...

    def change_derived(self, statement: str, parameters: Sequence[Value] = ()) -> None:
        """One statement that changes what may be rebuilt, in a transaction of its own."""
        ...

    def derive(self) -> AbstractContextManager[Queries]:
        """A transaction that changes what may be rebuilt: all that the block does, or nothing if it raises.

        Raises: Busy, NoSpaceLeft, StoreUnavailable -- as `write`
        """
        ...

    @property
    def blobs(self) -> BlobStore:
        """Where large bodies are; for sweeps and checks."""
        ...

    def faults(self) -> list[str]:
        """What the engine itself finds wrong with its database."""
        ...

    def compact(self) -> None:
        """Take what was deleted out of the engine's logs too, as far as no reader needs them now."""
        ...

    def close(self) -> None: ...
