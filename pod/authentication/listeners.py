"""Credentials sealed into a URL, for clients that can bring none when they listen: those of the older WebSockets.

Whoever has such a text listens as the one it was made for, until it expires; what they hear is decided anew each time.
Nobody can read, alter or make one without a key that the processes of this machine share. Kept nowhere.

Spec: W3C TAG, Good Practices for Capability URLs s5; Solid WebSockets API solid-0.1, discovery; RFC 5297, so that all
processes make the same text
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import astuple, dataclass, replace
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from pod.authentication.secret_files import secret
from pod.clock import Clock
from pod.config import Config
from pod.protocol.agent import Credentials

LISTENERS_KEY = "listeners.key"
PURPOSE = b"solid-0.1"
STRANGERS_SECONDS = 24 * 3600
"""For whom another server vouches: nobody tells us when it no longer does."""
RENEWED_SECONDS = 300
KEPT_MAX = 4_000
"""Texts remembered in each process, so that a request costs no sealing."""
CHARACTERS_MAX = 2_000
"""Of a text: proxies bound the head of an answer."""
_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Listener:
    """As whom, and for how long."""

    credentials: Credentials
    until_ms: int


class Listeners:
    """Seals and unseals. Shared by all threads."""

    def __init__(self, key: bytes, clock: Clock, *, seconds: int) -> None:
        self._cipher = AESSIV(key)
        self._clock = clock
        self._seconds = seconds
        self._kept: dict[Credentials, tuple[str | None, float]] = {}
        self._lock = Lock()

    @classmethod
    def open(cls, config: Config, clock: Clock) -> Listeners:
        """Those of this machine; the first start makes their key. They end like channels do.

        Raises: StorageDamaged
        """
        return cls(secret(config.keys, LISTENERS_KEY), clock, seconds=config.channel_days_max * _DAY_SECONDS)

    def seal(self, credentials: Credentials) -> str | None:
        """What lets its holder listen with these; the same for some minutes. None for who is nobody, or is too long."""
        if not credentials.authenticated:
            return None
        now = self._clock.now()
        known, until = self._kept.get(credentials, (None, now))
        if until > now:
            return known
        turn = now - now % RENEWED_SECONDS
        sealed = self._sealed(credentials, turn)
        with self._lock:
            self._kept.pop(credentials, None)
            while len(self._kept) >= KEPT_MAX:
                del self._kept[next(iter(self._kept))]
            self._kept[credentials] = sealed, turn + RENEWED_SECONDS
        return sealed

    def _sealed(self, credentials: Credentials, turn: float) -> str | None:
        seconds = self._seconds if credentials.has_account else min(self._seconds, STRANGERS_SECONDS)
        content = json.dumps([*astuple(credentials), int((turn + seconds) * 1000)], separators=(",", ":")).encode()
        text = urlsafe_b64encode(self._cipher.encrypt(content, [PURPOSE])).decode().rstrip("=")
        return text if len(text) <= CHARACTERS_MAX else None

    def read(self, text: str, origin: str | None) -> Listener | None:
        """Who listens with it; `origin` is that of the page which does. None where it is not one of ours, was made for
        a page of another origin, or has expired.
        """
        content = self._content(text)
        if content is None:
            return None
        *fields, until_ms = json.loads(content)
        credentials = Credentials(*fields)
        foreign = None not in {origin, credentials.origin} and origin != credentials.origin
        if foreign or until_ms <= self._clock.now() * 1000:
            return None
        return Listener(replace(credentials, origin=credentials.origin or origin), until_ms)

    def _content(self, text: str) -> bytes | None:
        if len(text) > CHARACTERS_MAX:
            return None
        try:
            sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            return self._cipher.decrypt(sealed, [PURPOSE])
        except (ValueError, InvalidTag):
            return None
