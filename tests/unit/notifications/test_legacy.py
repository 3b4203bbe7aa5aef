"""The older sockets: what they are told of, as whom, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pod.authentication.listeners import Listener
from pod.errors import Busy
from pod.notifications.connection import Bounds, Visit
from pod.notifications.legacy import LegacyConnection
from pod.protocol.agent import Credentials
from pod.store.records import ChangeKind
from tests.unit.notifications.happenings import change
from tests.unit.notifications.test_connection import JUST_NOW_MS, Wire, settle

ALICE = Credentials("https://pods.example/alice#me", "app", "https://pods.example/", "grant")
UNTIL_MS = 1_000_000
PATH = "/alice/a"
URL = "https://pods.example" + PATH
RECEPTION = SimpleNamespace(bounds=Bounds(messages=5, bytes=100, seconds=10.0))


def connected(listener: Listener | None) -> LegacyConnection:
    """One that asked for the resource."""

    async def connect() -> LegacyConnection:
        return LegacyConnection(RECEPTION, Visit(None, "192.0.2.1", None, "https://app.example"), listener)

    connection = asyncio.run(connect())
    connection._urls[PATH] = URL
    return connection


@pytest.mark.parametrize(("time_ms", "is_wanted"), [(UNTIL_MS - 1, True), (UNTIL_MS, False)])
def test_nothing_is_told_from_the_moment_when_the_listener_expires(time_ms: int, is_wanted: bool):
    connection = connected(Listener(ALICE, UNTIL_MS))
    assert (connection.credentials, connection.end_ms) == (ALICE, UNTIL_MS)
    assert connection.wants(change(ChangeKind.UPDATE, PATH, time_ms=time_ms)) is is_wanted


def test_without_one_it_is_nobody_and_stays():
    connection = connected(None)
    assert (connection.credentials, connection.end_ms) == (Credentials(origin="https://app.example"), None)
    assert connection.wants(change(ChangeKind.UPDATE, PATH, time_ms=UNTIL_MS))
    assert len(connection.told(change(ChangeKind.UPDATE, PATH))) == 1


def test_nothing_is_told_of_what_is_no_longer_asked_for():
    connection = connected(None)
    allowed = connection.told(change(ChangeKind.UPDATE, PATH))
    connection._urls.clear()
    assert connection.render(allowed) == ()


# -- what is in doubt ------------------------------------------------------------------------------------------------------


class Crowd:
    """A reception where it takes some attempts to find out who is in a group."""

    def __init__(self, *found: bool | type[Busy]) -> None:
        self.found = list(found)
        self.bounds = RECEPTION.bounds
        self.audience = SimpleNamespace(may_hear=self._may_hear)
        self.services = SimpleNamespace(store=None)

    def _may_hear(self, *_: object) -> bool:
        found = self.found.pop(0)
        if found is Busy:
            raise Busy("too many wait")
        return bool(found)

    async def on_thread(self, work: Callable[[], Any]) -> Any:
        return work()


@pytest.mark.parametrize(
    ("found", "said"), [((True,), [f"pub {URL}"]), ((False,), []), ((Busy, Busy, True), [f"pub {URL}"])]
)
def test_what_is_in_doubt_is_decided_with_time_to_wait(monkeypatch: pytest.MonkeyPatch, found: Any, said: list[str]):
    monkeypatch.setattr("pod.notifications.legacy.CROWDED_SECONDS", 0.0)

    async def test() -> list[str]:
        sent: list[str] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["text"])

        connection = LegacyConnection(Crowd(*found), Visit(Wire(), "192.0.2.1", send))  # type: ignore[arg-type]
        connection._main = None
        connection._urls[PATH] = URL
        for _ in range(2):
            connection.doubt(change(ChangeKind.UPDATE, PATH, time_ms=JUST_NOW_MS))
        await settle()
        assert (connection._doubted, connection.ending) == ({}, None)
        return sent

    assert asyncio.run(test()) == said


# -- signing in on the socket ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("expires", "until_ms"), [(1_300.5, 1_300_500), (9_999.0, 1_600_000)])
def test_it_listens_no_longer_than_the_token_says_nor_than_ours_do(expires: float, until_ms: int):
    async def test() -> int | None:
        services = SimpleNamespace(
            config=SimpleNamespace(stream_url="https://pods.example/", access_token_seconds=600),
            authenticator=SimpleNamespace(identify=lambda **_: (ALICE, expires)),
        )
        reception = SimpleNamespace(bounds=RECEPTION.bounds, services=services, now_ms=1_000_000, on_thread=at_once)
        connection = LegacyConnection(reception, Visit(Wire(), "192.0.2.1", at_once))  # type: ignore[arg-type]
        await connection._obey("auth DPoP token")
        return connection.end_ms

    assert asyncio.run(test()) == until_ms


async def at_once(work: Callable[[], Any]) -> Any:
    return work()
