"""Notes who used what, for the owners of storages: added up in memory, written down by a thread of its own.

A request only adds to a number. Nobody waits for the file; what is wrong with it is told in the log and the metrics,
never to whoever made the request. What was noted in the last `WRITTEN_SECONDS` is lost if the process is killed.

docs/decisions/0023-who-used-what.md
"""

from __future__ import annotations

from collections import Counter
from threading import Event, Lock, Thread
from time import monotonic, sleep

import structlog

from pod.clock import Clock
from pod.errors import Busy, PodError
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
    STRANGERS,
    WRITE,
    AccessRecords,
    Key,
    Record,
    folded,
    kind_of,
    of_several,
)
from pod.store.access_retention import days_of
from pod.store.interface import Queries

WRITTEN_SECONDS = 5.0
"""How long what happened is only in memory: what is lost if the process is killed."""
ENTRIES_MAX = 10_000
"""In memory. Nobody gets more of it than is left for all others; what is more is added up for each by themselves."""
_ENTRIES_MAX_OF = {ALLOWED: 1.0, REFUSED: 0.75, STRANGERS: 0.5}
"""Of these, how many must be left to those who are let in, or said who they are."""
WRITTEN_AT = 0.125
"""When that much of it is taken it is written at once."""
FOLDED_MAX = 2_000
"""Entries beside them that add others up; half of them by storage only. When these are full too, what is new is counted
as lost.
"""
NAME_CHARACTERS_MAX = 500
"""Of an agent or client: other issuers may call theirs whatever they like."""
CLOSING_SECONDS_MAX = 5.0
"""A stop that takes longer is no orderly one any more: see pod/cli/supervisor.py."""
AGAIN_SECONDS = 0.1
"""Between attempts of a process that ends."""
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

    def __init__(
        self, records: AccessRecords, queries: Queries, clock: Clock, default_days: int, own_issuer: str = ""
    ) -> None:
        self.records = records
        self._own_issuer = own_issuer
        self._queries = queries
        self._clock = clock
        self._default_days = default_days
        self._lock = Lock()
        self._entries: dict[Key, list[int]] = {}  # how often, and when last
        self._held_by: Counter[tuple[str, str, str]] = Counter()
        self._lost = 0
        self._thread: Thread | None = None
        self._is_asleep = True
        self._due, self._hurry, self._stop = Event(), Event(), Event()
        self._failure: PodError | None = None
        self._is_ending = False

    def note(
        self,
        path: str,
        agent: str | None,
        client: str | None,
        mode: AccessMode,
        *,
        allowed: bool,
        limited: bool = False,
        issuer: str | None = None,
    ) -> None:
        """A decision on something that not everybody may do. `limited`: refused only because of what the app may.
        `issuer` is of their token, for what another server says of a client is only claimed.
        """
        verdict = ALLOWED if allowed else LIMITED if limited else REFUSED
        self._note(path, (agent, client, issuer), _ACTS[mode.value], verdict)

    def told(self, path: str, agent: str | None, client: str | None, issuer: str | None = None) -> None:
        """Somebody is told that something changed that not everybody may read."""
        self._note(path, (agent, client, issuer), NOTIFY, ALLOWED)

    def _note(self, path: str, who: tuple[str | None, str | None, str | None], act: str, verdict: str) -> None:
        now, (agent, client, issuer) = self._clock.now(), who
        vouching = "" if issuer is None or issuer == self._own_issuer else issuer
        key = (int(now) // HOUR_SECONDS, agent or NOBODY, client or NOBODY, path, act, verdict, vouching)
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
        record = Record(key[0], _storable(key[1]), _storable(key[2]), *key[3:6], 0, 0, _storable(key[6]))
        if record.key not in entries:
            record = self._fitting(record)
        if record.key not in entries:
            if len(entries) >= ENTRIES_MAX + FOLDED_MAX:
                return None
            if len(entries) >= ENTRIES_MAX * WRITTEN_AT:
                self._hurry.set()
            entries[record.key] = [0, 0]
        return entries[record.key]

    def _fitting(self, record: Record) -> Record:
        """It, or what there is room for of it."""
        who = record.agent, record.client, record.issuer
        room = ENTRIES_MAX * _ENTRIES_MAX_OF[kind_of(record.agent, record.verdict)] - len(self._entries)
        if record.is_folded or self._held_by[who] < room:
            self._held_by[who] += 1
            return record
        of_one = folded(record, record.hour)
        is_full = of_one.key not in self._entries and len(self._entries) >= ENTRIES_MAX + FOLDED_MAX // 2
        return of_several(record) if is_full else of_one

    # -- on to the file ------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        with self._lock:
            self._is_asleep = False
            if (self._thread is None or not self._thread.is_alive()) and not self._stop.is_set():
                self._begin()
        self._due.set()

    def _begin(self) -> None:
        thread = Thread(target=self._run, name=THREAD, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has none to give; who notes next asks again
            self._is_asleep = True
        else:
            self._thread = thread

    def _run(self) -> None:
        while not self._stop.is_set():
            self._due.wait()
            self._hurry.wait(WRITTEN_SECONDS)
            self._due.clear()
            if not self._is_ending:
                self._hurry.clear()
            self._is_asleep = True  # before looking, so that who comes meanwhile wakes us again
            while not self.write_down():  # whoever is in a hurry: trying at once would fail at once
                if self._stop.wait(WRITTEN_SECONDS):
                    return

    def hasten(self) -> None:
        """Everything is written at once from now on: the process is about to end, and may be ended before `close`."""
        self._is_ending = True
        self._hurry.set()

    def write_down(self) -> bool:
        """What was noted until now. False: it could not be written, and stays in memory."""
        with self._lock:
            entries, self._entries = self._entries, {}
            self._held_by.clear()
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
        if self._failure is not None:
            log.warning("access log is written again")
        self._failure = None
        return True

    def _write(self, entries: dict[Key, list[int]]) -> None:
        """Of storages that are there, and whose owners want it kept."""
        by_storage: dict[str, list[Record]] = {}
        for key, (times, last_ms) in entries.items():
            by_storage.setdefault(storage_of(key[3]), []).append(Record(*key[:6], times, last_ms, key[6]))
        days = days_of(self._queries, by_storage, self._default_days)
        batch = {storage: records for storage, records in by_storage.items() if days.get(storage)}
        if batch:
            folded = self.records.add(batch)
            METERS.access_log("kept", sum(each.times for some in batch.values() for each in some) - folded)
            METERS.access_log("folded", folded)

    def _failed(self, entries: dict[Key, list[int]], error: PodError) -> None:
        with self._lock:
            for key, (times, last_ms) in entries.items():
                self._add(key, times, last_ms)
        METERS.access_log("failures")
        before, self._failure = self._failure, error
        if before is None:
            log.warning("access log cannot be written", why=str(error))

    def close(self) -> None:
        """Write down the last of it, if that can be done in `CLOSING_SECONDS_MAX`. What is noted afterwards is not."""
        deadline = monotonic() + CLOSING_SECONDS_MAX
        self._stop.set()
        self._due.set()
        self._hurry.set()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS_MAX)
        while not self.write_down():
            if not isinstance(self._failure, Busy) or monotonic() > deadline:
                self._give_up()
                break
            sleep(AGAIN_SECONDS)
        self.records.close()

    def _give_up(self) -> None:
        with self._lock:
            lost = sum(times for times, _ in self._entries.values())
            self._entries = {}
        METERS.access_log("lost", lost)
        log.error("access log lost what was noted", decisions=lost)
