"""What waits for one receiver is taken there in order, nothing is left out, and failures are counted."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from pod.errors import Busy
from pod.notifications.courier import IDLE_MS, TURN_MESSAGES, Courier
from pod.notifications.hosts import Hosts
from pod.notifications.sender import sender
from pod.protocol.notification import ChannelType
from pod.protocol.resource import Target
from pod.remote.client import Posted
from pod.remote.errors import RemoteTimeout
from pod.store.channels import Channels, Deliveries, Delivery
from pod.store.records import Actor
from tests.support.client import acl, authorization
from tests.support.inprocess import BASE, LocalServer
from tests.support.people import pass_time
from tests.unit.notifications.channels import add, channel

ALICE = f"{BASE}alice/profile/card#me"
TOPIC = "/alice/notes"
TAKEN = Posted(200, "")

BOB = f"{BASE}bob/profile/card#me"


@dataclass
class Hook:
    """A receiver that answers as it is told to, and as `TAKEN` when it is told nothing."""

    answers: list[object] = field(default_factory=list)
    messages: list[dict] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def send(self, _channel, _url, message):
        self.messages.append(json.loads(message))
        self.meanwhile()
        answer = self.answers.pop(0) if self.answers else TAKEN
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def states(self):
        return [int(message["state"].rpartition(".")[2]) for message in self.messages]


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    server = LocalServer(tmp_path_factory.mktemp("data"))
    yield server
    server.close()


@pytest.fixture
def services(local):
    return local.services


@pytest.fixture
def write(local):
    """Writes the topic; gives the sequence number of the change."""

    def put(path=TOPIC, text="<#a> <#b> <#c> ."):
        answer = local.request("PUT", path, {"Content-Type": "text/turtle"}, text.encode(), by="alice")
        assert answer.status in {200, 201, 204, 205}, answer
        return sequence(local.services)

    return put


def sequence(services):
    return services.store.rows("SELECT sequence FROM storage WHERE path = '/alice/'")[0][0]


def storage(services):
    return services.store.rows("SELECT id FROM storage WHERE path = '/alice/'")[0][0]


@pytest.fixture
def made(services, write):
    """A channel of alice's about her notes, as of now."""

    def make(**changes):
        write()
        Channels(services.store).remove("channel")
        return add(
            services.store,
            channel(**{"storage": storage(services), "agent": ALICE, "sequence": sequence(services), **changes}),
        )

    return make


def courier(services, hook, hosts=None):
    methods = dict.fromkeys(ChannelType, hook)
    return Courier(services, methods, hosts or Hosts(services.clock, 0), Deliveries(services.store))


def carry(services, hook, asked, delivery=None):
    return courier(services, hook).carry(asked, delivery or Delivery(asked.id, asked.sequence))


def test_all_that_happened_is_told_in_order(services, write, made):
    asked, hook = made(), Hook()
    written = [write() for _ in range(3)]
    trip = carry(services, hook, asked)
    assert hook.states == written
    assert {(each["type"], each["object"]) for each in hook.messages} == {("Update", BASE + TOPIC[1:])}
    assert (trip.delivery.sequence, trip.delivery.due_ms, trip.halted) == (written[-1], IDLE_MS, False)


def test_a_failure_halts_it_and_the_same_message_goes_first_next_time(services, write, made):
    asked, hook = made(), Hook([TAKEN, Posted(500, "")])
    written = [write() for _ in range(3)]
    trip = carry(services, hook, asked)
    assert (trip.halted, trip.delivery.sequence, trip.delivery.failures) == (True, written[0], 1)
    assert trip.delivery.due_ms > services.clock.now() * 1000
    trip = carry(services, hook, asked, trip.delivery)
    assert hook.states == [written[0], written[1], written[1], written[2]]
    assert hook.messages[1]["id"] == hook.messages[2]["id"]
    assert (trip.delivery.failures, trip.delivery.last_error) == (0, None)


def test_where_it_stands_is_known_after_each_message(services, write, made):
    asked, known = made(), []
    hook = Hook(meanwhile=lambda: known.append(Deliveries(services.store).load(asked).sequence))
    written = [write() for _ in range(3)]
    carry(services, hook, asked)
    assert known[1:] == written[:2]


@pytest.mark.parametrize("status", [404, 410])
def test_a_receiver_that_is_gone_ends_the_channel(services, write, made, status):
    asked = made()
    write()
    assert carry(services, Hook([Posted(status, "")]), asked).ended


@pytest.mark.parametrize("answer", [Posted(302, ""), Posted(400, ""), Posted(503, "7"), RemoteTimeout("no")])
def test_after_so_many_failures_a_channel_is_switched_off(services, write, made, answer):
    asked = made(send_to=f"https://{id(answer)}.example/")
    write()
    most = services.config.push_failures_max
    last = Delivery(asked.id, asked.sequence, failures=most - 2)
    almost = carry(services, Hook([answer]), asked, last).delivery
    assert (almost.failures, almost.disabled_ms) == (most - 1, None)
    off = carry(services, Hook([answer]), asked, almost).delivery
    assert (off.disabled_ms, off.due_ms) == (int(services.clock.now() * 1000), IDLE_MS)
    assert off.last_error
    assert "example" not in off.last_error, "where it is sent to is the subscriber's secret"


def test_a_receiver_may_ask_for_time(services, write, made):
    asked = made()
    write()
    trip = carry(services, Hook([Posted(429, "900")]), asked)
    assert trip.delivery.due_ms == int((services.clock.now() + 900) * 1000)


def test_a_message_too_large_for_its_receiver_holds_up_none_after_it(services, write, made):
    asked, hook = made(), Hook([Posted(413, "")])
    written = [write() for _ in range(2)]
    assert carry(services, hook, asked).delivery.sequence == written[1]
    assert hook.states == written


@pytest.mark.requirement("notifications#authorization-at-delivery")
@pytest.mark.parametrize("agent", [None, f"{BASE}bob/profile/card#me"])
def test_who_may_not_read_hears_nothing(services, write, made, agent):
    asked, hook = made(agent=agent), Hook()
    last = write()
    assert carry(services, hook, asked).delivery.sequence == last
    assert hook.messages == []


def test_after_a_turn_others_go_first(services, write, made):
    asked, hook = made(), Hook()
    written = [write() for _ in range(TURN_MESSAGES + 1)]
    trip = carry(services, hook, asked)
    assert (trip.delivery.sequence, trip.delivery.due_ms) == (written[-2], int(services.clock.now() * 1000))


def test_what_can_no_longer_be_told_becomes_one_message_of_how_it_is_now(services, write, made):
    asked, hook = made(sequence=-1), Hook()
    last = write()
    trip = carry(services, hook, asked)
    assert (hook.states, hook.messages[0]["type"]) == ([last], "Update")
    assert trip.delivery.sequence == last


@pytest.mark.requirement("notifications#notify-startAt")
def test_nothing_is_told_of_what_was_before_it_starts(services, write, made):
    asked, hook = made(start_ms=int(services.clock.now() * 1000) + 1), Hook()
    last = write()
    assert carry(services, hook, asked).delivery.sequence == last
    assert hook.messages == []


@pytest.mark.requirement("notifications#notify-endAt")
def test_nothing_is_told_of_what_was_after_its_end(services, write, made):
    asked, hook = made(end_ms=1), Hook()
    write()
    assert (carry(services, hook, asked).ended, hook.messages) == (True, [])


@pytest.mark.requirement("notifications#notify-endAt")
@pytest.mark.parametrize("answer", [TAKEN, Posted(500, ""), RemoteTimeout("slow")])
def test_what_waits_when_it_ends_has_its_last_try_then(services, write, made, answer):
    """Whether it waits for a rate or for another try."""
    asked, hook = made(rate_seconds=3600.0, end_ms=int(services.clock.now() * 1000) + 1000), Hook([TAKEN, answer])
    write()
    before = carry(services, hook, asked)
    last = [write() for _ in range(3)][-1]
    pass_time(services, 1)
    trip = carry(services, hook, asked, before.delivery)
    assert (before.ended, trip.ended, hook.states[1:]) == (False, True, [last])


def test_all_that_waits_when_it_ends_is_told_turn_by_turn(services, write, made):
    asked, hook = made(end_ms=int(services.clock.now() * 1000) + 1000), Hook()
    written = [write() for _ in range(TURN_MESSAGES + 1)]
    pass_time(services, 1)
    first = carry(services, hook, asked)
    second = carry(services, hook, asked, first.delivery)
    assert (first.ended, second.ended, hook.states) == (False, True, written)


@pytest.mark.requirement("notifications#notify-rate")
def test_with_a_rate_it_tells_the_last_of_what_waits_and_then_rests(services, write, made):
    asked, hook = made(rate_seconds=30.0), Hook()
    written = [write() for _ in range(3)]
    trip = carry(services, hook, asked)
    assert hook.states == [written[-1]]
    assert trip.delivery.due_ms == int((services.clock.now() + 30) * 1000)


@pytest.mark.parametrize(("send_to", "told"), [(f"{BASE}alice/inbox/", 0), ("https://hooks.example/in", 1)])
def test_two_inboxes_here_do_not_tell_each_other_for_ever(services, made, send_to, told):
    asked, hook = made(send_to=send_to, type=ChannelType.LDN), Hook()
    store = services.store
    with store.write(Actor(sender(BASE), sender(BASE))) as tx:
        snapshot = tx.describe(Target.parse(TOPIC))
        content = store.stage(io.BytesIO(b""), "text/turtle", bytes_max=1)
        tx.replace(snapshot.state, content, kind=snapshot.state.kind, acl=snapshot.acls[0])
    carry(services, hook, asked)
    assert len(hook.messages) == told


def test_a_host_that_rests_costs_no_failure(services, write, made):
    asked, hook, hosts = made(), Hook(), Hosts(services.clock, 0)
    write()
    hosts.was_silent("hooks.example")
    trip = courier(services, hook, hosts).carry(asked, Delivery(asked.id, asked.sequence))
    assert (hook.messages, trip.delivery.failures, trip.halted) == ([], 0, True)
    assert trip.delivery.due_ms > services.clock.now() * 1000


def test_a_container_tells_of_a_new_member_on_each_of_its_topics_once_it_is_complete(services, write, made):
    """Two topics of one channel hear of the same change: only the last message says that all was told."""
    asked, hook = made(topics=("/alice/", "/alice/new-note")), Hook([TAKEN, Posted(500, "")])
    created = write("/alice/new-note")
    trip = carry(services, hook, asked)
    assert trip.delivery.sequence < created, "a crash now repeats both"
    assert ["state" in each for each in hook.messages] == [False, True]
    trip = carry(services, hook, replace(asked), trip.delivery)
    assert {each["type"] for each in hook.messages} == {"Create", "Add"}
    assert trip.delivery.sequence == created


def test_what_cannot_be_decided_for_a_crowd_is_told_later(services, write, made, monkeypatch):
    asked, hook = made(), Hook()
    written = [write() for _ in range(2)]
    decide, decided = type(services.authorizer).decide, []

    def crowded_once(*arguments, **named):
        decided.append(1)
        if len(decided) == 2:
            raise Busy
        return decide(*arguments, **named)

    monkeypatch.setattr(type(services.authorizer), "decide", crowded_once)
    trip = carry(services, hook, asked)
    assert (trip.halted, trip.delivery.sequence, trip.delivery.failures) == (True, written[0], 0)
    carry(services, hook, asked, trip.delivery)
    assert hook.states == written


def open_shallowly(local):
    """A container in which bob may read, but nothing of what it contains."""
    topic = "/alice/shared/"
    local.request("PUT", topic, {"Link": '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"'}, b"", by="alice")
    rules = acl(
        authorization(BASE + topic[1:], "Read Write Control", agents=(ALICE,), default=True),
        authorization(BASE + topic[1:], "Read", agents=(BOB,)),
    )
    answer = local.request("PUT", f"{topic}.acl", {"Content-Type": "text/turtle"}, rules.encode())
    assert answer.status in {201, 204}, answer.body
    return topic


def test_with_a_rate_what_may_not_be_heard_takes_no_place_from_what_may(services, local, write, made):
    topic = open_shallowly(local)
    asked, hook = made(topics=(topic,), subtree=True, agent=BOB, rate_seconds=30.0), Hook()
    write(f"{topic}private")
    write(f"{topic}private")
    carry(services, hook, asked)
    assert [each["type"] for each in hook.messages] == ["Add"]


def test_one_that_may_hear_a_part_of_a_change_is_told_how_far_it_came_with_that(services, local, write, made):
    """The container may be read, and its new member not: the subtree tells nothing, the membership does."""
    topic = open_shallowly(local)
    asked, hook = made(topics=(topic,), subtree=True, agent=BOB), Hook()
    created = write(f"{topic}secret")
    carry(services, hook, asked)
    assert [each["type"] for each in hook.messages] == ["Add"]
    assert hook.states == [created]


def test_a_channel_that_was_ended_meanwhile_tells_nothing_more(services, write, made):
    asked, hook = made(), Hook()
    hook.meanwhile = lambda: Channels(services.store).remove(asked.id)
    write()
    write()
    assert carry(services, hook, asked).ended
    assert len(hook.messages) == 1
