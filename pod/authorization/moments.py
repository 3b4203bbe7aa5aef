"""Until when a rule counts, as both languages of access rules say it here: with fh:until. Pure.

Spec: vocab/freehold.ttl
"""

from __future__ import annotations

from collections.abc import Iterable

from pod.protocol.notification import parse_moment
from pod.rdf.graph import Literal, Term
from pod.rdf.vocab import XSD

LONG_AGO = 0
"""When what says no moment ended."""


def end_of(terms: Iterable[Term]) -> int:
    """Milliseconds since the epoch: the earliest of the moments that these values say.

    Long ago if there is none, or one of them says no moment: what is not understood gives nothing.
    """
    moments = [_moment_ms(term) for term in terms]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else LONG_AGO


def _moment_ms(term: Term) -> int | None:
    is_moment = isinstance(term, Literal) and term.datatype == XSD.dateTime
    return parse_moment(term.value) if is_moment else None
