"""Bad behaviour of those who listen: each is bounded, refused or cut off, and the others hear what they should.

Spec: RFC 6455 s5, s10; RFC 9112 s2.2
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.client import SolidClient, raw_request
from tests.support.fixtures import signed_in
from tests.support.processes import tree, unshared_bytes
from tests.support.server import ALICE, BOB, Server, running_server
from tests.support.subscribing import subscribe
from tests.support.waiting import SECONDS_MAX, until
from tests.support.websocket import CLOSE, TEXT, Closed, Refused, WebSocket, connect, masked

pytestmark = pytest.mark.e2e

SOCKET, STREAM, EVENTS = "WebSocketChannel2023", "StreamingHTTPChannel2023", "EventSourceChannel2023"
PLAIN = {"Content-Type": "text/plain"}
MIB = 1024 * 1024
CONTINUATION, BINARY, PING = 0, 2, 9
LISTENERS_OF_ONE_CHANNEL = 21
MORE_THAN_IS_KEPT = 500
"""Messages, by the kernel and the server together."""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with its limits, some of them low. Its issuer is at http, so it knows nobody but strangers."""
    settings = {
        "FREEHOLD_STREAM_QUEUE_MAX": "20",
        "FREEHOLD_STREAM_IDLE_SECONDS": "2",
        "FREEHOLD_CONNECTIONS_PER_ADDRESS_MAX": "30",
        "FREEHOLD_SUBSCRIPTIONS_PER_MINUTE": "0",
    }
    directory = tmp_path_factory.mktemp("strict")
    with running_server((ALICE, BOB), directory=directory, environment=settings, dev=False) as running:
        yield running


@pytest.fixture
def owner(strict: Server) -> SolidClient:
    return signed_in(strict, ALICE)


@pytest.fixture
def source(owner: SolidClient) -> str:
    owner.put(owner.pod + "public.txt", b"x", headers=PLAIN)
    return str(subscribe(owner, SOCKET, owner.pod)["receiveFrom"])


def stream_process(server: Server) -> int:
    for pid in tree(server.pid):
        with suppress(OSError):
            if "main\0stream\0" in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
    raise AssertionError("there is no stream process")


def address_of(source: str) -> tuple[str, int]:
    parts = urlsplit(source)
    return str(parts.hostname), int(parts.port or 0)


def still_tells(owner: SolidClient) -> bool:
    """Whether others hear of a change meanwhile."""
    listener = connect(subscribe(owner, SOCKET, owner.pod)["receiveFrom"])
    with closing(listener):
        name = os.urandom(4).hex()
        owner.put(owner.pod + name, b"x", headers=PLAIN)
        return bool(json.loads(listener.receive())["object"] == owner.pod + name)


def ended(listener: WebSocket) -> int:
    """The code it was ended with; 1006 if it was cut off."""
    try:
        while True:
            listener.receive()
    except Closed as closed:
        return closed.code


# -- who does not know the secret --------------------------------------------------------------------------------------


def test_wrong_secrets_are_answered_alike_whatever_is_wrong(owner: SolidClient, source: str):
    stream = subscribe(owner, STREAM, owner.pod)["receiveFrom"]
    base, secret = stream.rpartition("/")[0], stream.rpartition("/")[2]
    wrong = [
        secret[:-2] + "xx",
        "",
        "x" * 43,
        "x" * 5000,
        source.rpartition("/")[2],
        "%00",
        "é".encode().hex(),
        secret + "=",
    ]
    answers = [requests.get(f"{base}/{each}", timeout=60) for each in wrong]
    told = {(each.status_code, re.sub(r"urn:[^\"]*", "", each.text)) for each in answers}
    assert len({each for each in told if each[0] != 400}) == 1
    assert {each[0] for each in told} <= {404}
    with pytest.raises(Refused) as refused:
        connect(re.sub("/.stream/http/", "/.stream/socket/", stream.replace("http", "ws", 1)))
    assert refused.value.status == 404


def test_a_path_that_is_no_channel_is_nothing(source: str):
    base = "http" + source.removeprefix("ws").partition("/.stream/")[0]
    for path in ("/", "/.stream/", "/.stream/socket", "/.stream/nothing/x", "/alice/", "//.stream/http/x", "/.health"):
        assert requests.get(base + path, timeout=60).status_code == 404


# -- heads -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"GET /.stream/health HTTP/1.1\r\nHost: x\r\nX-Own: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET /.stream/health HTTP/1.1\r\nHost: x\r\n" + b"X-Own: a\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /.stream/health HTTP/1.1\r\n\r\n",
        b"GET /.stream/health\r\n\r\n",
        b"\x16\x03\x01\x02\x00" + bytes(500),
        b"GET /.stream/health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    ],
    ids=["long header", "many headers", "long path", "no host", "old", "TLS", "two lengths"],
)
def test_a_head_that_is_no_head_is_refused(owner: SolidClient, source: str, head: bytes):
    host, port = address_of(source)
    assert raw_request(f"http://{host}:{port}/", head).status in {0, 400, 431}
    assert still_tells(owner)


@pytest.mark.parametrize(
    "fields",
    [
        "X-Own: " + "a" * 9_000,
        "\r\n".join(f"X-Own-{number}: a" for number in range(200)),
        "Sec-WebSocket-Protocol: " + ", ".join(f"p{number}" for number in range(2_000)),
        "Sec-WebSocket-Version: 99",
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99; nonsense",
    ],
    ids=["long header", "many headers", "many protocols", "version", "extensions"],
)
def test_an_opening_that_is_none_is_refused_without_a_word_in_the_log(strict: Server, source: str, fields: str):
    host, port = address_of(source)
    path = urlsplit(source).path
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{fields}\r\n\r\n"
    assert raw_request(f"http://{host}:{port}/", head.encode()).status in {0, 400, 426, 431}
    assert "Traceback" not in strict.log.read_text()


def test_thousands_of_half_open_handshakes_keep_nobody_out(strict: Server, owner: SolidClient, source: str):
    before = unshared_bytes(stream_process(strict))
    opened = [socket.create_connection(address_of(source), SECONDS_MAX) for _ in range(1_500)]
    for each in opened:
        with suppress(OSError):  # cut off meanwhile
            each.sendall(b"GET /.stream/socket/x HTTP/1.1\r\nHost: x\r\nX-Own: ")
    assert still_tells(owner)
    assert unshared_bytes(stream_process(strict)) - before < 64 * MIB
    assert any(is_cut_off(each) for each in opened[:600])
    for each in opened:
        each.close()


def is_cut_off(connection: socket.socket) -> bool:
    connection.settimeout(30)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_head_that_does_not_come_is_waited_for_a_few_seconds(source: str):
    with closing(socket.create_connection(address_of(source), SECONDS_MAX)) as connection:
        connection.sendall(b"GET /.stream/health HTTP/1.1\r\n")
        assert is_cut_off(connection)


# -- frames ------------------------------------------------------------------------------------------------------------


def frame(first: int, payload: bytes = b"", *, mask: bool = True, length: bytes | None = None) -> bytes:
    if length is not None:
        return bytes([first]) + length + bytes(4) + payload
    whole = bytearray(masked(first & 0x0F, payload))
    whole[0] = first
    return bytes(whole) if mask else bytes([first, len(payload)]) + payload


HOSTILE = {
    "too long": frame(0x80 | TEXT, b"x" * 20_000),
    "announced too long": frame(0x80 | BINARY, length=b"\xff" + struct.pack("!Q", 2**62)),
    "never ending": frame(TEXT, b"x") + frame(CONTINUATION, b"x" * 100) * 300,
    "endless empty parts": frame(TEXT) + frame(CONTINUATION) * 300,
    "not masked": frame(0x80 | TEXT, b"x", mask=False),
    "unknown kind": frame(0x80 | 3, b"x"),
    "reserved bits": frame(0xF0 | TEXT, b"x"),
    "long ping": frame(0x80 | PING, b"x" * 126),
    "ping in parts": frame(PING, b"x"),
    "no text": frame(0x80 | TEXT, b"\xff\xfe\xfd"),
    "no text, and more of it": frame(0x80 | TEXT, b"\xff\xfe\xfd") * 3,
    "bad close": frame(0x80 | CLOSE, b"\x00"),
    "close with a reserved code": frame(0x80 | CLOSE, struct.pack("!H", 1006)),
    "talkative": frame(0x80 | TEXT, b"hello") * 200,
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_frame_that_is_none_ends_the_connection_and_no_other(
    strict: Server, owner: SolidClient, source: str, how: str
):
    listener = connect(source)
    with closing(listener):
        with suppress(OSError):
            listener.connection.sendall(HOSTILE[how])
        assert ended(listener) in {1002, 1003, 1005, 1006, 1007, 1008, 1009}
    assert "Traceback" not in strict.log.read_text()


def test_pings_whose_answers_are_not_read_are_not_kept(strict: Server, owner: SolidClient, source: str):
    before = unshared_bytes(stream_process(strict))
    listener = connect(source)
    listener.connection.settimeout(2)
    pings = frame(0x80 | PING, b"x" * 125) * 8_000
    with closing(listener), suppress(OSError):
        for _ in range(40):
            listener.connection.sendall(pings)
    assert unshared_bytes(stream_process(strict)) - before < 32 * MIB
    assert still_tells(owner)


# -- slow and silent readers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SOCKET, EVENTS])
def test_a_reader_that_reads_nothing_is_cut_off(strict: Server, owner: SolidClient, source: str, kind: str):
    """What waits for it is bounded; the kernel's buffers are full before that."""
    container = f"{owner.pod}{os.urandom(4).hex()}{'x' * 200}/"
    owner.put_container(container)
    slow = subscribe(owner, kind, container)["receiveFrom"]
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(SECONDS_MAX)
    connection.connect(address_of(slow))
    path = urlsplit(slow).path
    opening = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + "A" * 22
    upgrade = f"{opening}==\r\n" if kind == SOCKET else ""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n".encode())
    assert b" 101 " in connection.recv(100) or kind != SOCKET
    with closing(connection):
        for number in range(MORE_THAN_IS_KEPT):
            owner.put(f"{container}{number}{'y' * 200}", b"x", headers=PLAIN)
        told = all_of(connection)
    assert 0 < told.count(b"published") < MORE_THAN_IS_KEPT
    assert still_tells(owner)


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other side ends it."""
    connection.settimeout(60)
    received = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            received += piece
    return received


def test_a_socket_that_answers_no_ping_is_cut_off(source: str):
    listener = connect(source)
    with closing(listener):
        listener.connection.settimeout(60)
        while listener.connection.recv(4096):
            pass


def test_a_socket_that_answers_pings_is_kept(owner: SolidClient, source: str):
    listener = connect(source)
    seen: list[int] = []
    with closing(listener):
        take = listener.take
        while len(seen) < 3:
            for each in listener.frames.feed(listener.connection.recv(4096)):
                take(each)
                seen.append(each.opcode)
        owner.put(owner.pod + "kept.txt", b"x", headers=PLAIN)
        assert "kept.txt" in listener.receive()


# -- too many ----------------------------------------------------------------------------------------------------------


def test_one_channel_and_one_address_have_so_many_connections(strict: Server, owner: SolidClient, source: str):
    opened: list[Any] = []
    try:
        with pytest.raises(Refused) as refused:
            opened += (connect(source) for _ in range(LISTENERS_OF_ONE_CHANNEL))
        assert (refused.value.status, len(opened)) == (429, LISTENERS_OF_ONE_CHANNEL - 1)
        with pytest.raises(Refused) as refused:
            for _ in range(20):
                opened.append(connect(subscribe(owner, SOCKET, owner.pod)["receiveFrom"]))
        assert (refused.value.status, len(opened)) == (429, 30)
    finally:
        for each in opened:
            each.close()
    until(lambda: still_tells(owner))
