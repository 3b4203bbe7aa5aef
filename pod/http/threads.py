"""A pool of threads for an event loop: plain functions run on it, coroutines wait for them.

The one used last is used next, so that few threads stay warm and few database connections are opened. Only the
event loop's thread touches the books, so there are no locks. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _Call:
    """One function to run, and who waits for it."""

    __slots__ = ("arguments", "function", "result")

    def __init__(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], result: asyncio.Future[Any]
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.result = result


class _Worker(Thread):
    """Runs the calls of its inbox, one at a time, until the process ends."""

    def __init__(self, name: str, pool: Threads) -> None:
        super().__init__(name=name, daemon=True)
        self.inbox: SimpleQueue[_Call] = SimpleQueue()
        self.pool = pool

    def run(self) -> None:
        while True:
            call = self.inbox.get()
            loop = call.result.get_loop()
            try:
                value = call.function(*call.arguments)
            except BaseException as error:  # noqa: BLE001 -- it belongs to the coroutine that waits
                loop.call_soon_threadsafe(self.pool.settle, self, call.result, None, error)
            else:
                loop.call_soon_threadsafe(self.pool.settle, self, call.result, value, None)
            del call


class Threads:
    """At most `limit` threads, started when first needed. For use from one event loop."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self._count = 0
        self._idle: list[_Worker] = []
        self._waiting: deque[_Call] = deque()

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:  # whatever `function` takes
        """What `function` gives, or raises, on a thread of the pool."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        call = _Call(function, arguments, result)
        worker = self._idle.pop() if self._idle else self._started()
        if worker is None:
            self._waiting.append(call)
        else:
            worker.inbox.put(call)
        return await result

    def settle(
        self, worker: _Worker, result: asyncio.Future[Any], value: Any, error: BaseException | None
    ) -> None:
        """On the event loop: the worker takes what waits longest, or rests; the waiter gets its result."""
        if self._waiting:
            worker.inbox.put(self._waiting.popleft())
        else:
            self._idle.append(worker)
        if result.cancelled():
            return
        if error is None:
            result.set_result(value)
        else:
            result.set_exception(error)

    def _started(self) -> _Worker | None:
        if self._count == self.limit:
            return None
        self._count += 1
        worker = _Worker(f"{self.name}-{self._count}", self)
        worker.start()
        return worker
