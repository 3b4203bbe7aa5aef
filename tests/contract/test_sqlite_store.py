"""SQLite and local files keep the contract of the store."""

from __future__ import annotations

from tests.contract.store import StoreContract
from tests.support.stores import sqlite_store


class TestSQLiteStore(StoreContract):
    def open(self, folder, clock, **settings):
        return sqlite_store(folder, clock, **settings)
