"""Who is told how the server itself is doing: whoever has the token for it, and where the server is for this machine
alone, the programs on it.

A proxy or tunnel on this machine passes strangers on from a loopback address, some without a word of it, with the Host
that the stranger chose or one of their own. So a server that others can reach believes no address. At one that is
private, nothing may say that the request was passed on, and it must be for a loopback host, which a name is not that
a page in a browser on this machine had resolved to it.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from pod.authentication.secret_files import secret
from pod.clock import Clock
from pod.config import Config
from pod.errors import StorageDamaged
from pod.protocol.placement import is_loopback, is_private

Environ = dict[str, Any]  # WSGI's own type

PASSED_ON = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")
DOCTORS_KEY = "doctor.key"
DOCTORS_TOKEN_SECONDS = 60
_BEARER = "bearer "
_PORT = re.compile(r":[0-9]*$")


def doctors_token(key: bytes, now: float) -> str:
    """What `freehold doctor` shows, who can read the data directory: worth something for two minutes at most."""
    moment = str(int(now) // DOCTORS_TOKEN_SECONDS)
    return hmac.new(key, moment.encode("ascii"), sha256).hexdigest()


class Insiders:
    """Knows them. Only hashes are compared, in constant time."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._token = _hashed(config.metrics_token) if config.metrics_token else None
        self._key = _doctors_key(config.run)
        self._clock = clock
        self._is_private = is_private(config.base_url, config.host)

    def admits(self, environ: Environ) -> bool:
        shown: str = environ.get("HTTP_AUTHORIZATION", "")
        if shown:
            return shown[: len(_BEARER)].lower() == _BEARER and self._is_good(shown[len(_BEARER) :].strip())
        return self._is_private and is_direct(environ)

    def _is_good(self, token: str) -> bool:
        now = self._clock.now()
        moments = (now, now - DOCTORS_TOKEN_SECONDS)
        known = [_hashed(doctors_token(self._key, moment)) for moment in moments]
        known += [self._token] if self._token else []
        digest = _hashed(token)
        return sum(hmac.compare_digest(digest, each) for each in known) > 0  # all of them, so that time tells nothing


def _doctors_key(folder: Path) -> bytes:
    """Made anew where it is damaged: nothing else depends on it."""
    try:
        return secret(folder, DOCTORS_KEY)
    except StorageDamaged:
        (folder / DOCTORS_KEY).unlink(missing_ok=True)
        return secret(folder, DOCTORS_KEY)


def is_direct(environ: Environ) -> bool:
    """Whether a program on this machine asks, and means it."""
    if any(name in environ for name in PASSED_ON):
        return False
    host = _PORT.sub("", environ.get("HTTP_HOST", "").lower()).strip("[]")
    return is_loopback(environ.get("REMOTE_ADDR", "")) and is_loopback(host)


def _hashed(token: str) -> bytes:
    return sha256(token.encode("latin-1", "replace")).digest()
