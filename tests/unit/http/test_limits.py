"""Places are taken before an answer begins, and come back however it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pod.errors import TooManyRequests
from pod.http.limits import Places


def pieces() -> Iterator[bytes]:
    yield b"one"
    yield b"two"


def test_what_finds_no_place_is_refused_and_told_when_to_come_back():
    places = Places(1, "full")
    with places, pytest.raises(TooManyRequests) as refused, places:
        pass
    assert dict(refused.value.headers)["Retry-After"]


def test_a_place_is_held_before_the_first_piece_is_wanted():
    places = Places(1, "full")
    held = places.during(pieces())
    with pytest.raises(TooManyRequests):
        places.during(pieces())
    assert list(held) == [b"one", b"two"]


def failing() -> Iterator[bytes]:
    yield b"one"
    raise OSError


def fail(places: Places) -> None:
    with pytest.raises(OSError):
        list(places.during(failing()))


ENDS: dict[str, Callable[[Places], object]] = {
    "sent": lambda places: list(places.during(pieces())),
    "closed before it began": lambda places: places.during(pieces()).close(),  # type: ignore[attr-defined]  # a generator
    "closed half-way": lambda places: next(places.during(pieces())),
    "failed": fail,
}


@pytest.mark.parametrize("end", ENDS)
def test_a_place_is_free_again_after_each_end(end: str):
    places = Places(1, "full")
    ENDS[end](places)
    assert list(places.during(pieces())) == [b"one", b"two"]
