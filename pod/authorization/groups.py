"""Who is in a group: membership documents of our own storages, read from the store, and of other servers, fetched; and
groups that operators keep for members, which are rows.

A local document is never fetched: within the storage of the ACL it is read as it is, from other storages only if
everyone may read it, or an ACL could probe a membership. A remote one is fetched as an anonymous reader, in a few
threads of its own, and kept for a while. Whatever cannot be read has no members. Only `vcard:hasMember` counts, so a
group inside a group is a member that never asks, and circles end where they begin.

Spec: WAC #acl-agentgroup; REQUIREMENTS section 17, row 24
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, replace
from threading import Lock

import structlog

from pod.authorization.memory import Memory
from pod.clock import Clock, Deadline
from pod.config import KIB, Config
from pod.errors import PodError
from pod.protocol.placement import Placement
from pod.protocol.resource import Target, storage_of
from pod.rdf import formats
from pod.rdf.formats import Limits
from pod.rdf.graph import IRI, Graph
from pod.rdf.vocab import ACL, RDF, VCARD
from pod.remote.client import Limits as FetchLimits
from pod.remote.client import Remote
from pod.remote.errors import RemoteError
from pod.remote.fairness import Budget, FairThreads, Places, Rate
from pod.store.interface import Reader
from pod.store.member_groups import MemberGroups
from pod.store.records import Kind, ResourceState, Snapshot, StorageState

log = structlog.get_logger()

DOCUMENTS_MAX = 1_000
"""Parsed membership documents of ordinary size kept by one web process, local and remote each."""
ORDINARY_DOCUMENT_MEMBERS = 100
STATEMENTS_MAX = 25_000
"""In one membership document. Reading them takes a tenth of a second."""
AT_ONCE_BYTES_MAX = 32 * KIB
"""Of documents of ours that are not known yet, for a decision that others wait for: some milliseconds."""
TURNS = 16
"""So many documents of ours are read at a time, and each by one: what it says is then known to all who waited."""
OTHER_STORAGE_BYTES = 128 * KIB
"""What it counts in one decision that a document is of another storage: its ACL is read too."""
WAITING_MAX = 64
"""Fetches of one account that wait; more are not begun, and their groups have no members for now."""
FETCHES_PER_MINUTE = 60
"""For the rules of one account: it names the servers that are asked."""
RETRY_SECONDS = 60
"""A document that could not be fetched is left alone this long."""
GRACE_SECONDS = 60
"""A document that grew too old is still used this long while it is fetched again, so that a decision made before a
transaction holds inside it."""

MEMBER_GROUPS, GROUP_FRAGMENT = ".groups/", "it"
"""Where documents of groups are that operators keep, under the base URL, and what each calls its group."""
ACCEPT = "text/turtle, application/ld+json;q=0.8, application/n-triples;q=0.7, application/rdf+xml;q=0.5"

Members = Mapping[str, frozenset[str]]
"""Group IRI -> IRIs of its members, for all groups of one document."""
MayEveryoneRead = Callable[[Reader, Snapshot], bool]

NO_GROUPS: Members = {}
_NAMING = (ACL.agentGroup, ACL.clientGroup, ACL.issuerGroup)


@dataclass(frozen=True, slots=True)
class Copy:
    """A remote document as it was; without members when it could not be had."""

    members: Members
    fetched: float
    usable_seconds: float


class Groups:
    """The membership documents one process knows."""

    def __init__(
        self,
        config: Config,
        placement: Placement,
        clock: Clock,
        remote: Remote,
        may_everyone_read: MayEveryoneRead,
    ) -> None:
        self._may_everyone_read = may_everyone_read
        self._lookups_max = config.group_lookups_max
        self._managed = placement.base_url + MEMBER_GROUPS
        self._placement = placement
        self._clock = clock
        self._remote = remote
        self._fresh_seconds = config.group_seconds_fresh
        self._bytes_max = config.group_bytes_max
        self._limits = replace(Limits.from_config(config), bytes=config.group_bytes_max, triples=STATEMENTS_MAX)
        self._fetch_limits = replace(FetchLimits.of(config), bytes_max=config.group_bytes_max)
        self._local: Memory[tuple[int, int], Members] = Memory(DOCUMENTS_MAX)
        self._copies: Memory[str, Copy] = Memory(DOCUMENTS_MAX)
        self._fetching: dict[tuple[int, str], Future[Members]] = {}
        self._lock = Lock()
        self._turns = tuple(Lock() for _ in range(TURNS))
        self._places = Places(config.threads // 2)
        self._threads: FairThreads[Members] = FairThreads(config.group_fetches_max, WAITING_MAX, "groups")
        self._rate = Rate(0 if config.dev else FETCHES_PER_MINUTE)

    @property
    def lookups_max(self) -> int:
        """How many groups one decision may ask about."""
        return self._lookups_max

    def deadline(self) -> Deadline:
        """How long one decision may wait for remote documents."""
        return Deadline(self._fetch_limits.seconds_max)

    def budget(self) -> Budget:
        """How much of our own documents one decision may read."""
        return Budget(self._bytes_max)

    def is_ours(self, group: str) -> bool:
        """Whether a group lies under our own URLs, and so is never fetched."""
        return self._placement.is_ours(group)

    def managed(self, group: str) -> str | None:
        """The name of a group that operators keep for members, by its IRI; None for any other."""
        prefix, _, fragment = group.partition("#")
        slug = prefix.removeprefix(self._managed)
        is_one = prefix.startswith(self._managed) and fragment == GROUP_FRAGMENT and slug and "/" not in slug
        return slug if is_one else None

    # -- of our own storages -------------------------------------------------------------------------------------------

    def local(
        self, reader: Reader, group: str, storage: str, budget: Budget, unread: Budget | None = None
    ) -> frozenset[str] | None:
        """The members of a group of ours, for an ACL of `storage`; nobody where the documents before it have used up
        what the decision may read. One statement when its document is known.

        None where it is not known, and not to be read now: `unread` is for those that still have to be.
        """
        target = self._target(group)
        if target is None:
            return frozenset()
        snapshot = reader.describe(target, with_body=False)
        state = snapshot.state
        if state is None or state.kind is not Kind.RDF:
            return frozenset()
        is_elsewhere = storage_of(target.path) != storage
        is_first = not budget.is_exceeded
        if not budget.covers(state.id, state.size + is_elsewhere * OTHER_STORAGE_BYTES):
            if is_first:
                log.warning("groups too large", storage=storage, document=state.path)
            return frozenset()
        if is_elsewhere and not self._may_everyone_read(reader, snapshot):
            return frozenset()
        members = self._local.get((state.id, state.version))
        if members is None:
            if unread is not None and not unread.covers(state.id, state.size):
                return None
            members = self._read(reader, state)
        return members.get(group, frozenset())

    def is_group(self, reader: Reader, state: ResourceState | None) -> bool:
        """Whether a document of ours says of some group who is in it, or that it is one."""
        if state is None or state.kind is not Kind.RDF:
            return False
        members = self._local.get((state.id, state.version))
        return bool(self._read(reader, state) if members is None else members)

    def named(self, graph: Graph) -> frozenset[str]:
        """The paths of documents of ours that access rules name as groups, whoever they let in."""
        terms = (triple.object for predicate in _NAMING for triple in graph.match(p=predicate))
        targets = (self._target(term.value) for term in terms if isinstance(term, IRI))
        return frozenset(target.path for target in targets if target is not None)

    def _read(self, reader: Reader, state: ResourceState) -> Members:
        with self._turns[state.id % TURNS]:
            known = self._local.get((state.id, state.version))
            return self._parsed(reader, state) if known is None else known

    def _parsed(self, reader: Reader, state: ResourceState) -> Members:
        content = reader.document(state.id, state.version)
        if content is None:  # replaced meanwhile: nobody is in what is no longer there
            return NO_GROUPS
        members = self._members(content, state.media_type, self._placement.url(state.path))
        if reader.is_committed(state.id):
            self._local.put((state.id, state.version), members, _weight(members))
        return members

    def _target(self, group: str) -> Target | None:
        path = self._placement.local_path(group)
        try:
            return Target.parse(path) if path else None
        except PodError:
            return None

    # -- of other servers ----------------------------------------------------------------------------------------------

    def known(self, group: str, account: int) -> frozenset[str] | None:
        """The members of a remote group as its document last said; None when that is not known yet.

        Does not wait; begins to fetch what is unknown or too old. `account` is that of the storage whose ACL names it.
        """
        document = group.partition("#")[0]
        copy = self._copies.get(document)
        if self._overdue_seconds(copy) > 0:
            self._begin(document, account)
        if copy is None or self._overdue_seconds(copy) > GRACE_SECONDS:
            return None
        return copy.members.get(group, frozenset())

    def fetched(self, group: str, account: int, deadline: Deadline) -> frozenset[str] | None:
        """The members of a remote group, after waiting for its document if that is unknown or too old.

        When too many others wait already, only what is known counts, and None where nothing is: whoever names slow
        groups in an ACL of theirs must not stop the server.
        """
        future = self._begin(group.partition("#")[0], account)
        if future is None or not self._places.take(account):
            return self.known(group, account)
        try:
            return future.result(deadline.seconds_left).get(group, frozenset())
        except NotYet:
            return frozenset()
        finally:
            self._places.give_back(account)

    def _begin(self, document: str, account: int) -> Future[Members] | None:
        """The fetch of a document for an account, begun unless it is under way; None when none is needed, or too many
        wait or were begun. One for each account: who names what another one needs must not make it wait its turn.
        """
        key = (account, document)
        with self._lock:
            future = self._fetching.get(key)
            if future is None and self._is_wanted(document) and self._rate.allows(account, self._clock.now()):
                future = self._threads.submit(account, lambda: self._fetch(key))
                if future is not None:
                    self._fetching[key] = future
            return future

    def _is_wanted(self, document: str) -> bool:
        return self._overdue_seconds(self._copies.get(document)) > 0

    def _overdue_seconds(self, copy: Copy | None) -> float:
        """Endless for a copy fetched in what is the future, since the clock was set back: it may be of any age."""
        now = self._clock.now()
        return now - copy.fetched - copy.usable_seconds if copy and copy.fetched <= now else math.inf

    def _fetch(self, key: tuple[int, str]) -> Members:
        document = key[1]
        try:
            known = self._copies.get(document)
            if known is not None and self._overdue_seconds(known) <= 0:  # another account was faster
                return known.members
            copy = self._copy(document)
            self._copies.put(document, copy, _weight(copy.members))
        finally:
            with self._lock:
                self._fetching.pop(key, None)
        return copy.members

    def _copy(self, document: str) -> Copy:
        try:
            answer = self._remote.fetch(document, accept=ACCEPT, limits=self._fetch_limits)
        except RemoteError as error:
            log.info("group unreachable", document=document, why=str(error))
            return Copy(NO_GROUPS, self._clock.now(), RETRY_SECONDS)
        if answer.status != 200:
            log.info("group unreachable", document=document, why=f"status {answer.status}")
            return Copy(NO_GROUPS, self._clock.now(), RETRY_SECONDS)
        members = self._members(answer.body, answer.media_type, answer.url)
        return Copy(members, self._clock.now(), self._fresh_seconds)

    def _members(self, content: bytes, media_type: str, base: str) -> Members:
        try:
            graph = formats.parse(content, media_type, base=base, limits=self._limits).default
        except PodError as error:
            log.info("group unreadable", document=base, why=str(error))
            return NO_GROUPS
        found = {group.value: set[str]() for group in graph.subjects(RDF.type, VCARD.Group) if isinstance(group, IRI)}
        for triple in graph.match(p=VCARD.hasMember):
            if isinstance(triple.subject, IRI) and isinstance(triple.object, IRI):
                found.setdefault(triple.subject.value, set()).add(triple.object.value)
        return {group: frozenset(members) for group, members in found.items()}


def _weight(members: Members) -> int:
    """What a parsed document counts in memory."""
    return 1 + (len(members) + sum(map(len, members.values()))) // ORDINARY_DOCUMENT_MEMBERS


class Circle:
    """Who is in which group, as one decision on a resource of `storage` asks about it: a `wac.Membership`.

    Not more than a bounded number of questions is looked into, each once, in documents of a bounded size.
    """

    __slots__ = (
        "_account",
        "_budget",
        "_deadline",
        "_found",
        "_groups",
        "_path",
        "_reader",
        "_unread",
        "is_crowded",
        "is_incomplete",
    )

    def __init__(self, groups: Groups, reader: Reader, storage: StorageState | None, *, at_once: bool = False) -> None:
        self._groups = groups
        self._reader = reader
        self._path = storage.path if storage else ""
        self._account = storage.account if storage else 0
        self._budget = groups.budget()
        self._unread = Budget(AT_ONCE_BYTES_MAX) if at_once else None
        self._deadline: Deadline | None = None
        self._found: dict[tuple[str, str], bool] = {}
        self.is_incomplete = False
        """Some document was not known yet, and its group taken to have no members."""
        self.is_crowded = False
        """So it was although it was to be waited for, because too many others wait."""

    def __call__(self, group: str, member: str) -> bool:
        found = self._found.get((group, member))
        if found is None:
            found = self._found[group, member] = self._is_member(group, member)
        return found

    def wait(self) -> None:
        """From now on wait for remote documents, all of them together until one deadline; ask again where it was no."""
        self._deadline = self._deadline or self._groups.deadline()
        self._found = {asked: True for asked, found in self._found.items() if found}

    def _is_member(self, group: str, member: str) -> bool:
        if len(self._found) >= self._groups.lookups_max:
            if len(self._found) == self._groups.lookups_max:
                log.warning("too many groups", storage=self._path)
            return False
        if slug := self._groups.managed(group):
            return MemberGroups(self._reader).holds(slug, member)
        if self._groups.is_ours(group):
            found = self._groups.local(self._reader, group, self._path, self._budget, self._unread)
            self.is_incomplete = self.is_incomplete or found is None
            return found is not None and member in found
        if self._deadline is not None:
            members = self._groups.fetched(group, self._account, self._deadline)
            self.is_crowded = self.is_crowded or members is None
        else:
            members = self._groups.known(group, self._account)
            self.is_incomplete = self.is_incomplete or members is None
        return members is not None and member in members
