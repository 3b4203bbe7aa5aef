"""JSON-LD contexts of other servers: fetched once, when a document that names them is first written, and kept for good.

A document means what its contexts meant when it was written, so a kept context is never fetched again, and reading a
document never waits for anybody.

Spec: JSON-LD 1.1 API s9.4; Solid #server-representation-turtle-jsonld
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from threading import BoundedSemaphore

import structlog

from pod.errors import Busy, UnprocessableContent
from pod.rdf.contexts import OFFLINE
from pod.remote.client import Limits, Remote
from pod.remote.errors import RemoteError
from pod.store import statements as sql
from pod.store.interface import ResourceStore
from pod.store.records import SERVER

ACCEPT = "application/ld+json, application/json;q=0.9"
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
    """For writing: a `ContextLoader` that fetches what was not kept yet, and keeps it.

    `is_ours` tells URLs under this server's own base: documents of our own are never fetched. Not more than
    `fetches_max` are fetched at once: each holds a thread that others need.
    """

    def __init__(
        self,
        store: ResourceStore,
        remote: Remote,
        limits: Limits,
        *,
        contexts_max: int,
        is_ours: Callable[[str], bool],
        fetches_max: int,
    ) -> None:
        self._store = store
        self._remote = remote
        self._limits = limits
        self._contexts_max = contexts_max
        self._is_ours = is_ours
        self._places = BoundedSemaphore(max(1, fetches_max))

    def load(self, url: str) -> bytes:
        """Raises: UnprocessableContent -- it cannot be had; the text names it. Busy -- too many are being fetched."""
        rows = self._store.rows(sql.CONTEXT, (url,))
        if rows:
            return bytes(rows[0][0])
        body = self._fetched(url)
        with self._store.write(SERVER) as tx:
            if tx.rows(sql.CONTEXTS_COUNT)[0][0] >= self._contexts_max:
                raise _unusable(url, "this server keeps no more contexts")
            digest = hashlib.sha256(body).hexdigest()
            tx.rows(sql.KEEP_CONTEXT, (url, digest, body, tx.now_ms))
        return self.load(url)

    def _fetched(self, url: str) -> bytes:
        if self._is_ours(url):
            raise _unusable(url, "contexts on this server itself are not used; write it into the document")
        if not self._places.acquire(blocking=False):
            raise Busy("Too many JSON-LD contexts are being fetched; try again in a moment.", headers=_RETRY)
        try:
            answer = self._remote.fetch(url, accept=ACCEPT, limits=self._limits)
        except RemoteError as error:
            log.info("context not fetched", url=url, why=str(error))
            raise _unusable(url, "it could not be fetched") from error
        finally:
            self._places.release()
        if answer.status != 200 or not _is_context(answer.body):
            raise _unusable(url, "what is there is not a JSON-LD context")
        return answer.body


def _is_context(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "@context" in document


def _unusable(url: str, why: str) -> UnprocessableContent:
    return UnprocessableContent(f"The JSON-LD context {url} cannot be used: {why}.", context=url)
