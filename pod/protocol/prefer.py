"""Preferences: how a client would like to be answered, in so far as this server honours it.

Only `return` is read, with LDP's `include` and `omit`; others are ignored, as RFC 7240 asks.

Spec: RFC 7240; LDP 7.2.2
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pod.protocol.headers import members, parameters

PREFERENCES_MAX = 32
IRIS_MAX = 32

Return = Literal["minimal", "representation"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was asked for. `include` and `omit` are IRIs and come only with `representation`."""

    return_: Return | None = None
    include: frozenset[str] = frozenset()
    omit: frozenset[str] = frozenset()

    def applied(self) -> str | None:
        """The `Preference-Applied` of an answer that honours them; None when there was nothing to honour.

        Spec: RFC 7240 s3
        """
        return None if self.return_ is None else f"return={self.return_}"


NO_PREFERENCES = Preferences()


def parse(header: str | None) -> Preferences:
    """The preferences in a `Prefer` field. The first of its kind counts; opposite returns cancel.

    Spec: RFC 7240 s2, s4.2
    """
    return _parse(header) if header else NO_PREFERENCES


@lru_cache(maxsize=256)
def _parse(header: str) -> Preferences:
    returns = [pairs for pairs in _preferences(header) if pairs[0][0] == "return"]
    asked = {pairs[0][1] for pairs in returns}
    if asked >= {"minimal", "representation"} or not returns:
        return NO_PREFERENCES
    (_, value), *rest = returns[0]
    if value == "minimal":
        return Preferences("minimal")
    if value == "representation":
        return Preferences("representation", _iris(rest, "include"), _iris(rest, "omit"))
    return NO_PREFERENCES


def _preferences(header: str) -> list[list[tuple[str, str]]]:
    """Each preference as pairs: itself first, then its parameters."""
    each = (parameters(";" + member)[0] for member in members(header, PREFERENCES_MAX))
    return [pairs for pairs in each if pairs]


def _iris(pairs: list[tuple[str, str]], wanted: str) -> frozenset[str]:
    text = next((value for name, value in pairs if name == wanted), "")
    return frozenset(text.split()[:IRIS_MAX])
