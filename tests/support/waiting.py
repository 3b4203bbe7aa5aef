"""Waiting for another process without guessing how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], seconds_max: float = 20.0) -> None:
    """Returns once `true` is; fails when that takes too long."""
    deadline = time.monotonic() + seconds_max
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
