"""Services over a data directory of its own, for tests of what people do with accounts. The clock stands still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from argon2 import PasswordHasher

from pod.authentication.credentials import Passwords
from pod.config import Config
from pod.identity.accounts import create_account
from pod.identity.outgoing_mail import Postman
from pod.services import Services, open_services
from pod.store.accounts import Account
from tests.support.quick import keys_of_their_own
from tests.support.stores import StillClock

PUBLIC = "https://pods.example/"
PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
DAY = 24 * 3600
MAIL = {"mail_from": "pods@example.org", "smtp_host": "mail.example.org"}


class CountedPasswords(Passwords):
    """Counts the hash work it does, and does it quickly."""

    def __init__(self) -> None:
        super().__init__(4, PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        self.work = 0

    def hash(self, password: str) -> str:
        self.work += 1
        return super().hash(password)

    def matches(self, password_hash: str | None, password: str) -> bool:
        self.work += 1
        return super().matches(password_hash, password)


@cache
def _template() -> TemporaryDirectory[str]:
    """An empty data directory with its keys, which take long to make."""
    folder = TemporaryDirectory(prefix="freehold-")
    with keys_of_their_own():
        open_services(Config(data=Path(folder.name)), StillClock()).close()
    return folder


@contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[Services]:
    if not folder.exists():
        copytree(_template().name, folder)
    config = Config(data=folder, **{"base_url": PUBLIC, **settings})
    services = open_services(config, StillClock())
    try:
        yield replace(services, passwords=CountedPasswords())
    finally:
        services.close()


def alice_of(services: Services, email: str | None = "alice@example.org") -> Account:
    """An account the operator made, so that its address is verified."""
    return create_account(services, "alice", email=email, password=PASSWORD)


def pass_time(services: Services, seconds: float) -> None:
    assert isinstance(services.clock, StillClock)
    services.clock.time += seconds


def work_of(services: Services) -> int:
    assert isinstance(services.passwords, CountedPasswords)
    return services.passwords.work


class Letters:
    """Takes the place of the mail server: what the worker would have sent now."""

    def __init__(self, services: Services) -> None:
        self.sent: list[tuple[str, str]] = []
        self._postman = Postman(services.config, services.store, services.clock, self._take)

    def _take(self, _config: Config, mail: Any, email: str) -> None:
        self.sent.append((email, mail.get_content()))

    def delivered(self) -> list[tuple[str, str]]:
        """Address and token of each mail that waited."""
        self.sent = []
        self._postman.work()
        return [(email, token_in(text)) for email, text in self.sent]


def token_in(text: str) -> str:
    link = next(line for line in text.splitlines() if line.startswith("http"))
    return link.replace("=", "/").rpartition("/")[2]
