"""What the store gives and takes, as values. No SQL, no I/O, no HTTP.

A *version* is the storage's journal sequence at the moment of the write, so it never repeats within a storage; an *id*
is never given twice. A cache keyed by (id, version) therefore needs no invalidation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pod.protocol.ceiling import Ceiling
from pod.protocol.resource import ACL_SUFFIX, Target


class Kind(StrEnum):
    """What a resource is: a container, an RDF source, or anything else."""

    CONTAINER = "container"
    RDF = "rdf"
    OTHER = "other"


class ChangeKind(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Content:
    """A body made ready for the store: in memory when small, else already a durable blob. Exactly one of both."""

    media_type: str
    size: int
    digest: str
    """SHA-256 in lower-case hex."""
    inline: bytes | None = None
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceState:
    """One resource as committed. `inline` is filled only where the body was asked for and lives in the row."""

    id: int
    storage: int
    path: str
    kind: Kind
    media_type: str
    version: int
    listing_version: int
    modified_ms: int
    size: int
    digest: str
    inline: bytes | None = None
    blob: str | None = None
    protected: bool = False
    """Holds the WebID of an account: its `solid:oidcIssuer` statements and its existence are not for apps to change."""

    @property
    def is_container(self) -> bool:
        return self.kind is Kind.CONTAINER

    @property
    def state_version(self) -> int:
        """What the ETag is made from. A container's changes with its members, because its listing shows them."""
        return self.listing_version if self.is_container else self.version

    @property
    def modified(self) -> int:
        """Seconds since the epoch, as `Last-Modified` tells it."""
        return self.modified_ms // 1000


@dataclass(frozen=True, slots=True)
class Held:
    """A resource that is part of a tree, and what it belongs to."""

    state: ResourceState
    subject: int | None
    creator: str | None

    @property
    def is_rules(self) -> bool:
        return self.subject is not None and self.state.path.endswith(ACL_SUFFIX)

    @property
    def place(self) -> str:
        """The path of the resource that it is, or belongs to."""
        return self.state.path if self.subject is None else Target.parse(self.state.path).subject


@dataclass(frozen=True, slots=True)
class ACLReference:
    """An ACL resource that exists: whose it is, and which state of it."""

    subject: str
    id: int
    version: int


@dataclass(frozen=True, slots=True)
class StorageState:
    """A storage (a pod): its root path, owners and counters."""

    id: int
    path: str
    account: int
    owners: tuple[str, ...]
    status: str = "active"
    bytes_left: int | None = None
    """Below zero where it was given less than it holds; None where there is no limit."""


@dataclass(frozen=True, slots=True)
class GrantState:
    """Whether the grant a token was issued under still stands: not revoked or past its end, its account active, the
    WebID still its and not signing in elsewhere only. And what it allows at most: all that its account can do, where
    there is no ceiling.

    One that is asked for and unknown does not stand, and allows nothing.
    """

    id: str
    web_id: str
    client: str
    stands: bool
    account: int = 0
    ceiling: Ceiling | None = None
    end_ms: int | None = None


USES_MAX = 100
"""Of a group by access rules, told of in a snapshot; one more says that there are more."""


class GroupUse(NamedTuple):
    """Access rules that name a group: those of `subject`, in a storage of this account."""

    subject: str
    account: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a resource went: the change that removed it, and who had made it; None if that is not known."""

    sequence: int
    creator: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything one decision needs, read in one statement."""

    target: Target
    state: ResourceState | None
    acls: tuple[ACLReference, ...]
    """The ACLs that exist from the target's subject up to the storage root, nearest first."""
    storage: StorageState | None
    grant: GrantState | None = None
    others: frozenset[str] = frozenset()
    """In wide snapshots only, the paths of what exists of the subject, its containers and the slash twins of all."""
    uses: tuple[GroupUse, ...] = ()
    """In wide snapshots under a grant only, the access rules that name what is written at the target as a group. Those
    of other accounts than the grant's and the storage's are told of by one of them: that there are any counts.
    """
    ending: Ending | None = None
    """Only where it tells how things were before the target's subject went: how that was."""


class Member(NamedTuple):
    """One line of a container's listing. Listings are long, and a tuple is made in half the time of a dataclass."""

    path: str
    kind: Kind
    media_type: str
    size: int
    modified_ms: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Who the journal says did it."""

    agent: str | None = None
    client: str | None = None


SERVER = Actor()


@dataclass(frozen=True, slots=True)
class Change:
    """One journal entry. `position` orders all storages for followers; (storage, sequence) is gapless.

    A deletion tells the media type of what is gone, size 0 and an empty digest. The entries of one transaction share
    their `operation`.
    """

    position: int
    storage: int
    sequence: int
    time_ms: int
    kind: ChangeKind
    resource: int
    path: str
    old_path: str | None
    subject: int | None
    """The resource an `.acl` or `.meta` belongs to."""
    media_type: str
    size: int
    digest: str
    previous_version: int | None
    previous_digest: str | None
    agent: str | None
    client: str | None
    operation: str
    acl: int | None
    """The effective ACL before the change, and its version: who could see the resource then may hear of its end."""
    acl_version: int | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A follower's place in the journal. Opaque outside; an old epoch means the store was restored from a backup."""

    epoch: str
    position: int
