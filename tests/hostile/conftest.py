"""The place that bad input is sent to."""

from __future__ import annotations

import pytest

from tests.hostile.place import ONE, Place
from tests.support.client import SolidClient


@pytest.fixture
def place(alice: SolidClient, container: str) -> Place:
    alice.put_turtle(container + "doc", ONE.decode())
    return Place(alice, container)
