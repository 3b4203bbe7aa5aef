"""Requests on granian's threads: what is answered right there, and what goes on to the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Iterable
from typing import Any

import pytest

from pod.cli.intake import Intake
from pod.config import Config
from pod.errors import TruncatedContent
from pod.http.asgi import PIECE_BYTES, Bridge
from tests.unit.http.test_asgi import LENGTH_6, answering, part, scope


class Coming:
    """As granian promises a message. One that never comes is None."""

    def __init__(self, message: dict[str, Any] | None) -> None:
        self.message = message

    def result(self) -> dict[str, Any]:
        assert self.message is not None
        return self.message

    def add_done_callback(self, callback: Any) -> None:
        if self.message is not None:
            threading.Thread(target=callback, args=(self,), name="another of granian's").start()

    def __await__(self) -> Generator[Any, None, dict[str, Any]]:
        if self.message is None:
            yield from asyncio.Event().wait().__await__()
        return self.result()


class Request:
    """As granian makes them: `proto` sends and receives, the rest hears how it ended."""

    def __init__(self, sent: dict[str, Any], messages: Iterable[dict[str, Any]] = ()) -> None:
        self.scope = sent
        self.proto = self
        self.messages = iter(messages)
        self.body = b""
        self.error: BaseException | None = None
        self.ended = threading.Event()
        self.thread = ""

    def send(self, message: dict[str, Any]) -> asyncio.Future[None] | None:
        self.thread = threading.current_thread().name
        self.body += message.get("body", b"")
        return done() if in_loop() else None

    def receive(self) -> Coming:
        return Coming(next(self.messages, None))

    def taskref(self, task: asyncio.Task[None]) -> None:
        self.task = task

    def err(self, error: BaseException) -> None:
        self.error = error
        self.ended.set()

    def done(self) -> None:
        self.ended.set()


def in_loop() -> bool:
    return threading.current_thread() is threading.main_thread()


def done() -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


def taken_late(application: Any, request: Request) -> None:
    """Hand over a request whose content takes its time, and see to the late until it is answered."""

    async def run() -> None:
        intake = Intake(Bridge(application, Config()), asyncio.get_running_loop(), 1)
        late = asyncio.ensure_future(intake.pass_on_the_late())
        threading.Thread(target=intake.take, args=(request,), name="granian").start()
        assert await asyncio.to_thread(request.ended.wait, 10)
        late.cancel()

    asyncio.run(run())


def taken(application: Any, *requests: Request, threads: int = 1) -> None:
    """Hand each request over on a thread of its own, and wait until all are answered."""

    async def run() -> None:
        intake = Intake(Bridge(application, Config()), asyncio.get_running_loop(), threads)
        for each in requests:
            threading.Thread(target=intake.take, args=(each,), name="granian").start()
        for each in requests:
            assert await asyncio.to_thread(each.ended.wait, 10)

    asyncio.run(run())


def test_without_content_it_is_answered_on_the_thread_it_came_on():
    request = Request(scope(method="GET"))
    taken(answering([b"short"]), request)
    assert (request.body, request.thread, request.error) == (b"short", "granian", None)


def test_content_that_comes_at_once_is_answered_on_the_thread_it_came_on():
    request = Request(scope(LENGTH_6), [part(b"abcdef")])
    taken(answering([b"thanks"]), request)
    assert (request.body, request.thread, request.error) == (b"thanks", "another of granian's", None)


def test_content_in_parts_is_awaited_on_the_event_loop():
    request = Request(scope(LENGTH_6), [part(b"abc"), part(b"def")])
    taken(answering([b"thanks"]), request)
    assert (request.body, request.thread) == (b"thanks", "MainThread")


@pytest.mark.parametrize("size", [10, PIECE_BYTES * 3])
def test_an_answer_in_pieces_is_sent_from_the_event_loop(size: int):
    request = Request(scope(method="GET"))
    taken(answering(iter([b"x" * size, b"y"])), request)
    assert (request.body, request.thread) == (b"x" * size + b"y", "MainThread")


def test_what_breaks_half_way_is_told_to_granian():
    def breaking():
        yield b"x" * PIECE_BYTES
        raise RuntimeError

    request = Request(scope(method="GET"))
    taken(answering(breaking()), request)
    assert isinstance(request.error, RuntimeError)


def test_when_all_threads_are_taken_the_event_loop_helps():
    entered, leave = threading.Event(), threading.Event()

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["REQUEST_URI"] == "/slow":
            entered.set()
            assert leave.wait(10)
        else:
            assert entered.wait(10)
            leave.set()
        start_response("200 OK", [])
        return [b"done"]

    async def run() -> None:
        intake = Intake(Bridge(application, Config()), asyncio.get_running_loop(), 1)
        slow, quick = Request(scope(method="GET", target=b"/slow")), Request(scope(method="GET"))
        threading.Thread(target=intake.take, args=(slow,), name="granian").start()
        await asyncio.to_thread(entered.wait, 10)
        intake.take(quick)
        for each in (quick, slow):
            assert await asyncio.to_thread(each.ended.wait, 10)
        assert (quick.thread, slow.thread) == ("MainThread", "granian")

    asyncio.run(run())


class Late(Coming):
    """Comes only to whom waits on the event loop."""

    def add_done_callback(self, callback: Any) -> None:
        self.told = callback


def test_content_that_takes_its_time_is_awaited_on_the_event_loop():
    request = Request(scope(LENGTH_6), [])
    late = Late(part(b"abcdef"))
    request.receive = lambda: late
    taken_late(answering([b"thanks"]), request)
    assert (request.body, request.thread, request.error) == (b"thanks", "MainThread", None)
    late.told(late)  # granian's word that it has come, when the event loop was already at it
    assert request.body == b"thanks"


def test_a_client_that_leaves_before_its_content_is_told_to_the_application():
    request = Request(scope(LENGTH_6), [{"type": "http.disconnect"}])
    seen: list[Exception] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            environ["wsgi.input"].read()
        except TruncatedContent as error:
            seen.append(error)
        start_response("400 Bad Request", [])
        return [b""]

    taken(application, request)
    assert len(seen) == 1
