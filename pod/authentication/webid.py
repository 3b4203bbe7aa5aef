"""May this issuer speak for this WebID? Only if the WebID document says so: `<WebID> solid:oidcIssuer <issuer>`.

Documents of our own are read from the store as anybody may read them, those of others through the guarded client, and
kept for a while: an issuer that is added counts within seconds, one that is removed within the age limits.

Spec: Solid-OIDC #oidc-issuer-discovery, #id-token-validation; WebID
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Protocol

import structlog

from pod.authentication.issuer import FAILURE_SECONDS, LOADS_SHARE
from pod.clock import Clock
from pod.config import KIB, Config
from pod.errors import InvalidToken, PodError
from pod.rdf import formats
from pod.rdf.formats import Limits
from pod.rdf.graph import IRI, Graph
from pod.rdf.vocab import SOLID
from pod.remote.cache import Cached, Loaded
from pod.remote.client import Limits as FetchLimits
from pod.remote.client import Remote
from pod.remote.errors import RemoteError

log = structlog.get_logger()

ISSUERS_PAGE = ".account/issuers"
"""Under the base URL: where people say which issuers the profiles of their accounts name."""
ACCEPT = "text/turtle, application/ld+json;q=0.8, application/n-triples;q=0.7, application/rdf+xml;q=0.5"
KEPT_CHARACTERS_MAX = 16 * KIB
"""Of the statements about issuers in one document, those are kept that fit."""

STATEMENTS_MAX = 10_000
"""In one document: strangers say which ones are read, and reading these takes a twentieth of a second."""

NamedIssuers = Mapping[str, frozenset[str]]
"""WebID -> the issuers it names, for all WebIDs of one document."""

NO_ISSUERS: NamedIssuers = {}
_GONE = frozenset({401, 403, 404, 410})
"""Answers that say something of the document, and not of the server: nobody may trust what it said before."""


class OwnDocument(Protocol):
    """A document of this server: the URL its relative IRIs resolve against, and what it holds."""

    @property
    def url(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def content(self) -> bytes: ...


class OwnDocuments(Protocol):
    """Documents of this server as everybody may read them."""

    def is_ours(self, iri: str) -> bool:
        """Whether it lies under our own URLs, and so is never fetched."""
        ...

    def read(self, url: str) -> OwnDocument | None:
        """None where there is none that everybody may read."""
        ...

    def is_locked(self, web_id: str) -> bool:
        """Whether it is of an account here that may not act now."""
        ...


class WebIDs:
    """Knows which issuers WebIDs name."""

    def __init__(
        self, config: Config, clock: Clock, remote: Remote, own: OwnDocuments, places: BoundedSemaphore
    ) -> None:
        self._issuers_page = config.base_url + ISSUERS_PAGE
        self._remote = remote
        self._own = own
        self._fetch_limits = FetchLimits.of(config)
        self._limits = replace(Limits.from_config(config), bytes=config.remote_bytes_max, triples=STATEMENTS_MAX)
        self._issuers: Cached[str, NamedIssuers] = Cached(
            self._load,
            clock=clock,
            fresh_seconds=config.webid_seconds_fresh,
            stale_seconds=config.webid_seconds_stale,
            failure_seconds=FAILURE_SECONDS,
            entries_max=config.webid_cache_entries,
            loads_max=config.threads // LOADS_SHARE,
            places=places,
        )

    def check(self, web_id: str, issuer: str) -> None:
        """Raises: InvalidToken -- the WebID document does not name the issuer, byte for byte, or cannot be had, or its
        account here is locked; Busy -- too many of them are being fetched.
        """
        document = web_id.partition("#")[0]
        is_ours = self._own.is_ours(web_id)
        if is_ours:
            named = issuer in self._of_ours(document).get(web_id, ())
        else:
            named = self._is_named(document, web_id, issuer)
        if not named:
            how = f" (the owner of an account here does so at {self._issuers_page})" if is_ours else ""
            raise InvalidToken(
                f"The WebID document {document} does not name the issuer of this access token. If the issuer may speak "
                f"for this WebID, add to the document{how}: <{web_id}> <{SOLID.oidcIssuer.value}> <{issuer}> ."
            )
        if is_ours and self._own.is_locked(web_id):
            raise InvalidToken(f"The account of {web_id} is locked, whichever issuer speaks for it.")

    def _is_named(self, document: str, web_id: str, issuer: str) -> bool:
        """One that is not named may have been added since: look again, at a bounded rate."""
        if issuer in self._issuers.get(document).get(web_id, ()):
            return True
        return issuer in self._issuers.renew(document).get(web_id, ())

    # -- reading -------------------------------------------------------------------------------------------------------

    def _of_ours(self, document: str) -> NamedIssuers:
        found = self._own.read(document)
        if found is None:
            return NO_ISSUERS
        return self._read(found.content, found.media_type, found.url)

    def _load(self, document: str) -> Loaded[NamedIssuers]:
        """Raises: InvalidToken -- the document cannot be had now. Why is for the log, as with issuers."""
        try:
            answer = self._remote.fetch(document, accept=ACCEPT, limits=self._fetch_limits)
        except RemoteError as error:
            log.info("WebID document unreachable", document=document, why=str(error))
            raise _unreadable(document) from error
        if answer.status in _GONE:
            return Loaded(NO_ISSUERS, answer.fresh_seconds)
        if answer.status != 200:
            log.info("WebID document unreachable", document=document, why=f"status {answer.status}")
            raise _unreadable(document)
        return Loaded(self._read(answer.body, answer.media_type, answer.url), answer.fresh_seconds)

    def _read(self, content: bytes, media_type: str, base: str) -> NamedIssuers:
        """Raises: InvalidToken -- it is not RDF."""
        try:
            graph = formats.parse(content, media_type, base=base, limits=self._limits).default
        except PodError as error:
            log.info("WebID document unreadable", document=base, why=str(error))
            raise _unreadable(base) from error
        return _issuers(graph)


def _issuers(graph: Graph) -> NamedIssuers:
    found: dict[str, set[str]] = {}
    characters = 0
    for triple in graph.match(p=SOLID.oidcIssuer):
        if isinstance(triple.subject, IRI) and isinstance(triple.object, IRI):
            characters += len(triple.subject.value) + len(triple.object.value)
            if characters > KEPT_CHARACTERS_MAX:
                break
            found.setdefault(triple.subject.value, set()).add(triple.object.value)
    return {web_id: frozenset(issuers) for web_id, issuers in found.items()}


def _unreadable(document: str) -> InvalidToken:
    return InvalidToken(
        f"The WebID document {document} cannot be read, so it is not known whether it names the issuer of this access "
        "token. It must be RDF, in Turtle or JSON-LD, that everybody may read."
    )
