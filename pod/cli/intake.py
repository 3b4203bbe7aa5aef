"""Takes requests from granian on its own threads: those without content are answered right there.

granian's ASGI interface carries every request through the event loop and back, which costs more than most answers do.
Its WSGI interface uses threads, but hides what must be seen. This is the ASGI view of requests on the threads of the
WSGI one. The only file that knows granian's insides, so pyproject.toml names the versions it was tried with.

docs/decisions/0003-requests-on-granians-threads.md
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from granian import _granian

if TYPE_CHECKING:
    from pod.http.asgi import Bridge, Rest

THREADS_SPARE = 4
"""Threads that no application ever holds: granian hands over arriving content on them."""

ASGIWorker: Any = _granian.ASGIWorker  # its published types are those of an older version
Request = Any  # granian's: a scope, a protocol, and whom to tell how it ended


def taking(threads: int) -> Callable[..., Any]:
    """What `Server.serve` is to start: a worker that has requests answered on up to that many threads."""
    return partial(work, threads)


async def work(threads: int, number: int, stopping: Any, bridge: Bridge, sockets: Any, *settings: Any) -> None:
    """Serves until it is told to stop. `settings` are those of `Server`, in granian's order."""
    runtime, (_, idle_seconds), rest = settings[:2], settings[2:4], settings[4:]
    backpressure, _, mode, http1, http2, websockets, files, _, tls, _ = rest
    loop = asyncio.get_running_loop()
    stopped = loop.create_future()
    stopping.add_cb(lambda: loop.call_soon_threadsafe(stopped.set_result, None))
    http = (backpressure, mode, http1, http2, websockets, files)
    pool = (threads + THREADS_SPARE, idle_seconds)
    worker = ASGIWorker(number, sockets, None, *runtime, *pool, *http, *tls, (None, None))
    worker.serve_async(Scheduler(loop, Intake(bridge, loop, threads).take, None, None, None), loop, stopping)
    await stopped


class Scheduler(_granian.CallbackScheduler):
    """Called by granian with each request, on some thread of its pool."""

    __slots__ = ()

    def __init__(self, _loop: asyncio.AbstractEventLoop, take: Callable[[Request], None], *_: None) -> None:
        super().__init__()
        self._schedule_fn = take


class Intake:
    """Answers requests on the threads they arrive on, and on the event loop when they have content or all are taken."""

    def __init__(self, bridge: Bridge, loop: asyncio.AbstractEventLoop, threads: int) -> None:
        self._bridge = bridge
        self._loop = loop
        self._free = deque(range(threads))  # a counter that threads may share

    def take(self, request: Request) -> None:
        """The border of this thread: nothing may be raised to granian."""
        try:
            rest = self._begun(request)
            if rest is None:
                request.done()
            else:
                self._loop.call_soon_threadsafe(self._go_on, request, rest)
        except BaseException as error:  # noqa: BLE001 -- see above
            request.err(error)

    def _begun(self, request: Request) -> Rest | None:
        try:
            place = self._free.pop()
        except IndexError:
            return partial(self._bridge, request.scope)
        try:
            return self._bridge.at_once(request.scope, request.proto.send)
        finally:
            self._free.append(place)

    def _go_on(self, request: Request, rest: Rest) -> None:
        """The task is kept by granian; it would else be forgotten half-way."""
        request.taskref(self._loop.create_task(finish(request, rest)))


async def finish(request: Request, rest: Rest) -> None:
    """What is left to do on the event loop. Told of an error, granian breaks the connection off."""
    try:
        await rest(request.proto.receive, request.proto.send)
    except BaseException as error:  # noqa: BLE001 -- as in `take`
        request.err(error)
    else:
        request.done()
