"""What the layers below refuse with, in the language of the page. They speak English and know of no languages.

A refusal of theirs is found again among the texts of the catalogue: as it is, or by what stands around its values. One
that is not there stays English. The catalogue knows these texts by a context of their own.

Spec: GNU gettext, PO files (contexts)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from pod.ui.language import ENGLISH, messages, spoken

CONTEXT = "refusal"
CHARACTERS_MAX = 1_000
"""Longer ones are not looked for."""

_PLACE = re.compile(r"%\((\w+)\)s")


class _Pattern(NamedTuple):
    """A text with values in it."""

    english: re.Pattern[str]
    translation: str


class _Known(NamedTuple):
    whole: Mapping[str, str]
    patterns: tuple[_Pattern, ...]


def refusal(text: str) -> str:
    """The same in the language of the page."""
    if spoken() == ENGLISH or len(text) > CHARACTERS_MAX:
        return text
    known = _known(spoken())
    if text in known.whole:
        return known.whole[text]
    found = ((each, each.english.fullmatch(text)) for each in known.patterns)
    return next((each.translation % match.groupdict() for each, match in found if match), text)


@cache
def _known(language: str) -> _Known:
    texts = {each: said for context, each, said in messages(language) if context == CONTEXT}
    whole = {each % {}: said % {} for each, said in texts.items() if not _PLACE.search(each)}
    patterns = [_Pattern(_pattern(each), said) for each, said in texts.items() if _PLACE.search(each)]
    return _Known(whole, tuple(sorted(patterns, key=lambda each: -len(each.english.pattern))))


def _pattern(text: str) -> re.Pattern[str]:
    """What matches a text, whatever its values are; each is as short as it can be."""
    parts = _PLACE.split(text)
    written = [
        f"(?P<{part}>.+?)" if number % 2 else re.escape(part.replace("%%", "%")) for number, part in enumerate(parts)
    ]
    return re.compile("".join(written), re.DOTALL)
