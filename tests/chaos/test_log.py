"""A log that takes nothing more, because its disk is full or its reader has gone, stops the news but not the server."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.chaos.harm import WEB, is_up, kill
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, running_server
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

SETTINGS = {"FREEHOLD_LOG_REQUESTS": "true", "FREEHOLD_LOG_LEVEL": "debug"}
PLAIN = {"Content-Type": "text/plain"}


Log = Callable[[], AbstractContextManager[int]]
"""Makes a descriptor to write to."""


@contextmanager
def full() -> Iterator[int]:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@contextmanager
def unread() -> Iterator[int]:
    """A pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("log", [full, unread])
def test_the_server_goes_on_without_its_log(tmp_path: Path, log: Log) -> None:
    with running_server((ALICE,), directory=tmp_path, environment=SETTINGS) as server, log() as nowhere:
        server.stop()
        server.process = subprocess.Popen(
            server.command, stdout=nowhere, stderr=nowhere, env=dict(server.environment), start_new_session=True
        )
        until(lambda: is_up(server))
        alice = signed_in(server, ALICE)
        assert alice.put(alice.pod + "doc", b"kept", headers=PLAIN).status_code == 201
        kill(server, WEB, random.Random(1))
        assert alice.get(alice.pod + "doc").text == "kept"
