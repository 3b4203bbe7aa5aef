"""Serves a WSGI application over ASGI, so that no thread ever waits for a client.

Receiving and sending happen on the event loop; only the application's own work runs on threads, and long
uploads have threads of their own, so that none of them can keep a reader out. A server with threads of its own may
have requests answered right there whose content has come, or that have none. docs/decisions/0001-web-server.md holds
the contract with the application.

Spec: PEP 3333, RFC 9112
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from pod.config import KIB, Config
from pod.http.proxies import effective_address
from pod.http.threads import Threads
from pod.http.upload import Content, Pace, Reader, Receive
from pod.observability.requests import name_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

AHEAD_BYTES_MAX = 64 * KIB
PIECE_BYTES = 128 * KIB

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], "Awaitable[None]"]
Rest = Callable[[Receive, Send], "Coroutine[Any, Any, None]"]
"""What is left to do for a request on the event loop."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the access log may tell of one exchange. The query is left out: it can hold secrets."""

    client: str
    method: str
    path: str
    status: int
    seconds: float
    bytes: int
    request: str


@dataclass(slots=True)
class Answer:
    """What the application gave. `pieces` is None when `body` is all of it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    pieces: Iterator[bytes] | None = None
    close: Callable[[], None] | None = None
    sent: int = 0


class FileWrapper:
    """`wsgi.file_wrapper`: a file in pieces large enough that handing them over costs little."""

    def __init__(self, file: IO[bytes], _block_bytes: int = 0) -> None:
        self._file = file
        self.close = file.close

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self._file.read(PIECE_BYTES), b"")


class Bridge:
    """The ASGI application around one WSGI application. `answered` is told of each exchange."""

    def __init__(
        self, application: WSGIApplication, config: Config, answered: Callable[[Answered], None] | None = None
    ) -> None:
        self._application = application
        self._answered = answered
        self._trusted_proxies = config.trusted_proxies
        self._pace = Pace(config.body_idle_seconds_max, config.body_bytes_per_second_min)
        self._threads = Threads("request", config.threads)
        self._uploads = Threads("upload", config.threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.monotonic()
        environ = make_environ(scope)
        coding = environ.get("HTTP_TRANSFER_ENCODING")
        if coding is not None and coding.lower() != "chunked":
            answer = plain(501, "The only transfer coding this server knows is chunked.")
            # Spec: RFC 9112 s6.3 -- where this content ends is a matter of opinion, so nothing may follow it
            answer.headers.append((b"connection", b"close"))
        else:
            answer = await self._asked(environ, receive, chunked=coding is not None)
        await self._finish(answer, environ, started, receive, send)

    def at_once(self, scope: Scope, content: bytes, send: Callable[[dict[str, Any]], object]) -> Rest | None:
        """Answer a request whose content is here on the calling thread, for which the application may take its time.

        `send` must work without being awaited. Gives what is left to do on the event loop: sending a long answer.
        """
        started = time.monotonic()
        environ = make_environ(scope)
        environ["wsgi.input"] = BytesIO(content)
        answer = ask_safely(self._application, environ)
        if answer.pieces is not None:
            return partial(self._finish, answer, environ, started)
        self._tell(answer, environ, started)
        send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        send({"type": "http.response.body", "body": answer.body})
        return None

    async def answer(self, scope: Scope, content: bytes, receive: Receive, send: Send) -> None:
        """The same on a thread of our own."""
        started = time.monotonic()
        environ = make_environ(scope)
        environ["wsgi.input"] = BytesIO(content)
        answer = await self._threads.run(ask_safely, self._application, environ)
        await self._finish(answer, environ, started, receive, send)

    async def _finish(
        self, answer: Answer, environ: WSGIEnvironment, started: float, receive: Receive, send: Send
    ) -> None:
        await self._send(answer, receive, send)
        self._tell(answer, environ, started)

    def _tell(self, answer: Answer, environ: WSGIEnvironment, started: float) -> None:
        if self._answered is not None:
            path = environ["REQUEST_URI"].partition("?")[0]
            seconds = time.monotonic() - started
            client = effective_address(environ, self._trusted_proxies)
            method, request = environ["REQUEST_METHOD"], name_of(environ)
            self._answered(Answered(client, method, path, answer.status, seconds, answer.sent, request))

    async def _asked(self, environ: WSGIEnvironment, receive: Receive, *, chunked: bool) -> Answer:
        """The application's answer, once the content is here or known to be long."""
        length = None if chunked else int(environ.get("CONTENT_LENGTH") or 0)
        if length == 0:
            environ["wsgi.input"] = BytesIO()
            return await self._threads.run(ask_safely, self._application, environ)
        content = Content(receive, self._pace, length)
        long = length is not None and length > AHEAD_BYTES_MAX
        ahead, error, whole = (b"", None, False) if long else await content.ahead(AHEAD_BYTES_MAX)
        if whole:
            environ["wsgi.input"] = BytesIO(ahead)
            return await self._threads.run(ask_safely, self._application, environ)
        environ["wsgi.input"] = reader = Reader(ahead, error, content, asyncio.get_running_loop())
        answer = await self._uploads.run(ask_safely, self._application, environ)
        if "HTTP_EXPECT" not in environ:  # whoever waits to be asked for it is not sending
            await reader.drain()
        return answer

    async def _send(self, answer: Answer, receive: Receive, send: Send) -> None:
        """To the client, in its own time but not for ever. An exception here breaks the connection off."""
        start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        if answer.pieces is None:
            await send(start)
            await send({"type": "http.response.body", "body": answer.body})
            return
        gone = asyncio.ensure_future(disconnected(receive))
        try:
            await send(start)
            while not gone.done() and (piece := await self._threads.run(next_piece, answer.pieces)):
                async with asyncio.timeout(PIECE_BYTES / self._pace.bytes_per_second_min):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    answer.sent += len(piece)
        finally:
            gone.cancel()
            if answer.close is not None:
                await self._threads.run(answer.close)
        await send({"type": "http.response.body", "body": b""})


async def disconnected(receive: Receive) -> None:
    """Returns when the client has gone; content the application did not want is dropped on the way."""
    while (await receive())["type"] != "http.disconnect":
        pass


def content_length(scope: Scope) -> int | None:
    """How much content the request announces, 0 if none; None where it does not say."""
    length: int | None = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length


def ask_safely(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """The application's answer, or ours where it fails."""
    try:
        return ask(application, environ)
    except Exception:
        log.exception("the application failed")
        return plain(500, "Something went wrong on this server.")


def ask(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """One call of the application, on a thread. An answer known to be short is collected at once."""
    head: list[Any] = []  # status and headers, as start_response was told

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:  # PEP 3333
        head[:] = [int(status[:3]), headers]
        return unsupported_write

    result = application(environ, start_response)
    close = getattr(result, "close", None)
    answer = Answer(head[0], [(field_name(name), value.encode("latin-1")) for name, value in head[1]])
    if is_short(result, head[1]):
        answer.body = collected(result, close)
        answer.sent = len(answer.body)
    else:
        answer.pieces, answer.close = iter(result), close
    return answer


@cache
def field_name(name: str) -> bytes:
    """A header's name as ASGI has it. The application knows only so many."""
    return name.lower().encode("latin-1")


def unsupported_write(_data: bytes) -> None:
    raise NotImplementedError("give the answer as an iterable; write() is not offered")


def is_short(result: Iterable[bytes], headers: list[tuple[str, str]]) -> bool:
    if isinstance(result, (list, tuple)):
        return True
    length = next((value for name, value in headers if name.lower() == "content-length"), None)
    return length is not None and int(length) <= PIECE_BYTES


def collected(result: Iterable[bytes], close: Callable[[], None] | None) -> bytes:
    try:
        return b"".join(result)
    finally:
        if close is not None:
            close()


def next_piece(pieces: Iterator[bytes]) -> bytes:
    """Up to about `PIECE_BYTES` more of the answer; b"" at its end."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            break
    return gathered[0] if len(gathered) == 1 else b"".join(gathered)


def plain(status: int, text: str) -> Answer:
    body = text.encode() + b"\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    return Answer(status, headers, body, sent=len(body))


_CONSTANT: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "freehold",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
    "wsgi.file_wrapper": FileWrapper,
}
_KEYS = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
_KEYS_MAX = 500
_KEY_BYTES_MAX = 64


def make_environ(scope: Scope) -> WSGIEnvironment:
    """The request as PEP 3333 wants it, with `REQUEST_URI` holding the target as it was sent."""
    environ = _CONSTANT.copy()
    raw = scope["raw_path"]
    query = scope["query_string"].decode("latin-1")
    target = raw.decode("latin-1")
    environ["REQUEST_METHOD"] = scope["method"]
    environ["REQUEST_URI"] = f"{target}?{query}" if query else target
    environ["PATH_INFO"] = unquote_to_bytes(raw).decode("latin-1") if b"%" in raw else target
    environ["QUERY_STRING"] = query
    environ["SERVER_PROTOCOL"] = "HTTP/1.0" if scope["http_version"] == "1" else "HTTP/1.1"
    environ["wsgi.url_scheme"] = scope["scheme"]
    environ["SERVER_NAME"], environ["SERVER_PORT"] = scope["server"]
    environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = scope["client"]
    for name, value in scope["headers"]:
        key = _KEYS.get(name) or header_key(name)
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if name == b'cookie' else ','}{text}"
        environ[key] = text
    with suppress(KeyError):
        del environ[""]
    return environ


def header_key(name: bytes) -> str:
    """The environ key of a header, remembered if short. A name with `_` has none: it could pose as one with `-`."""
    text = name.decode("latin-1")
    key = "" if "_" in text else "HTTP_" + text.upper().replace("-", "_")
    if len(_KEYS) < _KEYS_MAX and len(name) <= _KEY_BYTES_MAX:
        _KEYS[name] = key
    return key
