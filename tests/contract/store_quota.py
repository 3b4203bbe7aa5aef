"""What a storage may hold: the counters are exact, and a refusal leaves everything as it was."""

from __future__ import annotations

import pytest

from pod.errors import QuotaExceeded
from pod.store.accounts import Accounts
from pod.store.records import SERVER
from tests.support.stores import absent, body, delete, make_storage, put, put_in, staged

ROOT_BYTES = len(b"# rules")


def usage(store):
    storage = next(Accounts(store).listed())[1][0]
    return storage.bytes, storage.resources


class QuotaContract:
    def test_counters_follow_every_change(self, store, pod):
        assert usage(store) == (ROOT_BYTES, 2)
        put(store, "/alice/a", b"12345")
        assert usage(store) == (ROOT_BYTES + 5, 3)
        put(store, "/alice/a", b"123")
        assert usage(store) == (ROOT_BYTES + 3, 3)
        put(store, "/alice/a.acl", b"12")
        assert usage(store) == (ROOT_BYTES + 5, 4)
        delete(store, "/alice/a")
        assert usage(store) == (ROOT_BYTES, 2)

    def test_bytes_are_limited(self, opened):
        store = opened(quota_bytes=100)
        make_storage(store)
        put(store, "/alice/a", b"x" * (100 - ROOT_BYTES))
        with pytest.raises(QuotaExceeded) as refusal:
            put(store, "/alice/b", b"x")
        assert refusal.value.extras == {"bytesMax": 100, "bytesNeeded": 101}
        assert absent(store, "/alice/b")
        assert usage(store) == (100, 3)

    def test_resources_are_limited(self, opened):
        store = opened(quota_resources=3)
        make_storage(store)
        put(store, "/alice/a")
        with pytest.raises(QuotaExceeded, match="3 resources"):
            put(store, "/alice/b")
        assert usage(store) == (ROOT_BYTES, 3)

    def test_a_growing_body_is_refused(self, opened):
        store = opened(quota_bytes=20)
        make_storage(store)
        put(store, "/alice/a", b"1234567890")
        with pytest.raises(QuotaExceeded):
            put(store, "/alice/a", b"12345678901234567890")
        assert body(store, "/alice/a") == b"1234567890"

    def test_what_shrinks_is_never_refused(self, opened):
        store = opened()
        make_storage(store)
        put(store, "/alice/a", b"x" * 1000)
        put(store, "/alice/b")
        with store.write(SERVER) as tx:
            tx.rows("UPDATE storage SET bytes_max = 100, resources_max = 2")
        put(store, "/alice/a", b"x" * 999)
        put(store, "/alice/a", b"y" * 999)
        delete(store, "/alice/b")
        with pytest.raises(QuotaExceeded):
            put(store, "/alice/a", b"x" * 1000)

    def test_zero_is_no_limit(self, opened):
        store = opened(quota_bytes=0, quota_resources=0)
        make_storage(store)
        put(store, "/alice/a", b"x" * 100_000)

    def test_one_refused_change_refuses_the_whole_transaction(self, opened):
        store = opened(quota_bytes=20)
        make_storage(store)
        small, large = staged(store, b"1"), staged(store, b"x" * 100)
        with pytest.raises(QuotaExceeded), store.write(SERVER) as tx:
            put_in(tx, "/alice/a", small)
            with pytest.raises(QuotaExceeded):
                put_in(tx, "/alice/b", large)
        assert absent(store, "/alice/a")
        assert usage(store) == (ROOT_BYTES, 2)
