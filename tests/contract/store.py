"""The suite every backend of the store inherits: one test for each promise of pod/store/interface.py.

A backend's test class inherits `StoreContract` and says how to open one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pod.store.interface import ResourceStore
from tests.contract.store_bodies import BodiesContract
from tests.contract.store_journal import JournalContract
from tests.contract.store_quota import QuotaContract
from tests.contract.store_reading import ReadingContract
from tests.contract.store_rules import RulesContract
from tests.contract.store_together import TogetherContract
from tests.contract.store_transactions import TransactionsContract
from tests.contract.store_writing import WritingContract
from tests.support.stores import StillClock, make_storage


class StoreContract(
    ReadingContract,
    WritingContract,
    JournalContract,
    QuotaContract,
    RulesContract,
    BodiesContract,
    TransactionsContract,
    TogetherContract,
):
    """Inherit, and give `open`: a new store in an empty folder, or the old one in a used one."""

    def open(self, folder: Path, clock: StillClock, **settings) -> ResourceStore:
        raise NotImplementedError

    @pytest.fixture
    def clock(self):
        return StillClock()

    @pytest.fixture
    def opened(self, tmp_path, clock):
        """Opens stores, and closes them after the test."""
        stores = []

        def open_one(**settings):
            stores.append(self.open(tmp_path / "data", clock, **settings))
            return stores[-1]

        yield open_one
        for store in stores:
            store.close()

    @pytest.fixture
    def store(self, opened):
        return opened()

    @pytest.fixture
    def pod(self, store):
        """The id of the storage `/alice/`."""
        return make_storage(store)
