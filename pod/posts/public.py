"""The posts of a pod that everyone may read, as they are told to anybody who asks: decided for each as for nobody in
particular, and remembered until something in the pod changes.

Spec: WAC #access-privileges; RFC 9110 s8.8.3
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pod.authorization.memory import Memory
from pod.errors import NotFound
from pod.index.index import Index
from pod.posts.timeline import POSTS_PER_PAGE, Entry, Timeline
from pod.protocol.agent import PUBLIC
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.accounts import ACTIVE
from pod.store.heads import Head, head_of
from pod.store.records import StorageState

ENTRIES_MAX = POSTS_PER_PAGE
REMEMBERED_MS = 60_000
"""However little happens: access rules can have an end."""
STORAGES_REMEMBERED_MAX = 1_000


@dataclass(frozen=True, slots=True)
class PublicPosts:
    """What everyone may read of a pod, the newest first. `digest` changes with whatever is told of it."""

    storage: StorageState
    entries: tuple[Entry, ...]
    updated_ms: int

    @property
    def digest(self) -> str:
        told = [self.storage.path, *(f"{each.target.path} {each.version}" for each in self.entries)]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:20]


class PublicTimeline:
    """Shared by all threads. What is remembered costs one statement."""

    def __init__(self, services: Services, index: Index) -> None:
        self._services = services
        self._index = index
        self._timeline = Timeline(services, index)
        self._kept: Memory[int, tuple[int, int, PublicPosts]] = Memory(STORAGES_REMEMBERED_MAX)

    def of(self, path: str) -> PublicPosts:
        """Raises: NotFound -- there is no such pod, or it is being deleted."""
        head = head_of(self._services.store, path)
        if head is None or head.status != ACTIVE:
            raise NotFound("There is no such pod.")
        now_ms = int(self._services.clock.now() * 1000)
        kept = self._kept.get(head.id)
        if kept is not None and kept[0] == head.sequence and now_ms < kept[1] + REMEMBERED_MS:
            return kept[2]
        return self._read(path, head, now_ms)

    def _read(self, path: str, head: Head, now_ms: int) -> PublicPosts:
        is_complete = self._index.catch_up(head.id)
        snapshot = self._services.store.describe(Target.parse(path), with_body=False)
        if snapshot.storage is None or snapshot.state is None:
            raise NotFound("There is no such pod.")
        found = self._timeline.page(snapshot.storage, PUBLIC, limit=ENTRIES_MAX).entries
        entries = tuple(each for each in found if self._is_owners(each, snapshot.storage))
        made = PublicPosts(snapshot.storage, entries, max((_updated(each) for each in entries), default=0))
        if is_complete:
            self._kept.put(head.id, (head.sequence, now_ms, made))
        return made

    def _is_owners(self, entry: Entry, storage: StorageState) -> bool:
        """Others who may write somewhere in a pod say nothing in the name of its owner, whatever they say of it."""
        return self._services.store.creator(entry.target.path) in storage.owners


def _updated(entry: Entry) -> int:
    return max(entry.at_ms, entry.post.updated_ms or 0)
