"""Transactions that threads share: one of them runs what all who wait want changed, and commits once for all.

What is on its way to the disk takes as long for one change as for twenty. Each change stays whole or does not happen,
whatever becomes of its neighbours. Knows nothing of what the changes do.

docs/decisions/0013-writes-that-share-a-commit.md
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from time import perf_counter
from typing import Generic, TypeVar

from pod.db.connection import Connection, Database, busy, translated
from pod.errors import CommitUncertain
from pod.observability.meters import METERS

TOGETHER_MAX = 64
"""Changes of one transaction, so that whoever comes first does not wait long for the last."""

Made = TypeVar("Made")
Work = Callable[[Connection, set[int]], Made]
"""A change. The set begins empty and is the same for all of one transaction: what one notes there, the next can see."""


class TransactionLostError(Exception):
    """SQLite gave up the whole transaction, and with it changes that had gone well."""


class _Change(Generic[Made]):
    """One thread's change, what came of it, and the lock on which that thread waits to hear."""

    def __init__(self, work: Work[Made]) -> None:
        self._work = work
        self._made: Made
        self.error: BaseException | None = None
        self.leads = False
        self._told = Lock()
        self._told.acquire()

    def run(self, connection: Connection, notes: set[int]) -> None:
        with translated():
            self._made = self._work(connection, notes)

    def wait(self, seconds: float = -1) -> bool:
        return self._told.acquire(timeout=seconds)

    def tell(self) -> None:
        self._told.release()

    def outcome(self) -> Made:
        if self.error is not None:
            raise self.error
        return self._made


class Together:
    """Shared transactions on one database. Whoever finds nobody at work leads, and names a successor at the end."""

    def __init__(self, database: Database, *, wait_seconds_max: float) -> None:
        self._database = database
        self._wait_seconds_max = wait_seconds_max
        self._guard = Lock()
        self._waiting: deque[_Change[object]] = deque()
        self._led = False

    def run(self, work: Work[Made]) -> Made:
        """What `work` gives, once it is committed. It runs on any thread, and again if a shared transaction fails.

        Raises: what `work` raises, and then nothing of it stays; see also `Database.transaction`.
        """
        mine = _Change(work)
        if self._is_first(mine) or self._waits_to_lead(mine):
            self._lead(mine)
        return mine.outcome()

    def _is_first(self, mine: _Change[Made]) -> bool:
        with self._guard:
            if self._led:
                self._waiting.append(mine)  # type: ignore[arg-type]  # only its own thread looks at what was made
                return False
            self._led = True
            return True

    def _waits_to_lead(self, mine: _Change[Made]) -> bool:
        """Until it is done (False), or is to be done by its own thread (True). Raises: Busy"""
        began = perf_counter()
        try:
            return self._is_to_lead(mine)
        finally:
            METERS.waited(perf_counter() - began)

    def _is_to_lead(self, mine: _Change[Made]) -> bool:
        if not mine.wait(self._wait_seconds_max):
            with suppress(ValueError):
                self._waiting.remove(mine)  # type: ignore[arg-type]  # as above
                raise busy()
            mine.wait()  # somebody is just at it
        return mine.leads

    def _lead(self, mine: _Change[Made]) -> None:
        group: list[_Change[object]] = [mine]  # type: ignore[list-item]  # as above
        try:
            self._commit(group)
        finally:
            self._hand_over()
            for each in group[1:]:
                each.tell()

    def _hand_over(self) -> None:
        """Before the others are told, so that the next transaction begins while they answer their clients."""
        with self._guard:
            successor = self._waiting.popleft() if self._waiting else None
            self._led = successor is not None
        if successor is not None:
            successor.leads = True
            successor.tell()

    def _commit(self, group: list[_Change[object]]) -> None:
        """What fails for all together is tried for each alone, so that nobody pays for a neighbour."""
        try:
            with self._database.transaction() as connection:
                self._run(connection, group)
        except BaseException as error:  # noqa: BLE001 -- it belongs to the threads that wait
            if len(group) == 1 or isinstance(error, CommitUncertain):
                _fail(group, error)
            else:
                for each in group:
                    self._commit_alone(each)

    def _commit_alone(self, change: _Change[object]) -> None:
        change.error = None
        try:
            with self._database.transaction() as connection:
                change.run(connection, set())
        except BaseException as error:  # noqa: BLE001 -- as in `_commit`
            change.error = error

    def _run(self, connection: Connection, group: list[_Change[object]]) -> None:
        """The first, and who comes meanwhile. If the first is refused, there is nothing yet to keep."""
        notes: set[int] = set()
        group[0].run(connection, notes)
        while self._waiting and len(group) < TOGETHER_MAX:
            with suppress(IndexError):  # it gave up waiting just now
                group.append(self._waiting.popleft())
                _run_beside(connection, group[-1], notes)


def _run_beside(connection: Connection, change: _Change[object], notes: set[int]) -> None:
    """Raises: TransactionLostError"""
    connection.execute("SAVEPOINT change")
    try:
        change.run(connection, notes)
    except BaseException as error:
        change.error = error
        if not connection.in_transaction:
            raise TransactionLostError from error
        connection.execute("ROLLBACK TO change")
    connection.execute("RELEASE change")


def _fail(group: list[_Change[object]], error: BaseException) -> None:
    for each in group:
        each.error = each.error or error
