"""How long an answer may be kept, as its own header fields say.

Spec: RFC 9111 s4.2.1, s5.1, s5.2.2
"""

from __future__ import annotations

from pod.protocol.headers import members, unquote

DIRECTIVES_MAX = 32
DIGITS_MAX = 10

_NEVER = frozenset({"no-store", "no-cache"})


def fresh_seconds(cache_control: str, age: str = "") -> int | None:
    """How much longer the answer is fresh; 0 where it may not be kept, None where `Cache-Control` does not say.

    Of two `max-age` the shorter counts. What does not parse is as if it were not there.
    """
    directives = [each.partition("=") for each in members(cache_control, DIRECTIVES_MAX)]
    if any(name.strip().lower() in _NEVER for name, _, _ in directives):
        return 0
    said = [_seconds(unquote(value.strip())) for name, _, value in directives if name.strip().lower() == "max-age"]
    known = [each for each in said if each is not None]
    return max(0, min(known) - (_seconds(age.strip()) or 0)) if known else None


def _seconds(text: str) -> int | None:
    """Spec: RFC 9111 s1.2.2, delta-seconds."""
    return int(text[:DIGITS_MAX]) if text.isascii() and text.isdecimal() else None
