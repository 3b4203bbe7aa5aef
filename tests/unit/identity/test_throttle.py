"""How often something may be tried."""

from __future__ import annotations

import pytest

from pod.errors import TooManyRequests
from pod.identity.throttle import KEYS_MAX, Throttle


def test_each_key_has_its_own_count():
    throttle = Throttle(per_minute=2)
    for _ in range(2):
        throttle.count(("a",), 0)
        throttle.count(("b",), 0)
    with pytest.raises(TooManyRequests) as refusal:
        throttle.count(("a",), 20)
    assert refusal.value.headers == (("Retry-After", "40"),)


def test_a_new_minute_begins_anew():
    throttle = Throttle(per_minute=1)
    for minute in range(3):
        throttle.count(("a",), 60 * minute)


def test_nought_is_no_limit():
    for _ in range(10):
        Throttle(per_minute=0).count(("a",), 0)


def test_memory_is_bounded():
    throttle = Throttle(per_minute=1)
    for each in range(2 * KEYS_MAX):
        throttle.count((str(each),), 0)
    assert len(throttle._counts) <= KEYS_MAX
