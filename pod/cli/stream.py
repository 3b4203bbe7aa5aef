"""`freehold stream`: the process that those who wait for notifications connect to. uvicorn speaks HTTP and WebSocket,
pod/cli/stream_intake.py bounds it, pod/stream.py is the application.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import uvloop
from uvicorn import Config as Settings
from uvicorn import Server

from pod.cli.process import allow_connections, share_meters
from pod.cli.stream_intake import Requests, Sockets, quieten
from pod.notifications.reception import THREADS
from pod.observability import logging as observed
from pod.observability.meters import METERS
from pod.rdf.large import share_few_arenas
from pod.services import open_services
from pod.stream import Stream

if TYPE_CHECKING:
    from pod.config import Config

SOCKET_BYTES_MAX = 16 * 1024
"""Of one message that a client sends: a token is the longest."""
SEND_BYTES = 64 * 1024
"""That the kernel keeps for one reader; by itself it would keep megabytes for each who reads nothing."""
BACKLOG = 1024
SHUTDOWN_SECONDS = 4
"""For what has not gone although it was told to."""


def run(config: Config) -> None:
    """Serves until SIGTERM or SIGINT, then tells all who are connected to come back."""
    observed.set_up(config)
    quieten()
    share_few_arenas()
    allow_connections()
    share_meters(config, "stream")
    services = open_services(replace(config, threads=THREADS))  # that strangers' servers keep some of, not all
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(Stream(services), config))
    finally:
        services.close()
        METERS.close()


async def serve(stream: Stream, config: Config) -> None:
    """What goes on behind the requests ends with the process; should it fail, so does the process."""
    behind = asyncio.create_task(stream.run(METERS.back_by))
    serving = asyncio.create_task(Listening(stream, config).serve([listener(config)]))
    await asyncio.wait({behind, serving}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        await behind  # raises what it failed with
    behind.cancel()
    await stream.close()
    await serving


class Listening(Server):
    """The server, with our way of ending."""

    def __init__(self, stream: Stream, config: Config) -> None:
        super().__init__(
            Settings(
                stream,
                http=Requests,
                ws=Sockets,
                ws_max_size=SOCKET_BYTES_MAX,
                ws_ping_interval=None,
                ws_per_message_deflate=False,
                h11_max_incomplete_event_size=2 * config.header_bytes_max,
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )
        self._stream = stream

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """First nobody new is let in."""
        for server in self.servers:
            server.close()
        await self._stream.drain()
        await super().shutdown(sockets)


def listener(config: Config) -> socket.socket:
    """Connections inherit from it how much the kernel keeps, and when it gives up who acknowledges nothing."""
    family, kind, protocol, _, address = socket.getaddrinfo(config.host, config.stream_port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2000 * config.stream_idle_seconds)
    made.bind(address)
    made.listen(BACKLOG)
    return made
