"""Takes requests from granian on its own threads: those with little content or none are answered right there.

granian's ASGI interface carries every request through the event loop and back, which costs more than most answers do.
Its WSGI interface uses threads, but hides what must be seen. This is the ASGI view of requests on the threads of the
WSGI one. The only file that knows granian's insides, so pyproject.toml names the versions it was tried with.

docs/decisions/0003-requests-on-granians-threads.md
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import uvloop
from granian import _granian

from pod.http.asgi import AHEAD_BYTES_MAX, content_length

if TYPE_CHECKING:
    from pod.http.asgi import Bridge, Rest
    from pod.http.upload import Message, Receive

THREADS_SPARE = 4
"""Threads that no application ever holds: granian hands over arriving content on them."""
LATE_SECONDS = 0.5
"""Content that has not come by then is waited for on the event loop, which also knows when to give up."""

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
    intake = Intake(bridge, loop, threads)
    late = asyncio.ensure_future(intake.pass_on_the_late())
    worker.serve_async(Scheduler(loop, intake.take, None, None, None), loop, stopping)
    await stopped
    late.cancel()


class Loop(uvloop.Loop):
    """An event loop that stays out of what granian's threads tell an `Arrival`: it is told right there."""

    def call_soon_threadsafe(self, callback: Any, *arguments: Any, context: Any = None) -> Any:  # type: ignore[override]  # Any does
        if type(callback) is Arrival:
            return callback(*arguments)
        return super().call_soon_threadsafe(callback, *arguments, context=context)

    def call_soon(self, callback: Any, *arguments: Any, context: Any = None) -> Any:  # type: ignore[override]  # Any does
        if type(callback) is Arrival:
            return callback(*arguments)
        return super().call_soon(callback, *arguments, context=context)


class Scheduler(_granian.CallbackScheduler):
    """Called by granian with each request, on some thread of its pool."""

    __slots__ = ()

    def __init__(self, _loop: asyncio.AbstractEventLoop, take: Callable[[Request], None], *_: None) -> None:
        super().__init__()
        self._schedule_fn = take


class Intake:
    """Answers requests on the threads they arrive on, and on the event loop when they have more content than comes at
    once, or all threads are taken.
    """

    def __init__(self, bridge: Bridge, loop: asyncio.AbstractEventLoop, threads: int) -> None:
        self._bridge = bridge
        self._loop = loop
        self._free = deque(range(threads))  # a counter that threads may share
        self._arriving: set[Arrival] = set()

    def take(self, request: Request) -> None:
        """The border of this thread: nothing may be raised to granian."""
        try:
            length = content_length(request.scope)
            if length == 0:
                self.answer(request, b"")
            elif length is not None and length <= AHEAD_BYTES_MAX:
                Arrival(self, request, length).begin(self._arriving)
            else:
                self.pass_on(request, partial(self._bridge, request.scope), request.proto.receive)
        except BaseException as error:  # noqa: BLE001 -- see above
            request.err(error)

    def answer(self, request: Request, content: bytes) -> None:
        """On this thread, if one more may be held."""
        rest = self._begun(request, content)
        if rest is None:
            request.done()
        else:
            self.pass_on(request, rest, request.proto.receive)

    def _begun(self, request: Request, content: bytes) -> Rest | None:
        try:
            place = self._free.pop()
        except IndexError:
            return partial(self._bridge.answer, request.scope, content)
        try:
            return self._bridge.at_once(request.scope, content, request.proto.send)
        finally:
            self._free.append(place)

    def pass_on(self, request: Request, rest: Rest, receive: Receive) -> None:
        """To the event loop."""
        self._loop.call_soon_threadsafe(self._go_on, request, rest, receive)

    def pass_on_arrival(self, request: Request, receive: Receive) -> None:
        self.pass_on(request, partial(self._bridge, request.scope), receive)

    def _go_on(self, request: Request, rest: Rest, receive: Receive) -> None:
        """The task is kept by granian; it would else be forgotten half-way."""
        request.taskref(self._loop.create_task(finish(request, rest, receive)))

    async def pass_on_the_late(self) -> None:
        """For as long as the server runs."""
        while True:
            await asyncio.sleep(LATE_SECONDS)
            latest = time.monotonic() - LATE_SECONDS
            for each in [arrival for arrival in self._arriving.copy() if arrival.since < latest]:
                each.leave()


class Arrival:
    """The content of one request on its way here, and whom granian tells that the first of it has come."""

    __slots__ = ("_arriving", "_coming", "_intake", "_length", "_mine", "_request", "since")

    def __init__(self, intake: Intake, request: Request, length: int) -> None:
        self._intake = intake
        self._request = request
        self._length = length
        self._mine = deque((True,))  # whoever takes it away sees to the request
        self._coming: Any = None  # granian's promise of a message
        self.since = time.monotonic()

    def begin(self, arriving: set[Arrival]) -> None:
        self._arriving = arriving
        arriving.add(self)
        self._coming = self._request.proto.receive()
        self._coming.add_done_callback(self)

    def __call__(self, coming: Any) -> None:
        """The border of this thread, as `Intake.take`."""
        if not self._is_taken():
            return
        try:
            message = coming.result()
            if message["type"] == "http.request" and len(message["body"]) == self._length:
                self._coming = None  # it knows us, and is of a kind whose circles Python does not collect
                self._intake.answer(self._request, message["body"])
            else:
                self._intake.pass_on_arrival(self._request, self._receive)
        except BaseException as error:  # noqa: BLE001 -- see above
            self._request.err(error)

    def leave(self) -> None:
        """For the event loop to wait, unless it has come just now."""
        if self._is_taken():
            self._intake.pass_on_arrival(self._request, self._receive)

    def _is_taken(self) -> bool:
        with suppress(IndexError):
            self._mine.pop()
            self._arriving.discard(self)
            return True
        return False

    async def _receive(self) -> Message:
        """What was promised already, then what follows."""
        coming, self._coming = self._coming, None
        message: Message = await (coming or self._request.proto.receive())
        return message


async def finish(request: Request, rest: Rest, receive: Receive) -> None:
    """What is left to do on the event loop. Told of an error, granian breaks the connection off."""
    try:
        await rest(receive, request.proto.send)
    except BaseException as error:  # noqa: BLE001 -- as in `take`
        request.err(error)
    else:
        request.done()
