"""Sealed texts: what comes back is what left, for a while, and for its own purpose."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.errors import BadRequest
from pod.identity.sealed import Seal
from tests.support.stores import StillClock

KEY = b"k" * 32
VALUES = st.dictionaries(st.text(max_size=20), st.text(max_size=200) | st.integers(0, 10**12) | st.none(), max_size=8)


def seal(clock: StillClock, purpose: str = "this", key: bytes = KEY) -> Seal:
    return Seal(key, purpose, seconds=3600, now=clock.now)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_what_comes_back_is_what_left(value):
    own = seal(StillClock())
    text = own.write(value)
    assert own.read(text) == value
    assert text.isascii()
    assert not set(text) & set("/+=&?#% ")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_no_text_of_others_is_read(text):
    with pytest.raises(BadRequest):
        seal(StillClock()).read(text)


@pytest.mark.parametrize(("later", "holds"), [(0, True), (3600, True), (3601, False), (-1, False)])
def test_a_text_has_an_age(later, holds):
    clock = StillClock()
    text = seal(clock).write({"a": 1})
    clock.time += later
    if holds:
        assert seal(clock).read(text) == {"a": 1}
        return
    with pytest.raises(BadRequest):
        seal(clock).read(text)


def test_purposes_and_keys_do_not_mix():
    text = seal(StillClock()).write({})
    for other in (seal(StillClock(), "that"), seal(StillClock(), key=b"x" * 32)):
        with pytest.raises(BadRequest):
            other.read(text)
