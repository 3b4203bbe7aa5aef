"""`/.health`: whether the server works, for whoever keeps it running. For everyone the word, for insiders the reasons.

200 where it answers requests, even if something will soon need a hand ("degraded"); 503 where it cannot. Looked into at
most once a second, and nothing is written for it.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from pod import __version__
from pod.config import MIB, Config
from pod.errors import PodError
from pod.http.proxies import effective_address, is_trusted
from pod.observability.meters import sums
from pod.services import Services
from pod.store.census import check_readable

Environ = dict[str, Any]  # WSGI's own type

DISK_BYTES_LOW = 256 * MIB
LATE_SECONDS = 60
"""What a process may be late, on a machine that is busy."""
KEPT_SECONDS = 1.0
_SHOWN_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Health:
    """`refusal` where requests cannot be answered; `reasons` are what an operator should see to."""

    reasons: tuple[str, ...] = ()
    refusal: str | None = None

    @property
    def status(self) -> str:
        if self.refusal is not None:
            return "unavailable"
        return "degraded" if self.reasons else "ok"

    @property
    def code(self) -> int:
        return 200 if self.refusal is None else 503


class HealthCheck:
    """Of one web process. Threads share it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = Lock()
        self._found = Health()
        self._until = float("-inf")

    def look(self) -> Health:
        with self._lock:
            now = time.monotonic()
            if now >= self._until:
                self._found = examine(self._services)
                self._until = now + KEPT_SECONDS
            return self._found


def examine(services: Services) -> Health:
    try:
        check_readable(services.store)
    except PodError as error:
        return Health(refusal=error.detail or error.title)
    config = services.config
    now = services.clock.now()
    return Health((*disk_reasons(config.data), *worker_reasons(config, now), *stream_reasons(config, now)))


def disk_reasons(data: Path) -> tuple[str, ...]:
    try:
        disk = os.statvfs(data)
    except OSError as error:
        return (f"the directory with the data cannot be looked at ({error.strerror})",)
    if disk.f_flag & os.ST_RDONLY:
        return ("the disk can only be read",)
    free = disk.f_bavail * disk.f_frsize
    return (f"the disk has {free // MIB} MiB left",) if free < DISK_BYTES_LOW else ()


def worker_reasons(config: Config, now: float) -> tuple[str, ...]:
    return _process_reasons(config, now, "worker", "nothing is swept, and no mail is sent")


def stream_reasons(config: Config, now: float) -> tuple[str, ...]:
    return _process_reasons(config, now, "stream", "no app hears of changes as they happen")


def _process_reasons(config: Config, now: float, role: str, consequence: str) -> tuple[str, ...]:
    """Each process says when it will be heard of again."""
    processes = sums(config.meters).living(role)
    name = {"stream": "stream process"}.get(role, role)
    if not processes:
        return (f"the {name} does not run: {consequence}",)
    late = now - max(process.back_by for process in processes)
    return (f"the {name} should have been heard of {late:.0f} s ago",) if late > LATE_SECONDS else ()


def document(health: Health, services: Services | None, environ: Environ) -> bytes:
    """With `services`, what only insiders are told, and how the request they made arrived here."""
    about: dict[str, Any] = {"status": health.status}
    if services is not None:
        about["reasons"] = [*health.reasons] if health.refusal is None else [health.refusal]
        about |= {"version": __version__, "base_url": services.config.base_url, "dev": services.config.dev}
        about["arrived"] = arrived(environ, services.config)
    return json.dumps(about).encode() + b"\n"


def arrived(environ: Environ, config: Config) -> dict[str, Any]:
    """What a proxy made of the request, for who sets one up."""
    said = ("HTTP_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")
    headers = {name: environ[name][:_SHOWN_CHARACTERS_MAX] for name in said if name in environ}
    peer = environ.get("REMOTE_ADDR", "")
    return {
        "from": peer,
        "trusted": is_trusted(peer, config.trusted_proxies),
        "counted_as": effective_address(environ, config.trusted_proxies),
        "headers": {name.removeprefix("HTTP_").replace("_", "-").lower(): value for name, value in headers.items()},
    }
