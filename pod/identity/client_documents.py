"""Client ID Documents: the client id is a URL, and what is there says who the app is. Fetched when somebody signs in,
kept as long as the document may be, never for ever; documents on this server are read as anybody may read them.

Spec: Solid-OIDC #clientids-document, #jsonld-context; OAuth Client ID Metadata Document
"""

from __future__ import annotations

from dataclasses import replace
from threading import BoundedSemaphore

import structlog

from pod.config import KIB
from pod.errors import InvalidClientMetadata, UnknownClient
from pod.identity.client_metadata import Client, Document, document_client, is_document_url, parse_json
from pod.protocol.resource import storage_of
from pod.remote.cache import Cached, Loaded, Pay, free
from pod.remote.client import Limits, Remote
from pod.remote.errors import RemoteError
from pod.services import Services
from pod.store.records import Kind

DOCUMENT_BYTES_MAX = 64 * KIB
"""The draft recommends 5 kB; documents with a context of their own, translations and keys are larger."""
FRESH_SECONDS = 3600
"""Of documents that do not say how long they may be kept."""
FRESH_SECONDS_MAX = 24 * 3600
STALE_SECONDS = 25 * 3600
"""A document that cannot be had any more counts no longer, whatever it was allowed."""
DOCUMENTS_MAX = 500
THREADS_SHARE = 4
"""Of the request threads, the part that may fetch documents, or wait for those that others fetch, at one time."""

JSON_LD = "application/ld+json"
MEDIA_TYPES = frozenset({JSON_LD, "application/json"})
"""Solid's documents are JSON-LD and the draft's plain JSON. Nothing else: other content that happens to parse, like an
upload or an error page, must not become an app of the host that it is on."""
ACCEPT = "application/ld+json, application/json;q=0.9"
CONTEXT = "https://www.w3.org/ns/solid/oidc-context.jsonld"

log = structlog.get_logger()


class ClientDocuments:
    """The apps of all Client ID Documents, as one process knows them."""

    def __init__(self, services: Services, remote: Remote) -> None:
        self._services = services
        self._remote = remote
        self._limits = Limits(DOCUMENT_BYTES_MAX, services.config.remote_seconds_max, redirects_max=0)
        self._clients: Cached[str, Client] = Cached(
            self._load,
            clock=services.clock,
            fresh_seconds=FRESH_SECONDS_MAX,
            stale_seconds=STALE_SECONDS,
            failure_seconds=0,  # the draft: "MUST NOT cache error responses", nor documents that are invalid
            entries_max=DOCUMENTS_MAX,
            loads_max=services.config.threads // THREADS_SHARE,
            places=BoundedSemaphore(max(1, services.config.threads // THREADS_SHARE)),
        )

    def find(self, url: str, redirect_uri: str | None = None, pay: Pay = free) -> Client:
        """The app of a document. Where what is known of it has no such redirect URI, it is asked again.

        Raises: UnknownClient -- there is no valid document; Busy -- too many are being fetched; whatever `pay` raises,
            which is asked before a fetch.
        """
        is_ours = self._services.placement.is_ours(url)
        if not is_document_url(url, insecure=is_ours or self._services.config.dev):
            raise UnknownClient(
                "The app calls itself by a URL that cannot be one: https, with a path, without . and .. in it,"
                " credentials or fragment."
            )
        if is_ours:
            return self._own(url)
        client = self._clients.get(url, pay)
        if redirect_uri is None or client.allows_redirect(redirect_uri):
            return client
        return self._clients.renew(url, pay)

    def keep(self, url: str) -> None:
        """Somebody signed in with it: documents that nobody used do not push it out."""
        self._clients.keep(url)

    def close(self) -> None:
        self._clients.close()

    def _load(self, url: str) -> Loaded[Client]:
        """Raises: UnknownClient. Why a server cannot be reached is for the log, not for strangers."""
        try:
            answer = self._remote.fetch(url, accept=ACCEPT, limits=self._limits)
        except RemoteError as error:
            log.info("app unreachable", client=url, why=str(error))
            raise UnknownClient(f"The app's description at {url} cannot be fetched.") from error
        if answer.status != 200:
            raise UnknownClient(f"The app's description at {url} cannot be fetched: the answer is {answer.status}.")
        fresh_seconds = FRESH_SECONDS if answer.fresh_seconds is None else answer.fresh_seconds
        return Loaded(_client(url, answer.media_type, answer.body), fresh_seconds)

    def _own(self, url: str) -> Client:
        """Many people may have a pod on this server, and apps that may write there: so the pod is named, and the
        address says nothing of who the app is.
        """
        document = self._services.public_documents.read(url, (Kind.RDF, Kind.OTHER))
        if document is None or len(document.content) > DOCUMENT_BYTES_MAX:
            raise UnknownClient(f"There is no description of an app at {url} that everybody may read.")
        client = _client(url, document.media_type, document.content)
        placement = self._services.placement
        storage = storage_of(placement.local_path(url) or "/")
        host = client.host + storage if placement.kind == "path" else client.host
        return replace(client, host=host, verified=False, pod=storage.strip("/"))


def _client(url: str, media_type: str, body: bytes) -> Client:
    """Raises: UnknownClient -- the text says what is wrong with the document."""
    try:
        document = parse_json(_checked_type(media_type, body))
        _check_context(document, media_type)
        return document_client(url, document)
    except InvalidClientMetadata as error:
        raise UnknownClient(f"The app's description at {url} cannot be used. {error.detail}") from error


def _checked_type(media_type: str, body: bytes) -> bytes:
    if media_type.partition(";")[0].strip().lower() not in MEDIA_TYPES:
        raise InvalidClientMetadata(f"It must be served as {JSON_LD} or application/json.")
    return body


def _check_context(document: Document, media_type: str) -> None:
    """JSON-LD means what it seems to mean only under the context of Solid-OIDC; plain JSON needs none.

    Spec: Solid-OIDC #clientids-document, #jsonld-context
    """
    context = document.get("@context")
    if context is None and media_type != JSON_LD:
        return
    if CONTEXT not in (context if isinstance(context, list) else [context]):
        raise InvalidClientMetadata(f'As JSON-LD it must have "@context": ["{CONTEXT}"], with https.')
