"""JSON-LD contexts of other servers: fetched once, when a document that names them is first written, and kept for good.

A document means what its contexts meant when it was written, so a kept context is never fetched again, and reading a
document never waits for anybody. What one storage has fetched leaves room for the others.

Spec: JSON-LD 1.1 API s9.4; Solid #server-representation-turtle-jsonld
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import structlog

from pod.clock import Clock, Deadline
from pod.config import KIB, Config
from pod.errors import Busy, UnprocessableContent
from pod.rdf.contexts import OFFLINE
from pod.remote.client import Limits, Remote
from pod.remote.errors import RemoteError
from pod.remote.fairness import Places, Rate
from pod.store import statements as sql
from pod.store.interface import ResourceStore
from pod.store.records import SERVER

ACCEPT = "application/ld+json, application/json;q=0.9"
CONTEXT_BYTES_MAX = 512 * KIB
"""Twice the largest that is in wide use. Contexts count in nobody's quota."""
NEW_CONTEXTS_PER_DAY = 100
"""Of one storage: there is room for so many contexts altogether, and none is ever forgotten."""
_DAY_SECONDS = 24 * 3600
_RETRY = (("Retry-After", "5"),)

log = structlog.get_logger()


class KeptContexts:
    """For reading: a `ContextLoader` of what was kept."""

    def __init__(self, store: ResourceStore) -> None:
        self._store = store

    def load(self, url: str) -> bytes:
        """Raises: UnprocessableContent -- it was never kept."""
        rows = self._store.rows(sql.CONTEXT, (url,))
        return bytes(rows[0][0]) if rows else OFFLINE.load(url)


class FetchedContexts:
    """For writing: fetches what was not kept yet, and keeps it.

    `is_ours` tells URLs under this server's own base: documents of our own are never fetched. Half of the server's
    threads wait for contexts at most, a quarter for those of one storage.
    """

    def __init__(
        self, store: ResourceStore, remote: Remote, config: Config, clock: Clock, is_ours: Callable[[str], bool]
    ) -> None:
        limits = Limits.of(config)
        self._store = store
        self._remote = remote
        self._clock = clock
        self._limits = replace(limits, bytes_max=min(limits.bytes_max, CONTEXT_BYTES_MAX))
        self._contexts_max = config.contexts_max
        self._is_ours = is_ours
        self._places = Places(config.threads // 2)
        self._rate = Rate(0 if config.dev else NEW_CONTEXTS_PER_DAY, _DAY_SECONDS)

    def of_document(self, storage: str) -> OfDocument:
        """The loader for one document on its way into a storage. Its time runs from now."""
        return OfDocument(self, storage, Deadline(self._limits.seconds_max))

    def load(self, url: str, storage: str, deadline: Deadline) -> bytes:
        """Raises: UnprocessableContent -- it cannot be had; the text names it. Busy -- too many are being fetched."""
        rows = self._store.rows(sql.CONTEXT, (url,))
        if rows:
            return bytes(rows[0][0])
        body = self._fetched(url, storage, deadline)
        with self._store.write(SERVER) as tx:
            if tx.rows(sql.CONTEXTS_COUNT)[0][0] >= self._contexts_max:
                raise _unusable(url, "this server keeps no more contexts")
            digest = hashlib.sha256(body).hexdigest()
            tx.rows(sql.KEEP_CONTEXT, (url, digest, body, tx.now_ms))
        return bytes(self._store.rows(sql.CONTEXT, (url,))[0][0])

    def _fetched(self, url: str, storage: str, deadline: Deadline) -> bytes:
        if self._is_ours(url):
            raise _unusable(url, "contexts on this server itself are not used; write it into the document")
        if not deadline.seconds_left:
            raise _unusable(url, "the contexts of the document take too long to fetch")
        if not self._rate.allows(storage, self._clock.now()):
            raise _unusable(url, f"no pod brings more than {NEW_CONTEXTS_PER_DAY} new contexts a day")
        if not self._places.take(storage):
            raise Busy("Too many JSON-LD contexts are being fetched; try again in a moment.", headers=_RETRY)
        try:
            limits = replace(self._limits, seconds_max=deadline.seconds_left)
            answer = self._remote.fetch(url, accept=ACCEPT, limits=limits)
        except RemoteError as error:
            log.info("context not fetched", url=url, why=str(error))
            raise _unusable(url, "it could not be fetched") from error
        finally:
            self._places.give_back(storage)
        if answer.status != 200 or not _is_context(answer.body):
            raise _unusable(url, "what is there is not a JSON-LD context")
        return answer.body


class OfDocument:
    """A `ContextLoader` for one document: all of its contexts together take no longer than one fetch may."""

    def __init__(self, contexts: FetchedContexts, storage: str, deadline: Deadline) -> None:
        self._contexts = contexts
        self._storage = storage
        self._deadline = deadline

    def load(self, url: str) -> bytes:
        """Raises: see `FetchedContexts.load`."""
        return self._contexts.load(url, self._storage, self._deadline)


def _is_context(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "@context" in document


def _unusable(url: str, why: str) -> UnprocessableContent:
    return UnprocessableContent(f"The JSON-LD context {url} cannot be used: {why}.", context=url)
