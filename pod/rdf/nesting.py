"""How deep the brackets of a document are nested, found in one pass before any parser sees it.

A bound first: a document with few opening brackets cannot nest deeply, and most have few. Else strings, IRIs and
comments are blanked and the remaining brackets counted, piece by piece: what is done to a whole document in one call
takes memory many times its size, and keeps every other thread waiting. No pattern repeats a group without a bound: each
round would cost memory, and possessive groups go wrong in Python before 3.11.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import accumulate

from pod.config import KIB
from pod.rdf.limits import Limits, too_deep, too_many_attributes, too_many_members, too_many_values

PIECE_BYTES = 128 * KIB

_JSON_STRINGS = re.compile(rb'"[^"]*+"?+')
_TURTLE_TOKENS = (
    rb'""".*?"""'
    rb"|'''.*?'''"
    rb'|"[^"\r\n]*+["\r\n]?+'
    rb"|'[^'\r\n]*+['\r\n]?+"
    rb"|<[^\x00-\x20<>]*+>|\#[^\r\n]*+|\\."
)
_TURTLE_TEXT = re.compile(_TURTLE_TOKENS, re.DOTALL)
_TURTLE_PIECE = re.compile(rb"(?:[^\"'<#\\]{1,1000}|" + _TURTLE_TOKENS + rb"|.){1,500}", re.DOTALL)
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
    """Raises: ContentTooLarge -- nested too deeply, more values than the cap, or more members in one object"""
    openings = _openings(content)
    if (
        openings <= limits.depth
        and openings + content.count(b",") <= limits.json_values
        and content.count(b":") <= limits.json_members
    ):
        return
    depth = values = members = 0
    for text in _outside_json_strings(content):
        values += _openings(text) + text.count(b",")
        if values > limits.json_values:
            raise too_many_values(limits)
        first, *others = (part.count(b":") for part in text.split(b"}"))
        if max(members + first, *others, 0) > limits.json_members:
            raise too_many_members(limits)
        members = others[-1] if others else members + first
        depth = _depth_after(text, depth, limits)


def check_turtle(content: bytes, limits: Limits) -> None:
    """Nesting in Turtle, TriG and what is built on them. Raises: ContentTooLarge"""
    if _openings(content) <= limits.depth:
        return
    depth, end = 0, 0
    text = b"".join(map(without_escapes, pieces(content)))
    while piece := _TURTLE_PIECE.match(text, end):
        end = piece.end()
        depth = _depth_after(_TURTLE_TEXT.sub(b" ", piece.group()), depth, limits)


def check_xml(content: bytes, limits: Limits) -> None:
    """The same for the elements of XML, and for the attributes of one. Raises: ContentTooLarge"""
    if content.count(b"<") <= limits.depth and content.count(b"=") <= limits.attributes:
        return
    depth = 0
    for tag in _XML_TAGS.finditer(content):
        if tag.lastgroup == "close":
            depth -= 1
        elif tag.lastgroup == "open":
            text = tag.group()
            if text.count(b"=") > limits.attributes:
                raise too_many_attributes(limits)
            depth += not text.endswith(b"/>")
            if depth > limits.depth:
                raise too_deep(limits)


def pieces(content: bytes) -> Iterator[bytes]:
    """The content in order, in pieces that are quick to look at. None ends between a backslash and what it escapes."""
    start = 0
    while piece := content[start : start + PIECE_BYTES]:
        if (len(piece) - len(piece.rstrip(b"\\"))) % 2:
            piece = content[start : start + PIECE_BYTES + 1]
        yield piece
        start += len(piece)


def without_escapes(content: bytes) -> bytes:
    """The same without escaped backslashes and quotes, so that the next quote is the end of a string."""
    if b"\\" not in content:
        return content
    return content.replace(b"\\\\", b"").replace(b'\\"', b"").replace(b"\\'", b"")


Check = Callable[[bytes, Limits], None]


def _outside_json_strings(content: bytes) -> Iterator[bytes]:
    opened = b""  # the quote of a string that goes on from one piece into the next
    for piece in pieces(content):
        text = opened + without_escapes(piece)
        opened = b'"' if text.count(b'"') % 2 else b""
        yield _JSON_STRINGS.sub(b"", text)


def _openings(content: bytes) -> int:
    return content.count(b"[") + content.count(b"(") + content.count(b"{")


def _depth_after(text: bytes, before: int, limits: Limits) -> int:
    """Raises: ContentTooLarge"""
    steps = map(_STEP.__getitem__, text.translate(None, _NOT_BRACKETS))
    depths = list(accumulate(steps, initial=before))
    if max(depths) > limits.depth:
        raise too_deep(limits)
    return depths[-1]
