"""What the term definitions of JSON-LD contexts come to when they are written out in full.

A definition may build on others of its context, and the parser follows them by calls, one definition inside the other;
and one long IRI may stand in every definition. Both are bounded here before the parser sees them.

Spec: JSON-LD 1.1 API s4.2 (create term definition)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pod.errors import UnprocessableContent

CHAIN_MAX = 16
"""Definitions that build on each other. Contexts people use have two or three."""
STEP_CHARACTERS = 256
"""So much of a definition costs as much as another definition."""
_BUILDING = ("@id", "@type", "@reverse", "@index")

Context = dict[str, Any]
"""One JSON object of definitions: its shape is checked where it is used."""


class Definitions:
    """The terms of one document's contexts, and how long what they stand for may be."""

    def __init__(self, base: str) -> None:
        self._lengths: dict[str, int] = {}
        self._around = len(base)

    def steps(self, context: Context) -> int:
        """What one context costs to apply. Raises: UnprocessableContent -- its definitions build on too many others"""
        needs = {
            term: frozenset(other for other in _needs(term, value) if other in context and other != term)
            for term, value in context.items()
        }
        order = _in_order(needs)
        for keyword in ("@vocab", "@base"):
            self._around += sum(map(len, _texts(context.get(keyword))))
        return sum(1 + self._define(term, context[term]) // STEP_CHARACTERS for term in order)

    def _define(self, term: str, value: object) -> int:
        """How long the IRI of a term is at most. Prefixes of contexts around this one count as well."""
        prefixes = sum(self._lengths.get(name, 0) for name in set(_needs(term, value)) - {term})
        length = len(term) + self._around + prefixes + sum(map(len, _texts(value)))
        self._lengths[term] = max(length, self._lengths.get(term, 0))
        return length


def _in_order(needs: dict[str, frozenset[str]]) -> list[str]:
    """Each term after those it builds on. Raises: UnprocessableContent -- too long a way, or a circle"""
    levels: list[list[str]] = []
    left = set(needs)
    while left and len(levels) < CHAIN_MAX:
        level = [term for term in left if left.isdisjoint(needs[term])]
        levels.append(level)
        left.difference_update(level)
    if left:
        raise UnprocessableContent(
            f"In a JSON-LD context at most {CHAIN_MAX} terms may be defined by each other, and none by itself; "
            f"look at {min(left)[:100]}.",
            limit=CHAIN_MAX,
        )
    return [term for level in levels for term in level]


def _needs(term: str, value: object) -> Iterator[str]:
    """The terms that a definition may build on: prefixes, and terms that are used as they are."""
    named = [value.get(keyword) for keyword in _BUILDING] if isinstance(value, dict) else [value]
    for text in (term, *named):
        if isinstance(text, str) and not text.startswith("@"):
            yield text
            yield text.partition(":")[0]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for text in value.values() if isinstance(text, str)] if isinstance(value, dict) else []
