"""How often something may be tried: a count for each key and minute, in this process, in bounded memory.

Spec: RFC 6749 s10.10; RFC 6585 s4
"""

from __future__ import annotations

from threading import Lock

from pod.errors import TooManyRequests

WINDOW_SECONDS = 60
KEYS_MAX = 10_000


class Throttle:
    """Refuses a key that was counted more than `per_minute` times in the running minute. 0 refuses nobody."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._window = 0
        self._counts: dict[tuple[str, ...], int] = {}
        self._lock = Lock()

    def count(self, key: tuple[str, ...], now: float) -> None:
        """Raises: TooManyRequests."""
        if not self._per_minute:
            return
        window = int(now // WINDOW_SECONDS)
        with self._lock:
            if window != self._window or len(self._counts) >= KEYS_MAX:
                self._window, self._counts = window, {}
            self._counts[key] = self._counts.get(key, 0) + 1
            if self._counts[key] <= self._per_minute:
                return
        seconds = WINDOW_SECONDS - int(now % WINDOW_SECONDS)
        raise TooManyRequests(f"Try again in {seconds} seconds.", headers=(("Retry-After", str(seconds)),))
