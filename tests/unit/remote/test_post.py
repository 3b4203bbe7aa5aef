"""POST requests through the guarded client: what goes out, what is read of the answer, and when it is given up."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest

from pod.remote.client import Posted, RemoteClient, wire_url
from pod.remote.errors import ForbiddenAddress, MalformedAnswer, RemoteTimeout, Unreachable, UnsafeURL
from tests.support.proxy import certificate
from tests.unit.remote.servers import answering, ok, redirect, serving

FOR_EVER_SECONDS = 60


def client(*addresses, dev=True):
    return RemoteClient(dev=dev, look_up=lambda _host, _port: addresses or ("127.0.0.1",))


def post(port, *, content=b"hello", fields=(), path="/hook", seconds=FOR_EVER_SECONDS):
    return client().post(f"http://localhost:{port}{path}", content, dict(fields), seconds_max=seconds)


def test_content_and_fields_arrive_as_given():
    seen = []

    def take(connection, request):
        head, _, body = request.partition(b"\r\n\r\n")
        while len(body) < 5:
            body += connection.recv(100)
        seen.append((head.decode().split("\r\n"), body))
        connection.sendall(ok())

    with serving(take) as port:
        assert (
            post(port, path="/hook?a=b#c", fields={"Content-Type": "text/plain", "Authorization": "DPoP x"}).status
            == 200
        )
    (lines, body) = seen[0]
    assert (lines[0], body) == ("POST /hook?a=b HTTP/1.1", b"hello")
    assert {f"Host: localhost:{port}", "Content-Type: text/plain", "Authorization: DPoP x", "Content-Length: 5"} < set(
        lines
    )


def test_no_redirect_is_followed():
    asked = []
    with (
        serving(lambda connection, request: (asked.append(request), connection.sendall(ok()))) as inside,
        serving(answering(redirect(f"http://localhost:{inside}/"))) as port,
    ):
        assert post(port) == Posted(302, "")
    assert asked == []


def test_when_to_come_back_is_told():
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(answer)) as port:
        assert post(port) == Posted(503, "120")


def test_the_body_of_the_answer_stays_unread():
    sent, over = [], threading.Event()

    def flood(connection, _request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while not over.is_set():
            sent.append(connection.send(b"x" * 65_536))

    with serving(flood) as port:
        began = time.monotonic()
        assert post(port).status == 200
        assert time.monotonic() - began < FOR_EVER_SECONDS / 2
        over.set()
    assert sum(sent) < 32 * 1024 * 1024


def drip(connection, _request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize(
    "slow", [drip, lambda _connection, _request: time.sleep(FOR_EVER_SECONDS)], ids=["drip", "silent"]
)
def test_a_slow_answer_ends_at_the_deadline(slow):
    with serving(slow) as port, pytest.raises(RemoteTimeout):
        post(port, seconds=0.5)


def test_what_is_no_answer_is_said_to_be_none():
    with serving(answering(b"what?\r\n\r\n")) as port, pytest.raises(MalformedAnswer):
        post(port)


def test_nobody_there_is_said_so():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(Unreachable):
        post(port)


@pytest.mark.parametrize(
    "url", ["http://pods.example/", "ftp://pods.example/", "https://a:b@pods.example/", "https:///x", "x"]
)
def test_other_urls_are_refused(url):
    with pytest.raises(UnsafeURL):
        client("192.0.2.1", dev=False).address(url, seconds_max=1)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"])
def test_addresses_inside_are_refused(address):
    for act in (
        lambda it: it.address("https://in.example/", seconds_max=1),
        lambda it: it.post("https://in.example/", b"", {}, seconds_max=1),
    ):
        with pytest.raises(ForbiddenAddress):
            act(client(address, dev=False))


def test_a_name_that_changes_its_address_is_checked_again():
    """DNS rebinding: outside when it subscribes, inside when it is sent to."""
    answers = iter([("93.184.215.14",), ("127.0.0.1",)])
    remote = RemoteClient(dev=False, look_up=lambda _host, _port: next(answers))
    assert remote.address("https://rebind.example/hook#x", seconds_max=1) == "https://rebind.example/hook"
    with pytest.raises(ForbiddenAddress):
        remote.post("https://rebind.example/hook", b"", {}, seconds_max=1)


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_certificate_of_nobody_is_not_trusted(tmp_path: Path, *, is_trusted: bool):
    file = certificate(tmp_path / "server.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    known = ssl.create_default_context(cafile=file if is_trusted else None)
    client = RemoteClient(dev=True, look_up=lambda *_: ["127.0.0.1"], tls_context=known)
    expected = nullcontext() if is_trusted else pytest.raises(Unreachable)
    with serving(answering(ok()), partial(context.wrap_socket, server_side=True)) as port, expected:
        client.post(f"https://localhost:{port}/", b"", {}, seconds_max=5)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("HTTPS://Pods.Example/a/../b?x#y", "https://pods.example/b?x"),
        ("https://pods.example", "https://pods.example"),
        ("https://pods.example/ü", "https://pods.example/%C3%BC"),
    ],
)
def test_a_url_is_sent_to_in_one_spelling(url, sent):
    assert wire_url(url) == sent
    assert wire_url(sent) == sent
