"""Passwords and secrets at rest: what is stored can test them and cannot be turned back.

Passwords are guessable, so each test costs tens of milliseconds on purpose and only a few run at a time. Client secrets
are long and random or chosen by an operator, and tested on each token request, so a keyed hash is enough. Secrets of
our own making (session cookies, codes, links) are random through and through: their digest is what is kept of them.

Spec: RFC 6749 s2.3.1, s10.10; RFC 9106; NIST SP 800-63B s5.1.1.2
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from pod.errors import Busy

PASSWORD_CHARACTERS_MIN = 8
PASSWORD_BYTES_MAX = 1024
QUEUE_SECONDS_MAX = 5.0
WAITING_FOR_EACH_MAX = 4
"""How many wait for each computation: whoever comes then is told so, and holds no thread."""
_NO_HASH = "0" * 64


def digest(secret: str) -> str:
    """What is kept of a random secret of our own making: its SHA-256 in hex, which opens nothing."""
    return hashlib.sha256(_bytes(secret)).hexdigest()


class Passwords:
    """Hashes and tests passwords with argon2id, `concurrency` at a time."""

    def __init__(self, concurrency: int, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = BoundedSemaphore(concurrency)
        self._places = BoundedSemaphore(concurrency * (1 + WAITING_FOR_EACH_MAX))
        self._nobodys = _hash_of_nothing(self._hasher)

    def hash(self, password: str) -> str:
        """Raises: Busy -- too many others wait."""
        with self._turn():
            return self._hasher.hash(_bytes(password))

    def matches(self, password_hash: str | None, password: str) -> bool:
        """With the same work where there is no such account or it has no password (None).

        Raises: Busy -- too many others wait.
        """
        with self._turn():
            try:
                return self._hasher.verify(password_hash or self._nobodys, _bytes(password))
            except (Argon2Error, InvalidHashError):
                return False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise _too_many()
        try:
            if not self._slots.acquire(timeout=QUEUE_SECONDS_MAX):
                raise _too_many()
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._places.release()


def _too_many() -> Busy:
    return Busy("Too many passwords are being checked; try again in a moment.", headers=(("Retry-After", "5"),))


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """In the form of a real hash, so that testing it costs what testing a real one costs; no password has it."""
    salt, tag = "A" * 22, "A" * 43
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${tag}"


def _bytes(text: str) -> bytes:
    """JSON can carry lone surrogates, which UTF-8 has no bytes for."""
    return text.encode("utf-8", "surrogatepass")


class ClientSecrets:
    """Hashes and tests client secrets under a pepper that is not in the database."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper

    def hash(self, secret: str) -> str:
        return hmac.digest(self._pepper, _bytes(secret), "sha256").hex()

    def matches(self, secret_hash: str | None, secret: str) -> bool:
        """In the same time whatever the answer, and also where there is no such client (None)."""
        return hmac.compare_digest(secret_hash or _NO_HASH, self.hash(secret))
