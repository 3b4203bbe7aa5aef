"""Nearly right requests to a real server, of an owner and of nobody, in `make soak`: each is answered, soon and with sense.

Afterwards the server lives, has not grown, has logged no failure of its own, and its store is sound.

Spec: RFC 9110 s15; Solid Protocol
"""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.fuzz.mutate import Mutator
from tests.fuzz.talk import OWN_PATHS, STREAM_PATHS, Asked, Talker
from tests.support.client import SolidClient
from tests.support.figures import Figure, record
from tests.support.fixtures import signed_in
from tests.support.processes import living, tree, unshared_bytes
from tests.support.server import ALICE, BOB, PROGRAM, Server, running_server

SEED = 20_261_122
REQUESTS, SECONDS = 60_000, 100.0
STREAM_REQUESTS, STREAM_SECONDS, FRAMES = 6_000, 30.0, 3_000
A_FEW, FEW_SECONDS = 200, 60.0
ANSWER_SECONDS_MAX = 20.0
FSCK_SECONDS_MAX = 600.0
BODY_BYTES_MAX = 1 << 20
WARM_REQUESTS = 5_000
GROWTH_BYTES_MAX = 96 << 20
"""Of all processes together, after they met requests of every kind: caches fill up to their bounds."""
FAILURES_MAX = 5
ENDLESS = "text/event-stream"
MAY_FAIL_WITH = {501, 503, 507}
"""A transfer coding that nobody knows (RFC 9112 s6.1), too busy, and no room left."""
NO_ANSWER = 0


@dataclass(slots=True)
class Found:
    """What a run of requests came to."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.statuses.total()


def ask(base_url: str, asked: Asked) -> int:
    """The status of the answer; the end of our side tells a server where a request that does not say so ends."""
    host, _, port = base_url.removeprefix("http://").rstrip("/").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS_MAX) as connection:
        try:
            connection.sendall(asked.sent)
            if not asked.framed:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused while we were still sending: the answer may already be there
        return _status(connection, asked.method)


def _status(connection: socket.socket, method: str) -> int:
    answer = http.client.HTTPResponse(connection, method=method)
    try:
        answer.begin()
        if answer.status != 101 and ENDLESS not in answer.getheader("Content-Type", ""):
            answer.read(BODY_BYTES_MAX)
    except TimeoutError:
        raise
    except (http.client.HTTPException, OSError):
        return answer.status if isinstance(answer.status, int) else NO_ANSWER
    return answer.status


def talked(talker: Talker, base_url: str, numbers: range, seconds: float, found: Found) -> None:
    """These requests, fewer if the time is over before."""
    end = time.monotonic() + seconds
    for number in numbers:
        if time.monotonic() > end or len(found.failures) >= FAILURES_MAX:
            return
        asked, begun = talker.request(number), time.monotonic()
        try:
            status = ask(base_url, asked)
        except OSError as error:
            status, what = NO_ANSWER, repr(error)
        else:
            what = _wrong(asked, status)
        found.statuses[status] += 1
        found.slowest_seconds = max(found.slowest_seconds, time.monotonic() - begun)
        if what:
            found.failures.append(f"request {number} of seed {SEED}: {what}\n{readable(asked.sent)}")


def readable(sent: bytes) -> str:
    """Without what signs it, which is another each time."""
    lines = [line for line in sent.split(b"\r\n") if not line.startswith((b"Authorization: DPoP ey", b"DPoP: ey"))]
    return repr(b"\r\n".join(lines)[:3_000])


def _wrong(asked: Asked, status: int) -> str:
    if status >= 500 and status not in MAY_FAIL_WITH:
        return f"status {status}"
    return "no answer" if status == NO_ANSWER and asked.framed else ""


@contextmanager
def served() -> Iterator[tuple[Server, SolidClient]]:
    """A server whose processes all live to the end, and which leaves a sound store and a quiet log."""
    settings = {"FREEHOLD_WORKERS": "1", "FREEHOLD_LOG_LEVEL": "warning"}
    with running_server((ALICE, BOB), environment=settings) as server:
        family = tree(server.pid)
        yield server, signed_in(server, ALICE)
        assert living(family) == family, f"a process ended\n{server.log_tail()}"
        server.stop()
        command = [str(PROGRAM), "fsck", "--deep", "--data", str(server.data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FSCK_SECONDS_MAX)
        assert done.returncode == 0, done.stdout + done.stderr
        failures = re.findall(
            r".*(?:Traceback|\"level\": ?\"(?:error|critical)\").*", server.log.read_text(errors="replace")
        )
        assert not failures, failures[0][:3_000]


@pytest.mark.e2e
def test_a_few_nearly_right_requests_are_answered_with_sense() -> None:
    found = Found()
    with served() as (server, alice):
        talked(Talker(SEED, alice), server.base_url, range(A_FEW), FEW_SECONDS, found)
    assert not found.failures, "\n".join(found.failures)
    assert {200, 201, 204, 400, 401, 404} <= found.statuses.keys(), found.statuses


@pytest.mark.soak
def test_nearly_right_requests_are_answered_with_sense() -> None:
    found = Found()
    with served() as (server, alice):
        talker = Talker(SEED, alice)
        talked(talker, server.base_url, range(WARM_REQUESTS), SECONDS, found)
        before = unshared_bytes(server.pid)
        talked(talker, server.base_url, range(WARM_REQUESTS, REQUESTS), SECONDS, found)
        grown = unshared_bytes(server.pid) - before
    figures: dict[str, Figure] = {
        "requests": found.requests,
        "answers": ", ".join(f"{status}: {times}" for status, times in sorted(found.statuses.items())),
        "slowest answer, s": found.slowest_seconds,
        "memory grown by, MiB": grown / (1 << 20),
        "failures": len(found.failures),
    }
    record("Fuzzing the HTTP API", figures)
    assert not found.failures, "\n".join(found.failures)
    assert grown < GROWTH_BYTES_MAX


def said_to_socket(url: str, alice: SolidClient, frames: int) -> int:
    """Nearly right words of the older protocol; a connection that is closed on us is made again. How often it was."""
    words = (f"sub {alice.pod}a", f"unsub {alice.pod}a", f"sub {alice.pod}profile/card", "auth DPoP a.b.c", "ping")
    mutator = Mutator(Random(SEED), tuple(word.encode() for word in words), (b"sub ", b"auth ", b" ", b"\n", b"dpop "))
    made = sent = 0
    while sent < frames:
        made += 1
        with suppress(ConnectionClosed), connect(url, subprotocols=[Subprotocol("solid-0.1")], proxy=None) as opened:
            while sent < frames:
                sent += 1
                opened.send(mutator.draw(), text=sent % 10 > 0)
                with suppress(TimeoutError):
                    opened.recv(timeout=0)
    return made


@pytest.mark.soak
def test_nearly_right_requests_for_streams_are_answered_with_sense() -> None:
    found = Found()
    with served() as (server, alice):
        port = int(server.base_url.rstrip("/").rpartition(":")[2]) + 1
        stream = f"http://localhost:{port}/"
        talker = Talker(SEED, SolidClient(stream, alice.login, alice.name), (*STREAM_PATHS, *OWN_PATHS[:3]))
        talked(talker, stream, range(STREAM_REQUESTS), STREAM_SECONDS, found)
        made = said_to_socket(f"{stream.replace('http', 'ws', 1)}.stream/solid-0.1", alice, FRAMES)
    record("Fuzzing the streams", {"requests": found.requests, "frames": FRAMES, "failures": len(found.failures)})
    assert not found.failures, "\n".join(found.failures)
    assert made < FRAMES
