"""How often other servers are asked because strangers named them: a count for each host and minute, in this process.

Whoever sends requests chooses the URLs, so without it anybody could have us ask anybody, as often as they like.

Spec: RFC 6585 s4; OAuth Client ID Metadata Document, security considerations
"""

from __future__ import annotations

from threading import Lock
from urllib.parse import urlsplit

from pod.clock import Clock
from pod.errors import Busy
from pod.remote.client import Fetched, Limits, Remote

WINDOW_SECONDS = 60
HOSTS_FACTOR = 10
"""All hosts together, in terms of what one may be asked."""


class Paced:
    """A `Remote` that asks one host at most `per_minute` times a minute, and all of them ten times as often.

    0 is no limit.
    """

    def __init__(self, remote: Remote, clock: Clock, per_minute: int) -> None:
        self._remote = remote
        self._clock = clock
        self._per_minute = per_minute
        self._lock = Lock()
        self._window = 0
        self._all = 0
        self._of_host: dict[str, int] = {}

    def fetch(self, url: str, *, accept: str, limits: Limits) -> Fetched:
        """See `Remote.fetch`. Raises: Busy -- too many fetches in this minute."""
        if self._per_minute:
            self._count(_host(url), self._clock.now())
        return self._remote.fetch(url, accept=accept, limits=limits)

    def _count(self, host: str, now: float) -> None:
        window = int(now // WINDOW_SECONDS)
        with self._lock:
            if window != self._window:
                self._window, self._all, self._of_host = window, 0, {}
            count = self._of_host.get(host, 0)
            if count < self._per_minute and self._all < HOSTS_FACTOR * self._per_minute:
                self._all += 1
                self._of_host[host] = count + 1
                return
        seconds = WINDOW_SECONDS - int(now % WINDOW_SECONDS)
        raise Busy(
            f"Other servers were asked too often for others; try again in {seconds} seconds.",
            headers=(("Retry-After", str(seconds)),),
        )


def _host(url: str) -> str:
    """What is no URL is refused by the client that would fetch it."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
