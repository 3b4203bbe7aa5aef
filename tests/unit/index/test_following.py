"""The background keeps up with what pages asked about, and asks for nothing when nothing happened."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from pod.config import Config
from pod.index.following import COMPARED_EVERY_SECONDS, Following
from pod.index.index import Index
from pod.services import open_services
from pod.store import things
from pod.store.records import SERVER
from pod.store.sqlite import open_store
from tests.support.counting import Counts
from tests.support.people import PUBLIC, opened
from tests.support.stores import StillClock, make_storage, put
from tests.unit.index.documents import ANY_TIME, NO_TIME, PREFIXES, Pod, contact


@pytest.fixture
def following(pod):
    made = Following(pod.services, pod.another_index())
    yield made
    made.close()


def rows(pod):
    return [row.name for row in pod.index.contacts(pod.storage)]


def test_a_reading_that_a_page_began_is_ended(pod, following):
    pod.write("c", contact("Bob"))
    following.work()
    assert things.place_of(pod.services.store, pod.storage) is None  # nobody asked yet
    pod.index.catch_up(pod.storage, NO_TIME)
    following.work()
    assert rows(pod) == ["Bob"]


def test_what_is_written_later_is_read_in_all_storages_that_anybody_looked_into(pod, following):
    pod.catch_up()
    other = make_storage(pod.services.store, "bea")
    following.work()
    pod.write("c", contact("Bob"))
    put(pod.services.store, "/bea/c", (PREFIXES + contact("Hidden")).encode())
    following.work()
    assert rows(pod) == ["Bob"]
    assert things.place_of(pod.services.store, other) is None


def test_what_was_missed_while_nothing_ran_is_found(pod):
    pod.catch_up()
    pod.write("c", contact("Bob"))
    following = Following(pod.services, pod.another_index())
    following.work()
    following.close()
    assert rows(pod) == ["Bob"]


def test_news_that_the_journal_no_longer_has_are_found_by_comparing(pod, following):
    pod.catch_up()
    following.work()
    pod.write("c", contact("Bob"))
    with pod.services.store.write(SERVER) as tx:
        tx.rows("UPDATE setting SET value = (SELECT MAX(position) FROM change) WHERE name = 'journal_floor'")
        tx.rows("DELETE FROM change")
    following.work()  # sees it
    following.work()  # reads anew
    assert rows(pod) == ["Bob"]


def test_rows_of_a_storage_that_is_gone_are_forgotten(pod, following):
    store = pod.services.store
    store.change_derived(
        "INSERT INTO thing_place (storage, epoch, format, sequence) VALUES (999, ?, 1, 5)", (store.epoch,)
    )
    following.work()
    assert things.place_of(store, 999) is None


def test_one_storage_that_fails_leaves_the_others(pod, monkeypatch):
    pod.catch_up()
    bea = make_storage(pod.services.store, "bea")
    pod.index.catch_up(bea, ANY_TIME)
    put(pod.services.store, "/bea/c", (PREFIXES + contact("Bea")).encode())
    pod.write("c", contact("Bob"))
    catch_up = Index.catch_up
    monkeypatch.setattr(Index, "catch_up", lambda *a: 1 / 0 if a[1] == pod.storage else catch_up(*a))
    following = Following(pod.services, pod.another_index())
    following.work()
    following.close()
    assert len(pod.index.contacts(bea)) == 1


@contextmanager
def counted(folder):
    """A pod whose statements are counted."""
    with opened(folder):
        pass
    counts = Counts()
    config, clock = Config(data=folder, base_url=PUBLIC), StillClock()
    services = open_services(config, clock, open_store(config, clock, on_connect=counts.on_connect))
    try:
        yield Pod(services, Index(services), make_storage(services.store)), counts
    finally:
        services.close()


def test_when_nothing_happened_no_storage_is_asked_about(tmp_path):
    with counted(tmp_path / "data") as (pod, counts):
        pod.catch_up()
        for n in range(20):
            pod.index.catch_up(make_storage(pod.services.store, f"pod{n}"), ANY_TIME)
        following = Following(pod.services, pod.index)
        following.work()
        counts.reset()
        following.work()
        assert len(counts.statements) == 1, counts.statements
        pod.services.clock.time += COMPARED_EVERY_SECONDS
        counts.reset()
        following.work()
        assert len(counts.statements) <= 6
        following.close()


def test_a_page_asks_one_statement_when_nothing_is_new(tmp_path):
    with counted(tmp_path / "data") as (pod, counts):
        pod.write("c", contact("Bob"))
        pod.catch_up()
        counts.reset()
        assert pod.index.catch_up(pod.storage)
        assert len(counts.statements) == 1
        for ask in ("contacts", "groups", "posts", "counts"):
            counts.reset()
            getattr(pod.index, ask)(pod.storage)
            assert len(counts.statements) == 1, ask
