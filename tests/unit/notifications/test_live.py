"""One follower for all who listen: nothing is done while nobody does, and once what many hear."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pod.notifications.audience import Verdict
from pod.notifications.feed import Heard
from pod.notifications.live import Live
from pod.notifications.messages import Activity, activities
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.records import SERVER, Change, Content, Kind
from tests.support.people import alice_of, opened

ALICE = Credentials("https://pods.example/alice/profile/card#me")
UNCERTAIN = Credentials("https://elsewhere.example/member#me")
TOPIC = "/alice/"


class Audience:
    """Lets those hear who are somebody, but for some of whom it is not sure; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def judge(self, _reader: Any, _activity: Activity, credentials: Credentials) -> Verdict:
        self.asked += 1
        if credentials == UNCERTAIN:
            return Verdict.UNSETTLED
        return Verdict.YES if credentials.authenticated else Verdict.NO


class Listener:
    """Writes down what it hears."""

    storage = 1
    channel_id = None
    rendered = 0
    is_lost = False
    unwanted: tuple[str, ...] = ()

    def __init__(self, credentials: Credentials = ALICE, group: str = "") -> None:
        self.credentials, self.group = credentials, (credentials, group)
        self.heard: list[int] = []

    def wants(self, change: Change) -> bool:
        return change.path not in self.unwanted

    def told(self, change: Change) -> list[Activity]:
        return [each for each in activities(change) if each.topic == TOPIC]

    def render(self, allowed: list[Activity]) -> tuple[Heard, ...]:
        Listener.rendered += 1
        return tuple(Heard(each.sequence, each.topic, b"", True, each) for each in allowed)

    def hear(self, heard: list[Heard]) -> None:
        self.heard += [each.sequence for each in heard]

    def doubt(self, change: Change) -> None:
        self.heard.append(-change.sequence)

    def lose_track(self) -> None:
        self.is_lost = True


@pytest.fixture
def services(tmp_path: Path) -> Any:
    with opened(tmp_path / "data") as services:
        alice_of(services)
        yield services


def create(services: Services, path: str) -> None:
    with services.store.write(SERVER) as tx:
        tx.create(Target.parse(path), Kind.OTHER, Content("text/plain", 1, "0" * 64, b"x"), acl=None)


def following(services: Services, test: Callable[[Live, Audience], Awaitable[None]]) -> None:
    async def run() -> None:
        audience = Audience()
        live = Live(services, audience)  # type: ignore[arg-type]  # all that is asked of it
        follower = asyncio.create_task(live.run())
        await test(live, audience)
        follower.cancel()
        await live.close()

    asyncio.run(run())


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def test_who_listens_hears_what_happens_from_then_on_in_order(services: Services):
    async def test(live: Live, _: Audience) -> None:
        listener = Listener()
        create(services, "/alice/before")
        await live.listen(listener, [TOPIC])
        create(services, "/alice/a")
        create(services, "/alice/b")
        await until(lambda: len(listener.heard) == 2)
        assert listener.heard[1] == listener.heard[0] + 1
        assert live.reached(1) == listener.heard[1]

    following(services, test)


def test_many_who_hear_the_same_cost_one_decision_and_one_rendering(services: Services):
    async def test(live: Live, audience: Audience) -> None:
        listeners = [Listener() for _ in range(50)]
        for each in listeners:
            await live.listen(each, [TOPIC])
        Listener.rendered = 0
        create(services, "/alice/a")
        await until(lambda: all(each.heard for each in listeners))
        assert (audience.asked, Listener.rendered) == (1, 1)

    following(services, test)


def test_of_those_who_hear_the_same_each_is_told_what_it_wants(services: Services):
    async def test(live: Live, audience: Audience) -> None:
        listener, other = Listener(), Listener()
        other.unwanted = ("/alice/a",)
        for each in (other, listener):
            await live.listen(each, [TOPIC])
        create(services, "/alice/a")
        create(services, "/alice/b")
        await until(lambda: listener.heard[1:] and other.heard)
        assert (len(listener.heard), other.heard, audience.asked) == (2, listener.heard[1:], 2)

    following(services, test)


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_who_may_not_hears_nothing(services: Services):
    async def test(live: Live, _: Audience) -> None:
        stranger, listener = Listener(PUBLIC), Listener()
        await live.listen(stranger, [TOPIC])
        await live.listen(listener, [TOPIC])
        create(services, "/alice/a")
        await until(lambda: listener.heard)
        assert stranger.heard == []

    following(services, test)


def test_a_refusal_that_is_not_settled_is_looked_at_again_and_no_other(services: Services):
    async def test(live: Live, _: Audience) -> None:
        uncertain, stranger, listener = Listener(UNCERTAIN), Listener(PUBLIC), Listener()
        for each in (stranger, listener, uncertain):
            await live.listen(each, [TOPIC])
        create(services, "/alice/a")
        await until(lambda: uncertain.heard and listener.heard)
        assert uncertain.heard == [-sequence for sequence in listener.heard]
        assert stranger.heard == []

    following(services, test)


def test_what_cannot_be_told_to_one_ends_that_one_and_stops_no_other(
    services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pod.notifications.live.RETRY_SECONDS", 0.01)

    async def test(live: Live, _: Audience) -> None:
        broken, listener = Listener(group="broken"), Listener()
        broken.render = lambda _: 1 // 0  # type: ignore[method-assign, return-value, assignment, misc]
        await live.listen(broken, [TOPIC])
        await live.listen(listener, [TOPIC])
        create(services, "/alice/a")
        create(services, "/alice/b")
        await until(lambda: len(listener.heard) == 2)
        assert (broken.is_lost, listener.is_lost) == (True, False)

    following(services, test)


def test_what_fails_once_is_told_all_the_same(services: Services, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pod.notifications.live.RETRY_SECONDS", 0.01)
    failures = [OSError("the disk is slow")]
    render = Listener.render

    def fails_once(self: Listener, allowed: list[Activity]) -> tuple[Heard, ...]:
        if failures:
            raise failures.pop()
        return render(self, allowed)

    monkeypatch.setattr(Listener, "render", fails_once)

    async def test(live: Live, _: Audience) -> None:
        listener = Listener()
        await live.listen(listener, [TOPIC])
        create(services, "/alice/a")
        await until(lambda: listener.heard)
        assert (len(listener.heard), listener.is_lost) == (1, False)

    following(services, test)


def test_much_for_many_is_handed_over_bit_by_bit(services: Services, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pod.notifications.live.STEPS_AT_ONCE_MAX", 3)
    sizes: list[int] = []
    hand_over = Live._hand_over
    monkeypatch.setattr(
        Live, "_hand_over", lambda live, found: (sizes.append(len(found.steps)), hand_over(live, found))
    )

    async def test(live: Live, _: Audience) -> None:
        listeners = [Listener() for _ in range(3)]
        for each in listeners:
            await live.listen(each, [TOPIC])
        with services.store.write(SERVER) as tx:
            for name in "abc":
                content = Content("text/plain", 1, "0" * 64, b"x")
                tx.create(Target.parse(f"/alice/{name}"), Kind.OTHER, content, acl=None)
        await until(lambda: all(len(each.heard) == 3 for each in listeners))
        assert [size for size in sizes if size] == [3, 3, 3]

    following(services, test)


def test_while_nobody_listens_the_journal_is_not_looked_at(services: Services):
    watched = replace(services, store=Watched(services.store))

    async def test(live: Live, audience: Audience) -> None:
        listener = Listener()
        await live.listen(listener, [TOPIC])
        live.leave(listener)
        await until(lambda: not live._awake.is_set())
        looked = watched.store.looked
        create(services, "/alice/a")
        for _ in range(100):
            await asyncio.sleep(0)
        assert (watched.store.looked, audience.asked) == (looked, 0)

    following(watched, test)


class Watched:
    """A store that counts how often somebody asks it for news."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.looked = 0

    def __getattr__(self, name: str) -> Any:
        self.looked += name == "snapshot"
        return getattr(self._store, name)

    def watch(self) -> Any:
        nudge = self._store.watch()
        asked = nudge.has_changed

        def has_changed() -> bool:
            self.looked += 1
            return bool(asked())

        nudge.has_changed = has_changed
        return nudge
