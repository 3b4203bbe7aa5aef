"""A web process with alice and bob, in which things happen."""

from __future__ import annotations

import pytest

from tests.support.inprocess import LocalServer


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    server = LocalServer(tmp_path_factory.mktemp("notifications") / "data")
    yield server
    server.close()


@pytest.fixture(scope="module")
def services(local):
    return local.services
