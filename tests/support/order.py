"""Runs first what takes longest, so that no worker is left alone with it in the end; and one directory after the other,
so that what a directory shares (a browser, a server) is started once by a worker.
"""

from __future__ import annotations

import pytest

LONG = ("browser", "chaos", "e2e", "clients", "hostile", "races", "model", "fuzz", "property")
"""Directories in tests/. All others take milliseconds a test."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=turn)


def turn(item: pytest.Item) -> int:
    directory = item.path.parent.name
    return LONG.index(directory) if directory in LONG else len(LONG)
