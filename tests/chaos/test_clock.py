"""The wall clock is set, by an hour or by days, while the server runs: order stays order, nothing that was used counts as
unused again, what is refused is refused with a reason, and nothing is removed that is needed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

import pytest

from pod.store.fsck import check
from pod.store.records import SERVER
from pod.store.sweep import sweep, sweep_garbage
from pod.worker import upkeep
from tests.chaos.wire import version_of
from tests.support.client import SPARQL
from tests.support.inprocess import BASE, Answer, LocalServer
from tests.support.proofs import NOW
from tests.support.stores import StillClock, put_in, staged

HOUR, DAYS = 3600, 10 * 24 * 3600
JUMPS = (-HOUR, HOUR, DAYS, -DAYS)
PLAIN = {"Content-Type": "text/plain"}
BLOB = b"x" * 100_000
DOC = "/alice/doc"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    running = LocalServer(tmp_path / "data")
    yield running
    running.close()


def jump(server: LocalServer, seconds: float) -> None:
    clock = server.services.clock
    assert isinstance(clock, StillClock)
    clock.time += seconds


def now(server: LocalServer) -> int:
    return int(server.services.clock.now())


def signed(server: LocalServer, method: str, path: str, at: float) -> dict[str, str]:
    """What alice's program sends whose own clock shows `at`."""
    login = server.logins["alice"]
    proof = login.key.proof(method, BASE + path[1:], iat=int(at))
    return {"Authorization": f"DPoP {login.token}", "DPoP": proof}


def send(
    server: LocalServer, method: str, path: str, headers: Mapping[str, str] = {}, content: bytes | None = None
) -> Answer:
    """Signed at the server's own time, with a token of that time."""
    sign_in(server)
    sent = {**signed(server, method, path, now(server)), **headers}
    return server.request(method, path, sent, content, by=None)


def sign_in(server: LocalServer) -> None:
    key, endpoint = server.logins["alice"].key, f"{BASE}.oidc/token"
    form = {
        "grant_type": "client_credentials",
        "scope": "webid",
        "client_id": "alice-client",
        "client_secret": "secret",
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "DPoP": key.proof("POST", endpoint, iat=now(server)),
    }
    answer = server.request("POST", "/.oidc/token", headers, urlencode(form).encode(), by=None)
    assert answer.status == 200, answer.body
    server.logins["alice"].token = json.loads(answer.body)["access_token"]


def refusal(answer: Answer) -> str:
    assert answer.status == 401, answer.body
    return str(json.loads(answer.body)["detail"])


# -- order -------------------------------------------------------------------------------------------------------------


def test_tags_and_the_journal_go_on_whatever_the_clock_does(server: LocalServer) -> None:
    versions = []
    for number, seconds in enumerate((0, *JUMPS)):
        jump(server, seconds)
        answers = [
            send(server, "PUT", DOC, PLAIN, b"%d" % number),
            send(server, "PATCH", "/alice/graph", SPARQL, b"INSERT DATA { <#a> <#b> %d }" % number),
            send(server, "PUT", f"/alice/new{number}/doc", PLAIN, BLOB),
        ]
        assert [each.status for each in answers] == [204 if number else 201, 204 if number else 201, 201]
        versions += [version_of(each.headers["etag"]) for each in answers]
        assert send(server, "DELETE", f"/alice/new{number}/doc").status == 204
    assert all(before < after for before, after in pairwise(versions))
    positions = [change.position for change in server.services.store.changes(0, 1_000)]
    assert positions == list(range(1, len(positions) + 1))
    assert list(check(server.services.store, deep=True)) == []


# -- who asks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", JUMPS)
def test_what_was_signed_at_the_right_time_is_refused_with_a_reason_until_the_clock_is_right_again(
    server: LocalServer, seconds: int
) -> None:
    send(server, "PUT", DOC, PLAIN, b"x")
    right = now(server)
    jump(server, seconds)
    text = refusal(server.request("GET", DOC, signed(server, "GET", DOC, right), by=None))
    assert "proof" in text or "token" in text
    put = {**signed(server, "PUT", DOC, right), **PLAIN}
    assert refusal(server.request("PUT", DOC, put, b"wrong", by=None)) == text
    jump(server, -seconds)
    answer = server.request("GET", DOC, signed(server, "GET", DOC, right), by=None)
    assert (answer.status, answer.body) == (200, b"x")


@pytest.mark.parametrize("seconds", JUMPS)
def test_a_new_token_and_a_new_proof_work_at_any_time(server: LocalServer, seconds: int) -> None:
    jump(server, seconds)
    assert send(server, "PUT", DOC, PLAIN, b"x").status == 201
    jump(server, -seconds)
    assert send(server, "GET", DOC).body == b"x"


@pytest.mark.requirement("rfc9449#11.1")
@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("seconds", JUMPS)
def test_a_proof_that_was_used_is_used_whatever_the_clock_does(server: LocalServer, seconds: int, method: str) -> None:
    send(server, "PUT", DOC, PLAIN, b"x")
    content = b"again" if method == "PUT" else None
    headers = {**signed(server, method, DOC, now(server)), **(PLAIN if content else {})}
    assert server.request(method, DOC, headers, content, by=None).status in {200, 204}
    jump(server, seconds)
    assert server.request(method, DOC, headers, content, by=None).status == 401
    for _ in range(5):  # which make room by forgetting what is old
        assert send(server, "PUT", "/alice/other", PLAIN, b"y").status in {201, 204}
    jump(server, -seconds)
    assert server.request(method, DOC, headers, content, by=None).status == 401


# -- what is removed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", JUMPS)
def test_a_sweep_at_the_wrong_time_removes_nothing_that_is_needed(server: LocalServer, seconds: int) -> None:
    services = server.services
    send(server, "PUT", "/alice/kept", PLAIN, BLOB)
    send(server, "PUT", DOC, PLAIN, BLOB)
    send(server, "PUT", DOC, PLAIN, BLOB[1:])
    jump(server, seconds)
    sweep(services.store, services.clock, services.config.orphan_blob_seconds)
    sweep_garbage(services.store, services.clock)
    assert send(server, "GET", "/alice/kept").body == BLOB
    assert send(server, "GET", DOC).body == BLOB[1:]
    assert [each for each in check(services.store, deep=True) if each.severity == "error"] == []


def test_a_jump_ahead_removes_no_body_that_is_being_written(server: LocalServer) -> None:
    """As on a machine without a clock of its own, when it learns the time: what was just staged looks days old."""
    services = server.services
    tasks = {task.name: task for task in upkeep(services.config, services.store, services.clock)}
    content = staged(services.store, BLOB)
    for file in (server.data / "blobs").glob("??/*"):
        os.utime(file, (NOW, NOW))
    jump(server, DAYS)
    tasks["sweep orphans"].work()
    with services.store.write(SERVER) as tx:
        put_in(tx, "/alice/new", content)
    assert [each for each in check(services.store, deep=True) if each.severity == "error"] == []
