"""Channels that are pushed to, from a real server to real receivers: who sent it, what it says, and that none is missing.

Spec: WebhookChannel2023, LDNChannel2023, WebPushChannel2023; RFC 9421; RFC 9449; RFC 8291; RFC 8292
"""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.e2e.test_processes import named
from tests.support.client import SolidClient, authorization, b64url, contained
from tests.support.fixtures import signed_in
from tests.support.receiver import Delivered, Receiver, check_signature, check_token, published_keys, receiving
from tests.support.server import ALICE, BOB, Server, running_server
from tests.support.subscribing import ask, subscribe
from tests.support.waiting import until
from tests.support.web_push import opened

pytestmark = pytest.mark.e2e

WEBHOOK, LDN, WEB_PUSH = "WebhookChannel2023", "LDNChannel2023", "WebPushChannel2023"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def topic(alice: SolidClient, container: str) -> str:
    url = f"{container}topic"
    alice.put_turtle(url, "<#a> <#b> 0 .")
    return url


def write(client: SolidClient, topic: str, number: object) -> None:
    client.put_turtle(topic, f'<#a> <#b> "{number}" .')


def states(delivered: list[Delivered]) -> list[int]:
    return [int(each.message["state"].rpartition(".")[2]) for each in delivered]


# -- webhooks ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-notifications-protocol-notification-sender")
@pytest.mark.requirement("webhook2023#channel-type")
@pytest.mark.requirement("webhook2023#auth-delivery")
def test_a_webhook_hears_of_a_change_and_can_tell_who_sent_it(alice, topic, receiver):
    channel = subscribe(alice, WEBHOOK, topic, sendTo=receiver.url("hook?for=alice"))
    write(alice, topic, 1)
    delivered = receiver.next()
    message = delivered.message
    assert (message["type"], message["object"]) == ("Update", topic)
    assert message["state"] in alice.get(topic).headers["ETag"]
    keys = published_keys(channel["sender"])
    check_token(delivered, channel["sender"], keys, time.time())
    check_signature(delivered, keys)


@pytest.mark.requirement("notifications#types")
@pytest.mark.requirement("notifications#message-target")
def test_what_happens_to_members_of_a_container_is_told_in_order(alice, container, receiver):
    subscribe(alice, WEBHOOK, container, sendTo=receiver.url())
    alice.put_turtle(f"{container}a")
    alice.put_turtle(f"{container}a", "<#a> <#b> 1 .")
    alice.delete(f"{container}a")
    told = [receiver.next().message for _ in range(2)]
    assert [(each["type"], each["object"], each["target"]) for each in told] == [
        ("Add", f"{container}a", container),
        ("Remove", f"{container}a", container),
    ]


@pytest.mark.requirement("notifications#notify-state")
@pytest.mark.requirement("webhook2023#features")
@pytest.mark.parametrize(
    ("known", "told"), [(lambda etag: etag, 2), (lambda _etag: "0.7", 1)], ids=["known", "unknown"]
)
def test_who_names_a_state_is_told_at_once_what_it_missed(alice, topic, receiver, known, told):
    """Of a state that nobody here knows: how it is now."""
    before = alice.head(topic).headers["ETag"]
    write(alice, topic, 1)
    write(alice, topic, 2)
    now = alice.head(topic).headers["ETag"].strip('"').partition("-")[0]
    subscribe(alice, WEBHOOK, topic, sendTo=receiver.url(), state=known(before), accept="text/turtle")
    came = [receiver.next() for _ in range(told)]
    assert now in came[-1].body.decode()
    assert {each.headers["content-type"] for each in came} == {"text/turtle"}
    write(alice, topic, 3)
    receiver.next()
    assert len(receiver.delivered) == told + 1


def test_a_webhook_that_failed_gets_the_same_again_and_all_that_follows(alice, topic, receiver):
    failures = [(503, {"Retry-After": "1"}), (302, {"Location": receiver.url("elsewhere")})]
    receiver.answer = lambda _delivered: failures.pop(0) if failures else (204, {})
    subscribe(alice, WEBHOOK, topic, sendTo=receiver.url("hook"))
    for number in range(3):
        write(alice, topic, number)
    came = receiver.until(lambda delivered: len(delivered) == 5)
    assert len({each.message["id"] for each in came[:3]}) == 1
    assert states(came[2:]) == sorted(set(states(came)))
    assert {each.url for each in came} == {receiver.url("hook")}, "redirects are not followed"


def test_a_dead_receiver_delays_no_other(alice, topic, receiver):
    over = threading.Event()
    with receiving(lambda _delivered: (200, {}) if over.wait(60) else (500, {})) as dead:
        for number in range(10):
            subscribe(alice, WEBHOOK, topic, sendTo=dead.url(str(number)))
        subscribe(alice, WEBHOOK, topic, sendTo=receiver.url())
        write(alice, topic, 1)
        began = time.monotonic()
        receiver.next()
        for number in range(2, 6):
            write(alice, topic, number)
            receiver.next()
        waited = time.monotonic() - began
        over.set()
    assert waited < 8, "less than one delivery may take"


def test_a_receiver_that_is_gone_ends_its_channel(alice, topic, receiver):
    receiver.answer = lambda _delivered: (410, {})
    channel = subscribe(alice, WEBHOOK, topic, sendTo=receiver.url())
    write(alice, topic, 1)
    until(lambda: alice.get(channel["id"]).status_code == 404)
    assert len(receiver.delivered) == 1


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_who_may_no_longer_read_hears_nothing_more(alice, bob, topic, receiver):
    alices = authorization(topic, "Read Write Control", agents=(alice.web_id,))
    alice.put_acl(topic, alices, authorization(topic, "Read", agents=(bob.web_id,)))
    subscribe(bob, WEBHOOK, topic, sendTo=receiver.url("bob"))
    subscribe(alice, WEBHOOK, topic, sendTo=receiver.url("alice"))
    write(alice, topic, 1)
    receiver.until(lambda delivered: len(delivered) == 2)
    alice.put_acl(topic, alices)
    write(alice, topic, 2)
    write(alice, topic, 3)
    receiver.until(lambda delivered: [each.url for each in delivered].count(receiver.url("alice")) == 3)
    assert [each.url for each in receiver.delivered].count(receiver.url("bob")) == 1


@pytest.mark.requirement("webhook2023#sendTo")
@pytest.mark.parametrize(
    "target", ["ftp://hooks.example/", "https://10.0.0.1/", "https://169.254.169.254/latest", "https://[fd00::1]/"]
)
def test_a_target_that_leads_nowhere_or_inside_is_refused(alice, topic, target):
    assert ask(alice, WEBHOOK, topic, sendTo=target).status_code == 422


# -- inboxes -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ldn2023#channel-type")
@pytest.mark.requirement("ldn2023#notification-sender-notification-message-data-model")
@pytest.mark.requirement("ldn2023#sender")
def test_an_inbox_gets_json_ld_and_learns_who_sends_when_it_asks(alice, topic, receiver):
    receiver.answer = lambda delivered: (201, {}) if "authorization" in delivered.headers else (401, {})
    channel = subscribe(alice, LDN, topic, sendTo=receiver.url("inbox/"))
    write(alice, topic, 1)
    first, second = receiver.next(), receiver.next()
    assert (first.headers["content-type"], first.body) == ("application/ld+json", second.body)
    assert "authorization" not in first.headers
    keys = published_keys(channel["sender"])
    check_signature(first, keys)
    check_token(second, channel["sender"], keys, time.time())


@pytest.mark.requirement("ldn#payload")
def test_an_inbox_is_sent_nothing_but_json_ld(alice, topic, receiver):
    assert ask(alice, LDN, topic, sendTo=receiver.url(), accept="text/turtle").status_code == 422


def test_an_inbox_of_this_server_knows_its_sender(alice, bob, topic):
    inbox = f"{bob.pod}in-{uuid.uuid4().hex[:8]}/"
    bob.put_container(inbox)
    channel = subscribe(alice, LDN, topic, sendTo=inbox)
    bobs = authorization(inbox, "Read Write Control", agents=(bob.web_id,), default=True)
    bob.put_acl(inbox, bobs, authorization(inbox, "Append", agents=(channel["sender"],)))
    write(alice, topic, 1)
    until(lambda: contained(bob, inbox))
    (notification,) = contained(bob, inbox)
    assert topic in bob.get(notification).text


# -- browsers ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("webpush2023#channel-type")
@pytest.mark.requirement("webpush2023#vapidPublicKey")
@pytest.mark.requirement("webpush2023#keys")
@pytest.mark.requirement("webpush2023#created")
def test_a_browser_alone_can_read_what_its_push_service_takes(alice, topic, receiver):
    receiver.answer = lambda _delivered: (201, {})
    private, secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": b64url(point), "auth": b64url(secret)}
    answer = ask(alice, WEB_PUSH, topic, sendTo=receiver.url("push"), keys=keys)
    assert answer.status_code == 201, answer.text
    write(alice, topic, 1)
    delivered = receiver.next()
    assert delivered.headers["content-encoding"] == "aes128gcm"
    assert delivered.headers["authorization"].startswith("vapid t=")
    message = opened(delivered.body, private_key=private, auth_secret=secret)
    assert topic.encode() in message


# -- crashes -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_server(tmp_path) -> Iterator[Server]:
    with running_server((ALICE, BOB), directory=tmp_path) as running:
        yield running


def kill_worker(server: Server) -> None:
    """The one that runs, or is about to be started again."""
    until(lambda: named(server, "worker"))
    pid = named(server, "worker")
    assert pid > 0
    os.kill(pid, signal.SIGKILL)


def test_a_killed_worker_loses_nothing_and_keeps_the_order(own_server, receiver):
    """Killed while a message is on its way, and again while many wait."""
    alice = signed_in(own_server, ALICE)
    topic, writes = f"{alice.pod}notes", 30
    alice.put_turtle(topic)
    over = threading.Event()
    receiver.answer = lambda _delivered: (
        (200, {}) if len(receiver.delivered) not in {1, 12} or over.wait(60) else (500, {})
    )
    subscribe(alice, WEBHOOK, topic, sendTo=receiver.url())
    for number in range(writes):
        write(alice, topic, number)
        if number in {3, 20}:
            receiver.until(len)
            kill_worker(own_server)
    last = int(alice.head(topic).headers["ETag"].strip('"').split("-")[0].rpartition(".")[2])
    came = receiver.until(lambda delivered: delivered and states(delivered)[-1] == last)
    over.set()
    told = list(dict.fromkeys(states(came)))
    assert told == sorted(told)
    assert len(told) == writes


def test_what_happened_while_there_was_no_server_is_told_afterwards(own_server, receiver):
    alice = signed_in(own_server, ALICE)
    topic = f"{alice.pod}notes"
    alice.put_turtle(topic)
    subscribe(alice, WEBHOOK, topic, sendTo=receiver.url())
    write(alice, topic, 1)
    receiver.next()
    write(alice, topic, 2)
    own_server.kill()
    own_server.start()
    write(alice, topic, 3)
    last = int(alice.head(topic).headers["ETag"].strip('"').split("-")[0].rpartition(".")[2])
    came = receiver.until(lambda delivered: states(delivered)[-1] == last)
    assert len(set(states(came))) == 3
