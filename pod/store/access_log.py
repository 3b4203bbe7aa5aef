"""Notes who used what, for the owners of storages: added up in memory, written down by a thread of its own.

A request only adds to a number. Nobody waits for the file; what is wrong with it is told in the log and the metrics,
never to whoever made the request. What was noted in the last `WRITTEN_SECONDS` is lost if the process is killed.

docs/decisions/0023-who-used-what.md
"""

from __future__ import annotations

from threading import Event, Lock, Thread

import structlog

from pod.clock import Clock
from pod.errors import PodError
from pod.observability.meters import METERS
from pod.protocol.modes import AccessMode
from pod.protocol.resource import storage_of
from pod.store.access_records import (
    ALLOWED,
    APPEND,
    CONTROL,
    HOUR_SECONDS,
    LIMITED,
    NOBODY,
    NOTIFY,
    READ,
    REFUSED,
    SEVERAL,
    WRITE,
    AccessRecords,
    Key,
    Record,
)
from pod.store.access_retention import days_of
from pod.store.interface import Queries

WRITTEN_SECONDS = 5.0
"""How long what happened is only in memory: what is lost if the process is killed."""
ENTRIES_MAX = 10_000
"""In memory. When it is half full it is written at once; when it is full, what is new is added up by storage."""
FOLDED_MAX = 2_000
"""Entries of that kind beside them. When these are full too, what is new is only counted as lost."""
NAME_CHARACTERS_MAX = 500
"""Of an agent or client: other issuers may call theirs whatever they like."""
CLOSING_SECONDS_MAX = 5.0
THREAD = "access log"

log = structlog.get_logger()


def _act(modes: AccessMode) -> str:
    """The one word for what was asked for: the strongest mode."""
    for mode, act in ((AccessMode.CONTROL, CONTROL), (AccessMode.WRITE, WRITE), (AccessMode.APPEND, APPEND)):
        if mode in modes:
            return act
    return READ


def _storable(name: str) -> str:
    """What is no text to a database, a token can hold all the same."""
    return name[:NAME_CHARACTERS_MAX].encode("utf-8", "replace").decode()


_ACTS = tuple(_act(AccessMode(bits)) for bits in range(16))


class AccessLog:
    """What one process noted, on its way to the file. Any thread may note, and nothing is raised to it."""

    def __init__(self, records: AccessRecords, queries: Queries, clock: Clock, default_days: int) -> None:
        self.records = records
        self._queries = queries
        self._clock = clock
        self._default_days = default_days
        self._lock = Lock()
        self._entries: dict[Key, list[int]] = {}  # how often, and when last
        self._lost = 0
        self._thread: Thread | None = None
        self._is_asleep = True
        self._due, self._hurry, self._stop = Event(), Event(), Event()
        self._is_failing = False

    def note(
        self,
        path: str,
        agent: str | None,
        client: str | None,
        mode: AccessMode,
        *,
        allowed: bool,
        limited: bool = False,
    ) -> None:
        """A decision on something that not everybody may do. `limited`: refused only because of what the app may."""
        verdict = ALLOWED if allowed else LIMITED if limited else REFUSED
        self._note(path, agent, client, _ACTS[mode.value], verdict)

    def told(self, path: str, agent: str | None, client: str | None) -> None:
        """Somebody is told that something changed that not everybody may read."""
        self._note(path, agent, client, NOTIFY, ALLOWED)

    def _note(self, path: str, agent: str | None, client: str | None, act: str, verdict: str) -> None:
        now = self._clock.now()
        key = (int(now) // HOUR_SECONDS, agent or NOBODY, client or NOBODY, path, act, verdict)
        with self._lock:
            self._add(key, 1, int(now * 1000))
        if self._is_asleep:
            self._wake()

    def _add(self, key: Key, times: int, last_ms: int) -> None:
        entry = self._entries.get(key) or self._placed(key)
        if entry is None:
            self._lost += times
            return
        entry[0] += times
        entry[1] = max(entry[1], last_ms)

    def _placed(self, key: Key) -> list[int] | None:
        """A place for what is new, shared with others if there are few; None if there is none."""
        entries = self._entries
        if len(entries) >= ENTRIES_MAX:
            key = (key[0], SEVERAL, SEVERAL, storage_of(key[3]), *key[4:])
        else:
            key = (key[0], _storable(key[1]), _storable(key[2]), *key[3:])
        if key not in entries:
            if len(entries) >= ENTRIES_MAX + FOLDED_MAX:
                return None
            if len(entries) == ENTRIES_MAX // 2:
                self._hurry.set()
            entries[key] = [0, 0]
        return entries[key]

    # -- on to the file ------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        with self._lock:
            self._is_asleep = False
            if self._thread is None and not self._stop.is_set():
                self._thread = Thread(target=self._run, name=THREAD, daemon=True)
                self._thread.start()
        self._due.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._due.wait()
            self._hurry.wait(WRITTEN_SECONDS)
            self._due.clear()
            self._hurry.clear()
            self._is_asleep = True  # before looking, so that who comes meanwhile wakes us again
            if not self.write_down():
                self._due.set()

    def write_down(self) -> bool:
        """What was noted until now. False: it could not be written, and stays in memory."""
        with self._lock:
            entries, self._entries = self._entries, {}
            lost, self._lost = self._lost, 0
        if lost:
            METERS.access_log("lost", lost)
        if not entries:
            return True
        try:
            self._write(entries)
        except PodError as error:
            self._failed(entries, error)
            return False
        except Exception:  # the border: what fails for another reason would fail again
            log.exception("access log lost what was noted")
            METERS.access_log("lost", sum(times for times, _ in entries.values()))
            return True
        if self._is_failing:
            log.warning("access log is written again")
        self._is_failing = False
        return True

    def _write(self, entries: dict[Key, list[int]]) -> None:
        """Of storages that are there, and whose owners want it kept."""
        by_storage: dict[str, list[Record]] = {}
        for key, (times, last_ms) in entries.items():
            by_storage.setdefault(storage_of(key[3]), []).append(Record(*key, times, last_ms))
        days = days_of(self._queries, by_storage, self._default_days)
        batch = {storage: records for storage, records in by_storage.items() if days.get(storage)}
        if batch:
            folded = self.records.add(batch)
            METERS.access_log("kept", sum(each.times for some in batch.values() for each in some) - folded)
            METERS.access_log("folded", folded)

    def _failed(self, entries: dict[Key, list[int]], error: PodError) -> None:
        METERS.access_log("failures")
        if not self._is_failing:
            log.warning("access log cannot be written", why=str(error))
        self._is_failing = True
        with self._lock:
            for key, (times, last_ms) in entries.items():
                self._add(key, times, last_ms)

    def close(self) -> None:
        """Write down the last of it. What is noted afterwards is not."""
        self._stop.set()
        self._due.set()
        self._hurry.set()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS_MAX)
        self.write_down()
        self.records.close()
