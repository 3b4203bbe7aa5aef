"""A store on disk for unit tests."""

from __future__ import annotations

import pytest

from tests.support.stores import StillClock, make_storage, sqlite_store


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def store(tmp_path, clock):
    store = sqlite_store(tmp_path / "data", clock, inline_bytes_max=100)
    yield store
    store.close()


@pytest.fixture
def pod(store):
    """The id of the storage `/alice/`."""
    return make_storage(store)
