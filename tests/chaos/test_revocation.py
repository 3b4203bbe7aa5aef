"""Somebody's access ends while a change waits to be told: nothing is heard of it, nor of any later one, from the moment the
new rules are acknowledged.

The process that tells of changes is held still in between, so that the change is not told before the rules are.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psutil
import pytest

from tests.chaos.harm import STREAM, WORKER, named
from tests.chaos.hearing import Heard
from tests.chaos.subscribers import PULLED, Listener, attending, receiving
from tests.chaos.wire import version_of
from tests.support.client import SolidClient, authorization
from tests.support.fixtures import Share
from tests.support.server import Server
from tests.support.subscribing import subscribe
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

WEBHOOK = "WebhookChannel2023"
PLAIN = {"Content-Type": "text/plain"}


@contextmanager
def hearing(client: SolidClient, kind: str, *topics: str) -> Iterator[Sequence[Heard]]:
    """What this client hears of these topics by one channel."""
    if kind in PULLED:
        listener = Listener(kind, PULLED[kind], subscribe(client, kind, *topics)["receiveFrom"])
        with attending(listener):
            until(lambda: listener.connections or listener.failures)
            yield listener.heard
        return
    with receiving(random.Random(0)) as receiver:
        receiver.heard[kind] = []
        subscribe(client, kind, *topics, sendTo=f"{receiver.url}{kind}")
        yield receiver.heard[kind]


@contextmanager
def still(server: Server, name: str) -> Iterator[None]:
    """The process of that name does nothing while the block lasts."""
    processes = [psutil.Process(pid) for pid in named(server, name)]
    assert processes
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            each.resume()


def change(client: SolidClient, url: str) -> int:
    """Writes, and gives the version that came of it."""
    answer = client.put(url, b"changed", headers=PLAIN)
    assert answer.ok, answer.text
    return version_of(answer.headers["ETag"])


@pytest.mark.requirement("notifications#authorization-at-delivery")
@pytest.mark.parametrize("kind", [*PULLED, WEBHOOK])
def test_revoked_means_silent_at_once(
    kind: str, server: Server, alice: SolidClient, bob: SolidClient, container: str, share: Share
) -> None:
    watched, other = f"{container}watched", f"{container}other"
    for url in (watched, other):
        change(alice, url)
        share(url, "Read")
    with hearing(bob, kind, watched, other) as heard:
        first = change(alice, watched)
        until(lambda: any(each.sequence == first for each in heard))
        with still(server, STREAM if kind in PULLED else WORKER):
            change(alice, watched)
            alice.put_acl(watched, authorization(watched, "Read Write Control", agents=(alice.web_id,)))
        change(alice, watched)
        last = change(alice, other)
        until(lambda: any(each.sequence == last for each in heard))
    assert [(each.object, each.sequence) for each in heard] == [(watched, first), (other, last)]
