"""`freehold web`: one web process. granian parses HTTP, pod/http/asgi.py calls the application.

docs/decisions/0001-web-server.md says why it is put together like this.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from typing import TYPE_CHECKING

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from pod.app import create_app
from pod.cli.intake import Loop, taking
from pod.cli.process import allow_connections, share_meters
from pod.http.asgi import Answered, Bridge
from pod.observability import logging as observed
from pod.observability.meters import METERS
from pod.rdf.large import share_few_arenas

if TYPE_CHECKING:
    from collections.abc import Callable

    from pod.config import Config
    from pod.services import Services

READ_BUFFER_BYTES = 8192 + 4096 * 100
"""Of one connection. Headers are refused somewhere above it (http/ caps each by itself); less makes uploads slow."""
HEADERS_SECONDS_MAX = 30
"""To send the headers of a request, and to keep an idle connection."""
CONNECTIONS_MAX = 4096
BACKLOG = 1024

log = structlog.get_logger("pod.web")


def run(config: Config) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what it has begun."""
    observed.set_up(config)
    share_few_arenas()
    allow_connections()
    share_meters(config, "web")
    app = create_app(config)
    services: Services = app.extensions["services"]
    bridge = Bridge(app.wsgi_app, config, tell_request if config.log_requests else None)
    try:
        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(serve(bridge, config, services.access_log.hasten))
    finally:
        services.close()
        app.extensions["identity"].close()
        METERS.close()


async def serve(bridge: Bridge, config: Config, ending: Callable[[], None]) -> None:
    """`ending` is called when it is told to stop. What it has begun may take longer than it is given."""
    server = Server(
        bridge,
        address=numeric(config.host, config.port),
        port=config.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=CONNECTIONS_MAX,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_SECONDS_MAX * 1000, max_buffer_size=READ_BUFFER_BYTES),
        log_enabled=False,
    )
    quieten()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        ending()
        server.stop()  # type: ignore[no-untyped-call]  # granian says nothing of it

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await server.serve(taking(config.threads))


def quieten() -> None:
    """The handlers granian sets up go: its errors belong with ours, and its news is none."""
    for name in ("_granian", "granian"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.ERROR)


def numeric(host: str, port: int) -> str:
    """The address of a host name; granian takes addresses only."""
    return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])


def tell_request(answered: Answered) -> None:
    log.info(
        "request",
        client=answered.client,
        method=answered.method,
        path=answered.path,
        status=answered.status,
        ms=round(answered.seconds * 1000, 1),
        bytes=answered.bytes,
        request=answered.request,
    )
