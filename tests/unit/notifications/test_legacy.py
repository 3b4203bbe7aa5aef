"""The older sockets: what they are told of, as whom, and until when."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from pod.authentication.listeners import Listener
from pod.notifications.connection import Bounds, Visit
from pod.notifications.legacy import LegacyConnection
from pod.protocol.agent import Credentials
from pod.store.records import ChangeKind
from tests.unit.notifications.happenings import change

ALICE = Credentials("https://pods.example/alice#me", "app", "https://pods.example/", "grant")
UNTIL_MS = 1_000_000
PATH = "/alice/a"
RECEPTION = SimpleNamespace(bounds=Bounds(messages=5, bytes=100, seconds=10.0))


def connected(listener: Listener | None) -> LegacyConnection:
    """One that asked for the resource."""

    async def connect() -> LegacyConnection:
        return LegacyConnection(RECEPTION, Visit(None, "192.0.2.1", None, "https://app.example"), listener)

    connection = asyncio.run(connect())
    connection._urls[PATH] = "https://pods.example" + PATH
    return connection


@pytest.mark.parametrize(("time_ms", "messages"), [(UNTIL_MS - 1, 1), (UNTIL_MS, 0)])
def test_nothing_is_told_from_the_moment_when_the_listener_expires(time_ms: int, messages: int):
    connection = connected(Listener(ALICE, UNTIL_MS))
    assert (connection.credentials, connection.end_ms) == (ALICE, UNTIL_MS)
    assert len(connection.told(change(ChangeKind.UPDATE, PATH, time_ms=time_ms))) == messages


def test_without_one_it_is_nobody_and_stays():
    connection = connected(None)
    assert (connection.credentials, connection.end_ms) == (Credentials(origin="https://app.example"), None)
    assert len(connection.told(change(ChangeKind.UPDATE, PATH, time_ms=UNTIL_MS))) == 1
