"""Waiting for another process without guessing how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS_MAX = 60.0
"""Long enough for a machine that is busy with other work; what comes true sooner costs nothing."""


def until(true: Callable[[], object], seconds_max: float = SECONDS_MAX) -> None:
    """Returns once `true` is; fails when that takes too long."""
    deadline = time.monotonic() + seconds_max
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
