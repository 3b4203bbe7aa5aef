"""What each use of the store costs, counted exactly: one more statement, transaction or sync fails here."""

from __future__ import annotations

import pytest

from pod.config import Config
from pod.protocol.resource import Target
from pod.store.records import SERVER, Kind
from pod.store.sqlite import open_store
from tests.support.counting import Counts
from tests.support.stores import StillClock, make_storage, put, staged, state_in

NEW = Target.parse("/alice/a/b/new")


@pytest.fixture
def counts():
    return Counts()


@pytest.fixture
def store(tmp_path, counts):
    store = open_store(Config(data=tmp_path), StillClock(), on_connect=counts.on_connect, sync=counts.sync)
    make_storage(store)
    put(store, "/alice/a/b/c", b"body")
    put(store, "/alice/a/b/c.acl", b"rules")
    counts.reset()
    yield store
    store.close()


def written(store, write):
    with store.write(SERVER) as tx:
        write(tx)


@pytest.mark.parametrize(
    ("use", "statements"),
    [
        (lambda store: store.describe(Target.parse("/alice/a/b/c"), "grant"), 1),
        (lambda store: store.describe(Target.parse("/alice/a/b/c"), "grant", wide=True), 1),
        (lambda store: store.document(1, 1), 1),
        (lambda store: list(store.members(1, state_in(store, "/alice/").listing_version)), 2),
        (lambda store: store.changes(0, 10), 1),
    ],
)
def test_reading_is_one_statement(store, counts, use, statements):
    use(store)
    assert (len(counts.statements), counts.transactions, counts.syncs) == (statements, 0, 0)


@pytest.mark.parametrize(
    ("write", "statements"),
    [
        (lambda tx, content, state: tx.create(NEW, Kind.RDF, content, acl=None), 6),
        (lambda tx, content, state: tx.replace(state, content, kind=Kind.RDF, acl=None), 4),
        (lambda tx, content, state: tx.delete(state, acl=None), 10),  # its ACL is kept a while
    ],
)
def test_a_write_is_one_transaction(store, counts, write, statements):
    content, state = staged(store, b"small"), state_in(store, "/alice/a/b/c")
    counts.reset()
    written(store, lambda tx: write(tx, content, state))
    assert (len(counts.statements), counts.transactions, counts.syncs) == (statements, 1, 0)


def test_staging_a_large_body_is_two_syncs_and_no_statement(store, counts):
    staged(store, b"x" * 100_000)
    assert (len(counts.statements), counts.transactions, counts.syncs) == (0, 0, 2)
