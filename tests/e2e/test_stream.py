"""Listening to real processes: WebSockets, events and streaming answers hear of everything once, in order, and only of
what they may; and go on where they were.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import requests
from rdflib import Graph, Namespace, URIRef
from websockets.sync.client import connect as published_connect
from websockets.typing import Subprotocol

from pod.authentication.listeners import LISTENERS_KEY, RENEWED_SECONDS, Listeners
from tests.support.client import Login, SolidClient, authorization
from tests.support.server import PROGRAM, Server
from tests.support.stores import StillClock
from tests.support.streams import opened, reading
from tests.support.subscribing import subscribe
from tests.support.waiting import until
from tests.support.websocket import Closed, Refused, WebSocket, connect

pytestmark = pytest.mark.e2e

TEXT = {"Content-Type": "text/plain"}
ACTIVITY = Namespace("https://www.w3.org/ns/activitystreams#")
SOCKET, STREAM, EVENTS = "WebSocketChannel2023", "StreamingHTTPChannel2023", "EventSourceChannel2023"
ORIGIN = {"Origin": "https://app.example"}
SHORT_SECONDS = 3
Next = Callable[[], dict[str, Any]]


def write(client: SolidClient, url: str, content: bytes = b"x") -> None:
    answer = client.put(url, content, headers=TEXT)
    assert answer.status_code in {201, 204, 205}, answer.text


def state_of(client: SolidClient, url: str) -> str:
    """Epoch and sequence: what an ETag says before its format."""
    return client.head(url).headers["ETag"].strip('"').rpartition("-")[0]


@pytest.fixture
def listen(alice: SolidClient) -> Iterator[Callable[..., Next]]:
    """`listen(kind, url)` gives the way to the next message of a new channel of alice's, or of one that is there."""
    ends: list[Callable[[], object]] = []

    def begin(kind: str, url: str, query: str = "", **features: Any) -> Next:
        source = url if "/.stream/" in url else subscribe(alice, kind, url, **features)["receiveFrom"]
        if kind == SOCKET:
            socket = connect(source + query)
            ends.append(socket.close)
            return lambda: json.loads(socket.receive())
        stream = opened(source + query)
        assert stream.response.status == 200
        ends.append(stream.close)
        return stream.message if kind == STREAM else lambda: stream.event().data

    yield begin
    for end in ends:
        end()


@pytest.mark.requirement("solid#server-notifications-protocol-notification-sender")
@pytest.mark.requirement("eventsource2023#channel-type")
@pytest.mark.requirement("streaming2023#channel-type")
@pytest.mark.requirement("websocket2023#channel-type")
@pytest.mark.parametrize("kind", [SOCKET, STREAM, EVENTS])
def test_each_kind_hears_of_creation_change_and_end_in_order(
    alice: SolidClient, container: str, listen: Any, kind: str
):
    url = container + "a"
    write(alice, url)
    heard, members = listen(kind, url), listen(kind, container)
    write(alice, url, b"y")
    alice.delete(url)
    write(alice, url)
    told = [heard() for _ in range(3)]
    assert [(each["type"], each["object"]) for each in told] == [("Update", url), ("Delete", url), ("Create", url)]
    told = [members() for _ in range(2)]
    assert [(each["type"], each["object"], each["target"]) for each in told] == [
        ("Remove", url, container),
        ("Add", url, container),
    ]


@pytest.mark.requirement("websocket2023#channel-type")
def test_the_published_library_listens_too(alice: SolidClient, container: str):
    source = subscribe(alice, SOCKET, container)["receiveFrom"]
    with published_connect(source, subprotocols=[Subprotocol(SOCKET)]) as socket:
        assert socket.subprotocol == SOCKET
        write(alice, container + "a")
        assert json.loads(socket.recv(timeout=60))["type"] == "Add"
        socket.ping().wait(60)


@pytest.mark.parametrize("offered", [SOCKET, f"http://www.w3.org/ns/solid/notifications#{SOCKET}", "solid-0.2", None])
def test_the_channel_type_may_be_named_as_subprotocol_even_where_it_is_no_token(
    alice: SolidClient, container: str, offered: str | None
):
    source = subscribe(alice, SOCKET, container)["receiveFrom"]
    with closing(connect(source, *filter(None, ["unknown", offered]))) as socket:
        assert socket.subprotocol == offered


@pytest.mark.requirement("notifications#notify-state")
@pytest.mark.parametrize("kind", [SOCKET, STREAM, EVENTS])
def test_who_comes_back_with_a_state_hears_what_it_missed_and_then_what_happens(
    alice: SolidClient, container: str, listen: Any, kind: str
):
    source = subscribe(alice, kind, container)["receiveFrom"]
    write(alice, container + "before")
    state = state_of(alice, container)
    for name in "abc":
        write(alice, container + name)
    heard = listen(kind, source, f"?state={state}")
    write(alice, container + "d")
    assert [heard()["object"].removeprefix(container) for _ in range(4)] == ["a", "b", "c", "d"]


def test_whoever_connects_soon_after_subscribing_hears_all_since_then(alice: SolidClient, container: str, listen: Any):
    source = subscribe(alice, SOCKET, container)["receiveFrom"]
    write(alice, container + "a")
    heard = listen(SOCKET, source)
    write(alice, container + "b")
    assert [heard()["object"].removeprefix(container) for _ in range(2)] == ["a", "b"]


@pytest.mark.requirement("notifications#notify-state")
def test_writes_during_the_replay_come_once_and_in_order(alice: SolidClient, container: str):
    """More than is replayed at once; some are written while that goes on."""
    source = subscribe(alice, SOCKET, container)["receiveFrom"]
    state = state_of(alice, container)
    for number in range(60):
        write(alice, f"{container}{number}")
    socket = connect(f"{source}?state={state}")
    for number in range(60, 80):
        write(alice, f"{container}{number}")
    with closing(socket):
        told = [json.loads(socket.receive())["object"].removeprefix(container) for _ in range(80)]
    assert told == [str(number) for number in range(80)]


@pytest.mark.requirement("eventsource2023#channel-type")
@pytest.mark.requirement("notifications#notify-state")
def test_a_browser_comes_back_with_the_last_id_it_was_told_even_if_nothing_had_happened(
    alice: SolidClient, container: str
):
    source = subscribe(alice, EVENTS, container)["receiveFrom"]
    with reading(source) as stream:
        first = stream.until_id()
    assert first == state_of(alice, container)
    write(alice, container + "a")
    write(alice, container + "b")
    with reading(source, {"Last-Event-ID": first}) as stream:
        one = stream.event()
        assert one.id == one.data["state"]
    with reading(f"{source}?lastEventId={one.id}&state={first}") as stream:
        assert stream.event().data["object"] == container + "b"


@pytest.mark.parametrize("state", ["0badc0de.1", "{epoch}.999999999"])
def test_a_state_from_which_nothing_can_be_told_is_said_to_be_gone(alice: SolidClient, container: str, state: str):
    asked = state.format(epoch=state_of(alice, container).partition(".")[0])
    answer = requests.get(subscribe(alice, EVENTS, container)["receiveFrom"], params={"state": asked}, timeout=60)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (410, "journal-gone")
    socket = connect(subscribe(alice, SOCKET, container)["receiveFrom"] + f"?state={asked}")
    with pytest.raises(Closed) as ended:
        socket.receive()
    assert (ended.value.code, "read the topic anew" in ended.value.reason) == (4410, True)


@pytest.mark.parametrize("state", ["nonsense", "'; DROP TABLE", "x" * 5000])
def test_what_is_no_state_is_refused(alice: SolidClient, container: str, state: str):
    answer = requests.get(subscribe(alice, STREAM, container)["receiveFrom"], params={"state": state}, timeout=60)
    assert answer.status_code == 400


@pytest.mark.requirement("notifications#types")
def test_a_container_and_all_beneath_it_is_heard_of_once_each(alice: SolidClient, container: str, listen: Any):
    alice.put_container(container + "deep/")
    heard = listen(SOCKET, container, subtree=True)
    write(alice, container + "deep/a")
    write(alice, container + "b")
    told = [heard() for _ in range(3)]
    assert [(each["type"], each["object"].removeprefix(container)) for each in told] == [
        ("Create", "deep/a"),
        ("Add", "b"),
        ("Create", "b"),
    ]
    assert ["state" in each for each in told] == [True, False, True]


# -- who may hear ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_revoked_means_silent_at_once(alice: SolidClient, bob: SolidClient, container: str, share: Any):
    share(container, "Read")
    url = container + "a"
    write(alice, url)
    socket = connect(subscribe(bob, SOCKET, url)["receiveFrom"])
    control = connect(subscribe(alice, SOCKET, url)["receiveFrom"])
    with closing(socket), closing(control):
        write(alice, url, b"heard")
        first = json.loads(socket.receive())
        share(container, "Append")
        write(alice, url, b"not for bob")
        told = [json.loads(control.receive())["state"] for _ in range(2)]  # decided by the rules of that moment
        share(container, "Read")
        write(alice, url, b"heard again")
        second = json.loads(socket.receive())
        told.append(json.loads(control.receive())["state"])
    assert [first["state"], second["state"]] == [told[0], told[2]]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_the_end_of_a_resource_is_told_to_who_could_read_it(
    alice: SolidClient, bob: SolidClient, anyone: SolidClient, container: str, listen: Any
):
    url = container + "a"
    write(alice, url)
    public = authorization(url, "Read", public=True)
    alice.put_acl(url, authorization(url, "Read Write Control", agents=(alice.web_id,)), public)
    socket = connect(subscribe(anyone, SOCKET, url)["receiveFrom"])
    with closing(socket):
        alice.delete(url)
        assert json.loads(socket.receive())["type"] == "Delete"


@pytest.mark.requirement("notifications#unsubscribe")
def test_a_channel_that_is_ended_ends_its_connections(alice: SolidClient, container: str):
    channel = subscribe(alice, SOCKET, container)
    socket = connect(channel["receiveFrom"])
    with closing(socket):
        assert alice.delete(channel["id"]).status_code == 204
        write(alice, container + "a")
        with pytest.raises(Closed) as ended:
            socket.receive()
    assert ended.value.code == 4404
    with pytest.raises(Refused) as refused:
        connect(channel["receiveFrom"])
    assert refused.value.status == 404


# -- features ----------------------------------------------------------------------------------------------------------


def moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


@pytest.mark.requirement("notifications#notify-rate")
def test_who_asks_for_a_rate_hears_the_newest_later(alice: SolidClient, container: str, listen: Any):
    url = container + "a"
    write(alice, url)
    heard = listen(SOCKET, url, rate="PT1S")
    write(alice, url, b"1")
    first = heard()
    for content in (b"2", b"3"):
        write(alice, url, content)
    last = state_of(alice, url)
    told = [heard()["state"]]
    while told[-1] != last:  # more than one only if a write took longer than a second
        told.append(heard()["state"])
    assert first["state"] not in told


@pytest.mark.requirement("notifications#notify-startAt")
def test_nothing_is_told_before_the_start(alice: SolidClient, container: str, listen: Any):
    url = container + "a"
    write(alice, url)
    start = time.time() + 2
    heard, later = listen(SOCKET, url), listen(SOCKET, url, startAt=moment(2))
    write(alice, url, b"early")
    early = heard()["state"]
    until(lambda: time.time() > start)
    write(alice, url, b"late")
    assert later()["state"] == heard()["state"] != early


@pytest.mark.requirement("streaming2023#features")
@pytest.mark.requirement("notifications#notify-endAt")
def test_a_channel_ends_when_it_was_to(alice: SolidClient, container: str):
    source = subscribe(alice, STREAM, container, endAt=moment(2))["receiveFrom"]
    with reading(source) as stream, pytest.raises(EOFError):
        stream.message()
    until(lambda: requests.head(source, timeout=60).status_code == 404)


@pytest.mark.requirement("streaming2023#features")
@pytest.mark.requirement("notifications#notify-accept")
def test_messages_come_in_the_media_type_that_was_asked_for(alice: SolidClient, container: str):
    source = subscribe(alice, STREAM, container, accept="text/turtle")["receiveFrom"]
    with reading(source) as stream:
        assert stream.response.headers["Content-Type"] == "text/turtle"
        write(alice, container + "a")
        chunk = b""
        while not chunk.strip():
            chunk = stream.response.read1()
    told = Graph().parse(data=chunk, format="turtle")
    assert (None, ACTIVITY.object, URIRef(container + "a")) in told


# -- HTTP --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [STREAM, EVENTS])
def test_any_app_may_read_the_stream_whatever_cookies_it_brings(alice: SolidClient, container: str, kind: str):
    source = subscribe(alice, kind, container)["receiveFrom"]
    with reading(source, {**ORIGIN, "Cookie": "session=1", "Authorization": "DPoP nonsense"}) as stream:
        headers = stream.response.headers
        assert headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
        assert headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in headers
    asked = {**ORIGIN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "last-event-id"}
    answer = requests.options(source, headers=asked, timeout=60)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Headers"]) == (204, "last-event-id")


def test_a_stream_is_looked_at_without_being_opened(alice: SolidClient, container: str):
    source = subscribe(alice, EVENTS, container)["receiveFrom"]
    answer = requests.head(source, timeout=60)
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "text/event-stream", b"")
    refused = requests.post(source, data=b"x", timeout=60)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_the_process_says_to_whom_it_belongs(server: Server, alice: SolidClient, container: str):
    source = subscribe(alice, EVENTS, container)["receiveFrom"]
    health = re.sub(r"/\.stream/.*", "/.stream/health", source)
    assert requests.get(health, timeout=60).json() == {"status": "ok", "base_url": server.base_url}


# -- the older WebSockets ----------------------------------------------------------------------------------------------


def said(socket: WebSocket, count: int) -> list[str]:
    return [socket.receive() for _ in range(count)]


def plain(answer: requests.Response) -> str:
    """Where everybody listens, without what is sealed into the URL for one."""
    return answer.headers["Updates-Via"].partition("?")[0]


def asked(source: str, url: str, origin: str | None = None) -> str:
    """What a new older socket says to `sub`, as rdflib.js sends it."""
    with closing(connect(source, "solid-0.1", headers={"Origin": origin} if origin else {})) as socket:
        socket.send(f"sub {url}")
        return said(socket, 2)[1].partition(" ")[0]


@pytest.mark.requirement("solid-0.1#updates-via")
def test_resources_lead_to_the_older_socket_which_acknowledges_and_publishes(alice: SolidClient, container: str):
    url = container + "a"
    write(alice, url)
    public = authorization(container, "Read", public=True, default=True)
    alice.put_acl(
        container, authorization(container, "Read Write Control", agents=(alice.web_id,), default=True), public
    )
    socket = connect(alice.get(url).headers["Updates-Via"], "solid-0.1")
    with closing(socket):
        assert (socket.subprotocol, socket.receive()) == ("solid-0.1", "protocol solid-0.1")
        socket.send(f"sub {url}")
        socket.send(f"sub {container}")
        assert said(socket, 2) == [f"ack {url}", f"ack {container}"]
        write(alice, url, b"y")
        assert sorted(said(socket, 2)) == sorted([f"pub {url}", f"pub {container}"])
        socket.send(f"unsub {container}")
        socket.send(f"sub {url}")
        assert said(socket, 1) == [f"ack {url}"]
        alice.delete(url)
        assert said(socket, 1) == [f"pub {url}"]


@pytest.mark.requirement("solid-0.1#updates-via")
def test_the_older_socket_tells_strangers_nothing_of_what_they_may_not_read(alice: SolidClient, container: str):
    url = container + "a"
    write(alice, url)
    socket = connect(plain(alice.get(url)))
    with closing(socket):
        assert [each.split()[0] for each in said(socket, 2)] == ["protocol", "warning"]
        for asked in (url, container, f"{alice.pod}nothing-there", "https://elsewhere.example/a", "nonsense"):
            socket.send(f"sub {asked}")
            assert said(socket, 1) == [f"err {asked} forbidden"]


@pytest.mark.requirement("solid-0.1#updates-via")
def test_the_older_socket_takes_a_token_with_its_proof(alice: SolidClient, container: str):
    url = container + "a"
    write(alice, url)
    source = plain(alice.get(url))
    assert alice.login is not None
    socket = connect(source, "solid-0.1")
    with closing(socket):
        socket.send(f"dpop {alice.login.key.proof('GET', source)}")
        socket.send(f"auth DPoP {alice.login.token()}")
        socket.send(f"sub {url}")
        assert said(socket, 2)[1] == f"ack {url}"
        write(alice, url, b"y")
        assert said(socket, 1) == [f"pub {url}"]


def test_the_older_socket_refuses_what_proves_nothing_and_other_protocols(alice: SolidClient, container: str):
    source = alice.get(container).headers["Updates-Via"]
    for subprotocol, sent in [("solid-0.1", "auth DPoP nonsense"), ("other", "sub x")]:
        socket = connect(source, subprotocol)
        with closing(socket):
            socket.send(sent)
            with pytest.raises(Closed) as ended:
                said(socket, 5)
            assert ended.value.code in {1002, 1008}


@pytest.mark.requirement("solid-0.1#updates-via")
def test_who_is_signed_in_is_led_to_the_older_socket_as_the_one_she_is(
    alice: SolidClient, bob: SolidClient, anyone: SolidClient, container: str, share: Any
):
    url = container + "a"
    write(alice, url)
    public = authorization(url, "Read", public=True)
    alice.put_acl(url, authorization(url, "Read Write Control", agents=(alice.web_id,)), public)
    found = {client.name: client.get(url) for client in (alice, bob, anyone)}
    sources = {name: answer.headers["Updates-Via"] for name, answer in found.items()}
    assert sources[""] == plain(found[""])
    assert len({sources["alice"], sources["bob"], sources[""]}) == 3
    assert sources["alice"] == alice.head(container).headers["Updates-Via"]
    assert [asked(each, container) for each in sources.values()] == ["ack", "err", "err"]
    assert [asked(each, url) for each in sources.values()] == ["ack"] * 3


@pytest.mark.requirement("solid-0.1#updates-via")
@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_the_owner_hears_of_what_is_private_through_the_older_socket_and_others_as_long_as_they_may(
    alice: SolidClient, bob: SolidClient, container: str, share: Any
):
    url = container + "a"
    write(alice, url)
    share(url, "Read")
    owner, friend = (connect(each.get(url).headers["Updates-Via"], "solid-0.1") for each in (alice, bob))
    with closing(owner), closing(friend):
        for socket in (owner, friend):
            socket.send(f"sub {url}")
            assert said(socket, 2)[1] == f"ack {url}"
        write(alice, url, b"heard by both")
        assert said(owner, 1) == said(friend, 1) == [f"pub {url}"]
        share(url, "Append")
        write(alice, url, b"not for bob")
        assert said(owner, 1) == [f"pub {url}"]
        friend.send("sub nonsense")
        assert said(friend, 1) == ["err nonsense forbidden"]


def test_a_sealed_url_that_was_altered_or_belongs_to_another_page_is_that_of_nobody(alice: SolidClient, container: str):
    source = alice.get(container, headers=ORIGIN).headers["Updates-Via"]
    url, _, sealed = source.partition("?as=")
    swapped = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
    for altered in (
        f"{url}?as={swapped}",
        f"{url}?as={sealed[:-4]}",
        f"{url}?as=",
        f"{url}?as=%00",
        f"{url}?to={sealed}",
    ):
        assert asked(altered, container) == "err"
    origins = (None, ORIGIN["Origin"], "https://other.example")
    assert [asked(source, container, each) for each in origins] == ["ack", "ack", "err"]


def test_a_sealed_url_expires_and_its_socket_is_silent_then_and_closed(
    server: Server, alice: SolidClient, container: str
):
    now, key = time.time(), bytes.fromhex((server.data / "keys" / LISTENERS_KEY).read_text())
    soon = Listeners(key, StillClock(now), seconds=int(now % RENEWED_SECONDS) + SHORT_SECONDS)
    url, _, sealed = alice.get(container).headers["Updates-Via"].partition("?as=")
    listener = soon.read(sealed, None)
    assert listener is not None
    source = f"{url}?as={soon.seal(listener.credentials)}"
    with closing(connect(source, "solid-0.1")) as socket:
        socket.send(f"sub {container}")
        assert said(socket, 2)[1] == f"ack {container}"
        with pytest.raises(Closed) as ended:
            socket.receive()
    assert ended.value.code == 1000
    assert asked(source, container) == "err"


def freehold(server: Server, *words: str) -> str:
    """What the program says of the data of a running server."""
    command = [PROGRAM, *words, "--data", str(server.data), "--base-url", server.base_url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_a_client_that_is_revoked_hears_nothing_more_through_the_older_socket(
    server: Server, alice: SolidClient, container: str
):
    url = container + "a"
    write(alice, url)
    made = dict(line.split("=", 1) for line in freehold(server, "account", "add-client", "alice").split())
    program = SolidClient(server.base_url, Login(server.base_url, made["client_id"], made["client_secret"]), "alice")
    socket = connect(program.get(url).headers["Updates-Via"], "solid-0.1")
    with closing(socket):
        socket.send(f"sub {url}")
        assert said(socket, 2)[1] == f"ack {url}"
        write(alice, url, b"heard")
        assert said(socket, 1) == [f"pub {url}"]
        freehold(server, "account", "revoke-client", "alice", made["client_id"])
        write(alice, url, b"not heard")
        socket.send(f"sub {url}")
        assert said(socket, 1) == [f"err {url} forbidden"]
