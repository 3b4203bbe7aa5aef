"""Receivers that mean harm, and subscribers who would have this server harm others: where messages go, for how long, how often.

Spec: WebhookChannel2023 #channel-type; LDN #sender, "SHOULD NOT make POST requests to the Inbox that are localhost"
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from pod.errors import UnprocessableContent
from pod.identity.accounts import create_account
from pod.notifications.courier import Courier
from pod.notifications.hosts import Hosts
from pod.notifications.push import CHANNELS_SECONDS, Push, check_target, methods
from pod.remote.client import RemoteClient
from pod.store.channels import Channels, Deliveries
from tests.support.people import PASSWORD, opened, pass_time
from tests.support.stores import put
from tests.support.waiting import until
from tests.unit.notifications.channels import add, channel
from tests.unit.remote.servers import ok, redirect, serving

TOPIC = "/alice/profile/card"
SECONDS_MAX = 20.0


@pytest.fixture
def services(tmp_path):
    with opened(tmp_path / "data", push_seconds_max=1, push_failures_max=3) as found:
        create_account(found, "alice", email=None, password=PASSWORD)
        yield found


class World:
    """A server that pushes, to hosts that are all on loopback; each round is one look at the journal."""

    def __init__(self, services, *, per_minute=0):
        self.services = services
        remote = RemoteClient(dev=True, look_up=lambda _host, _port: ["127.0.0.1"])
        self.hosts = Hosts(services.clock, per_minute)
        self.deliveries = Deliveries(services.store)
        self.push = Push(
            services, Courier(services, methods(services, remote), self.hosts, self.deliveries), self.hosts
        )
        self.number = 0

    def subscribe(self, url):
        self.number += 1
        (sequence, storage) = self.services.store.rows("SELECT sequence, id FROM storage")[0]
        key = f"channel-{self.number}"
        made = channel(id=key, topics=(TOPIC,), storage=storage, sequence=sequence, send_to=url, created_ms=self.number)
        return add(self.services.store, made)

    def change(self, times=1):
        for _ in range(times):
            put(self.services.store, TOPIC, str(time.monotonic()).encode())

    def round(self, seconds=CHANNELS_SECONDS):
        pass_time(self.services, seconds)
        self.push.step()
        until(lambda: not any(line.busy for line in self.push._lines.values()), SECONDS_MAX)

    def of(self, made):
        return self.deliveries.load(made)


@pytest.fixture
def world(services):
    return World(services)


# -- where to ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("webhook2023#sendTo")
@pytest.mark.requirement("ldn#sender")
@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://hooks.example/", "93.184.215.14"),
        ("file:///etc/passwd", "93.184.215.14"),
        ("gopher://hooks.example/", "93.184.215.14"),
        ("https://user:password@hooks.example/", "93.184.215.14"),
        ("https://hooks.example\\@127.0.0.1/", "93.184.215.14"),
        ("https://localhost/", "127.0.0.1"),
        ("https://127.0.0.1/", "127.0.0.1"),
        ("https://127.1/", "127.0.0.1"),
        ("https://2130706433/", "127.0.0.1"),
        ("https://[::1]/", "::1"),
        ("https://[::ffff:10.0.0.1]/", "::ffff:10.0.0.1"),
        ("https://[64:ff9b::a00:1]/", "64:ff9b::a00:1"),
        ("https://metadata.example/latest/", "169.254.169.254"),
        ("https://in.example/", "192.168.0.1"),
        ("https://[fd00::1]/", "fd00::1"),
    ],
)
def test_no_target_inside_is_taken(services, url, address):
    remote = RemoteClient(dev=False, look_up=lambda _host, _port: [address])
    with pytest.raises(UnprocessableContent):
        check_target(replace(services, receivers=remote), url)


def test_a_target_outside_is_taken(services):
    """The control."""
    remote = RemoteClient(dev=False, look_up=lambda _host, _port: ["93.184.215.14"])
    check_target(replace(services, receivers=remote), "https://hooks.example/in?x#y")


def test_a_name_that_leads_inside_later_is_not_followed(services):
    """DNS rebinding: judged at each delivery, by the address that is then connected to."""
    asked = []
    with serving(lambda connection, request: (asked.append(request), connection.sendall(ok()))) as port:
        addresses = ["93.184.215.14"]
        remote = RemoteClient(dev=False, look_up=lambda _host, _port: addresses)
        check_target(replace(services, receivers=remote), f"https://rebind.example:{port}/")
        addresses[:] = ["127.0.0.1"]
        world = World(services)
        courier = Courier(services, methods(services, remote), world.hosts, world.deliveries)
        made = world.subscribe(f"https://rebind.example:{port}/")
        world.change()
        trip = courier.carry(made, world.of(made))
    assert asked == []
    assert (trip.delivery.failures, "127" in trip.delivery.last_error) == (1, False)


def test_a_redirect_leads_nowhere(services):
    world, asked = World(replace(services, config=replace(services.config, push_seconds_max=SECONDS_MAX))), []
    with (
        serving(lambda connection, request: (asked.append(request), connection.sendall(ok()))) as inside,
        serving(lambda connection, _request: connection.sendall(redirect(f"http://localhost:{inside}/"))) as port,
    ):
        made = world.subscribe(f"http://hooks.example:{port}/")
        world.change()
        world.round()
    assert asked == []
    assert (world.of(made).failures, world.of(made).last_status) == (1, 302)


# -- how long ----------------------------------------------------------------------------------------------------------


def silent(_connection, _request, over):
    over.wait(60)


def dripping(connection, _request, over):
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while not over.wait(0.05):
        connection.sendall(b"x")


def continuing(connection, _request, over):
    while not over.wait(0.01):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def wide(connection, _request, over):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.is_set():
        connection.sendall(b"X-Long: " + b"x" * 60_000 + b"\r\n")


@pytest.mark.parametrize("answer", [silent, dripping, continuing, wide])
def test_an_answer_without_end_is_a_failure_in_time_and_concerns_nobody_else(world, answer):
    over, heard = threading.Event(), []

    def harm(connection, request):
        with suppress(OSError):
            answer(connection, request, over)

    with (
        serving(harm) as bad,
        serving(lambda connection, request: (heard.append(request), connection.sendall(ok()))) as good,
    ):
        made = world.subscribe(f"http://bad.example:{bad}/")
        world.subscribe(f"http://good.example:{good}/")
        world.change()
        began = time.monotonic()
        world.round()
        assert time.monotonic() - began < SECONDS_MAX
        over.set()
    assert (len(heard), world.of(made).failures) == (1, 1)


def test_an_answer_of_a_gigabyte_is_not_read(world):
    sent, over = [], threading.Event()

    def flood(connection, _request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        with suppress(OSError):
            while not over.is_set():
                sent.append(connection.send(b"x" * 65_536))

    with serving(flood) as port:
        made = world.subscribe(f"http://big.example:{port}/")
        world.change()
        world.round()
        over.set()
    assert (world.of(made).failures, world.of(made).last_status) == (0, 200)
    assert sum(sent) < 32 * 1024 * 1024


def test_who_fails_again_and_again_is_tried_less_and_less_and_then_no_more(world):
    asked = []
    with serving(lambda connection, request: (asked.append(request), connection.sendall(redirect("x")))) as port:
        made = world.subscribe(f"http://bad.example:{port}/")
        world.change()
        for _ in range(60):
            world.round(seconds=60)
    assert len(asked) == 3, "push_failures_max of this server"
    assert world.of(made).disabled_ms is not None


# -- how often ---------------------------------------------------------------------------------------------------------


def test_a_victim_of_many_channels_is_asked_so_often_in_a_minute(services):
    """One write, many channels, all to somebody who never asked for it."""
    world, victim, others = World(services, per_minute=5), [], []
    with (
        serving(lambda connection, request: (victim.append(request), connection.sendall(ok()))) as port,
        serving(lambda connection, request: (others.append(request), connection.sendall(ok()))) as elsewhere,
    ):
        for number in range(30):
            world.subscribe(f"http://victim.example:{port}/{number}")
        world.subscribe(f"http://other.example:{elsewhere}/")
        world.change(times=3)
        world.round()
        assert (len(victim), len(others)) == (5, 3)
        world.round(seconds=60)
        assert len(victim) == 10
    assert all(world.of(each).failures == 0 for each in Channels(services.store).push_channels())
