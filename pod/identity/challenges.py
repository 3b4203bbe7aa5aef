"""What a passkey signs to show that it is there now: bytes of our own making, good for one answer from one browser.

None is kept when it is given out, so that strangers fill no table: it carries its end and a code that only this server
can make, bound to what it is for and to a cookie of the browser. Those that were answered are kept until their end.

Spec: WebAuthn Level 3 s13.4.3
"""

from __future__ import annotations

import hmac
import secrets

from pod.authentication.credentials import digest
from pod.authentication.secret_files import derived
from pod.errors import WrongPassword
from pod.services import Services
from pod.store.factors import Factors
from pod.store.interface import Writer

FACTORS_KEY = "factors.key"
"""The file whose secrets protect what accounts sign in with beside passwords."""
CHALLENGE_SECONDS = 600
WRONG_PASSKEY = "This passkey is not known here, or it took too long. Try again."
_NONCE_BYTES, _END_BYTES = 16, 8
_HEAD_BYTES = _NONCE_BYTES + _END_BYTES


def make_challenge(services: Services, use: str, browser: str) -> bytes:
    """No two are alike. `browser` is a secret that this browser alone has."""
    end = int(services.clock.now()) + CHALLENGE_SECONDS
    head = secrets.token_bytes(_NONCE_BYTES) + end.to_bytes(_END_BYTES, "big")
    return head + _code(services, head, use, browser)


def check_challenge(services: Services, challenge: bytes, use: str, browser: str) -> None:
    """Raises: WrongPassword -- not one of ours, of another use or another browser, or too old."""
    head, code = challenge[:_HEAD_BYTES], challenge[_HEAD_BYTES:]
    if not hmac.compare_digest(code, _code(services, head, use, browser)) or _end(challenge) <= services.clock.now():
        raise WrongPassword(WRONG_PASSKEY)


def use_challenge(tx: Writer, challenge: bytes) -> None:
    """To be called in the transaction of what the answer does. Raises: WrongPassword -- it was answered before."""
    if not Factors(tx).use_challenge(tx, digest(challenge.hex()), _end(challenge) * 1000):
        raise WrongPassword(WRONG_PASSKEY)


def _end(challenge: bytes) -> int:
    return int.from_bytes(challenge[_NONCE_BYTES:_HEAD_BYTES], "big")


def _code(services: Services, head: bytes, use: str, browser: str) -> bytes:
    key = derived(services.config.keys, FACTORS_KEY, "challenges")
    return hmac.digest(key, b"\n".join((head.hex().encode(), use.encode(), browser.encode())), "sha256")
