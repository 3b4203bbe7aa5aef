"""The stream process: those who wait for notifications connect here. Read it top to bottom to see all of it.

An ASGI application. Cookies and `Authorization` mean nothing to it: what opens a channel is its URL, which therefore is
never logged. docs/decisions/0014-notifications.md says why this is a process of its own.

Spec: Solid Notifications Protocol #notify-receivefrom; W3C TAG, Good Practices for Capability URLs s5
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from urllib.parse import parse_qs

from pod.errors import BadRequest, JournalGone, MethodNotAllowed, NotFound, PodError
from pod.http import cors, problems
from pod.http.headers import LISTENER, UPDATES_PATH
from pod.http.proxies import effective_address
from pod.notifications.connection import GONE, GONE_AWAY, Connection, Receive, Scope, Send, Visit
from pod.notifications.event_stream import EventConnection
from pod.notifications.legacy import LegacyConnection
from pod.notifications.reception import Reception
from pod.notifications.socket import SocketConnection
from pod.notifications.streaming_http import LAST, UNKEPT, StreamConnection
from pod.protocol.notification import STREAM_PATHS, ChannelType, State, parse_state
from pod.services import Services
from pod.store.channels import Channel

LINE = "freehold.line"
"""In the scope of each request: what can be done with its connection, a `Line`."""
HEALTH_PATH = "/.stream/health"
KINDS = {f"/{path}": kind for kind, path in STREAM_PATHS.items()}
"""What the URL of a channel has before its secret."""
STREAMS = {ChannelType.STREAMING_HTTP: StreamConnection, ChannelType.EVENT_SOURCE: EventConnection}
ALLOW = ("Allow", "GET, HEAD, OPTIONS")
QUERY_FIELDS_MAX = 10
DRAIN_SECONDS = 4.0
HEARD_OF_SECONDS = 10.0

Begun = Callable[[Connection], None]


class Stream:
    """The application, and the tasks behind it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._reception = Reception(services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, start to end."""
        made: list[Connection] = []
        try:
            if scope["type"] == "http":
                await self._answer_http(scope, receive, send, made.append)
            elif scope["type"] == "websocket":
                await self._answer_websocket(scope, receive, send, made.append)
        except GONE_AWAY:
            scope[LINE].abort()
        except asyncio.CancelledError:
            if not any(each.ending for each in made):
                raise

    async def run(self, heard_of: Callable[[float], None]) -> None:
        """What goes on behind the requests, until it is cancelled. `heard_of` takes a promise to be heard of again."""
        connections, live = self._reception.connections, self._reception.live
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(live.run())
            tasks.create_task(connections.look_after(self._services.clock, live.reached))
            tasks.create_task(self._promise(heard_of))

    async def _promise(self, heard_of: Callable[[float], None]) -> None:
        while True:
            heard_of(self._services.clock.now() + HEARD_OF_SECONDS)
            await asyncio.sleep(HEARD_OF_SECONDS / 2)

    async def drain(self) -> None:
        """Tell all who are connected to come back."""
        await self._reception.connections.end_all(DRAIN_SECONDS)

    async def close(self) -> None:
        await self._reception.close()

    # -- streaming over HTTP -------------------------------------------------------------------------------------------

    async def _answer_http(self, scope: Scope, receive: Receive, send: Send, made: Begun) -> None:
        origin = header(scope, b"origin")
        try:
            if scope["method"] == "OPTIONS":
                await respond(send, 204, self._options(scope, origin))
            elif header(scope, b"transfer-encoding") is not None:
                raise BadRequest("A request here has no content.")
            elif scope["method"] not in {"GET", "HEAD"}:
                raise MethodNotAllowed("This can only be read.", headers=(ALLOW,))
            elif scope["path"] == HEALTH_PATH:
                await self._tell_health(scope, send)
            else:
                await self._stream(scope, receive, send, origin, made)
        except PodError as error:
            await self._refuse(scope, send, error, origin)

    def _options(self, scope: Scope, origin: str | None) -> cors.Headers:
        if origin is None or header(scope, b"access-control-request-method") is None:
            return (ALLOW, *cors.shared(origin))
        return cors.preflight(origin, header(scope, b"access-control-request-headers"))

    async def _tell_health(self, scope: Scope, send: Send) -> None:
        """Which server this belongs to, so that it can be seen where a proxy leads."""
        body = json.dumps({"status": "ok", "base_url": self._services.config.base_url}).encode()
        await respond(send, 200, [("Content-Type", "application/json"), *UNKEPT], body, head=scope["method"] == "HEAD")

    async def _stream(self, scope: Scope, receive: Receive, send: Send, origin: str | None, made: Begun) -> None:
        """Raises: NotFound, JournalGone, BadRequest, Busy, TooManyRequests -- before anything was sent"""
        channel = await self._channel(scope, *STREAMS)
        state = asked_state(scope)
        connection = STREAMS[channel.type](self._reception, channel, self._visit(scope, send))
        if scope["method"] == "HEAD":
            await respond(
                send, 200, [("Content-Type", connection.media_type), *UNKEPT, *cors.shared(origin)], head=True
            )
            return
        made(connection)
        await self._reception.attend(connection, state, receive)

    async def _refuse(self, scope: Scope, send: Send, error: PodError, origin: str | None) -> None:
        body = problems.problem(error, self._services.config.base_url, problems.report(error, None))
        fields = [("Content-Type", problems.MEDIA_TYPE), *UNKEPT, *error.headers, *cors.shared(origin)]
        await respond(send, error.status, fields, body, head=scope["method"] == "HEAD")

    # -- WebSockets ----------------------------------------------------------------------------------------------------

    async def _answer_websocket(self, scope: Scope, receive: Receive, send: Send, made: Begun) -> None:
        await receive()
        try:
            if scope["path"] == f"/{UPDATES_PATH}":
                await self._legacy(scope, receive, send, made)
            else:
                await self._socket(scope, receive, send, made)
        except JournalGone:  # a page in a browser can read the code of a close, but not the status of a refusal
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": GONE.code, "reason": GONE.reason})
        except PodError as error:
            await self._refuse_websocket(send, error)

    async def _legacy(self, scope: Scope, receive: Receive, send: Send, made: Begun) -> None:
        """Raises: BadRequest, Busy, TooManyRequests"""
        visit = self._visit(scope, send)
        sealed = asked(scope).get(LISTENER, [""])[0]
        listener = self._services.listeners.read(sealed, visit.origin) if sealed else None
        connection = LegacyConnection(self._reception, visit, listener)
        made(connection)
        await connection.attend(receive)

    async def _socket(self, scope: Scope, receive: Receive, send: Send, made: Begun) -> None:
        """Raises: as `_stream`"""
        channel = await self._channel(scope, ChannelType.WEBSOCKET)
        state = asked_state(scope)
        connection = SocketConnection(self._reception, channel, self._visit(scope, send))
        made(connection)
        await self._reception.attend(connection, state, receive)

    async def _refuse_websocket(self, send: Send, error: PodError) -> None:
        """Spec: ASGI extension websocket.http.response"""
        body = problems.problem(error, self._services.config.base_url, problems.report(error, None))
        fields = [("Content-Type", problems.MEDIA_TYPE), ("Content-Length", str(len(body))), *UNKEPT, *error.headers]
        start = {"type": "websocket.http.response.start", "status": error.status, "headers": encoded(fields)}
        await send(start)
        await send({"type": "websocket.http.response.body", "body": body})

    # -- what is asked for ---------------------------------------------------------------------------------------------

    async def _channel(self, scope: Scope, *kinds: ChannelType) -> Channel:
        """Raises: NotFound -- the same whatever is wrong with the secret; Busy"""
        begin, slash, capability = scope["path"].rpartition("/")
        kind = KINDS.get(begin + slash)
        if kind is None or kind not in kinds:
            raise NotFound("There is nothing here.")
        return await self._reception.channel(kind, capability)

    def _visit(self, scope: Scope, send: Send) -> Visit:
        """Counted to whom trusted proxies say they speak to. An origin can only narrow what rules give."""
        client = scope["client"]
        said = header(scope, b"x-forwarded-for") or ""
        environ = {"REMOTE_ADDR": client[0] if client else "", "HTTP_X_FORWARDED_FOR": said}
        address = effective_address(environ, self._services.config.trusted_proxies)
        offered = tuple(scope.get("subprotocols", ()))
        return Visit(scope[LINE], address, send, cors_origin(header(scope, b"origin")), offered)


def header(scope: Scope, name: bytes) -> str | None:
    """A field of the request, its lines joined; None where there is none."""
    found = [value.decode("latin-1") for field, value in scope["headers"] if field == name]
    return ", ".join(found) if found else None


def cors_origin(origin: str | None) -> str | None:
    """One that may narrow what rules give."""
    return origin if origin is not None and len(origin) <= cors.ORIGIN_BYTES_MAX else None


def asked(scope: Scope) -> dict[str, list[str]]:
    """The query. Raises: BadRequest"""
    try:
        return parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=QUERY_FIELDS_MAX)
    except ValueError as error:
        raise BadRequest("The query of this URL has too many fields.") from error


def asked_state(scope: Scope) -> State | None:
    """How far the reader says it had heard; None where it does not say.

    What an `EventSource` adds when it connects again is newer than what its URL says.

    Spec: HTML Standard s9.2.4, Last-Event-ID. Raises: BadRequest
    """
    query = asked(scope)
    said = header(scope, b"last-event-id") or query.get("lastEventId", query.get("state", [""]))[0]
    if not said:
        return None
    state = parse_state(said)
    if state is None:
        raise BadRequest(
            "This is no state of this server's: it is the `state` or the id of a notification, or an ETag."
        )
    return state


async def respond(
    send: Send, status: int, fields: Iterable[tuple[str, str]], body: bytes = b"", *, head: bool = False
) -> None:
    length = [] if status == 204 or head else [("Content-Length", str(len(body)))]
    await send({"type": "http.response.start", "status": status, "headers": encoded([*fields, *length, LAST])})
    with suppress(*GONE_AWAY):
        await send({"type": "http.response.body", "body": b"" if head else body})


def encoded(fields: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in fields]
