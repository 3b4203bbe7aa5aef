"""Gets to know the people whom contacts and posts here name: name and picture, as their profiles show them to everyone.

Happens in the background, never for a page. Profiles of this server are read as everybody may read them; others are
fetched by the guarded client, each host at a bounded rate. What is kept of a picture was made by us.

Spec: WebID Profile #webid-profile-data-model
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from threading import Lock
from urllib.parse import urlsplit

import structlog

from pod.errors import Busy, PodError
from pod.index.shapes import name_of, picture_of
from pod.rdf.graph import IRI, Graph
from pod.remote.client import Limits as FetchLimits
from pod.remote.client import Remote
from pod.remote.errors import RemoteError
from pod.remote.fairness import FairThreads
from pod.remote.pace import Paced
from pod.services import Services
from pod.store import people
from pod.store.people import Due, Picture
from pod.store.records import Kind

ACCEPT = "text/turtle, application/ld+json;q=0.8, application/n-triples;q=0.7, application/rdf+xml;q=0.5"
ACCEPT_PICTURES = "image/webp, image/png, image/jpeg, image/gif;q=0.8"
PICTURE_SOURCE_BYTES_MAX = 4 * 1024 * 1024
PICTURE_BYTES_MAX = 16 * 1024
PICTURE_PIXELS = 128
"""The side of what is kept."""
STATEMENTS_MAX = 10_000
"""In a profile."""
FETCHES_PER_MINUTE = 30
"""From one host. Not counted with `dev`."""
THREADS = 4
UNDER_WAY_MAX, WAITING_MAX = 16, 8
"""Of all hosts, and of one."""
END_SECONDS = 2.0
"""For what is under way when the process is to end."""
HOUR_MS = 3600 * 1000
REFRESH_MS = 24 * HOUR_MS
OWN_REFRESH_MS = HOUR_MS
"""Of profiles of this server: nobody else is asked."""
BUSY_MS = 60 * 1000
CROWDED_MS = 5 * 1000
"""Until the next try, where too many of one host's people are being asked for."""
FAILURE_MS = HOUR_MS
FAILURE_MS_MAX = 7 * 24 * HOUR_MS
KEY_CHARACTERS = 32
WHY_CHARACTERS_MAX = 200

log = structlog.get_logger()

Encode = Callable[[bytes, int], bytes]
"""A picture from anywhere and the side that it is to have; gives one of ours. Raises: PodError"""


class NotShown(Exception):
    """There is no profile there that everyone may see."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What it says of somebody."""

    name: str | None
    picture: str | None


class Acquaintance:
    """Asks those who are due, a few at a time. Shared by nobody: one thread calls `work`."""

    def __init__(self, services: Services, remote: Remote, encode: Encode) -> None:
        self._services = services
        self._store = services.store
        self._remote = Paced(remote, services.clock, 0 if services.config.dev else FETCHES_PER_MINUTE)
        self._encode = encode
        self._fetch_limits = FetchLimits.of(services.config)
        self._limits = replace(services.limits, bytes=services.config.remote_bytes_max, triples=STATEMENTS_MAX)
        self._threads: FairThreads[None] = FairThreads(THREADS, WAITING_MAX, "people")
        self._under_way: set[str] = set()
        self._over = False
        self._lock = Lock()

    def work(self) -> None:
        """Begin with those who are due, as many as there is room for; waits for nobody."""
        with self._lock:
            room = UNDER_WAY_MAX - len(self._under_way)
            found = people.due(self._store, self._store.now_ms, UNDER_WAY_MAX) if room else []
            begun = [each for each in found if each.web_id not in self._under_way][:room]
            self._under_way.update(each.web_id for each in begun)
        for each in begun:
            if self._threads.submit(_host(each.web_id), partial(self._meet, each)) is None:
                people.postpone(self._store, each.web_id, self._store.now_ms + CROWDED_MS)
                self._end(each)

    def close(self) -> None:
        """Begin with nobody any more; what is noted of nobody is asked again."""
        self._over = True
        self._threads.close(END_SECONDS)

    def _meet(self, somebody: Due) -> None:
        try:
            if not self._over:
                self.meet(somebody)
        except Exception:  # the border: one person's failure must not stop the others
            log.exception("profile not read", web_id=somebody.web_id)
            people.fail(self._store, somebody.web_id, "error", self._store.now_ms + FAILURE_MS_MAX)
        finally:
            self._end(somebody)

    def _end(self, somebody: Due) -> None:
        with self._lock:
            self._under_way.discard(somebody.web_id)

    def meet(self, somebody: Due) -> None:
        """Read the profile of one, and note what became of that."""
        if not somebody.is_named:
            people.forget(self._store, somebody.web_id)
            return
        now_ms = self._store.now_ms
        next_ms = now_ms + (OWN_REFRESH_MS if self._is_ours(somebody.web_id) else REFRESH_MS)
        try:
            profile = self._profile(somebody.web_id)
        except Busy:
            people.postpone(self._store, somebody.web_id, now_ms + BUSY_MS)
        except NotShown:
            people.save(self._store, somebody.web_id, None, None, next_ms)
        except (PodError, RemoteError) as error:
            self._fail(somebody, error)
        else:
            self._note(somebody, profile, next_ms)

    def _fail(self, somebody: Due, error: Exception) -> None:
        pause_ms = min(FAILURE_MS << min(somebody.failures, 20), FAILURE_MS_MAX)
        why = f"{type(error).__name__}: {error}"[:WHY_CHARACTERS_MAX]
        people.fail(self._store, somebody.web_id, why, self._store.now_ms + pause_ms)

    def _note(self, somebody: Due, profile: Profile, next_ms: int) -> None:
        """A picture that cannot be had now leaves the one that is known."""
        if profile.picture is None:
            people.save(self._store, somebody.web_id, profile.name, None, next_ms)
            return
        try:
            picture = self._picture(profile.picture)
        except NotShown:
            people.save(self._store, somebody.web_id, profile.name, None, next_ms)
        except (PodError, RemoteError) as error:
            log.info("picture not read", web_id=somebody.web_id, why=str(error))
            soon_ms = self._store.now_ms + BUSY_MS if isinstance(error, Busy) else next_ms
            people.save_name(self._store, somebody.web_id, profile.name, min(soon_ms, next_ms))
        else:
            people.save(self._store, somebody.web_id, profile.name, picture, next_ms)

    # -- profiles ------------------------------------------------------------------------------------------------------

    def _is_ours(self, iri: str) -> bool:
        return self._services.public_documents.is_ours(iri)

    def _profile(self, web_id: str) -> Profile:
        """Raises: NotShown, PodError, RemoteError"""
        document = web_id.partition("#")[0]
        graph = self._own(web_id, document) if self._is_ours(web_id) else self._elsewhere(document)
        node = IRI(web_id)
        return Profile(name_of(graph, node) or None, picture_of(graph, node))

    def _own(self, web_id: str, document: str) -> Graph:
        found = self._services.public_documents.read(document)
        if found is None or self._services.public_documents.is_locked(web_id):
            raise NotShown
        return self._services.parse(found.content, found.media_type, found.url, self._limits).default

    def _elsewhere(self, document: str) -> Graph:
        answer = self._remote.fetch(document, accept=ACCEPT, limits=self._fetch_limits)
        _check(answer.status)
        return self._services.parse(answer.body, answer.media_type, answer.url, self._limits).default

    # -- pictures ------------------------------------------------------------------------------------------------------

    def _picture(self, url: str) -> Picture:
        """Raises: NotShown, PodError, RemoteError"""
        content = self._encode(self._source(url), PICTURE_PIXELS)
        if len(content) > PICTURE_BYTES_MAX:
            content = self._encode(content, PICTURE_PIXELS // 2)
        if len(content) > PICTURE_BYTES_MAX:
            raise NotShown
        return sha256(content).hexdigest()[:KEY_CHARACTERS], content

    def _source(self, url: str) -> bytes:
        if self._is_ours(url):
            found = self._services.public_documents.read(url, (Kind.OTHER,), bytes_max=PICTURE_SOURCE_BYTES_MAX)
            if found is None:
                raise NotShown
            return found.content
        limits = replace(self._fetch_limits, bytes_max=PICTURE_SOURCE_BYTES_MAX)
        answer = self._remote.fetch(url.partition("#")[0], accept=ACCEPT_PICTURES, limits=limits)
        _check(answer.status)
        return answer.body


_NOT_SHOWN = frozenset({401, 403, 404, 410})


def _host(web_id: str) -> str:
    try:
        return urlsplit(web_id).netloc.lower()
    except ValueError:
        return ""


class NoProfile(RemoteError):
    """The other server answers, but with no document now."""


def _check(status: int) -> None:
    """Raises: NotShown, NoProfile."""
    if status in _NOT_SHOWN:
        raise NotShown
    if status != 200:
        raise NoProfile(f"status {status}")
