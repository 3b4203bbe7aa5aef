"""The pool of threads of an event loop."""

import asyncio
import threading

import pytest

from pod.http.threads import Threads


def test_it_gives_what_the_function_gives():
    assert asyncio.run(Threads("t", 1).run(divmod, 7, 2)) == (3, 1)


def test_it_raises_what_the_function_raises():
    with pytest.raises(ZeroDivisionError):
        asyncio.run(Threads("t", 1).run(divmod, 7, 0))


def test_one_after_another_uses_one_thread():
    async def run() -> set[str]:
        pool = Threads("t", 8)
        return {await pool.run(lambda: threading.current_thread().name) for _ in range(20)}

    assert asyncio.run(run()) == {"t-1"}


def test_never_more_threads_than_the_limit():
    async def run() -> set[str]:
        pool = Threads("t", 3)
        calls = [pool.run(lambda: threading.current_thread().name) for _ in range(50)]
        return set(await asyncio.gather(*calls))

    assert asyncio.run(run()) <= {"t-1", "t-2", "t-3"}


def test_as_many_at_once_as_the_limit():
    async def run() -> list[int]:
        pool, meeting = Threads("t", 4), threading.Barrier(4, timeout=10)
        return await asyncio.gather(*(pool.run(meeting.wait) for _ in range(4)))

    assert sorted(asyncio.run(run())) == [0, 1, 2, 3]


def test_a_waiter_that_gave_up_is_no_trouble():
    async def run() -> str:
        pool, leave = Threads("t", 1), threading.Event()
        given_up = asyncio.create_task(pool.run(leave.wait, 10))
        await asyncio.sleep(0)
        given_up.cancel()
        leave.set()
        return await pool.run(str.upper, "still here")

    assert asyncio.run(run()) == "STILL HERE"
