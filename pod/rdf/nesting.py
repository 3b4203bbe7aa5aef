"""How deep the brackets of a document are nested, found in one pass before any parser sees it.

A bound first: a document with few opening brackets cannot nest deeply, and most have few. Else strings, IRIs and
comments are blanked and the remaining brackets counted. No pattern repeats a group without a bound: each round would
cost memory, and possessive groups go wrong in Python before 3.11.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate

from pod.rdf.limits import Limits, too_deep

_JSON_STRINGS = re.compile(rb'"[^"]*+"?+')
_TURTLE_TEXT = re.compile(
    rb'""".*?"""'
    rb"|'''.*?'''"
    rb'|"[^"\r\n]*+["\r\n]?+'
    rb"|'[^'\r\n]*+['\r\n]?+"
    rb"|<[^\x00-\x20<>]*+>|\#[^\r\n]*+|\\.",
    re.DOTALL,
)
# Each repetition of a group costs memory, hence the bound; a tag of more parts counts as never closed.
_XML_TAGS = re.compile(
    rb"(?P<other><!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[?!].*?(?:>|\Z))"
    rb"|(?P<close></)"
    rb"""|(?P<open><(?:[^"'>]++|"[^"]*+"?+|'[^']*+'?+){0,10000}>?+)""",
    re.DOTALL,
)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[](){}")
_STEP = {ord(opening): 1 for opening in "[({"} | {ord(closing): -1 for closing in "])}"}


def check_json(content: bytes, limits: Limits) -> None:
    """Raises: ContentTooLarge -- arrays and objects nested deeper than the cap"""
    if _openings(content) > limits.depth and _depth(_JSON_STRINGS.sub(b"", without_escapes(content))) > limits.depth:
        raise too_deep(limits)


def check_turtle(content: bytes, limits: Limits) -> None:
    """The same for Turtle, TriG and what is built on them. Raises: ContentTooLarge"""
    if _openings(content) > limits.depth and _depth(_TURTLE_TEXT.sub(b" ", without_escapes(content))) > limits.depth:
        raise too_deep(limits)


def check_xml(content: bytes, limits: Limits) -> None:
    """The same for the elements of XML. Raises: ContentTooLarge"""
    if content.count(b"<") <= limits.depth:
        return
    depth = 0
    for tag in _XML_TAGS.finditer(content):
        if tag.lastgroup == "close":
            depth -= 1
        elif tag.lastgroup == "open" and not tag.group().endswith(b"/>"):
            depth += 1
            if depth > limits.depth:
                raise too_deep(limits)


def check_nothing(_content: bytes, _limits: Limits) -> None:
    """For formats of lines, which cannot nest."""


def without_escapes(content: bytes) -> bytes:
    """The same without escaped backslashes and quotes, so that the next quote is the end of a string."""
    if b"\\" not in content:
        return content
    return content.replace(b"\\\\", b"").replace(b'\\"', b"").replace(b"\\'", b"")


Check = Callable[[bytes, Limits], None]


def _openings(content: bytes) -> int:
    return content.count(b"[") + content.count(b"(") + content.count(b"{")


def _depth(content: bytes) -> int:
    steps = map(_STEP.__getitem__, content.translate(None, _NOT_BRACKETS))
    return max(accumulate(steps), default=0)
