"""Passwords and client secrets at rest: what is stored can test them and cannot be turned back.

Passwords are guessable, so each test costs tens of milliseconds on purpose and only a few run at a time. Client secrets
are long and random or chosen by an operator, and tested on each token request, so a keyed hash is enough.

Spec: RFC 6749 s2.3.1, s10.10; RFC 9106
"""

from __future__ import annotations

import hmac
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from pod.errors import Busy

PASSWORD_CHARACTERS_MIN = 8
PASSWORD_BYTES_MAX = 1024
QUEUE_SECONDS_MAX = 5.0
_NO_HASH = "0" * 64


class Passwords:
    """Hashes and tests passwords with argon2id, `concurrency` at a time."""

    def __init__(self, concurrency: int) -> None:
        self._hasher = PasswordHasher()
        self._slots = BoundedSemaphore(concurrency)

    def hash(self, password: str) -> str:
        """Raises: Busy -- too many others wait."""
        self._enter()
        try:
            return self._hasher.hash(_bytes(password))
        finally:
            self._slots.release()

    def matches(self, password_hash: str, password: str) -> bool:
        """Raises: Busy -- too many others wait."""
        self._enter()
        try:
            return self._hasher.verify(password_hash, _bytes(password))
        except (Argon2Error, InvalidHashError):
            return False
        finally:
            self._slots.release()

    def _enter(self) -> None:
        if not self._slots.acquire(timeout=QUEUE_SECONDS_MAX):
            raise Busy("Too many passwords are being checked; try again in a moment.", headers=(("Retry-After", "5"),))


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
