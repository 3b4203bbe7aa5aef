import gzip
import socket
import ssl
import threading
import time
from functools import partial

import pytest

from pod.remote.client import Limits, RemoteClient
from pod.remote.errors import (
    AnswerTooLarge,
    ForbiddenAddress,
    MalformedAnswer,
    RemoteError,
    RemoteTimeout,
    TooManyRedirects,
    Unreachable,
    UnsafeURL,
)
from tests.support.proxy import certificate as signed
from tests.unit.remote.servers import answering, ok, redirect, serving

FOR_EVER_SECONDS = 60
LIMITS = Limits(bytes_max=10_000, seconds_max=FOR_EVER_SECONDS, redirects_max=2)
HURRIED = Limits(bytes_max=10_000, seconds_max=0.5, redirects_max=2)


def fetch(port, *, limits=LIMITS, dev=True, look_up=None, path="/", host="localhost", scheme="http"):
    look_up = look_up or (lambda _host, _port: ["127.0.0.1"])
    client = RemoteClient(dev=dev, look_up=look_up)
    return client.fetch(f"{scheme}://{host}:{port}{path}", accept="text/turtle", limits=limits)


def test_a_fetch_gives_status_media_type_and_body():
    with serving(answering(ok(b"<a> <b> <c>.", "Text/Turtle; charset=utf-8"))) as port:
        fetched = fetch(port, path="/group?x=1#me")
    assert (fetched.status, fetched.media_type, fetched.body) == (200, "text/turtle", b"<a> <b> <c>.")
    assert fetched.url.startswith(f"http://localhost:{port}/group?x=1")


def test_other_statuses_are_answers_too():
    with serving(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as port:
        assert fetch(port).status == 404


@pytest.mark.parametrize(
    ("extra", "seconds"),
    [
        ((), None),
        (("Cache-Control: max-age=60", "Age: 20"), 40),
        (("Cache-Control: max-age=9", "Cache-Control: no-store"), 0),
    ],
)
def test_an_answer_says_how_long_it_may_be_kept(extra, seconds):
    with serving(answering(ok(b"", "text/plain", *extra))) as port:
        assert fetch(port).fresh_seconds == seconds


def test_requests_carry_fixed_headers_only(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    seen = []
    with serving(lambda connection, request: (seen.append(request), connection.sendall(ok()))) as port:
        fetch(port, path="/a")
    lines = seen[0].decode().split("\r\n")
    assert lines[0] == "GET /a HTTP/1.1"
    assert sorted(line.partition(":")[0] for line in lines[1:-2]) == [
        "Accept", "Accept-Encoding", "Connection", "Host", "User-Agent",
    ]  # fmt: skip
    assert f"Host: localhost:{port}" in lines


def test_chunked_and_packed_answers_are_read():
    packed = gzip.compress(b"x" * 9000)
    chunk = f"{len(packed):x}\r\n".encode() + packed + b"\r\n0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(answering(head + chunk)) as port:
        assert fetch(port).body == b"x" * 9000


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"x" * 10_001),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_001,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n",
        ok(gzip.compress(b"x" * 50_000_000), "text/plain", "Content-Encoding: gzip"),
    ],
    ids=["length", "until close", "chunked", "gzip bomb"],
)
def test_more_bytes_than_wanted_end_the_fetch(answer):
    def forever(connection, _request):
        connection.sendall(answer)
        while b"chunked" in answer:
            connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    with serving(forever) as port, pytest.raises(AnswerTooLarge):
        fetch(port)


def drip(connection, _request, *, head=b"", each=b"x"):
    connection.sendall(head)
    while True:
        connection.sendall(each)
        time.sleep(0.05)


@pytest.mark.parametrize(
    "dripping",
    [
        partial(drip, head=b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"),
        partial(drip, head=b"HTTP/1.1 200 OK\r\n\r\n"),
        partial(drip, head=b"HTTP/1.1 200 OK\r\nX-Long: "),
        partial(drip, head=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", each=b"0"),
        partial(drip, each=b"HTTP/1.1 100 Continue\r\n\r\n"),
        partial(drip, head=b"", each=b""),
    ],
    ids=["body", "until close", "header", "chunk size", "interim answers", "silence"],
)
def test_a_slow_drip_ends_at_the_deadline(dripping):
    with serving(dripping) as port:
        begin = time.monotonic()
        with pytest.raises(RemoteTimeout):
            fetch(port, limits=HURRIED)
    assert time.monotonic() - begin < FOR_EVER_SECONDS / 2


def test_a_slow_name_server_ends_at_the_deadline():
    begin, answered = time.monotonic(), threading.Event()
    with pytest.raises(RemoteTimeout):
        fetch(80, limits=HURRIED, look_up=lambda *_: answered.wait(FOR_EVER_SECONDS))
    answered.set()
    assert time.monotonic() - begin < FOR_EVER_SECONDS / 2


def test_redirects_are_followed_to_their_end():
    with (
        serving(answering(ok(b"end"))) as last,
        serving(answering(redirect(f"http://localhost:{last}/x"))) as first,
    ):
        fetched = fetch(first)
    assert (fetched.body, fetched.url) == (b"end", f"http://localhost:{last}/x")


def test_relative_redirects_resolve_against_the_url_they_came_from():
    def answer(connection, request):
        connection.sendall(ok(b"end") if request.startswith(b"GET /b/d ") else redirect("d"))

    with serving(answer) as port:
        assert fetch(port, path="/b/c").body == b"end"


def test_endless_redirects_end():
    with serving(answering(redirect("/again"))) as port, pytest.raises(TooManyRedirects):
        fetch(port)


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00::1]/",
        "http://[::ffff:10.0.0.1]/",
    ],
)
def test_a_redirect_to_a_private_address_is_refused(location):
    with serving(answering(redirect(location))) as port, pytest.raises(ForbiddenAddress):
        fetch(port)


@pytest.mark.parametrize(
    "location", ["ftp://localhost/", "file:///etc/passwd", "http://user:word@localhost/", "gopher:x"]
)
def test_a_redirect_to_another_scheme_or_with_credentials_is_refused(location):
    with serving(answering(redirect(location))) as port, pytest.raises(UnsafeURL):
        fetch(port)


@pytest.mark.parametrize("location", ["http://[bad", "http://[]/", "//[::1"])
def test_a_redirect_to_what_is_no_url_is_refused(location):
    with serving(answering(redirect(location))) as port, pytest.raises(MalformedAnswer):
        fetch(port)


def test_loopback_and_http_are_refused_outside_development():
    with pytest.raises(UnsafeURL):
        fetch(1, dev=False)
    with pytest.raises(ForbiddenAddress):
        fetch(1, dev=False, scheme="https")


def test_a_name_that_changes_its_mind_is_asked_once_and_connected_to_as_checked():
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    with serving(answering(ok(b"pinned"))) as port:
        assert fetch(port, look_up=lambda *_: next(answers), host="rebinding.example").body == b"pinned"
    assert next(answers) == ["10.0.0.1"]


def test_private_addresses_of_a_name_are_left_out():
    with serving(answering(ok(b"public"))) as port:
        assert fetch(port, look_up=lambda *_: ["10.0.0.1", "127.0.0.1"]).body == b"public"
    with pytest.raises(ForbiddenAddress):
        fetch(80, look_up=lambda *_: ["10.0.0.1", "fd00::1"])


def test_the_next_address_is_tried_when_one_does_not_answer():
    with serving(answering(ok(b"second"))) as port:
        assert fetch(port, look_up=lambda *_: ["::1", "127.0.0.1"]).body == b"second"


def test_an_unknown_name_is_unreachable():
    def look_up(_host, _port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unreachable):
        fetch(80, look_up=look_up)


def test_a_closed_port_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        fetch(port)


@pytest.mark.parametrize(
    "url",
    ["", "x", "//host/", "http://", "https://", "http://ho st/", "http://host/\n", "http://host\\@other/", "http://[::1/",
     "http://host:99999/", "http://host:x/", "javascript:1", "data:text/plain,x", "http://localhost/" + "a" * 3000],
)  # fmt: skip
def test_unusable_urls_are_refused(url):
    with pytest.raises(UnsafeURL):
        RemoteClient(dev=True).fetch(url, accept="*/*", limits=LIMITS)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        ok(b"not gzip", "text/plain", "Content-Encoding: gzip"),
        ok(b"x", "text/plain", "Content-Encoding: " + ", ".join(["gzip"] * 50)),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"",
    ],
    ids=[
        "other protocol",
        "status",
        "long header",
        "many headers",
        "gzip",
        "codings",
        "chunk",
        "short",
        "nothing",
    ],
)
def test_what_is_not_a_whole_http_answer_is_refused(answer):
    with serving(answering(answer)) as port, pytest.raises((MalformedAnswer, Unreachable)):
        fetch(port)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of its own authority for pod.example."""
    return signed(tmp_path_factory.mktemp("tls") / "server.pem", name="pod.example")


def over_tls(certificate, host, *, trusted):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    client_context = ssl.create_default_context(cafile=certificate) if trusted else None
    wrap = partial(context.wrap_socket, server_side=True)
    with serving(answering(ok(b"secret")), wrap) as port:
        client = RemoteClient(dev=True, look_up=lambda *_: ["127.0.0.1"], tls_context=client_context)
        return client.fetch(f"https://{host}:{port}/", accept="*/*", limits=LIMITS)


def test_tls_checks_the_name_although_the_connection_goes_to_a_number(certificate):
    assert over_tls(certificate, "pod.example", trusted=True).body == b"secret"
    with pytest.raises(Unreachable):
        over_tls(certificate, "other.example", trusted=True)


def test_tls_wants_a_certificate_it_trusts(certificate):
    with pytest.raises(Unreachable):
        over_tls(certificate, "pod.example", trusted=False)


def test_every_failure_is_one_kind_of_error():
    assert issubclass(UnsafeURL, RemoteError)
    assert not issubclass(RemoteError, OSError)
