"""Who used what in which storage, by the hour: the file of its own in which that is kept, and how it is found again.

The file is opened when it is first needed, so that nothing else of a server depends on it. One storage cannot fill it:
what is too much for one hour is added up in fewer rows, what is too much in all goes, refusals first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from pod.config import Config
from pod.db.connection import Connection, Database, OnConnect, Row, Value
from pod.db.migrate import migrate, migrations

BUSY_SECONDS_MAX = 3
ALLOWED_PER_HOUR_MAX = 2_000
"""Rows of one storage."""
REFUSED_PER_HOUR_MAX = 200
"""Anybody can be refused as often as they like, under as many names."""
ROWS_MAX = 200_000
"""Of one storage, in all hours that it keeps."""
AT_ONCE_MAX = 1_000
KNOWN_ROWS_MAX = 20_000
"""Rows looked through for who there is to choose from."""
KNOWN_MAX = 100
HOUR_SECONDS = 3600

ALLOWED, REFUSED, LIMITED = "allowed", "refused", "limited"
"""`limited`: the person may, but lets this app do less."""
READ, APPEND, WRITE, CONTROL, NOTIFY = "read", "append", "write", "control", "notify"
"""`notify`: was told that it changed."""
NOBODY = ""
SEVERAL = "*"
"""In place of agent and client: whoever was too many to be kept one by one. The path is then that of the storage."""


class Record(NamedTuple):
    """So often in one hour, the last time at `last_ms`."""

    hour: int
    agent: str
    client: str
    path: str
    act: str
    verdict: str
    times: int
    last_ms: int

    @property
    def key(self) -> tuple[int, str, str, str, str, str]:
        """Of one storage, no two are the same."""
        return self[:6]


Key = tuple[int, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `within` is a path: of a container, with all that is in it. Hours: from, and before."""

    agent: str | None = None
    not_agents: tuple[str, ...] = ()
    client: str | None = None
    within: str | None = None
    refused_only: bool = False
    from_hour: int | None = None
    before_hour: int | None = None


ANYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the newest records name, those with the most first."""

    agents: tuple[str, ...]
    clients: tuple[str, ...]


_COLUMNS = "hour, agent, client, path, act, verdict, times, last_ms"
_KEY = "hour, agent, client, path, act, verdict"
_ADD = f"""
INSERT INTO access (storage, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (storage, {_KEY}) DO UPDATE SET times = access.times + excluded.times,
  last_ms = CASE WHEN excluded.last_ms > access.last_ms THEN excluded.last_ms ELSE access.last_ms END
"""  # noqa: S608 -- constant text
_ROOM = "SELECT verdict = 'allowed', COUNT(*) FROM access WHERE storage = ? AND hour = ? GROUP BY 1"
_IS_THERE = f"SELECT 1 FROM access WHERE storage = ? AND ({_KEY}) = (?, ?, ?, ?, ?, ?)"  # noqa: S608 -- as above
_NEXT_STORAGE = "SELECT MIN(storage) FROM access WHERE storage > ?"
_KNOWN = """
SELECT {0}, COUNT(*) FROM (SELECT {0} FROM access WHERE storage = ? ORDER BY hour DESC LIMIT ?)
GROUP BY {0} ORDER BY 2 DESC, 1 LIMIT ?
"""
_FORGET = f"""
DELETE FROM access WHERE (storage, {_KEY}) IN (
  SELECT storage, {_KEY} FROM access WHERE storage = ? AND hour < ? ORDER BY hour LIMIT ?)
"""  # noqa: S608 -- as above
_FORGET_REFUSED = _FORGET.replace("AND hour", "AND verdict <> 'allowed' AND hour")
_COUNT = "SELECT COUNT(*) FROM access WHERE storage = ?"
_STRAY = f"SELECT storage, {_COLUMNS} FROM access WHERE substr(path, 1, length(storage)) <> storage LIMIT 10"  # noqa: S608 -- as above
_FOR_EVER = 2**53


class AccessRecords:
    """The file. Safe to use from any thread, and by any number of processes. What it raises: see pod/db."""

    def __init__(
        self, path: Path, *, busy_seconds: float = BUSY_SECONDS_MAX, on_connect: OnConnect | None = None
    ) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._on_connect = on_connect
        self._opening = Lock()
        self._database: Database | None = None

    @classmethod
    def of(cls, config: Config) -> AccessRecords:
        return cls(config.access_database)

    def add(self, batch: Mapping[str, Iterable[Record]]) -> int:
        """In one transaction, by storage. Gives how many decisions had to be added up with others.

        Raises: Busy, NoSpaceLeft, StoreUnavailable, StorageDamaged, NewerSchema
        """
        folded = 0
        with self._opened().transaction() as connection:
            for storage, records in batch.items():
                for hour, some in groupby(sorted(records), key=attrgetter("hour")):
                    fitting = _fitting(connection, storage, hour, list(some))
                    connection.executemany(_ADD, [(storage, *each) for each in fitting])
                    folded += sum(each.times for each in fitting if each.agent == SEVERAL)
        return folded

    def page(self, storage: str, wanted: Wanted, limit: int, after: Key | None = None) -> list[Record]:
        """The newest hour first; what follows `after`, which need not be there any more."""
        statement, parameters = _found(storage, wanted, after)
        return [Record(*row) for row in self._rows(f"{statement} LIMIT ?", (*parameters, limit))]

    def known(self, storage: str) -> Known:
        agents, clients = (
            tuple(row[0] for row in self._rows(_KNOWN.format(column), (storage, KNOWN_ROWS_MAX, KNOWN_MAX)))
            for column in ("agent", "client")
        )
        return Known(agents, clients)

    def storages(self) -> Iterator[str]:
        """Those of which anything is kept."""
        last = ""
        while (last := self._rows(_NEXT_STORAGE, (last,))[0][0]) is not None:
            yield last

    def forget(self, storage: str, before_hour: int = _FOR_EVER) -> int:
        """What is older, by default all there is; gives how many rows went."""
        return self._remove(_FORGET, storage, before_hour)

    def trim(self, storage: str, rows_max: int = ROWS_MAX) -> int:
        """What is too much, the oldest first; of refusals before all else."""
        removed = 0
        for statement in (_FORGET_REFUSED, _FORGET):
            excess = self._rows(_COUNT, (storage,))[0][0] - rows_max
            removed += self._remove(statement, storage, _FOR_EVER, excess)
        return removed

    def faults(self) -> list[str]:
        """What SQLite finds wrong with the file, and rows that cannot be."""
        broken = [str(row[0]) for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]
        return broken + [f"{row[4]} does not lie in {row[0]}" for row in self._rows(_STRAY)]

    def compact(self) -> None:
        """What was forgotten is readable nowhere."""
        self._opened().truncate_log()

    def close(self) -> None:
        with self._opening:
            database, self._database = self._database, None
        if database is not None:
            database.close()

    def _remove(self, statement: str, storage: str, before_hour: int, rows_max: int | None = None) -> int:
        """In transactions that hold nobody up."""
        removed = 0
        while rows_max is None or removed < rows_max:
            at_once = AT_ONCE_MAX if rows_max is None else min(AT_ONCE_MAX, rows_max - removed)
            with self._opened().transaction() as connection:
                gone = connection.execute(statement, (storage, before_hour, at_once)).rowcount
            removed += gone
            if gone < at_once:
                break
        return removed

    def _rows(self, statement: str, parameters: Sequence[Value] = ()) -> list[Row]:
        return self._opened().rows(statement, parameters)

    def _opened(self) -> Database:
        with self._opening:
            if self._database is None:
                made = Database(
                    self._path, busy_seconds=self._busy_seconds, synchronous="normal", on_connect=self._on_connect
                )
                try:
                    migrate(made, migrations("access"))
                except BaseException:
                    made.close()
                    raise
                self._database = made
            return self._database


def _found(storage: str, wanted: Wanted, after: Key | None) -> tuple[str, list[Value]]:
    """The statement and its parameters. Hours stand first in the key, so a period is a range of it."""
    conditions = ["storage = ?"]
    parameters: list[Value] = [storage]
    for condition, values in _conditions(wanted, after):
        conditions.append(condition)
        parameters += values
    order = ", ".join(f"{column} DESC" for column in _KEY.split(", "))
    statement = f"SELECT {_COLUMNS} FROM access WHERE {' AND '.join(conditions)} ORDER BY {order}"  # noqa: S608 -- our own words
    return statement, parameters


def _conditions(wanted: Wanted, after: Key | None) -> Iterator[tuple[str, Sequence[Value]]]:
    if wanted.from_hour is not None:
        yield "hour >= ?", (wanted.from_hour,)
    if wanted.before_hour is not None:
        yield "hour < ?", (wanted.before_hour,)
    if after is not None:
        yield f"({_KEY}) < (?, ?, ?, ?, ?, ?)", after
    if wanted.agent is not None:
        yield "agent = ?", (wanted.agent,)
    if wanted.not_agents:
        yield f"agent NOT IN ({', '.join('?' * len(wanted.not_agents))})", wanted.not_agents
    if wanted.client is not None:
        yield "client = ?", (wanted.client,)
    if wanted.refused_only:
        yield "verdict <> 'allowed'", ()
    if wanted.within is not None:
        yield _within(wanted.within)


def _within(path: str) -> tuple[str, Sequence[Value]]:
    """What is in a container has a name between the container's and the one that ends in the next character. A path
    without its slash is taken for either.
    """
    container = path if path.endswith("/") else f"{path}/"
    after = container[:-1] + chr(ord("/") + 1)
    return "(path = ? OR (path >= ? AND path < ?))", (path, container, after)


# -- what is too much for one hour -------------------------------------------------------------------------------------


def _fitting(connection: Connection, storage: str, hour: int, records: list[Record]) -> list[Record]:
    """The records of one hour, those added up for which there is no room of their own."""
    there: dict[int, int] = dict(connection.execute(_ROOM, (storage, hour)).fetchall())
    fitting: list[Record] = []
    for is_allowed, most in ((True, ALLOWED_PER_HOUR_MAX), (False, REFUSED_PER_HOUR_MAX)):
        some = [each for each in records if (each.verdict == ALLOWED) is is_allowed]
        room = most - there.get(int(is_allowed), 0)
        fitting += some if len(some) <= room else _folded(connection, storage, some, room)
    return fitting


def _folded(connection: Connection, storage: str, records: list[Record], room: int) -> list[Record]:
    kept: list[Record] = []
    for each in records:
        if each.agent == SEVERAL or connection.execute(_IS_THERE, (storage, *each.key)).fetchone():
            kept.append(each)
        elif room > 0:
            room -= 1
            kept.append(each)
        else:
            kept.append(folded(each, storage))
    return kept


def folded(record: Record, storage: str) -> Record:
    """What is left of it where there is no room: how often what was decided."""
    return record._replace(agent=SEVERAL, client=SEVERAL, path=storage)
