"""Who used what in which storage, by the hour: the file of its own in which that is kept, and how it is found again.

The file is opened when it is first needed, so that nothing else of a server depends on it. One storage cannot fill it:
what is too much is added up in fewer rows, of each who did it by themselves, and only then is the oldest forgotten.
"""

from __future__ import annotations

from collections import Counter
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
from pod.protocol.resource import storage_of

BUSY_SECONDS_MAX = 3
ROWS_MAX = 200_000
"""Of one storage, in all hours that it keeps."""
AT_ONCE_MAX = 1_000
KNOWN_ROWS_MAX = 20_000
"""Rows looked through for who there is to choose from."""
KNOWN_MAX = 100
HOUR_SECONDS = 3600
DAY_HOURS = 24

ALLOWED, REFUSED, LIMITED = "allowed", "refused", "limited"
"""`limited`: the person may, but lets this app do less."""
READ, APPEND, WRITE, CONTROL, NOTIFY = "read", "append", "write", "control", "notify"
"""`notify`: was told that it changed."""
STRANGERS = "strangers"
PER_HOUR_MAX = {ALLOWED: 2_000, REFUSED: 200, STRANGERS: 200}
"""Rows of one storage: about those who may use it, those who may not and said who they are (as many as they like to
be), and those who did not. Of the first two, nobody gets more than is left for all others.
"""
FOLDED_PER_HOUR_MAX = 200
"""Beside each of these: rows that add up what is too much of one who did it."""
_FOLDED = "folded "
"""Before the name of what they are beside."""
NOBODY = ""
SEVERAL = "*"
"""In place of agent and client: whoever was too many to be kept one by one."""
_MUCH = "?"
"""After the path of a storage, where no path goes on with it: several things in it."""


class Record(NamedTuple):
    """So often in one hour, the last time at `last_ms`; of long ago in one day, if there was much. The issuer is empty
    where this server answers for agent and client; of others, what the client is called is only claimed.
    """

    hour: int
    agent: str
    client: str
    path: str
    act: str
    verdict: str
    times: int
    last_ms: int
    issuer: str = ""

    @property
    def key(self) -> Key:
        """Of one storage, no two are the same."""
        return (*self[:6], self.issuer)

    @property
    def is_folded(self) -> bool:
        """It is about several things in the storage."""
        return self.path.endswith(_MUCH)

    @property
    def place(self) -> str:
        """Path of what it is about."""
        return self.path.removesuffix(_MUCH)


Key = tuple[int, str, str, str, str, str, str]
Who = tuple[str, str, str]
"""Agent, client, issuer."""


class Client(NamedTuple):
    """An app, or what the tokens of a foreign issuer call theirs."""

    name: str
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `within` is a path: of a container, with all that is in it. Hours: from, and before."""

    agent: str | None = None
    not_agents: tuple[str, ...] = ()
    client: Client | None = None
    within: str | None = None
    refused_only: bool = False
    from_hour: int | None = None
    before_hour: int | None = None


ANYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the newest records name, those with the most first."""

    agents: tuple[str, ...]
    clients: tuple[Client, ...]


_COLUMNS = "hour, agent, client, path, act, verdict, times, last_ms, issuer"
_KEY = "hour, agent, client, path, act, verdict, issuer"
_ADD = f"""
INSERT INTO access (storage, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (storage, {_KEY}) DO UPDATE SET times = access.times + excluded.times,
  last_ms = CASE WHEN excluded.last_ms > access.last_ms THEN excluded.last_ms ELSE access.last_ms END
"""  # noqa: S608 -- constant text
_HELD = f"""
SELECT agent, client, issuer, verdict = 'refused', path = storage || '{_MUCH}', COUNT(*) FROM access
WHERE storage = ? AND hour = ? GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 -- as above
_IS_THERE = f"SELECT 1 FROM access WHERE storage = ? AND ({_KEY}) = (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 -- as above
_NEXT_STORAGE = "SELECT MIN(storage) FROM access WHERE storage > ?"
_KNOWN = """
SELECT {0}, COUNT(*) FROM (SELECT {0} FROM access WHERE storage = ? ORDER BY hour DESC LIMIT ?)
GROUP BY {0} ORDER BY COUNT(*) DESC, {0} LIMIT ?
"""
_FORGET = f"""
DELETE FROM access WHERE (storage, {_KEY}) IN (
  SELECT storage, {_KEY} FROM access WHERE storage = ? AND hour < ? ORDER BY hour LIMIT ?)
"""  # noqa: S608 -- as above
_FORGET_STRANGERS = _FORGET.replace("AND hour", "AND agent = '' AND verdict = 'refused' AND hour")
_FORGET_REFUSED = _FORGET.replace("AND hour", "AND verdict <> 'allowed' AND hour")
_OLD_DAYS = """
SELECT DISTINCT hour / 24 FROM access
WHERE storage = ? AND {} AND hour / 24 < (SELECT MAX(hour) / 24 FROM access WHERE storage = ?) ORDER BY 1
"""
_HOURS_APART = "hour % 24 <> 0"
_PATHS_APART = f"path <> storage || '{_MUCH}'"
_DAY = "FROM access WHERE storage = ? AND hour >= ? AND hour < ?"
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
                    folded += sum(each.times for each in fitting if each.is_folded)
        return folded

    def page(self, storage: str, wanted: Wanted, limit: int, after: Key | None = None) -> list[Record]:
        """The newest hour first; what follows `after`, which need not be there any more."""
        statement, parameters = _found(storage, wanted, after)
        return [Record(*row) for row in self._rows(f"{statement} LIMIT ?", (*parameters, limit))]

    def known(self, storage: str) -> Known:
        agents, clients = (
            self._rows(_KNOWN.format(columns), (storage, KNOWN_ROWS_MAX, KNOWN_MAX))
            for columns in ("agent", "client, issuer")
        )
        return Known(tuple(row[0] for row in agents), tuple(Client(*row[:2]) for row in clients))

    def storages(self) -> Iterator[str]:
        """Those of which anything is kept."""
        last = ""
        while (last := self._rows(_NEXT_STORAGE, (last,))[0][0]) is not None:
            yield last

    def forget(self, storage: str, before_hour: int = _FOR_EVER) -> int:
        """What is older, by default all there is; gives how many rows went."""
        return self._remove(_FORGET, storage, before_hour)

    def trim(self, storage: str, rows_max: int = ROWS_MAX) -> int:
        """Repeats of what is too much are added up by the day, the oldest first; then refusals go, and of the rest each
        who did it is left with a row a day, before anything of it goes. Gives how many rows went.
        """
        before = self._count(storage)
        self._fold_days(storage, rows_max, _HOURS_APART)
        for statement in (_FORGET_STRANGERS, _FORGET_REFUSED):
            self._remove(statement, storage, _FOR_EVER, self._count(storage) - rows_max)
        self._fold_days(storage, rows_max, _PATHS_APART)
        self._remove(_FORGET, storage, _FOR_EVER, self._count(storage) - rows_max)
        return before - self._count(storage)

    def _fold_days(self, storage: str, rows_max: int, apart: str) -> None:
        """Days that are over, until there is room. `apart` is what is made one."""
        excess = self._count(storage) - rows_max
        if excess <= 0:
            return
        for (day,) in self._rows(_OLD_DAYS.format(apart), (storage, storage)):
            excess -= self._fold_day(storage, day * DAY_HOURS, keeps_paths=apart == _HOURS_APART)
            if excess <= 0:
                return

    def _fold_day(self, storage: str, hour: int, *, keeps_paths: bool) -> int:
        span = (storage, hour, hour + DAY_HOURS)
        with self._opened().transaction() as connection:
            records = [Record(*row) for row in connection.execute(f"SELECT {_COLUMNS} {_DAY}", span)]
            added_up = added(each._replace(hour=hour) if keeps_paths else folded(each, hour) for each in records)
            connection.execute(f"DELETE {_DAY}", span)
            connection.executemany(_ADD, [(storage, *each) for each in added_up])
        return len(records) - len(added_up)

    def _count(self, storage: str) -> int:
        count: int = self._rows(_COUNT, (storage,))[0][0]
        return count

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
        yield f"({_KEY}) < (?, ?, ?, ?, ?, ?, ?)", after
    if wanted.agent is not None:
        yield "agent = ?", (wanted.agent,)
    if wanted.not_agents:
        yield f"agent NOT IN ({', '.join('?' * len(wanted.not_agents))})", wanted.not_agents
    if wanted.client is not None:
        yield "client = ? AND issuer = ?", wanted.client
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


class _Hour:
    """The rows of one storage and hour: what is there, and what there is room for."""

    def __init__(self, connection: Connection, storage: str, hour: int) -> None:
        self._connection = connection
        self._storage = storage
        self._held: Counter[str] = Counter()
        self._held_of: Counter[tuple[str, Who]] = Counter()
        self._new: set[Key] = set()
        for *who, is_refused, is_folded, count in connection.execute(_HELD, (storage, hour)):
            kind = kind_of(who[0], REFUSED if is_refused else ALLOWED)
            self._held[_FOLDED + kind if is_folded else kind] += count
            if not is_folded:
                self._held_of[kind, (who[0], who[1], who[2])] += count

    def has_room_for(self, records: Iterable[Record]) -> bool:
        """Whosever they are: so that hardly ever each of them must be looked for."""
        held = self._held + Counter(kind_of(each.agent, each.verdict) for each in records)
        return all(2 * (held[kind] + held[_FOLDED + kind]) <= most for kind, most in PER_HOUR_MAX.items())

    def placed(self, record: Record) -> Record:
        """As it can be kept: by itself, with others of the same who, or with all others."""
        kind, who = kind_of(record.agent, record.verdict), (record.agent, record.client, record.issuer)
        if record.agent == SEVERAL or self._is_there(record):
            return record
        free = PER_HOUR_MAX[kind] - self._held[kind]
        if not record.is_folded and free > (0 if kind == STRANGERS else self._held_of[kind, who]):
            self._held[kind] += 1
            self._held_of[kind, who] += 1
            return record
        of_one = folded(record, record.hour)
        if self._is_there(of_one):
            return of_one
        if self._held[_FOLDED + kind] >= FOLDED_PER_HOUR_MAX:
            return of_several(record)
        self._held[_FOLDED + kind] += 1
        self._new.add(of_one.key)
        return of_one

    def _is_there(self, record: Record) -> bool:
        key = record.key
        return key in self._new or bool(self._connection.execute(_IS_THERE, (self._storage, *key)).fetchone())


def _fitting(connection: Connection, storage: str, hour: int, records: list[Record]) -> list[Record]:
    """The records of one hour, those added up for which there is no room of their own."""
    there = _Hour(connection, storage, hour)
    return records if there.has_room_for(records) else [there.placed(each) for each in records]


def kind_of(agent: str, verdict: str) -> str:
    """Who shares room with whom, so that nobody who is refused takes any of those who are let in, and nobody without a
    name any of those with one.
    """
    if verdict != REFUSED:
        return ALLOWED
    return REFUSED if agent else STRANGERS


def folded(record: Record, hour: int) -> Record:
    """What is left of it where there is no room: who, and how often."""
    return record._replace(hour=hour, path=storage_of(record.path) + _MUCH)


def of_several(record: Record) -> Record:
    """What is left where there is no room for that either."""
    return folded(record, record.hour)._replace(agent=SEVERAL, client=SEVERAL, issuer="")


def added(records: Iterable[Record]) -> list[Record]:
    """Those with the same key in one."""
    found: dict[Key, Record] = {}
    for each in records:
        one = found.get(each.key)
        times, last_ms = (one.times + each.times, max(one.last_ms, each.last_ms)) if one else each[6:8]
        found[each.key] = each._replace(times=times, last_ms=last_ms)
    return list(found.values())
