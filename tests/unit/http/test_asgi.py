"""The bridge between the web server and the application: what the application may rely on."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from pod.config import Config
from pod.errors import PodError, RequestTimeout, TruncatedContent
from pod.http.asgi import AHEAD_BYTES_MAX, PIECE_BYTES, Answered, Bridge, FileWrapper, content_length, make_environ

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
GONE = {"type": "http.disconnect"}
STALL = {"type": "test.stall"}


def part(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def scope(*headers: tuple[bytes, bytes], method: str = "PUT", target: bytes = b"/a") -> dict[str, Any]:
    raw, _, query = target.partition(b"?")
    return {
        "type": "http",
        "method": method,
        "raw_path": raw,
        "query_string": query,
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", "3000"),
        "client": ("127.0.0.9", "5000"),
        "headers": [(b"host", b"localhost:3000"), *headers],
    }


def exchange(application: Application, sent: dict[str, Any], messages: Iterable[dict[str, Any]] = (), **settings: Any):
    """Status, headers, and body of one exchange; an exception that breaks the connection off is raised."""
    coming = iter(messages)
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        message = next(coming, STALL)
        if message is STALL:
            await asyncio.Event().wait()
        return message

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    asyncio.run(Bridge(application, Config(**settings))(sent, receive, send))
    assert answers[-1].get("more_body", False) is False
    return answers[0]["status"], dict(answers[0]["headers"]), b"".join(each["body"] for each in answers[1:])


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers what it read, or the name of what went wrong."""
    try:
        content = environ["wsgi.input"].read()
    except PodError as error:
        start_response(f"{error.status} Refused", [])
        return [type(error).__name__.encode()]
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]


def answering(body: Iterable[bytes], **headers: str) -> Application:
    def application(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", list(headers.items()))
        return body

    return application


LENGTH_6 = (b"content-length", b"6")
LENGTH_LONG = (b"content-length", str(AHEAD_BYTES_MAX + 6).encode())
CHUNKED = (b"transfer-encoding", b"chunked")
LONG = b"x" * AHEAD_BYTES_MAX


@pytest.mark.parametrize(
    ("header", "messages", "content"),
    [
        (LENGTH_6, [part(b"abc"), part(b"def")], b"abcdef"),
        (CHUNKED, [part(b"abc"), part(b"def"), part(b"", more=False)], b"abcdef"),
        (CHUNKED, [part(b"", more=False)], b""),
        (LENGTH_LONG, [part(LONG), part(b"abcdef")], LONG + b"abcdef"),
        (CHUNKED, [part(LONG), part(b"abc"), part(b"def", more=False)], LONG + b"abcdef"),
    ],
)
def test_whole_content_arrives(header, messages, content):
    assert exchange(echo, scope(header), messages) == (200, {b"content-length": str(len(content)).encode()}, content)


@pytest.mark.parametrize(
    ("header", "messages"),
    [
        (LENGTH_6, [part(b"abc"), GONE]),
        (LENGTH_6, [part(b"abc", more=False)]),
        (CHUNKED, [part(b"abc"), GONE]),
        (CHUNKED, [GONE]),
        (LENGTH_LONG, [part(LONG), GONE]),
        (CHUNKED, [part(LONG), part(b"abc"), GONE]),
    ],
)
def test_content_that_is_cut_off_never_looks_whole(header, messages):
    assert exchange(echo, scope(header), messages)[2] == b"TruncatedContent"


@pytest.mark.parametrize(("header", "first"), [(LENGTH_6, b"abc"), (LENGTH_LONG, LONG), (CHUNKED, LONG)])
def test_a_client_that_falls_silent_gets_a_timeout(header, first):
    answer = exchange(echo, scope(header), [part(first), STALL], body_idle_seconds_max=0)
    assert answer[0] == 408
    assert answer[2] == b"RequestTimeout"


@pytest.mark.parametrize("error", [TruncatedContent, RequestTimeout])
def test_broken_content_stays_broken_when_read_again(error):
    messages = [part(b"abc"), GONE if error is TruncatedContent else STALL]

    def twice(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        assert environ["wsgi.input"].read(3) == b"abc"
        for _ in range(2):
            with pytest.raises(error):
                environ["wsgi.input"].read(1)
        start_response("200 OK", [])
        return [b"seen"]

    assert exchange(twice, scope(CHUNKED), messages, body_idle_seconds_max=0)[2] == b"seen"


def test_an_answer_may_come_before_the_content_is_read():
    assert exchange(answering([b"no"]), scope(LENGTH_LONG), [])[2] == b"no"


def test_a_request_without_content_waits_for_nothing():
    assert exchange(echo, scope(method="GET"), [])[2] == b""


def test_an_unknown_transfer_coding_is_refused():
    assert exchange(echo, scope((b"transfer-encoding", b"gzip, chunked")), [])[0] == 501


def test_a_failing_application_is_a_500_that_tells_nothing():
    def failing(_environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        raise RuntimeError("secret")

    status, _, body = exchange(failing, scope(method="GET"))
    assert status == 500
    assert b"secret" not in body


@pytest.mark.parametrize("pieces", [[b"a", b"b"], [b""], [b"x" * PIECE_BYTES, b"y" * (PIECE_BYTES + 1), b"z"]])
def test_an_answer_of_unknown_length_is_streamed_whole(pieces):
    assert exchange(answering(iter(pieces)), scope(method="GET"))[2] == b"".join(pieces)


def test_an_exception_while_answering_breaks_the_connection_off():
    def failing() -> Iterator[bytes]:
        yield b"x" * PIECE_BYTES
        raise RuntimeError

    with pytest.raises(RuntimeError):
        exchange(answering(failing()), scope(method="GET"))


class Closing(io.BytesIO):
    """A body that knows whether it was closed."""


@pytest.mark.parametrize("size", [10, PIECE_BYTES * 3])
@pytest.mark.parametrize("messages", [[], [GONE]])
def test_a_file_is_sent_and_closed_even_when_the_client_goes(size, messages):
    file = Closing(b"x" * size)
    answer = exchange(answering(FileWrapper(file), **{"Content-Length": str(size)}), scope(method="GET"), messages)
    assert file.closed
    assert messages or len(answer[2]) == size


def test_an_answer_is_closed_even_when_the_client_was_gone_before_it_began():
    file = Closing(b"x" * PIECE_BYTES * 2)

    async def receive() -> dict[str, Any]:
        return GONE

    async def send(_message: dict[str, Any]) -> None:
        raise ConnectionError

    application = answering(FileWrapper(file), **{"Content-Length": str(PIECE_BYTES * 2)})
    with pytest.raises(ConnectionError):
        asyncio.run(Bridge(application, Config())(scope(method="GET"), receive, send))
    assert file.closed


def test_long_uploads_do_not_take_the_threads_of_others():
    entered, leave = threading.Event(), threading.Event()

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "PUT":
            entered.set()
            leave.wait(10)
        start_response("200 OK", [])
        return [b""]

    async def both() -> None:
        bridge = Bridge(application, Config(threads=1))
        done: list[str] = []

        async def one(sent: dict[str, Any]) -> None:
            async def send(message: dict[str, Any]) -> None:
                done.append(sent["method"]) if message["type"].endswith("body") else None

            await bridge(sent, asyncio.Event().wait, send)

        upload = asyncio.create_task(one(scope(LENGTH_LONG)))
        await asyncio.to_thread(entered.wait, 10)
        await one(scope(method="GET"))
        leave.set()
        await upload
        assert done == ["GET", "PUT"]

    asyncio.run(both())


def test_the_target_is_kept_as_it_was_sent():
    environ = make_environ(scope(target=b"/a%2Fb%00\xc3\xa9?q=%2F"))
    assert environ["REQUEST_URI"] == "/a%2Fb%00\xc3\xa9?q=%2F"
    assert environ["PATH_INFO"] == "/a/b\0\xc3\xa9"
    assert environ["QUERY_STRING"] == "q=%2F"


@pytest.mark.parametrize(
    ("headers", "key", "value"),
    [
        ([(b"dpop", b"a"), (b"dpop", b"b")], "HTTP_DPOP", "a,b"),
        ([(b"cookie", b"a=1"), (b"cookie", b"b=2")], "HTTP_COOKIE", "a=1; b=2"),
        ([(b"slug", b"caf\xc3\xa9")], "HTTP_SLUG", "caf\xc3\xa9"),
        ([(b"content-type", b"text/turtle")], "CONTENT_TYPE", "text/turtle"),
        ([(b"x_forwarded_for", b"spoof"), (b"x-forwarded-for", b"true")], "HTTP_X_FORWARDED_FOR", "true"),
        ([(b"content_length", b"9")], "CONTENT_LENGTH", None),
    ],
)
def test_headers_keep_their_bytes_and_their_number(headers, key, value):
    environ = make_environ(scope(*headers))
    assert environ.get(key) == value
    assert "" not in environ


def test_each_exchange_is_told_without_its_query():
    told: list[Answered] = []

    async def send(_message: dict[str, Any]) -> None: ...

    async def receive() -> dict[str, Any]:
        return GONE

    bridge = Bridge(answering([b"x"]), Config(), told.append)
    asyncio.run(bridge(scope(method="GET", target=b"/cb?code=secret"), receive, send))
    assert [(each.client, each.method, each.path, each.status) for each in told] == [("127.0.0.9", "GET", "/cb", 200)]


def test_a_server_with_threads_gets_short_answers_without_an_event_loop():
    sent: list[dict[str, Any]] = []
    told: list[Answered] = []
    bridge = Bridge(answering([b"a", b"b"]), Config(), told.append)
    assert bridge.at_once(scope(method="GET"), b"", sent.append) is None
    assert [message.get("body") for message in sent] == [None, b"ab"]
    assert told[0].status == 200


@pytest.mark.parametrize(("trusted", "client"), [(("127.0.0.0/8",), "192.0.2.7"), ((), "127.0.0.9")])
def test_the_client_that_a_trusted_proxy_spoke_to_is_told(trusted: tuple[str, ...], client: str):
    told: list[Answered] = []
    bridge = Bridge(answering([b"x"]), Config(trusted_proxies=trusted), told.append)
    bridge.at_once(scope((b"x-forwarded-for", b"192.0.2.7"), method="GET"), b"", lambda _: None)
    assert [each.client for each in told] == [client]


@pytest.mark.parametrize(
    ("headers", "length"), [([LENGTH_6], 6), ([], 0), ([CHUNKED], None), ([LENGTH_6, CHUNKED], None)]
)
def test_a_request_tells_how_much_content_it_has(headers, length):
    assert content_length(scope(*headers)) == length
