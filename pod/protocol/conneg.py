"""Proactive negotiation: which of the media types on offer a client likes best.

Knows nothing of what the types mean. Parameters of media ranges are ignored except the weight; what does not
parse is passed over, since an `Accept` field is a wish and no reason to refuse a request.

Spec: RFC 9110 s12.4, s12.5.1
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pod.protocol.headers import TOKEN, members, parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCEPT_MEMBERS_MAX = 64

_RANGE = re.compile(rf"({TOKEN})/({TOKEN})[ \t]*+(?=;|\Z)|\*[ \t]*+(?=;|\Z)")
_WEIGHT = re.compile(r"0?\.[0-9]{1,12}|0\.?|1(?:\.0{0,12})?")
_ANYTHING = "*/*"


def negotiate(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer of the highest weight, the earlier of equals; None when none is acceptable.

    Without an `Accept` field, or one that says nothing, it is the first offer.

    Spec: RFC 9110 s12.5.1
    """
    return _negotiate(accept or "", tuple(offers))


@lru_cache(maxsize=512)
def _negotiate(accept: str, offers: tuple[str, ...]) -> str | None:
    weights = _weights(accept)
    if not offers or not weights:
        return offers[0] if offers else None
    best = max(offers, key=lambda offer: _weight_of(offer, weights))
    return best if _weight_of(best, weights) > 0 else None


@lru_cache(maxsize=512)
def prefers(accept: str, wanted: str, others: tuple[str, ...]) -> bool:
    """Whether `wanted` is named and liked better than each of `others` that is named, and no less than what a wildcard
    covers.

    So browsers prefer HTML to RDF, while programs that name both, or say `*/*`, do not. Spec: RFC 9110 s12.5.1
    """
    weights = _weights(accept)
    wish = weights.get(wanted, 0.0)
    named = max((weights[each] for each in others if each in weights), default=0.0)
    covered = max((_weight_of(each, weights) for each in others if each not in weights), default=0.0)
    return wish > named and wish >= covered


def _weights(accept: str) -> dict[str, float]:
    """Media range -> weight. Of a range that is repeated the highest weight counts."""
    weights: dict[str, float] = {}
    for member in members(accept, ACCEPT_MEMBERS_MAX):
        match = _RANGE.match(member)
        weight = None if match is None else _weight(member, match.end())
        if match is None or weight is None or (match[1] == "*" and match[2] != "*"):
            continue
        media_range = f"{match[1]}/{match[2]}".lower() if match[1] else _ANYTHING
        weights[media_range] = max(weight, weights.get(media_range, 0.0))
    return weights


def _weight(member: str, start: int) -> float | None:
    """The weight of one member: 1 when it has none, None when it is malformed."""
    pairs, end = parameters(member, start)
    text = next((value for name, value in pairs if name == "q"), "1")
    return float(text) if end == len(member) and _WEIGHT.fullmatch(text) else None


def _weight_of(offer: str, weights: dict[str, float]) -> float:
    """What the most specific range that fits says: "the most specific reference has precedence"."""
    essence = offer.partition(";")[0].strip().lower()
    family = essence.partition("/")[0] + "/*"
    for media_range in (essence, family, _ANYTHING):
        if media_range in weights:
            return weights[media_range]
    return 0.0
