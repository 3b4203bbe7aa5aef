"""How it goes with the hosts that messages are sent to: whom to leave alone for a while, and how often to ask one.

Whoever subscribes chooses the hosts, and whoever writes the moments. Lives in one process; knows no channels.

Spec: RFC 9110 s10.2.3
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from pod.clock import Clock
from pod.protocol.representation import parse_http_date
from pod.remote.fairness import Rate

PAUSE_SECONDS, PAUSE_SECONDS_MAX = 2.0, 60.0
"""How long a host that gave no answer is left alone by all channels but one: it is asked again and again."""
SLOW_SECONDS = 2.0
"""Whoever takes longer to answer waits among its like."""
HOSTS_MAX = 10_000
BACKOFF_SECONDS, BACKOFF_SECONDS_MAX = 5.0, 3600.0
RETRY_AFTER_SECONDS_MAX = 24 * 3600.0
WINDOW_SECONDS = 60


@dataclass(slots=True)
class _Trouble:
    """`silences` counts those since the last answer; nobody asks before `until`."""

    silences: int = 0
    until: float = 0.0


class Hosts:
    """Shared by all threads. `per_minute` 0 is no limit."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._rate = Rate(per_minute, WINDOW_SECONDS)
        self._troubles: dict[str, _Trouble] = {}
        self._lock = Lock()

    def is_suspect(self, host: str) -> bool:
        """Whether it keeps threads waiting."""
        return host in self._troubles

    def ask(self, host: str) -> float:
        """0: it may be asked, which counts; otherwise the seconds until it may."""
        now = self._clock.now()
        with self._lock:
            trouble = self._troubles.get(host)
            if trouble and now < trouble.until <= now + PAUSE_SECONDS_MAX:
                return trouble.until - now
            if not self._rate.allows(host, now):
                return WINDOW_SECONDS - now % WINDOW_SECONDS
            if trouble and trouble.silences:
                trouble.until = now + _doubled(PAUSE_SECONDS, trouble.silences, PAUSE_SECONDS_MAX)
            return 0.0

    def answered(self, host: str, seconds: float) -> None:
        """It is there, and took so long."""
        with self._lock:
            self._troubles.pop(host, None)
            if seconds > SLOW_SECONDS:
                self._note(host)

    def was_silent(self, host: str) -> None:
        """It could not be reached, or did not answer in time."""
        with self._lock:
            trouble = self._troubles.get(host) or self._note(host)
            trouble.silences += 1
            trouble.until = self._clock.now() + _doubled(PAUSE_SECONDS, trouble.silences, PAUSE_SECONDS_MAX)

    def _note(self, host: str) -> _Trouble:
        while len(self._troubles) >= HOSTS_MAX:
            del self._troubles[next(iter(self._troubles))]
        return self._troubles.setdefault(host, _Trouble())


def pause_seconds(failures: int, asked_seconds: float, chance: float) -> float:
    """Until the next try, after so many failures in a row; never less than the receiver asked for, up to a bound.

    `chance` (0 to 1) scatters them: those that failed together should not come back together.
    """
    grown = _doubled(BACKOFF_SECONDS, failures, BACKOFF_SECONDS_MAX) * (0.5 + chance / 2)
    return max(grown, min(asked_seconds, RETRY_AFTER_SECONDS_MAX))


def asked_seconds(retry_after: str, now: float) -> float:
    """What `Retry-After` asks for; 0 where it asks for nothing that can be read."""
    if retry_after.isascii() and retry_after.strip().isdigit():
        return float(retry_after.strip()[:10])
    moment = parse_http_date(retry_after)
    return max(0.0, moment - now) if moment is not None else 0.0


def _doubled(seconds: float, times: int, seconds_max: float) -> float:
    """Doubled with each time after the first."""
    return min(seconds * 2.0 ** min(times - 1, 30), seconds_max)
