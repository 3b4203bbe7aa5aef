"""What the owner of a pod sees afterwards of each request: who, with what, what, and whether they were let."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator

import pytest

from pod.errors import AccessDenied
from pod.operations.get import get
from pod.operations.operation import Operation
from pod.operations.watched import watched
from pod.protocol.agent import Credentials
from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.store.access_records import ANYTHING
from pod.store.records import SERVER
from tests.support.client import N3, TURTLE, acl, authorization
from tests.support.inprocess import BASE, LocalServer
from tests.support.logged import logging_to

ALICE, BOB = (f"{BASE}{name}/profile/card#me" for name in ("alice", "bob"))
INSERT = b"@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; solid:inserts {<#a> <#b> <#c>}."
DELETE = INSERT.replace(b"inserts {<#a> <#b> <#c>}", b"deletes {<#it> <#is> <#here>}")
numbers = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[LocalServer]:
    made = LocalServer(tmp_path_factory.mktemp("watched"))
    yield made
    made.close()


@pytest.fixture
def home(server: LocalServer) -> str:
    """Everyone may read what is in `open/`, bob may also add to it; the rest is alice's alone. Nothing is noted yet."""
    path = f"/alice/w{next(numbers)}/"
    url = BASE + path[1:]
    for name in ("doc", "open/doc", "box/"):
        assert server.request("PUT", path + name, TURTLE, b"<#it> <#is> <#here> .").status == 201
    rules = acl(
        authorization(f"{url}open/", "Read Write Control", agents=(ALICE,), default=True),
        authorization(f"{url}open/", "Append", agents=(BOB,), default=True),
        authorization(f"{url}open/", "Read", public=True, default=True),
    )
    assert server.request("PUT", f"{path}open/.acl", TURTLE, rules.encode()).status == 201
    noted(server)
    return path


def noted(server: LocalServer) -> list[tuple[str, str, str, str, str]]:
    """Since it was asked last."""
    log = server.services.access_log
    assert log.write_down()
    found = log.records.page("/alice/", ANYTHING, 1000)
    log.records.forget("/alice/")
    return [(each.agent, each.client, each.path, each.act, each.verdict) for each in found for _ in range(each.times)]


BY_ALICE, BY_BOB, BY_NOBODY = (ALICE, "alice-client"), (BOB, "bob-client"), ("", "")


@pytest.mark.parametrize(
    ("method", "name", "by", "content", "status", "who", "act", "verdict"),
    [
        ("GET", "doc", "alice", None, 200, BY_ALICE, "read", "allowed"),
        ("HEAD", "doc", "alice", None, 200, BY_ALICE, "read", "allowed"),
        ("GET", "", "alice", None, 200, BY_ALICE, "read", "allowed"),
        ("GET", "doc", "bob", None, 403, BY_BOB, "read", "refused"),
        ("GET", "doc", None, None, 401, BY_NOBODY, "read", "refused"),
        ("GET", "missing", "bob", None, 403, BY_BOB, "read", "refused"),
        ("GET", "open/.acl", "alice", None, 200, BY_ALICE, "control", "allowed"),
        ("GET", "open/.acl", "bob", None, 403, BY_BOB, "control", "refused"),
        ("PUT", "doc", "alice", b"<#a> <#b> <#c> .", 204, BY_ALICE, "write", "allowed"),
        ("PUT", "new", "alice", b"<#a> <#b> <#c> .", 201, BY_ALICE, "append", "allowed"),
        ("PUT", "open/doc", "alice", b"<#a> <#b> <#c> .", 204, BY_ALICE, "write", "allowed"),
        ("PUT", "doc", "alice", b"no turtle", 400, BY_ALICE, "write", "allowed"),
        ("PUT", "doc", "bob", b"<#a> <#b> <#c> .", 403, BY_BOB, "write", "refused"),
        ("PUT", "doc", None, b"<#a> <#b> <#c> .", 401, BY_NOBODY, "write", "refused"),
        ("POST", "open/", "bob", b"<#a> <#b> <#c> .", 201, BY_BOB, "append", "allowed"),
        ("POST", "", "bob", b"<#a> <#b> <#c> .", 403, BY_BOB, "append", "refused"),
        ("PATCH", "doc", "alice", INSERT, 204, BY_ALICE, "append", "allowed"),
        ("PATCH", "doc", "alice", DELETE, 204, BY_ALICE, "write", "allowed"),
        ("PATCH", "open/doc", "bob", INSERT, 204, BY_BOB, "append", "allowed"),
        ("DELETE", "doc", "alice", None, 204, BY_ALICE, "write", "allowed"),
        ("DELETE", "open/doc", "bob", None, 403, BY_BOB, "write", "refused"),
    ],
)
def test_a_request_is_noted_once(server, home, method, name, by, content, status, who, act, verdict):
    headers = N3 if method == "PATCH" else TURTLE if content else {}
    assert server.request(method, home + name, headers, content, by=by).status == status
    assert noted(server) == [(*who, home + name, act, verdict)]


@pytest.mark.parametrize(
    ("method", "name", "by", "status"),
    [
        ("GET", "open/doc", None, 200),
        ("GET", "open/doc", "bob", 200),
        ("HEAD", "open/", "alice", 200),
        ("GET", "missing", "alice", 404),
        ("GET", "open/missing", None, 404),
        ("GET", "box", "alice", 301),
        ("BREW", "doc", "alice", 501),
    ],
)
def test_what_everybody_may_and_what_is_not_there_is_not_noted(server, home, method, name, by, status):
    assert server.request(method, home + name, by=by).status == status
    assert noted(server) == []


def test_each_write_is_noted_once_whichever_way_it_takes(server, home):
    """The second is let in at once, for who wrote here a moment ago; the third is refused on that way."""
    for status in (201, 204):
        assert server.request("PUT", f"{home}at-once", TURTLE, b"<#a> <#b> <#c> .").status == status
    assert server.request("PUT", f"{home}at-once", {**TURTLE, "If-Match": '"other"'}, b"<#a> <#b> <#c> .").status == 412
    assert [each[3:] for each in noted(server)] == [("write", "allowed"), ("write", "allowed"), ("append", "allowed")]


def test_an_app_that_its_user_lets_do_less_is_told_apart(server, home):
    read = Ceiling(full=False, control=False, items=(CeilingItem(f"{home}open/", AccessMode.READ, None),))
    grants = "SELECT id FROM access_grant WHERE client = 'alice-client'"
    with server.services.store.write(SERVER) as tx:
        ((grant,),) = tx.rows(grants)
        tx.rows("UPDATE access_grant SET ceiling = ? WHERE id = ?", (read.to_text(), grant))
    read_it = server.request("GET", f"{home}doc")
    changed_it = server.request("PUT", f"{home}doc", TURTLE, b"<#a> <#b> <#c> .")
    with server.services.store.write(SERVER) as tx:
        tx.rows("UPDATE access_grant SET ceiling = NULL WHERE id = ?", (grant,))
    assert [read_it.status, changed_it.status] == [403, 403]
    assert noted(server) == [
        (*BY_ALICE, f"{home}doc", "write", "limited"),
        (*BY_ALICE, f"{home}doc", "read", "limited"),
    ]


def test_an_app_that_was_disconnected_is_seen_trying(server, home):
    with server.services.store.write(SERVER) as tx:
        tx.rows("UPDATE access_grant SET revoked_ms = 1 WHERE client = 'bob-client'")
    answer = server.request("GET", f"{home}doc", by="bob")
    with server.services.store.write(SERVER) as tx:
        tx.rows("UPDATE access_grant SET revoked_ms = NULL WHERE client = 'bob-client'")
    assert answer.status == 401
    assert noted(server) == [(*BY_BOB, f"{home}doc", "read", "refused")]


def test_a_write_of_which_nobody_knows_how_it_ended_is_noted(server, home, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("broken")

    with monkeypatch.context() as patch, logging_to(io.StringIO(), "json"):
        patch.setattr("pod.operations.put.written", fail)
        assert server.request("PUT", f"{home}doc", TURTLE, b"<#a> <#b> <#c> .").status == 500
    assert [each[3:] for each in noted(server)] == [("write", "allowed")]


def test_it_is_kept_who_else_vouched_for_them(server, home):
    """And of this server's own tokens that nobody else did."""
    claims = Credentials(agent=BOB, client=BASE, issuer="https://idp.example/")
    with pytest.raises(AccessDenied):
        watched(server.services, get, Operation("GET", Target.parse(f"{home}doc"), claims, NO_CONDITIONS))
    server.request("GET", f"{home}doc", by="bob")
    log = server.services.access_log
    assert log.write_down()
    found = {(each.client, each.issuer) for each in log.records.page("/alice/", ANYTHING, 10)}
    assert found == {(BASE, "https://idp.example/"), ("bob-client", "")}
    log.records.forget("/alice/")
