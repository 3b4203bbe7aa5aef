"""The product's own log set up within a test, and put back as it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TextIO

import structlog

from pod.config import Config
from pod.observability.logging import set_up


@contextmanager
def logging_to(stream: TextIO, log_format: Literal["text", "json"]) -> Iterator[None]:
    """No logger keeps this set-up: one that did would escape `capture_logs` in every later test of the process."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    set_up(Config(log_format=log_format), stream)
    structlog.configure(cache_logger_on_first_use=False)
    try:
        yield
    finally:
        root.handlers[:], root.level = before
        structlog.reset_defaults()
