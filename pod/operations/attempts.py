"""How often something may be tried here, whoever tries it: counted in the database, for all web processes together.

Whose count runs out is decided so that strangers cannot lock an owner out: what refuses is bound to the address it
comes from. An IPv6 network counts as one address, since everybody has one. With `dev` nothing is counted.

Spec: RFC 6585 s4; NIST SP 800-63B s5.2.2
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.authentication.credentials import digest
from pod.errors import TooManyRequests
from pod.services import Services
from pod.store.interface import Writer


@dataclass(frozen=True, slots=True)
class Allowance:
    """Something that may be tried so many times in so many seconds."""

    what: str
    times: int
    seconds: int

    def name(self, *keys: str) -> str:
        """What is kept of whose attempt it was: nothing to read."""
        return digest("\n".join((self.what, *keys)))


def count(services: Services, tx: Writer, allowance: Allowance, *keys: str) -> int:
    """How often it was tried by now. With `dev`, never."""
    if services.config.dev:
        return 0
    return services.attempts.count(tx, allowance.name(*keys), allowance.seconds * 1000)[0]


def spend(services: Services, tx: Writer, allowance: Allowance, *keys: str, times: int | None = None) -> None:
    """Count it, and refuse it when that is too often. `times` makes the allowance smaller.

    Raises: TooManyRequests
    """
    if services.config.dev:
        return
    number, left_ms = services.attempts.count(tx, allowance.name(*keys), allowance.seconds * 1000)
    if number > (allowance.times if times is None else times):
        seconds = max(1, -(-left_ms // 1000))
        raise TooManyRequests(
            f"That was tried too often. Try again in {_in_words(seconds)}.", headers=(("Retry-After", str(seconds)),)
        )


def forget(services: Services, tx: Writer, allowance: Allowance, *keys: str) -> None:
    """It went well: the next mistake is the first one again."""
    services.attempts.forget(tx, allowance.name(*keys))


def give_back(services: Services, tx: Writer, allowance: Allowance, *keys: str) -> None:
    """It went well: this time does not count. Others do, whoever they were."""
    services.attempts.give_back(tx, allowance.name(*keys))


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
