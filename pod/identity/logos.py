"""Logos of apps, as data: URIs: fetched by the server, so that a page asks nobody else and the app does not learn who
looks at it; and kept, so that they do not change from one look to the next. A page never waits long for one.

Spec: OAuth Client ID Metadata Document, displaying logos to end-users; RFC 7591 s2, logo_uri
"""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from threading import BoundedSemaphore

from pod.config import KIB
from pod.errors import NotFound, PodError
from pod.remote.cache import Cached, Loaded, Pay, free
from pod.remote.client import Limits, Remote
from pod.remote.errors import RemoteError
from pod.services import Services
from pod.store.records import Kind

LOGO_BYTES_MAX = 64 * KIB
LOGOS_MAX = 200
WAIT_SECONDS_MAX = 1.0
FRESH_SECONDS = 24 * 3600
STALE_SECONDS = 7 * 24 * 3600
FAILURE_SECONDS = 300
FETCHES_MAX = 2
WAITING_MAX = 8
"""Fetches under way or waiting; a page that needs one more has no logo."""

ACCEPT = "image/png, image/jpeg, image/webp, image/gif"
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


class Logos:
    """The logos one process knows."""

    def __init__(self, services: Services, remote: Remote) -> None:
        self._services = services
        self._remote = remote
        self._limits = Limits(LOGO_BYTES_MAX, services.config.remote_seconds_max, services.config.remote_redirects_max)
        self._images: Cached[str, str] = Cached(
            self._load,
            clock=services.clock,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=STALE_SECONDS,
            failure_seconds=FAILURE_SECONDS,
            entries_max=LOGOS_MAX,
            loads_max=FETCHES_MAX,
        )
        self._places = BoundedSemaphore(WAITING_MAX)
        self._threads = ThreadPoolExecutor(FETCHES_MAX, thread_name_prefix="logos")

    def get(self, url: str, pay: Pay = free) -> str | None:
        """The image as a data: URI; None where there is none, or not yet, or `pay`, asked before a fetch, refuses.

        Its fetch goes on for those who ask later.
        """
        if not self._places.acquire(blocking=False):
            return None
        found = self._threads.submit(self._images.get, url, pay)
        found.add_done_callback(self._leave)
        try:
            return found.result(WAIT_SECONDS_MAX)
        except (NotYet, PodError, RemoteError):
            return None

    def close(self) -> None:
        self._images.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _: Future[str]) -> None:
        self._places.release()

    def _load(self, url: str) -> Loaded[str]:
        """Raises: NotFound, RemoteError."""
        if self._services.placement.is_ours(url):
            own = self._services.public_documents.read(url, (Kind.OTHER,))
            return Loaded(_data_uri(own.content if own else b""))
        answer = self._remote.fetch(url, accept=ACCEPT, limits=self._limits)
        return Loaded(_data_uri(answer.body if answer.status == 200 else b""), answer.fresh_seconds)


def _data_uri(content: bytes) -> str:
    """Told by its first bytes, whatever it was served as; never SVG, which can hold more than a picture.

    Raises: NotFound.
    """
    media_type = next((name for magic, name in _MAGIC.items() if content.startswith(magic)), None)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        media_type = "image/webp"
    if media_type is None or len(content) > LOGO_BYTES_MAX:
        raise NotFound("There is no picture in a form that browsers show.")
    return f"data:{media_type};base64,{b64encode(content).decode()}"
