"""Apps for tests: their documents on servers that are not there, and the clients of a server that is only services."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pod.config import Config
from pod.identity.applications import Clients
from pod.remote.client import Fetched, Limits
from pod.remote.errors import RemoteError, Unreachable
from pod.services import Services, open_services
from tests.support.stores import StillClock

BASE = "https://pods.example/"
APP = "https://app.example/id"
CALLBACK = "https://app.example/cb"
CONTEXT = "https://www.w3.org/ns/solid/oidc-context.jsonld"
JSON_LD = "application/ld+json"

Canned = Fetched | RemoteError


class CannedRemote:
    """Answers from memory and counts how often it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Canned | Callable[[], Canned]] = {}
        self.asked: list[str] = []

    def fetch(self, url: str, *, accept: str, limits: Limits) -> Fetched:
        assert limits.redirects_max == 0 or accept.startswith("image/")
        self.asked.append(url)
        answer = self.answers.get(url, Unreachable("nobody there"))
        answer = answer() if callable(answer) else answer
        if isinstance(answer, RemoteError):
            raise answer
        return answer


def document(url: str = APP, **members: object) -> dict[str, object]:
    return {"@context": [CONTEXT], "client_id": url, "client_name": "Notes", "redirect_uris": [CALLBACK]} | members


def answer(
    content: Mapping[str, object] | bytes,
    media_type: str = JSON_LD,
    *,
    url: str = APP,
    status: int = 200,
    fresh: float | None = None,
) -> Fetched:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Fetched(url, status, media_type, body, fresh)


@contextmanager
def opened(folder: Path, **settings: object) -> Iterator[tuple[Services, StillClock]]:
    clock = StillClock()
    services = open_services(Config(**{"data": folder, "base_url": BASE, **settings}), clock)
    yield services, clock
    services.close()


@contextmanager
def clients_of(services: Services, remote: CannedRemote) -> Iterator[Clients]:
    clients = Clients(services, remote)
    yield clients
    clients.close()
