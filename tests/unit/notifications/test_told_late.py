"""What waits to be told, for a rate or a slow reader: access that ended meanwhile has ended for it too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pod.notifications.connection import ENDED, Ending, Visit
from pod.notifications.feed import Heard
from pod.notifications.reception import ChannelConnection, Reception
from pod.store.channels import Channels
from tests.support.ceilings import ceiling, limit
from tests.support.inprocess import LocalServer
from tests.unit.notifications.channels import add
from tests.unit.notifications.happenings import channel, delete, fresh, now, put, share, since, web_id
from tests.unit.notifications.test_connection import Wire


class Reader(ChannelConnection):
    """Writes down what it is sent."""

    def __init__(self, *served: Any) -> None:
        super().__init__(*served)
        self._main = None  # this task goes on when the connection ends
        self.sent: list[str] = []

    async def begin(self) -> None: ...

    async def tell(self, message: Heard) -> None:
        self.sent.append(message.topic)

    async def sign_of_life(self, reached: int) -> None: ...

    async def farewell(self, ending: Ending) -> None: ...


def close_rules(local: LocalServer, path: str) -> None:
    share(local, path)


def delete_it(local: LocalServer, path: str) -> None:
    delete(local, path + "b")
    share(local, path)


def nothing(local: LocalServer, path: str) -> None: ...


def end_channel(local: LocalServer, path: str) -> None:
    for each in Channels(local.services.store).of_agent(web_id("bob")):
        Channels(local.services.store).remove(each.id)


def limit_app(local: LocalServer, path: str) -> None:
    limit(local.services, "bob-client", ceiling({}))


def end_grant(local: LocalServer, path: str) -> None:
    limit(local.services, "bob-client", None, local.services.store.now_ms)


@pytest.fixture
def as_before(local: LocalServer):
    yield
    limit(local.services, "bob-client", None)
    end_channel(local, "")


@pytest.mark.requirement("notifications#authorization-at-delivery")
@pytest.mark.parametrize("is_over", [False, True])
@pytest.mark.parametrize(
    ("happens", "is_told"),
    [(nothing, 1), (delete_it, 1), (close_rules, 0), (end_channel, 0), (limit_app, 0), (end_grant, 0)],
)
def test_what_waits_for_a_rate_is_told_to_who_may_still_read(
    local: LocalServer, as_before: None, happens: Callable[[LocalServer, str], None], is_told: int, is_over: bool
):
    home = fresh()
    topics = (home + "a", home + "b")
    for topic in topics:
        put(local, topic)
    share(local, home, "bob")
    before = now(local)
    asked = add(local.services.store, channel(local, *topics, name="bob", rate_seconds=60.0))

    async def test() -> list[str]:
        reception = Reception(local.services)
        reader = Reader(reception, asked, Visit(Wire(), "192.0.2.1", None))
        reader.go_live(before)
        for topic in topics:
            put(local, topic, b"changed")
        for change in since(local, before):
            reader.hear(reader.render(reader.told(change)))
        await reader.quiet()
        happens(local, home)
        if is_over:
            reader.end(ENDED)
            await asyncio.wait([reader._busy])
        else:
            reader._go_on()
            await reader.quiet()
        reader.close()
        await reception.close()
        return reader.sent

    assert asyncio.run(test()) == list(topics)[: 1 + is_told]
