"""A pool of threads for an event loop: plain functions run on it, coroutines wait for them.

One queue for all, so that a thread that is awake takes the next call without waking another (that halves the cost
of a short call). Only the event loop's thread counts, so there are no locks. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# what to run, with what, and who waits for it
Call = tuple["Callable[..., Any]", tuple[Any, ...], "asyncio.Future[Any]"]


class Threads:
    """At most `limit` threads, started when first needed. For use from one event loop."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self._threads = 0
        self._calls = 0
        self._queue: SimpleQueue[Call] = SimpleQueue()

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:  # whatever `function` takes
        """What `function` gives, or raises, on a thread of the pool."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._calls += 1
        if self._threads < self._calls and self._threads < self.limit:
            self._threads += 1
            Thread(target=self._work, name=f"{self.name}-{self._threads}", daemon=True).start()
        self._queue.put((function, arguments, result))
        return await result

    def _work(self) -> None:
        while True:
            function, arguments, result = self._queue.get()
            loop = result.get_loop()
            try:
                value = function(*arguments)
            except BaseException as error:  # noqa: BLE001 -- it belongs to the coroutine that waits
                loop.call_soon_threadsafe(self._settle, result, None, error)
            else:
                loop.call_soon_threadsafe(self._settle, result, value, None)
            del function, arguments, result

    def _settle(self, result: asyncio.Future[T], value: T, error: BaseException | None) -> None:
        self._calls -= 1
        if result.cancelled():
            return
        if error is None:
            result.set_result(value)
        else:
            result.set_exception(error)
