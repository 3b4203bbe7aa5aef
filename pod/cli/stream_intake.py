"""Takes connections for the stream process from uvicorn, and bounds what it does not: how long a request may take to
come, how many may be on their way, how much a WebSocket may send at once, and what waits to be sent in answer.

The only file that knows the insides of uvicorn, so pyproject.toml names the versions it was tried with. Its log says
URLs, and those are secrets here: `quieten`.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from pod.stream import LINE

REQUEST_SECONDS_MAX = 10.0
"""For the head of a request to come."""
COMING_MAX = 1_000
"""Requests on their way; then whoever has taken longest is cut off."""
HEAD_LINES_MAX = 100
HEAD_LINE_BYTES_MAX = 8_000
"""Of a request for a WebSocket: what the library that parses it would choke on."""
QUEUED_MAX = 100
"""Messages of a client that wait to be looked at, and parts of one message."""
OFFERED = b"x-offered-subprotocols"
"""What the library does not see: the names of channel types are IRIs, and it takes tokens alone."""
SWITCHING = 101
ENDING = {State.CLOSING, State.CLOSED}
NO_TEXT = 1007
"""Spec: RFC 6455 s7.4.1"""


def quieten() -> None:
    """Its news hold URLs, and what strangers do wrong is nothing to be told of."""
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.ERROR)


class Coming:
    """Connections whose request is not complete, the oldest first. One a process."""

    def __init__(self) -> None:
        self._all: OrderedDict[asyncio.Transport, asyncio.TimerHandle] = OrderedDict()

    def begin(self, transport: asyncio.Transport) -> None:
        later = asyncio.get_running_loop().call_later(REQUEST_SECONDS_MAX, self._give_up, transport)
        self._all[transport] = later
        if len(self._all) > COMING_MAX:
            self._give_up(next(iter(self._all)))

    def end(self, transport: asyncio.Transport) -> None:
        timer = self._all.pop(transport, None)
        if timer is not None:
            timer.cancel()

    def _give_up(self, transport: asyncio.Transport) -> None:
        self.end(transport)
        transport.abort()


COMING = Coming()


class Requests(H11Protocol):
    """One connection, as long as it speaks HTTP."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # those of uvicorn
        super().__init__(*arguments, **named)
        self.app = _with_line(self, self.app)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        COMING.begin(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        COMING.end(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None:
            COMING.end(self.transport)

    def handle_websocket_upgrade(self, event: Any) -> None:  # h11's Request
        COMING.end(self.transport)
        lines = [len(name) + len(value) for name, value in self.headers] + [len(event.target)]
        if len(lines) > HEAD_LINES_MAX or max(lines) > HEAD_LINE_BYTES_MAX:
            self.send_400_response("Invalid HTTP request received.")
        else:
            self.headers = [
                (OFFERED if name == b"sec-websocket-protocol" else name, value) for name, value in self.headers
            ]
            super().handle_websocket_upgrade(event)

    def ping(self) -> bool:
        return True

    def abort(self) -> None:
        self.transport.abort()


class Sockets(WebSocketsSansIOProtocol):
    """One connection, once it is a WebSocket."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # those of uvicorn
        super().__init__(*arguments, **named)
        self.app = _with_line(self, self.app)
        self._pings = 0
        self._is_awaited = False

    def handle_connect(self, event: Any) -> None:  # a Request of websockets
        super().handle_connect(event)
        if self.response.status_code == SWITCHING:
            fields = event.headers.get_all(OFFERED.decode())
            self.scope["subprotocols"] = [each.strip() for field in fields for each in field.split(",")]

    def ping(self) -> bool:
        """Whatever comes counts as a sign of life."""
        if self._is_awaited:
            return False
        self._pings += 1
        self._is_awaited = True
        self.conn.send_ping(struct.pack("!I", self._pings & 0xFFFFFFFF))
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True

    def abort(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self._is_awaited = False
        super().data_received(data)

    def handle_cont(self, event: Any) -> None:  # a Frame of websockets
        if len(self.frames) > QUEUED_MAX:
            self.transport.abort()
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if self.conn.state in ENDING:
            return  # it came together with what ended the connection
        if self.queue.qsize() > QUEUED_MAX:
            self.transport.abort()
        elif self.curr_msg_data_type == "text" and not is_text(b"".join(self.frames)):
            self.conn.send_close(NO_TEXT)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def pause_writing(self) -> None:
        """Who does not read the answers to its pings may send no more of them."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()


def is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _with_line(line: Requests | Sockets, app: Any) -> Any:  # an ASGI application
    """The same application, told what else can be done with the connection. Adds no coroutine of its own."""

    def called(scope: Any, receive: Any, send: Any) -> Any:
        scope[LINE] = line
        return app(scope, receive, send)

    return called
