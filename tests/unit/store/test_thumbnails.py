"""Small pictures in their cache: within its limit, of the state that is there, and gone with what they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from pod.config import Config
from pod.store.sqlite import SQLiteStore, open_store
from pod.store.thumbnails import (
    ROW_BYTES,
    USED_MS,
    Thumbnail,
    compare_thumbnails,
    find,
    keep,
    measured,
    sweep_thumbnails,
)
from tests.support.counting import Counts
from tests.support.stores import StillClock, delete, make_storage, put, sqlite_store

ANY_SIZE = 10**9
SMALL = Thumbnail(3, 2, b"a picture")
COST = len(SMALL.content) + ROW_BYTES


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def store(tmp_path: Path, clock: StillClock) -> SQLiteStore:
    store = sqlite_store(tmp_path, clock)
    make_storage(store)
    return store


def kept(store: SQLiteStore) -> list[tuple[int, str]]:
    return store.derived_rows("SELECT resource, size FROM thumbnail ORDER BY used_ms, resource, size")


def counted(store: SQLiteStore) -> int:
    total: int = store.derived_rows("SELECT bytes FROM thumbnail_total")[0][0]
    assert store.derived_rows("SELECT COALESCE(SUM(bytes), 0) FROM thumbnail") == [(total,)]
    return total


def test_one_is_found_for_its_state_and_size(store: SQLiteStore):
    state = put(store, "/alice/a")
    keep(store, state, "tile", SMALL, ANY_SIZE)
    assert find(store, state, "tile") == SMALL
    assert measured(store, state, "tile") == Thumbnail(3, 2)
    assert find(store, state, "row") is None
    assert find(store, put(store, "/alice/a", b"new"), "tile") is None


def test_what_shows_nothing_is_remembered(store: SQLiteStore):
    state = put(store, "/alice/a")
    keep(store, state, "tile", Thumbnail(), ANY_SIZE)
    assert find(store, state, "tile") == measured(store, state, "tile") == Thumbnail()


def test_those_that_nobody_looked_at_for_longest_make_room(store: SQLiteStore, clock: StillClock):
    states = [put(store, f"/alice/{number}") for number in range(31)]
    for state in states[:30]:
        keep(store, state, "tile", SMALL, 30 * COST)
        clock.time += 1
    clock.time += USED_MS / 1000
    assert find(store, states[0], "tile")
    keep(store, states[30], "tile", SMALL, 30 * COST)
    left = {key for key, _ in kept(store)}
    assert {states[0].id, states[30].id} < left
    assert states[1].id not in left
    assert 15 * COST < counted(store) <= 27 * COST


def test_one_in_place_of_another_counts_once(store: SQLiteStore):
    for _ in range(3):
        keep(store, put(store, "/alice/a"), "tile", SMALL, ANY_SIZE)
    assert counted(store) == COST


def test_one_that_is_more_than_all_may_be_is_not_kept(store: SQLiteStore):
    keep(store, put(store, "/alice/a"), "tile", SMALL, COST - 1)
    assert kept(store) == []


def test_whoever_looks_often_writes_seldom(tmp_path: Path, clock: StillClock):
    counts = Counts()
    store = open_store(Config(data=tmp_path), clock, on_connect=counts.on_connect)
    make_storage(store)
    state = put(store, "/alice/a")
    keep(store, state, "tile", SMALL, ANY_SIZE)
    counts.reset()
    for _ in range(10):
        find(store, state, "tile")
    assert (len(counts.statements), counts.transactions) == (10, 0)


def test_they_go_with_what_they_show(store: SQLiteStore):
    states = {name: put(store, f"/alice/{name}") for name in ("gone", "changed", "same")}
    sweep_thumbnails(store)
    for state in states.values():
        keep(store, state, "row", SMALL, ANY_SIZE)
        keep(store, state, "tile", SMALL, ANY_SIZE)
    delete(store, "/alice/gone")
    keep(store, put(store, "/alice/changed"), "row", SMALL, ANY_SIZE)
    assert sweep_thumbnails(store) == 2
    changed, same = states["changed"].id, states["same"].id
    assert set(kept(store)) == {(changed, "row"), (same, "row"), (same, "tile")}
    assert counted(store) == 3 * COST
    assert sweep_thumbnails(store) == 0


def test_what_was_made_too_late_goes_when_all_are_looked_at(store: SQLiteStore):
    gone, there = put(store, "/alice/gone"), put(store, "/alice/there")
    delete(store, "/alice/gone")
    sweep_thumbnails(store)
    for state in (gone, there):
        keep(store, state, "row", SMALL, ANY_SIZE)
    assert (sweep_thumbnails(store), compare_thumbnails(store)) == (0, 1)
    assert kept(store) == [(there.id, "row")]


def test_those_of_another_history_show_nothing_and_go(store: SQLiteStore):
    state = put(store, "/alice/a")
    keep(store, state, "row", SMALL, ANY_SIZE)
    store.change_derived("UPDATE thumbnail SET epoch = 'other'")
    store.change_derived("UPDATE cursor SET epoch = 'other'")
    assert find(store, state, "row") is None
    assert compare_thumbnails(store) == 1
    assert kept(store) == []


def test_what_the_journal_no_longer_tells_is_found(store: SQLiteStore):
    keep(store, put(store, "/alice/a"), "row", SMALL, ANY_SIZE)
    store.advance("thumbnails", 0)
    delete(store, "/alice/a")
    store.change_derived("UPDATE cursor SET epoch = 'other'")
    assert sweep_thumbnails(store) == 1
    assert store.cursor("thumbnails").epoch == store.epoch
