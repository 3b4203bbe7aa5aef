"""What is kept of conversions and listings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

from pod.store.representation_cache import RepresentationCache

KEY = (1, 1, "text/turtle")
ALL = 8


def test_what_many_ask_for_at_once_is_made_once():
    cache, line, made = RepresentationCache(1_000), Barrier(ALL), []

    def ask(_number: int) -> bytes:
        line.wait(10)
        with cache.making(KEY):
            content = cache.get(KEY)
            if content is None:
                Event().wait(0.02)
                made.append(content := b"content")
                cache.put(KEY, content)
            return content

    with ThreadPoolExecutor(ALL) as threads:
        assert list(threads.map(ask, range(ALL))) == [b"content"] * ALL
    assert (made, cache._making) == ([b"content"], {})


def test_whoever_makes_another_thing_does_not_wait():
    cache = RepresentationCache(1_000)
    with ThreadPoolExecutor(1) as threads, cache.making(KEY):
        other = threads.submit(lambda: cache.making((2, 1, "text/turtle")).__enter__())
        other.result(10)


def test_one_that_fails_leaves_its_turn_to_the_next():
    cache = RepresentationCache(1_000)
    for _ in range(2):
        try:
            with cache.making(KEY):
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
    assert cache._making == {}
