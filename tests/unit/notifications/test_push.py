"""Who is concerned by a change gets a turn, and nobody else; one that is slow keeps nobody waiting; nothing is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from pod.errors import UnprocessableContent
from pod.notifications.courier import IDLE_MS, Trip
from pod.notifications.hosts import Hosts
from pod.notifications.push import CHANNELS_SECONDS, FOLLOWER, THREADS, Push, check_target
from pod.remote.errors import ForbiddenAddress
from pod.store.channels import Channels, Deliveries, Delivery
from tests.support.people import opened, pass_time
from tests.support.stores import make_storage, put
from tests.support.waiting import until
from tests.unit.notifications.channels import add, channel


@dataclass
class Courier:
    """Notes whom it was sent to. `then` decides how far it comes; to the end of the journal, unless told otherwise."""

    services: object
    trips: list[tuple[str, int]] = field(default_factory=list)
    then: Callable = lambda _channel, _delivery: None

    def carry(self, asked, delivery):
        self.trips.append((asked.id, delivery.sequence))
        trip = self.then(asked, delivery)
        return trip or Trip(replace(delivery, sequence=sequence(self.services), due_ms=IDLE_MS))


def sequence(services):
    return services.store.rows("SELECT MAX(sequence) FROM storage")[0][0]


@pytest.fixture
def services(tmp_path):
    with opened(tmp_path / "data") as found:
        make_storage(found.store)
        put(found.store, "/alice/notes")
        yield found


def pushing(services, courier):
    return Push(services, courier, Hosts(services.clock, 0))


def round_of(push, services):
    """One round, with time for channels to be looked for, and its deliveries."""
    pass_time(services, CHANNELS_SECONDS)
    push.step()
    until(lambda: not any(line.busy for line in push._lines.values()))


def subscribed(services, key="channel", **changes):
    usual = {"id": key, "sequence": sequence(services), "created_ms": hash(key) % 1000}
    return add(services.store, channel(**usual | changes))


def test_a_new_channel_begins_where_its_subscriber_stands(services):
    subscribed(services, sequence=1)
    courier = Courier(services)
    round_of(pushing(services, courier), services)
    assert courier.trips == [("channel", 1)]


def test_a_change_gives_those_a_turn_whom_it_concerns(services):
    subscribed(services, "notes")
    subscribed(services, "other", topics=("/alice/other",))
    subscribed(services, "beneath", topics=("/alice/",), subtree=True)
    subscribed(services, "members", topics=("/alice/",))
    courier = Courier(services)
    push = pushing(services, courier)
    round_of(push, services)
    courier.trips.clear()
    put(services.store, "/alice/notes", b"# again")
    round_of(push, services)
    before = sequence(services) - 1
    assert sorted(courier.trips) == [("beneath", before), ("notes", before)]


def test_without_a_change_nobody_gets_one(services):
    subscribed(services)
    courier = Courier(services)
    push = pushing(services, courier)
    for _ in range(3):
        round_of(push, services)
    assert len(courier.trips) == 1


def test_a_change_while_a_channel_is_busy_gives_it_another_turn(services):
    subscribed(services)
    push_to = Courier(services)
    push = pushing(services, push_to)
    round_of(push, services)
    began, go_on = threading.Event(), threading.Event()

    def slowly(_asked, delivery):
        if len(push_to.trips) == 2:
            reached = sequence(services)
            began.set()
            go_on.wait(60)
            return Trip(replace(delivery, sequence=reached, due_ms=IDLE_MS))
        return None

    push_to.then = slowly
    put(services.store, "/alice/notes", b"# 1")
    push.step()
    began.wait(60)
    put(services.store, "/alice/notes", b"# 2")
    push.step()
    go_on.set()
    until(lambda: not any(line.busy for line in push._lines.values()))
    push.step()
    until(lambda: len(push_to.trips) == 3)
    assert push_to.trips[2] == ("channel", sequence(services) - 1)


def test_what_was_noted_is_delivered_by_the_next_process(services):
    """Killed after the follower moved on, before the receiver had it."""
    subscribed(services)
    round_of(pushing(services, Courier(services)), services)
    dying = Courier(services, then=lambda _asked, _delivery: threading.Event().wait())
    push = pushing(services, dying)
    pass_time(services, CHANNELS_SECONDS)
    push.step()
    put(services.store, "/alice/notes", b"# 1")
    push.step()
    until(lambda: dying.trips)
    put(services.store, "/alice/notes", b"# while it is busy")
    push.step()
    put(services.store, "/alice/notes", b"# while nobody follows")
    courier = Courier(services)
    round_of(pushing(services, courier), services)
    assert courier.trips == [("channel", sequence(services) - 3)]


def test_a_place_in_the_journal_that_is_no_more_gives_everybody_a_turn(services):
    subscribed(services)
    round_of(pushing(services, Courier(services)), services)
    services.store.advance(FOLLOWER, -1)
    courier = Courier(services)
    round_of(pushing(services, courier), services)
    assert len(courier.trips) == 1


def test_silent_hosts_keep_nobody_waiting(services):
    """As many channels as there are threads, all of hosts that never answer."""
    over = threading.Event()
    for number in range(2 * THREADS):
        subscribed(services, f"dead-{number}", send_to="https://dead.example/")
    subscribed(services, "live")
    courier = Courier(services, then=lambda asked, _delivery: asked.id == "live" or (over.wait(60) and None))
    push = pushing(services, courier)
    pass_time(services, CHANNELS_SECONDS)
    push.step()
    until(lambda: ("live", sequence(services)) in courier.trips)
    assert sum(key.startswith("dead") for key, _ in courier.trips) == THREADS // 2
    over.set()


def test_a_receiver_that_is_gone_takes_its_channel_along(services):
    subscribed(services)
    courier = Courier(services, then=lambda _asked, delivery: Trip(delivery, halted=True, ended=True))
    push = pushing(services, courier)
    round_of(push, services)
    until(lambda: Channels(services.store).push_channels() == [])
    pass_time(services, CHANNELS_SECONDS)
    assert push.step() == CHANNELS_SECONDS
    assert Deliveries(services.store).all() == {}


def test_a_channel_that_was_ended_hears_nothing_more(services):
    subscribed(services)
    courier = Courier(services)
    push = pushing(services, courier)
    round_of(push, services)
    Channels(services.store).remove("channel")
    put(services.store, "/alice/notes", b"# again")
    round_of(push, services)
    assert len(courier.trips) == 1
    assert Deliveries(services.store).all() == {}, "nothing is kept of it"


def test_nor_one_that_was_ended_while_something_waited_for_it(services):
    subscribed(services, "stays")
    subscribed(services)
    later = int((services.clock.now() + 100) * 1000)
    courier = Courier(services, then=lambda _asked, delivery: Trip(replace(delivery, due_ms=later), halted=True))
    push = pushing(services, courier)
    round_of(push, services)
    Channels(services.store).remove("channel")
    round_of(push, services)
    courier.trips.clear()
    pass_time(services, 200)
    round_of(push, services)
    assert [key for key, _ in courier.trips] == ["stays"]


def test_of_one_that_was_ended_while_it_waited_for_its_next_try_nothing_is_kept(services):
    subscribed(services, "kept", sequence=1)
    subscribed(services, "ended", sequence=1)
    tomorrow = int((services.clock.now() + 86_400) * 1000)
    push = pushing(services, Courier(services, then=lambda _, delivery: Trip(replace(delivery, due_ms=tomorrow))))
    round_of(push, services)
    Channels(services.store).remove("ended")
    round_of(push, services)
    assert [line.channel.id for _, _, line in push._due] == ["kept"]


def test_what_waits_when_a_channel_ends_has_its_turn_then(services):
    end_ms = int((services.clock.now() + 60) * 1000)
    subscribed(services, sequence=1, end_ms=end_ms)
    courier = Courier(services, then=lambda _, delivery: Trip(replace(delivery, due_ms=end_ms + 86_400_000)))
    push = pushing(services, courier)
    round_of(push, services)
    assert len(courier.trips) == 1
    pass_time(services, 60)
    round_of(push, services)
    assert len(courier.trips) > 1


def test_what_should_not_happen_ends_a_channel_whose_time_is_over(services):
    courier = Courier(services, then=lambda _asked, _delivery: 1 // 0)
    subscribed(services, sequence=1, end_ms=1)
    push = pushing(services, courier)
    for _ in range(3):
        round_of(push, services)
    assert len(courier.trips) == 1


def test_one_that_is_switched_off_is_left_alone(services):
    subscribed(services)
    off = Delivery("channel", 0, failures=32, due_ms=IDLE_MS, disabled_ms=1)
    courier = Courier(services, then=lambda _asked, _delivery: Trip(off, halted=True))
    push = pushing(services, courier)
    round_of(push, services)
    put(services.store, "/alice/notes", b"# again")
    round_of(push, services)
    courier.trips.clear()
    round_of(pushing(services, courier), services)
    assert courier.trips == []


def test_what_should_not_happen_concerns_one_channel_and_passes(services):
    def fail(asked, _delivery):
        if asked.id == "bad" and len(courier.trips) < 3:
            raise KeyError("bug")

    subscribed(services, "bad")
    subscribed(services, "good")
    courier = Courier(services, then=fail)
    push = pushing(services, courier)
    round_of(push, services)
    assert Deliveries(services.store).load(channel(id="good")).due_ms == IDLE_MS
    pass_time(services, 60)
    round_of(push, services)
    assert [key for key, _ in courier.trips].count("bad") == 2


def test_it_ends_when_told_to_whatever_is_under_way(services):
    subscribed(services)
    stop, began = threading.Event(), threading.Event()
    courier = Courier(services, then=lambda _asked, _delivery: began.set() or threading.Event().wait())
    thread = threading.Thread(target=pushing(services, courier).run, args=(stop,))
    thread.start()
    began.wait(60)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


class Inside:
    def address(self, url, *, seconds_max):
        raise ForbiddenAddress(f"{url} is at 10.0.0.1")


def test_a_target_inside_is_refused_without_a_word_about_it(services):
    with pytest.raises(UnprocessableContent) as refused:
        check_target(replace(services, receivers=Inside()), "https://in.example/")
    assert "10." not in refused.value.detail
