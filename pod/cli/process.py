"""What processes that serve connections do when they start."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import structlog

from pod.observability.meters import METERS

if TYPE_CHECKING:
    from pod.config import Config

OPEN_FILES = 65_536

log = structlog.get_logger("pod.process")


def allow_connections() -> None:
    """Enough open sockets and files: the usual soft limit is far below what is let in."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, OPEN_FILES), hard))


def share_meters(config: Config, role: str) -> None:
    """On a disk that is full the server serves all the same; only the sums are then without this process."""
    try:
        METERS.share(config.meters, role)
    except OSError as error:
        log.warning("metrics are not shared", why=str(error))
