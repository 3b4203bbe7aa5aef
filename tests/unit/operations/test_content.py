"""Staged content: kept as long as it may be needed, and no longer."""

from __future__ import annotations

import pytest

from pod.errors import BadRequest, CommitUncertain, NoSpaceLeft, StoreUnavailable
from pod.operations.content import discarded_on_failure
from tests.support.inprocess import LocalServer
from tests.support.stores import staged

LARGE = b"x" * 100_000


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    server = LocalServer(tmp_path_factory.mktemp("content"))
    yield server.services
    server.close()


def blobs(services):
    return {file.name for file in services.store.blobs.files()}


@pytest.mark.parametrize("error", [BadRequest, NoSpaceLeft, StoreUnavailable, KeyboardInterrupt])
def test_content_leaves_with_the_write_that_failed(services, error):
    content = staged(services.store, LARGE)
    with pytest.raises(error), discarded_on_failure(services, content):
        raise error
    assert content.blob not in blobs(services)


def test_content_that_a_crash_could_bring_back_is_left_to_the_sweep(services):
    content = staged(services.store, LARGE)
    with pytest.raises(CommitUncertain), discarded_on_failure(services, content):
        raise CommitUncertain
    assert content.blob in blobs(services)
