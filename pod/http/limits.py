"""How much of a web process one kind of request may take up at once.

Knows no request: the edge asks for a place where it matters.

Spec: RFC 6585 s4
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import BoundedSemaphore
from types import TracebackType

from pod.errors import TooManyRequests

_RETRY = (("Retry-After", "10"),)


class Places:
    """A number of places, each held for the length of a `with` block. Nobody waits for one."""

    def __init__(self, places: int, refusal: str) -> None:
        self._free = BoundedSemaphore(max(1, places))
        self._refusal = refusal

    def __enter__(self) -> None:
        """Raises: TooManyRequests -- all are taken."""
        if not self._free.acquire(blocking=False):
            raise TooManyRequests(self._refusal, headers=_RETRY)

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._free.release()

    def during(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The same pieces; a place is held from now until they end or are closed. Raises: TooManyRequests."""
        held = self._holding(pieces)
        next(held)  # which takes the place
        return held

    def _holding(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        with self:
            yield b""
            yield from pieces
