"""What is noted gets into the file, whatever is wrong with the file for a while, and nobody who notes waits or hears."""

from __future__ import annotations

import io
import sqlite3
import time
from pathlib import Path
from threading import Thread

import pytest

from pod.errors import StoreUnavailable
from pod.observability.meters import METERS, Sums
from pod.protocol.modes import AccessMode
from pod.store import access_log
from pod.store.access_log import AccessLog
from pod.store.access_records import ANYTHING, SEVERAL, AccessRecords, Record
from pod.store.access_retention import keep_days, sweep_access
from pod.store.fsck import check_access
from pod.store.records import SERVER
from tests.support.logged import logging_to
from tests.support.stores import StillClock, make_storage, sqlite_store
from tests.support.waiting import SECONDS_MAX, until

READ, WRITE, CONTROL = AccessMode.READ, AccessMode.WRITE, AccessMode.CONTROL
BOB, APP = "https://bob.example/#me", "https://app.example/id"
DAY_SECONDS = 24 * 3600


@pytest.fixture
def clock() -> StillClock:
    return StillClock(1_000 * DAY_SECONDS)


@pytest.fixture
def store(tmp_path: Path, clock: StillClock):
    made = sqlite_store(tmp_path, clock)
    make_storage(made, "alice")
    make_storage(made, "bob")
    yield made
    made.close()


@pytest.fixture
def log(store, tmp_path: Path, clock: StillClock, monkeypatch: pytest.MonkeyPatch):
    """Whose thread does nothing by itself."""
    monkeypatch.setattr(access_log, "WRITTEN_SECONDS", 1000.0)
    made = AccessLog(AccessRecords(tmp_path / "access.sqlite", busy_seconds=0.01), store, clock, 90)
    yield made
    made.close()


def kept(log: AccessLog, storage: str = "/alice/") -> list[Record]:
    assert log.write_down()
    return log.records.page(storage, ANYTHING, 100)


def counted(what: str) -> float:
    return Sums(METERS.unshared()).access_log(what)


def keep(store, storage: str, days: int) -> None:
    with store.write(SERVER) as tx:
        keep_days(tx, storage, days)


def test_what_is_noted_is_added_up(log, clock):
    for _ in range(3):
        log.note("/alice/a", BOB, APP, READ, allowed=True)
        clock.time += 1
    log.note("/alice/a", None, None, READ | WRITE, allowed=False)
    log.note("/alice/a", BOB, APP, CONTROL, allowed=False, limited=True)
    log.told("/alice/a", BOB, APP)
    hour, last = 24_000, 86_400_000_000
    assert sorted(kept(log)) == sorted(
        [
            Record(hour, BOB, APP, "/alice/a", "read", "allowed", 3, last + 2000),
            Record(hour, "", "", "/alice/a", "write", "refused", 1, last + 3000),
            Record(hour, BOB, APP, "/alice/a", "control", "limited", 1, last + 3000),
            Record(hour, BOB, APP, "/alice/a", "notify", "allowed", 1, last + 3000),
        ]
    )


def test_nothing_is_kept_of_storages_whose_owner_wants_none_or_that_are_gone(log, store):
    keep(store, "/bob/", 0)
    for name in ("alice", "bob", "carol"):
        log.note(f"/{name}/a", BOB, APP, READ, allowed=True)
    assert [len(kept(log, f"/{name}/")) for name in ("alice", "bob", "carol")] == [1, 0, 0]


def test_what_is_new_to_a_full_memory_is_added_up_by_storage_and_then_counted_as_lost(log, monkeypatch):
    monkeypatch.setattr(access_log, "WRITTEN_AT", 100)
    monkeypatch.setattr(access_log, "ENTRIES_MAX", 4)
    monkeypatch.setattr(access_log, "FOLDED_MAX", 2)
    lost = counted("lost")
    for number in range(5):
        log.note(f"/alice/{number}", BOB, APP, READ, allowed=True)
    log.note("/alice/0", BOB, APP, READ, allowed=True)
    for number in range(6):
        log.note("/alice/a", f"https://{number}.example/", APP, READ, allowed=True)
    log.note("/bob/a", BOB, APP, READ, allowed=True)
    found = {(each.agent, each.path): each.times for each in kept(log)}
    assert found == {
        (BOB, "/alice/0"): 2,
        (BOB, "/alice/1"): 1,
        (BOB, "/alice/?"): 3,
        ("https://0.example/", "/alice/a"): 1,
        ("https://1.example/", "/alice/?"): 1,
        (SEVERAL, "/alice/?"): 4,
    }
    assert counted("lost") - lost == 1


def test_a_scanner_takes_no_memory_of_those_who_said_who_they_are(log, monkeypatch):
    monkeypatch.setattr(access_log, "WRITTEN_AT", 100)
    monkeypatch.setattr(access_log, "ENTRIES_MAX", 8)
    for number in range(100):
        log.note(f"/alice/{number}", None, None, READ, allowed=False)
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    log.note("/alice/b", BOB, APP, READ, allowed=False)
    assert {each.path for each in kept(log) if each.agent == BOB} == {"/alice/a", "/alice/b"}


def test_names_without_end_are_cut(log):
    log.note("/alice/a", "https://a.example/" + "x" * 20_000, "y" * 20_000, READ, allowed=False)
    ((_, agent, client, *_),) = kept(log)
    assert (len(agent), len(client)) == (500, 500)


def test_who_vouches_is_kept_where_it_is_somebody_else(store, tmp_path, clock):
    log = AccessLog(AccessRecords(tmp_path / "access.sqlite"), store, clock, 90, "https://pods.example/")
    for issuer in ("https://pods.example/", None, "https://idp.example/"):
        log.note("/alice/a", BOB, APP, READ, allowed=True, issuer=issuer)
    assert {each.issuer: each.times for each in kept(log)} == {"": 2, "https://idp.example/": 1}
    log.close()


def test_names_that_are_no_text_keep_nothing_else_from_being_written(log):
    log.note("/alice/a", "https://a.example/\ud800", "\udfff\x00", READ, allowed=False)
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    assert {each.agent for each in kept(log)} == {"https://a.example/?", BOB}


def test_what_fails_for_a_reason_that_nobody_thought_of_is_not_tried_for_ever(log, monkeypatch):
    def fail(_batch):
        raise RuntimeError("broken")

    lost = counted("lost")
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    with monkeypatch.context() as patch, logging_to(io.StringIO(), "json"):
        patch.setattr(log.records, "add", fail)
        log.write_down()
    assert (kept(log), counted("lost") - lost) == ([], 1)


def test_a_memory_that_fills_is_written_at_once(log, monkeypatch):
    monkeypatch.setattr(access_log, "ENTRIES_MAX", 10)
    for number in range(6):
        log.note(f"/alice/{number}", BOB, APP, READ, allowed=True)
    until(lambda: log.records.page("/alice/", ANYTHING, 10))


def test_it_is_written_after_a_while_by_itself(log, monkeypatch):
    monkeypatch.setattr(access_log, "WRITTEN_SECONDS", 0.05)
    for name in ("a", "b"):
        log.note(f"/alice/{name}", BOB, APP, READ, allowed=True)
        until(lambda name=name: [r for r in log.records.page("/alice/", ANYTHING, 9) if r.path == f"/alice/{name}"])


def test_the_end_writes_the_last_of_it(log, tmp_path):
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    log.close()
    again = AccessRecords(tmp_path / "access.sqlite")
    assert len(again.page("/alice/", ANYTHING, 10)) == 1
    again.close()


def test_who_notes_does_not_wait_while_the_file_is_held(log, tmp_path):
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    log.write_down()
    holder = sqlite3.connect(tmp_path / "access.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    failures = counted("failures")
    begun = time.perf_counter()
    for _ in range(1000):
        log.note("/alice/a", BOB, APP, READ, allowed=True)
    assert time.perf_counter() - begun < 5
    assert not log.write_down()
    assert counted("failures") - failures == 1
    holder.execute("ROLLBACK")
    holder.close()
    assert [each.times for each in kept(log)] == [1001]


def test_what_cannot_be_written_is_said_once_and_written_later(log, monkeypatch):
    def refuse(_batch):
        raise StoreUnavailable("no disk")

    stream = io.StringIO()
    with logging_to(stream, "json"):
        with monkeypatch.context() as patch:
            patch.setattr(log.records, "add", refuse)
            for _ in range(3):
                log.note("/alice/a", BOB, APP, READ, allowed=True)
                assert not log.write_down()
        assert [each.times for each in kept(log)] == [3]
    lines = stream.getvalue()
    assert (lines.count("cannot be written"), lines.count("no disk"), lines.count("is written again")) == (1, 1, 1)


def test_a_file_that_fails_is_left_alone_for_a_while_however_much_is_noted(log, monkeypatch):
    tries: list[int] = []

    def refuse(batch):
        tries.append(sum(each.times for some in batch.values() for each in some))
        raise StoreUnavailable("no disk")

    monkeypatch.setattr(access_log, "ENTRIES_MAX", 10)
    monkeypatch.setattr(access_log, "FOLDED_MAX", 2)
    monkeypatch.setattr(log.records, "add", refuse)
    for number in range(6):
        log.note(f"/alice/{number}", BOB, APP, READ, allowed=True)
    until(lambda: tries)
    for number in range(50):
        log.note(f"/alice/again-{number}", BOB, APP, READ, allowed=True)
    begun = time.monotonic()
    log.close()
    assert (tries, time.monotonic() - begun < access_log.WRITTEN_SECONDS) == ([6, 56], True)


def test_a_process_that_ends_waits_a_moment_for_a_file_that_is_held(log, tmp_path):
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    assert len(kept(log)) == 1
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    holder = sqlite3.connect(tmp_path / "access.sqlite", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    failures = counted("failures")
    ending = Thread(target=log.close)
    ending.start()
    until(lambda: counted("failures") > failures)
    holder.close()
    ending.join(SECONDS_MAX)
    assert kept(log)[0].times == 2


def test_what_is_lost_at_the_end_is_said(log, monkeypatch):
    def refuse(_batch):
        raise StoreUnavailable("no disk")

    monkeypatch.setattr(log.records, "add", refuse)
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    lost, stream = counted("lost"), io.StringIO()
    with logging_to(stream, "json"):
        log.close()
    assert ("access log lost" in stream.getvalue(), counted("lost") - lost) == (True, 1)


def test_a_process_about_to_end_keeps_nothing_in_memory(log):
    log.hasten()
    for number in range(2):
        log.note(f"/alice/{number}", BOB, APP, READ, allowed=True)
        until(lambda number=number: len(log.records.page("/alice/", ANYTHING, 9)) > number)


def test_who_notes_never_hears_that_no_thread_could_be_started(log, monkeypatch):
    def fail(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", fail)
        log.note("/alice/a", BOB, APP, READ, allowed=True)
    log.hasten()
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    until(lambda: [each.times for each in log.records.page("/alice/", ANYTHING, 9)] == [2])


def test_a_damaged_file_refuses_nobody(store, tmp_path, clock):
    (tmp_path / "access.sqlite").write_bytes(b"no database " * 1000)
    log = AccessLog(AccessRecords(tmp_path / "access.sqlite"), store, clock, 90)
    log.note("/alice/a", BOB, APP, READ, allowed=True)
    assert not log.write_down()
    assert "cannot be read" in next(check_access(store, log.records)).text
    log.close()


@pytest.mark.parametrize(("days", "left"), [(None, [0, 89]), (100, [0, 89, 99]), (1, [0]), (0, [])])
def test_the_sweep_keeps_what_is_as_young_as_the_owner_wants(log, store, clock, days, left):
    if days is not None:
        keep(store, "/alice/", days)
    hours = {age: int(clock.time) // 3600 - age * 24 for age in (0, 89, 99, 101)}
    log.records.add(
        {"/alice/": [Record(hour, BOB, APP, "/alice/a", "read", "allowed", 1, 0) for hour in hours.values()]}
    )
    sweep_access(store, log.records, clock, 90)
    found = {each.hour for each in log.records.page("/alice/", ANYTHING, 10)}
    assert found == {hours[age] for age in left}


def test_the_sweep_takes_what_is_about_storages_that_are_gone(log, store, clock):
    log.records.add({"/carol/": [Record(24_000, BOB, APP, "/carol/a", "read", "allowed", 1, 0)]})
    assert [(each.severity, each.path) for each in check_access(store, log.records)] == [("notice", "/carol/")]
    assert sweep_access(store, log.records, clock, 90) == 1
    assert list(log.records.storages()) == []
