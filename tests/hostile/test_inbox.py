"""Strangers who send too much, too often, for ever: an inbox takes only so much of them, and never of its owner's room.

Spec: LDN #preventing-abuse
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pod.protocol.resource import Target
from pod.store.records import SERVER, ResourceState
from tests.support.inprocess import Answer, LocalServer

pytestmark = pytest.mark.requirement("ldn#preventing-abuse")

TURTLE = {"Content-Type": "text/turtle"}
PLAIN = {"Content-Type": "text/plain"}
INBOX = "/alice/inbox/"
NOTE = b"<#it> <#is> <#here> ."
LIMITS = {
    "dev": False,
    "notification_bytes_max": 1_000,
    "inbox_notifications_max": 20,
    "inbox_bytes_max": 5_000,
    "inbox_posts_per_minute": 5,
}
Start = Callable[..., LocalServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[LocalServer] = []

    def begin(**settings: int) -> LocalServer:
        running.append(LocalServer(tmp_path, settings=LIMITS | settings))
        return running[-1]

    yield begin
    for server in running:
        server.close()


def send(
    server: LocalServer,
    content: bytes = NOTE,
    *,
    by: str | None = None,
    address: str = "203.0.113.7",
    chunked: bool = False,
) -> Answer:
    environ = server.environ("POST", INBOX, TURTLE, content, by)
    environ["REMOTE_ADDR"] = address
    if chunked:
        del environ["CONTENT_LENGTH"]
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    answer = server.call(environ)
    answer.headers["read"] = environ["wsgi.input"].tell()  # type: ignore[index]
    return answer


def crowd(server: LocalServer, count: int, content: bytes = NOTE) -> list[int]:
    """As many senders, each from an address of their own."""
    return [send(server, content, address=f"203.0.113.{each}").status for each in range(count)]


# -- size --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chunked", "read_max"), [(False, 0), (True, 1_000_000)])
def test_a_notification_is_small(start: Start, chunked: bool, read_max: int):
    server = start()
    answer = send(server, b"<#a> <#b> '" + b"c" * 2_000_000 + b"' .", chunked=chunked)
    assert answer.status == 413
    assert answer.headers["read"] <= read_max
    assert send(server, NOTE + b"#" * (1_000 - len(NOTE))).status == 201


def test_it_is_small_for_who_came_before_too(start: Start):
    """Content of regular writers is read before anybody looks at their rights."""
    server = start()
    assert [send(server).status, send(server, NOTE + b"#" * 2_000).status] == [201, 413]


# -- number ------------------------------------------------------------------------------------------------------------


def test_an_inbox_holds_so_many(start: Start):
    server = start()
    assert crowd(server, 21) == [201] * 20 + [507]
    first = next(iter(members(server)))
    assert server.request("DELETE", first).status == 204
    assert crowd(server, 2) == [201, 507]


def test_an_inbox_holds_so_many_bytes(start: Start):
    server = start()
    assert crowd(server, 6, NOTE + b"#" * (1_000 - len(NOTE))) == [201] * 5 + [507]


def test_the_owner_is_not_limited(start: Start):
    server = start()
    crowd(server, 20)
    sent = [server.request("POST", INBOX, TURTLE, NOTE + b"#" * 4_000).status for _ in range(10)]
    assert sent == [201] * 10
    assert server.request("PUT", f"{INBOX}kept", PLAIN, b"x" * 10_000).status == 201


def test_a_full_inbox_says_nothing_of_what_is_in_it(start: Start):
    server = start()
    crowd(server, 20)
    answer = send(server)
    assert (answer.status, b"inbox-full" in answer.body) == (507, True)
    assert b"20" not in answer.body.partition(b'"instance"')[0].partition(b'"detail"')[2]


def members(server: LocalServer) -> list[str]:
    return [each.path for each in server.services.store.members(state(server, INBOX).id)]


def state(server: LocalServer, path: str) -> ResourceState:
    found = server.services.store.describe(Target.parse(path)).state
    assert found is not None
    return found


# -- rate --------------------------------------------------------------------------------------------------------------


def test_an_address_sends_so_many_in_a_minute(start: Start):
    server = start()
    assert [send(server).status for _ in range(6)] == [201] * 5 + [429]
    assert int(send(server).headers["retry-after"]) <= 60
    assert send(server, address="203.0.113.8").status == 201
    server.services.clock.time += 60
    assert send(server).status == 201


def test_somebody_who_signed_in_is_counted_wherever_they_are(start: Start):
    server = start()
    assert [send(server, by="bob", address=f"203.0.113.{n}").status for n in range(6)] == [201] * 5 + [429]
    assert send(server, address="203.0.113.1").status == 201


@pytest.mark.parametrize(
    ("first", "second", "same"), [("2001:db8::1", "2001:db8::2", True), ("2001:db8::1", "2001:db8:0:1::1", False)]
)
def test_an_ipv6_network_is_one_sender(start: Start, first: str, second: str, same: bool):
    server = start()
    for _ in range(5):
        assert send(server, address=first).status == 201
    assert send(server, address=second).status == (429 if same else 201)


def test_all_senders_together_fill_an_inbox_slowly(start: Start):
    server = start(inbox_posts_per_minute=1)
    assert crowd(server, 11) == [201] * 10 + [429]


def test_what_was_refused_is_not_counted(start: Start):
    server = start()
    for _ in range(10):
        assert send(server, b"no turtle").status == 400
    assert send(server).status == 201


# -- room of its own ---------------------------------------------------------------------------------------------------


def leave_room(server: LocalServer, size: int) -> None:
    with server.services.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET bytes_max = bytes + ? WHERE path = '/alice/'", (size,))


@pytest.mark.parametrize(("method", "path"), [("PUT", "/alice/new"), ("POST", "/alice/")])
def test_what_strangers_leave_is_not_taken_from_what_the_owner_may_keep(start: Start, method: str, path: str):
    server = start()
    leave_room(server, 10_000)
    assert crowd(server, 5, NOTE + b"#" * (1_000 - len(NOTE))) == [201] * 5
    assert server.request(method, path, PLAIN, b"x" * 10_001).status == 507
    assert server.request(method, path, PLAIN, b"x" * 10_000).status == 201


def test_a_full_pod_still_takes_notifications(start: Start):
    server = start()
    leave_room(server, 0)
    assert send(server).status == 201
    assert server.request("PUT", "/alice/new", PLAIN, b"x").status == 507


def test_room_for_notifications_is_bounded(start: Start):
    """An owner cannot keep everything in the inbox."""
    server = start()
    leave_room(server, 0)
    assert server.request("PUT", f"{INBOX}much", TURTLE, b"#" * 5_000).status == 201
    assert server.request("PUT", f"{INBOX}more", TURTLE, b"#").status == 507


def test_so_many_resources_are_the_inboxs_own(start: Start):
    server = start()
    with server.services.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET resources_max = resources + 1 WHERE path = '/alice/'")
    assert crowd(server, 20) == [201] * 20
    assert server.request("PUT", "/alice/one", PLAIN, b"").status == 201
    assert server.request("PUT", "/alice/two", PLAIN, b"").status == 507
