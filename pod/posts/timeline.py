"""Posts as they are read: the newest of a pod by pages, and single ones; each for those alone who may read it.

Which posts there are, the index tells; what they say, their documents, each parsed once as long as it stays as it is.

Spec: WAC #authorization-evaluation
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from pod.authorization.memory import Memory
from pod.errors import NotFound, PodError, VersionMoved
from pod.index.index import Index
from pod.operations.admission import settled
from pod.posts.locating import is_own_of, own_target
from pod.posts.post import Post, posts_in
from pod.posts.readers import Readers, readers_among
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.in_force import RulesUnreadable, read_in_force
from pod.sharing.shares import Share
from pod.store.accounts import ACTIVE
from pod.store.records import ACLReference, Kind, Snapshot, StorageState

POSTS_PER_PAGE = 20
LOOKED_AT_MAX = 200
"""Of a pod, to find the posts of a page for somebody who may not read them all."""
DOCUMENT_BYTES_MAX = 1024 * 1024
KEPT_CHARACTERS_MAX = 8 * 1024 * 1024
"""Of posts as they were read, in one process."""
RULES_KEPT_MAX = 5_000
"""Of posts: whom they give what."""
POST_CHARACTERS = 1_000
"""What a post takes beside its text."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A post as somebody may read it. `readers` are told to its owners alone, and None where they cannot be read."""

    post: Post
    target: Target
    version: str
    modified_ms: int
    is_public: bool
    readers: Readers | None = None

    @property
    def at_ms(self) -> int:
        return self.post.published_ms or self.modified_ms


@dataclass(frozen=True, slots=True)
class Page:
    """`before` is what the next page begins before; None where there is none."""

    entries: tuple[Entry, ...]
    before: str | None = None


class Timeline:
    """The posts of pods. Shared by all threads."""

    def __init__(self, services: Services, index: Index) -> None:
        self._services = services
        self._index = index
        self._shares: Memory[tuple[str, tuple[ACLReference, ...]], tuple[Share, ...]] = Memory(RULES_KEPT_MAX)
        self._read: Memory[tuple[int, int], tuple[Post, ...]] = Memory(KEPT_CHARACTERS_MAX)

    def page(
        self, storage: StorageState, who: Credentials, before: str | None = None, limit: int = POSTS_PER_PAGE
    ) -> Page:
        """The newest that somebody may read. May be short, and still have a next, where many are not for them."""
        self._index.catch_up(storage.id)
        is_owner = who.agent in storage.owners
        found: list[Entry] = []
        looked_at = 0
        while looked_at < (limit if is_owner else LOOKED_AT_MAX):
            rows = self._index.posts(storage.id, before=before, limit=limit)
            for each in rows:
                looked_at, before = looked_at + 1, each.mark
                with suppress(PodError):
                    found.append(self.one(each.iri, who))
                if len(found) == limit:
                    return Page(tuple(found), before)
            if len(rows) < limit:
                return Page(tuple(found))
        return Page(tuple(found), before)

    @settled
    def one(self, iri: str, who: Credentials) -> Entry:
        """Raises: NotFound -- there is none, or none for them."""
        target = own_target(self._services, iri)
        snapshot = self._services.store.describe(target)
        state, storage = snapshot.state, snapshot.storage
        if state is None or storage is None or storage.status != ACTIVE or state.kind is not Kind.RDF:
            raise NotFound("There is no such post.")
        decision = self._services.authorizer.decide(self._services.store, snapshot, who)
        if AccessMode.READ not in decision.modes:
            raise NotFound("There is no such post.")
        post = next((each for each in self._posts(target, snapshot) if each.iri == iri), None)
        if post is None:
            raise NotFound("There is no such post.")
        is_public = AccessMode.READ in decision.public
        readers = self._readers(snapshot, storage) if who.agent in storage.owners else None
        if not is_public:
            base_url = self._services.placement.base_url
            note = self._services.access_log.note
            note(target.path, who.agent, base_url, AccessMode.READ, allowed=True, issuer=who.issuer)
        version = self._services.etag(state).format()
        return Entry(post, target, version, state.modified_ms, is_public, readers)

    def _readers(self, snapshot: Snapshot, storage: StorageState) -> Readers | None:
        key = (snapshot.target.path, snapshot.acls)
        shares = self._shares.get(key)
        if shares is None:
            try:
                shares = read_in_force(self._services, self._services.store, snapshot).shares()
            except RulesUnreadable:
                return None
            self._shares.put(key, shares)
        return readers_among(shares, storage, self._services.clock.now() * 1000)

    def _posts(self, target: Target, snapshot: Snapshot) -> tuple[Post, ...]:
        state = snapshot.state
        assert state is not None
        key = (state.id, state.version)
        kept = self._read.get(key)
        if kept is None and state.size <= DOCUMENT_BYTES_MAX:
            content = self._services.store.document(state.id, state.version) if state.inline is None else state.inline
            if content is None:
                raise VersionMoved
            url = self._services.placement.url(target.path)
            graph = self._services.parse(content, state.media_type, url).default
            kept = posts_in(graph, url, is_own_of(self._services.placement, target.storage))
            weight = sum(POST_CHARACTERS + len(each.html) + len(each.markdown or "") for each in kept)
            self._read.put(key, kept, weight)
        return kept or ()
