"""`freehold worker`: followers of the journal and sweeps, until told to stop."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

from pod.observability import logging as observed
from pod.observability.meters import METERS
from pod.worker import run as work

if TYPE_CHECKING:
    from types import FrameType

    from pod.config import Config


def run(config: Config) -> None:
    observed.set_up(config)
    METERS.share(config.meters, "worker")
    stop = threading.Event()
    heard, told = os.pipe()

    def asked(_number: int, _frame: FrameType | None) -> None:
        """Interrupts the main thread anywhere, even where it holds the lock of `stop`: so another thread is told."""
        os.write(told, b"!")

    def hear() -> None:
        os.read(heard, 1)
        stop.set()

    threading.Thread(target=hear, name="signals", daemon=True).start()
    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, asked)
    work(config, stop)
