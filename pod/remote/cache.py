"""What was loaded from other servers, kept for a while: fresh at once, stale at once while it is loaded again, and
loaded now when it is not known. One load for a key at a time, a bounded number of them altogether, and failures are
remembered too, so that nobody can have another server asked, or our threads wait for it, as often as they like.

Knows nothing of what it holds. Lives in one process.

Spec: RFC 5861 s3 (stale-while-revalidate); RFC 9111 s4.2
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from math import inf
from threading import BoundedSemaphore, Lock, Thread
from typing import Generic, TypeVar

import structlog

from pod.clock import Clock
from pod.errors import Busy, PodError
from pod.remote.errors import RemoteError

log = structlog.get_logger()

FRESH_SECONDS_MIN = 60
"""However short others say their answers may be kept: what is asked for in every request is not fetched for each."""
RENEW_SECONDS = 10
"""Shortest time between loads of one key that its users want sooner than it grows old."""
REFRESHES_MAX = 4
"""Loads in the background at one time. When all are taken a stale value stays, and its next use tries again."""
RETRY_SECONDS = 10
"""Shortest time between background loads of a key that fails."""
PLACES_PER_LOAD = 4
WAIT_SECONDS_MAX = 30.0
"""For a load that another began; it ends sooner, unless `load` has no deadline."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Pay = Callable[[], None]
"""Asked before a load begins; what it raises, the caller gets."""


def free() -> None:
    """Whoever asks may have it loaded."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[V]):
    """What a load gives: the value, and how long its source says it may be kept; None where it does not say."""

    value: V
    fresh_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    """A value, when it was loaded, and when to load it again."""

    value: V
    loaded: float
    due: float


@dataclass(frozen=True, slots=True)
class _Failure:
    error: PodError | RemoteError
    at: float


class Cached(Generic[K, V]):
    """Values by key, each made by `load`, which must end in time. Safe to share between threads.

    A value is fresh for `fresh_seconds`, or as long as its source says if that is less, and not given out any more at
    an age of `stale_seconds`. A PodError or RemoteError of `load` stands for `failure_seconds`. At most `loads_max`
    callers load at one time. Whoever waits, for a load of their own or of another, takes one of `places`, which several
    caches may share. Of `entries_max` values, and as many that are kept, those used last stay.
    """

    def __init__(
        self,
        load: Callable[[K], Loaded[V]],
        *,
        clock: Clock,
        fresh_seconds: float,
        stale_seconds: float,
        failure_seconds: float,
        entries_max: int,
        loads_max: int,
        places: BoundedSemaphore | None = None,
    ) -> None:
        self._load = load
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._stale_seconds = stale_seconds
        self._failure_seconds = failure_seconds
        self._entries_max = max(1, entries_max)
        self._leaders = BoundedSemaphore(max(1, loads_max))
        self._places = places or BoundedSemaphore(PLACES_PER_LOAD * max(1, loads_max))
        self._refreshes = BoundedSemaphore(REFRESHES_MAX)
        self._lock = Lock()
        self._entries: dict[K, _Entry[V]] = {}
        self._kept: dict[K, _Entry[V]] = {}
        self._failures: dict[K, _Failure] = {}
        self._flights: dict[K, Future[V]] = {}
        self._closed = False

    def get(self, key: K, pay: Pay = free) -> V:
        """The value of a key; waits only if none is known that may still be used.

        Raises: Busy -- too many loads at one time, ask again; whatever `load` raises, now or lately; whatever `pay`
            raises, where nothing is known.
        """
        now = self._clock.now()
        entry = self._usable(key, now)
        if entry is None:
            self._raise_failure(key, now)
            return self._awaited(key, self._stale_seconds, pay)
        if entry.due <= now:
            self._refresh(key, pay)
        return entry.value

    def renew(self, key: K, pay: Pay = free) -> V:
        """The value as it was at most `RENEW_SECONDS` ago, for a caller who misses something in it.

        Where no newer one can be had, the one that is known. Raises: see `get`.
        """
        now = self._clock.now()
        entry = self._usable(key, now)
        if entry is None:
            return self.get(key, pay)
        if _age(entry.loaded, now) < RENEW_SECONDS or self._failed_within(key, RENEW_SECONDS, now):
            return entry.value
        try:
            return self._awaited(key, RENEW_SECONDS, pay)
        except (PodError, RemoteError):
            return entry.value

    def keep(self, key: K) -> None:
        """What is known of it makes room for no other value, unless that is kept as well."""
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is not None:
                _put(self._kept, key, entry, self._entries_max)

    def close(self) -> None:
        """Begin no more loads in the background; those under way end with the process."""
        self._closed = True

    # -- what is known -------------------------------------------------------------------------------------------------

    def _usable(self, key: K, now: float) -> _Entry[V] | None:
        """An entry that is used moves to the end: the others are forgotten first."""
        with self._lock:
            entries = self._holding(key)
            entry = entries.pop(key, None)
            if entry is None or _age(entry.loaded, now) >= self._stale_seconds:
                return None
            entries[key] = entry
            return entry

    def _holding(self, key: K) -> dict[K, _Entry[V]]:
        """Where its entry is, or goes."""
        return self._kept if key in self._kept else self._entries

    def _failed_within(self, key: K, seconds: float, now: float) -> bool:
        failure = self._failures.get(key)
        return failure is not None and _age(failure.at, now) < seconds

    def _raise_failure(self, key: K, now: float) -> None:
        """A copy is raised: one exception raised by many threads would gather the frames of all."""
        failure = self._failures.get(key)
        if failure is not None and self._failed_within(key, self._failure_seconds, now):
            raise copy(failure.error)

    # -- loading -------------------------------------------------------------------------------------------------------

    def _awaited(self, key: K, age_seconds_max: float, pay: Pay) -> V:
        """The outcome of the load that is under way, or has just ended, or of one of our own."""
        if not self._places.acquire(blocking=False):
            raise _busy()
        try:
            with self._lock:
                entry = self._holding(key).get(key)
                if entry is not None and _age(entry.loaded, self._clock.now()) < age_seconds_max:
                    return entry.value
                flight = self._flights.get(key)
                own = self._begun(key, self._leaders, pay) if flight is None else None
            if own is not None:
                self._fly(key, own, self._leaders)
            return _outcome(flight or own)
        finally:
            self._places.release()

    def _refresh(self, key: K, pay: Pay) -> None:
        with self._lock, suppress(PodError):
            flight = None
            if self._closed or key in self._flights or self._failed_within(key, RETRY_SECONDS, self._clock.now()):
                return
            flight = self._begun(key, self._refreshes, pay)
        if flight is not None:
            thread = Thread(target=self._fly, args=(key, flight, self._refreshes), name="refresh", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system has none to give: nobody is to wait for it, and the next use tries again
                self._call_off(key, flight)

    def _begun(self, key: K, room: BoundedSemaphore, pay: Pay) -> Future[V] | None:
        """A flight that others can join; None when there is no room for one more. Raises: whatever `pay` raises."""
        pay()
        if not room.acquire(blocking=False):
            return None
        flight = self._flights[key] = Future()
        return flight

    def _fly(self, key: K, flight: Future[V], room: BoundedSemaphore) -> None:
        """One load, whose outcome everybody gets who waits for it."""
        try:
            loaded = self._load(key)
        except BaseException as error:  # noqa: BLE001 -- it belongs to whoever waits for the flight
            with self._lock:
                del self._flights[key]
                self._fail(key, error)
            flight.set_exception(error)
        else:
            with self._lock:
                del self._flights[key]
                self._keep(key, loaded)
            flight.set_result(loaded.value)
        finally:
            room.release()

    def _call_off(self, key: K, flight: Future[V]) -> None:
        with self._lock:
            del self._flights[key]
        flight.set_exception(_busy())
        self._refreshes.release()

    def _keep(self, key: K, loaded: Loaded[V]) -> None:
        now, seconds = self._clock.now(), self._fresh_seconds
        if loaded.fresh_seconds is not None:
            seconds = min(seconds, max(loaded.fresh_seconds, FRESH_SECONDS_MIN))
        self._failures.pop(key, None)
        _put(self._holding(key), key, _Entry(loaded.value, now, now + seconds), self._entries_max)

    def _fail(self, key: K, error: BaseException) -> None:
        """Being busy says nothing about the key."""
        if isinstance(error, PodError | RemoteError) and not isinstance(error, Busy):
            log.info("load failed", key=str(key), why=str(error))
            _put(self._failures, key, _Failure(copy(error), self._clock.now()), self._entries_max)


T = TypeVar("T")


def _age(moment: float, now: float) -> float:
    """Of what was noted by a clock that has been set back since, nobody knows how old it is: too old."""
    return now - moment if moment <= now else inf


def _outcome(flight: Future[T] | None) -> T:
    """Raises: Busy -- there is no flight, or it takes too long; whatever its load raised."""
    if flight is None:
        raise _busy()
    try:
        return flight.result(WAIT_SECONDS_MAX)
    except NotYet as error:
        if flight.done():  # a TimeoutError of the load's own
            raise
        raise _busy() from error


def _put(entries: dict[K, T], key: K, entry: T, entries_max: int) -> None:
    """Add an entry as the newest; the oldest make room."""
    entries.pop(key, None)
    while len(entries) >= entries_max:
        del entries[next(iter(entries))]
    entries[key] = entry


def _busy() -> Busy:
    return Busy(
        "Too many documents of other servers are being fetched; try again in a moment.", headers=(("Retry-After", "5"),)
    )
