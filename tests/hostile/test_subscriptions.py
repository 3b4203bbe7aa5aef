"""Subscription services under bad input, under whoever wants all the room, and under whoever wants to know what there is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pod.protocol.agent import Credentials
from pod.store.moderation import Cases
from pod.store.records import SERVER
from tests.support.client import acl, authorization
from tests.support.inprocess import BASE, Answer, LocalServer

SERVICE = "/.notifications/WebSocketChannel2023"
HOOKS = "/.notifications/WebhookChannel2023"
CONTEXT = "https://www.w3.org/ns/solid/notifications-context/v1"
JSON_LD = {"Content-Type": "application/ld+json"}
TOPIC = f"{BASE}alice/doc"
OPEN = f"{BASE}alice/open"
SECONDS_MAX = 5


def opened(folder: Path, **settings: Any) -> LocalServer:
    """A server with a document of alice's, and another that everyone may read."""
    server = LocalServer(folder, settings=settings)
    for path in ("/alice/doc", "/alice/open"):
        server.request("PUT", path, {"Content-Type": "text/plain"}, b"hello")
    owner = authorization(OPEN, "Read Write Control", agents=(f"{BASE}alice/profile/card#me",))
    rules = acl(owner, authorization(OPEN, "Read", public=True)).encode()
    server.request("PUT", "/alice/open.acl", {"Content-Type": "text/turtle"}, rules)
    return server


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Iterator[LocalServer]:
    server = opened(tmp_path_factory.mktemp("subscriptions") / "data")
    yield server
    server.close()


@pytest.fixture
def small(tmp_path) -> Iterator[LocalServer]:
    """Where there is little room, or something is broken afterwards."""
    server = opened(tmp_path / "data", channels_per_agent_max=3, channels_per_topic_max=6)
    yield server
    server.close()


def asked(**more: Any) -> dict[str, Any]:
    return {"@context": CONTEXT, "type": "WebSocketChannel2023", "topic": TOPIC} | more


def post(local: LocalServer, document: Any, by: str | None = "alice", path: str = SERVICE) -> Answer:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return local.request("POST", path, JSON_LD, content, by=by)


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


BOMBS = {
    "deep": nested(20_000),
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "many topics": json.dumps(asked(topic=[f"{TOPIC}{number}" for number in range(1_000)])).encode(),
    "too many topics": json.dumps(asked(topic=[f"{TOPIC}{number}" for number in range(2_500)])).encode(),
    "many members": json.dumps(asked() | {f"x{number}": number for number in range(4_000)}).encode(),
    "large": json.dumps(asked(state="x" * 70_000)).encode(),
    "a long number": b'{"topic": ' + b"9" * 60_000 + b"}",
    "scoped contexts": json.dumps(
        asked() | {"@context": [CONTEXT, *({f"t{n}": {"@id": f"urn:{n}", "@context": {}} for n in range(300)},)]}
    ).encode(),
    "a context in itself": json.dumps(asked() | {"@context": {"@import": CONTEXT, "@version": 1.1}}).encode(),
    "surrogates": b'{"topic": "\\ud800"}',
    "not UTF-8": b'{"topic": "\xff"}',
    "nothing but a number": b"1e999",
    "null": b"null",
}


HARMLESS = {"a context in itself", "many members", "scoped contexts"}


@pytest.mark.requirement("notifications#subscription-server-subscription-request-unprocessable-entity")
@pytest.mark.parametrize("name", BOMBS)
def test_bad_input_is_refused_soon(local, name):
    began = time.perf_counter()
    answer = post(local, BOMBS[name])
    assert time.perf_counter() - began < SECONDS_MAX
    assert answer.status in {400, 413, 422} or (name in HARMLESS and answer.status == 200), answer.body
    assert json.loads(answer.body)


@pytest.mark.parametrize("depth", [5, 500])
def test_contexts_of_others_are_never_fetched(local, depth):
    contexts = [f"http://127.0.0.1:9/{number}" for number in range(depth)]
    began = time.perf_counter()
    assert post(local, asked() | {"@context": contexts}).status == 422
    assert time.perf_counter() - began < SECONDS_MAX


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "doc",
        "/alice/doc",
        "https://elsewhere.example/",
        "http://localhost:3000.evil.example/alice/doc",
        "http://localhost:3000@evil.example/alice/doc",
        f"{BASE}.notifications/WebSocketChannel2023",
        f"{BASE}.account/",
        f"{BASE}alice/.hidden",
        f"{BASE}alice/../bob/",
        f"{BASE}alice/%2e%2e/bob/",
        f"{BASE}alice/a%00b",
        f"{BASE}alice/doc?query",
        f"{BASE}alice/doc#part",
        f"{BASE}alice/" + "x" * 3_000,
        f"{BASE}alice/" + "x/" * 100,
        "http://localhost:3000/nobody",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_resource_of_a_pod_cannot_be_listened_to(local, topic):
    assert post(local, asked(topic=topic)).status == 422


@pytest.mark.requirement("notifications#authorization-at-subscription")
@pytest.mark.parametrize("by", ["bob", None])
@pytest.mark.parametrize(
    "topic", ["alice/doc", "alice/missing", "alice/doc/", "alice/", "alice/missing/deep", "alice/doc.acl"]
)
def test_a_refusal_tells_nobody_what_there_is(local, by, topic):
    expected = post(local, asked(topic=f"{BASE}alice/never-was"), by)
    answer = post(local, asked(topic=BASE + topic), by)
    assert answer.status == expected.status == (403 if by else 401)
    assert shape(answer) == shape(expected) or topic == "alice/doc.acl"


def shape(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in json.loads(answer.body).items() if name != "instance"}


def test_nor_does_a_pod_that_is_not_there(local):
    assert post(local, asked(topic=f"{BASE}nobody/doc"), "bob").status == 404


def test_an_app_makes_room_by_its_own_oldest_channel(small):
    urls = []
    for _ in range(4):
        urls.append(json.loads(post(small, asked()).body)["id"])
        small.services.clock.time += 0.001
    statuses = [small.request("GET", url.removeprefix(BASE[:-1])).status for url in urls]
    assert statuses == [404, 200, 200, 200]


def test_channels_that_are_pushed_make_no_room(small):
    hook = asked(type="WebhookChannel2023", sendTo="https://hook.example/")
    statuses = [post(small, hook, path=HOOKS).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = post(small, hook, path=HOOKS)
    assert b"DELETE" in refused.body


def test_an_address_has_so_many_channels_without_signing_in(small):
    assert [post(small, asked(topic=OPEN), None).status for _ in range(4)] == [200, 200, 200, 429]


def test_an_address_has_no_more_channels_by_bringing_ever_new_webids(tmp_path, monkeypatch: pytest.MonkeyPatch):
    server = opened(tmp_path / "data", channels_per_agent_max=3)
    numbers = count()
    stranger = lambda *_, **__: Credentials(f"https://elsewhere.example/{next(numbers)}#me")  # noqa: E731
    monkeypatch.setattr(type(server.services.authenticator), "authenticate", stranger)
    assert [post(server, asked(topic=OPEN)).status for _ in range(4)] == [200, 200, 200, 429]
    server.close()


def test_strangers_leave_room_on_a_topic_for_those_with_an_account(small):
    statuses = []
    for address in range(5):
        environ = small.environ("POST", SERVICE, JSON_LD, json.dumps(asked(topic=OPEN)).encode(), None)
        environ["REMOTE_ADDR"] = f"198.51.100.{address}"
        statuses.append(small.call(environ).status)
    assert statuses == [200, 200, 200, 429, 429]
    assert post(small, asked(topic=OPEN), "bob").status == 200


def test_so_many_subscriptions_are_taken_in_a_minute(tmp_path):
    server = LocalServer(tmp_path / "data", settings={"subscriptions_per_minute": 2, "dev": False})
    try:
        answers = [post(server, b"{}", "alice") for _ in range(3)]
        assert [answer.status for answer in answers] == [422, 422, 429]
        assert answers[-1].headers["retry-after"] == "60"
        assert post(server, b"{}", "bob").status == 422
    finally:
        server.close()


def test_an_address_asks_for_no_more_by_bringing_ever_new_webids(tmp_path, monkeypatch: pytest.MonkeyPatch):
    server = LocalServer(tmp_path / "data", settings={"subscriptions_per_minute": 2, "dev": False})
    numbers = count()
    stranger = lambda *_, **__: Credentials(f"https://elsewhere.example/{next(numbers)}#me")  # noqa: E731
    monkeypatch.setattr(type(server.services.authenticator), "authenticate", stranger)
    assert [post(server, asked()).status == 429 for _ in range(3)] == [False, False, True]
    server.close()


@pytest.mark.parametrize("status", ["leaving", "emptying"])
def test_a_pod_that_goes_with_its_account_takes_no_subscriptions(small, status):

    with small.services.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET status = ? WHERE path = '/alice/'", (status,))
    assert post(small, asked()).status == 410


@pytest.mark.requirement("notifications#authorization-at-subscription")
def test_a_revoked_token_opens_nothing(small):

    url = json.loads(post(small, asked()).body)["id"].removeprefix(BASE[:-1])
    with small.services.store.write(SERVER) as tx:
        tx.rows("UPDATE access_grant SET revoked_ms = 1")
    assert [post(small, asked()).status, small.request("GET", url).status, small.request("DELETE", url).status] == [
        401
    ] * 3


@pytest.mark.parametrize("key", ["", "x", "../channels", "%00", "'; DROP TABLE channel; --", "x" * 5_000])
def test_guessing_channels_gives_nothing(local, key):
    assert local.request("GET", f"/.notifications/channels/{key}").status in {400, 401, 404, 414}
    assert local.request("DELETE", f"/.notifications/channels/{key}").status in {400, 401, 404, 405, 414}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b'"x"', nested(5_000), b"{" + b" " * 70_000 + b"}", b'{"protocols": "ws"}']
)
@pytest.mark.parametrize("path", ["/.notifications/gateway", "/.notifications/gateway/ws"])
def test_the_older_gateway_refuses_bad_input_too(local, content, path):
    answer = local.request("POST", path, {"Content-Type": "application/json"}, content, by="alice")
    assert answer.status in {400, 413, 422}, answer.body


def test_nobody_but_its_owner_listens_for_what_operators_took_down(small: LocalServer):
    channel = asked(topic=OPEN)
    assert post(small, channel, by="bob").status in {200, 201}
    with small.services.store.write(SERVER) as tx:
        Cases(tx).take_down(tx, "/alice/open", "a reason")
    small.services.moderation.forget()
    refused = post(small, channel, by="bob")
    assert (refused.status, post(small, channel, by=None).status) == (451, 451)
    assert b"a reason" not in refused.body
    assert post(small, channel).status in {200, 201}
