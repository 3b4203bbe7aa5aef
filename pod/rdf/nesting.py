"""How deep the brackets of a document are nested, found in one pass before any parser sees it.

A bound first: a document with few opening brackets cannot nest deeply, and most have few. Else strings, IRIs and
comments are blanked and the remaining brackets counted. Every pattern matches to the end what it begins, so no input
is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate

from pod.rdf.limits import Limits, too_deep

_JSON_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_TURTLE_TEXT = re.compile(
    rb'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\\?\Z)'
    rb"|'''(?:[^'\\]++|\\.|'(?!''))*+(?:'''|\\?\Z)"
    rb'|"(?:[^"\\\r\n]++|\\.)*+(?:"|[\r\n]|\\?\Z)'
    rb"|'(?:[^'\\\r\n]++|\\.)*+(?:'|[\r\n]|\\?\Z)"
    rb"|<[^\x00-\x20<>]*+>|\#[^\r\n]*+|\\.",
    re.DOTALL,
)
_XML_TAGS = re.compile(
    rb"(?P<other><!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[?!].*?(?:>|\Z))"
    rb"|(?P<close></)"
    rb"""|(?P<open><(?:[^"'>]++|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))*+(?:>|\Z))""",
    re.DOTALL,
)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[](){}")
_STEP = {ord(opening): 1 for opening in "[({"} | {ord(closing): -1 for closing in "])}"}


def check_json(content: bytes, limits: Limits) -> None:
    """Raises: ContentTooLarge -- arrays and objects nested deeper than the cap"""
    if _openings(content) > limits.depth and _depth(_JSON_STRINGS.sub(b"", content)) > limits.depth:
        raise too_deep(limits)


def check_turtle(content: bytes, limits: Limits) -> None:
    """The same for Turtle, TriG and what is built on them. Raises: ContentTooLarge"""
    if _openings(content) > limits.depth and _depth(_TURTLE_TEXT.sub(b" ", content)) > limits.depth:
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


Check = Callable[[bytes, Limits], None]


def _openings(content: bytes) -> int:
    return content.count(b"[") + content.count(b"(") + content.count(b"{")


def _depth(content: bytes) -> int:
    steps = map(_STEP.__getitem__, content.translate(None, _NOT_BRACKETS))
    return max(accumulate(steps), default=0)
