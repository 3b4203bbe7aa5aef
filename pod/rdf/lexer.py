"""Tokens of the notation that N3 Patch and SPARQL Update share with Turtle. Knows no grammar.

Every pattern is anchored where the last token ended and never gives back what it took, so the whole text is read once.

Spec: RDF 1.1 Turtle s6.5; SPARQL 1.1 s19.8 (terminals)
"""

from __future__ import annotations

import re
import sys

from pod.errors import MalformedContent


class Kind:
    """What a token is. The names are those of the groups below."""

    IRI = "IRI"
    NAME = "NAME"
    BLANK = "BLANK"
    VARIABLE = "VARIABLE"
    STRING = "STRING"
    NUMBER = "NUMBER"
    AT = "AT"
    WORD = "WORD"
    PUNCTUATION = "PUNCTUATION"
    END = "END"


_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARACTERS = rf"{_BASE}_\-0-9\u00b7\u0300-\u036f\u203f-\u2040"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_UNICODE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_CHARACTER = rf"""\\[tbnrf"'\\]|{_UNICODE}"""
# Rounds of a repeated group cost memory each, and possessive groups whose body can fail half-way go wrong in Python
# before 3.11.5; so rounds are bounded: dots and escapes of a name, escapes and quotes of a string.
_NAME_ROUNDS = "{0,1000}"
_STRING_ROUNDS = "{0,100000}"
_PREFIX = rf"[{_BASE}](?:[{_CHARACTERS}]++|\.++(?=[{_CHARACTERS}])){_NAME_ROUNDS}"
_LOCAL = rf"(?:[{_BASE}_0-9:]|{_ESCAPED})(?:[{_CHARACTERS}:]++|{_ESCAPED}|\.++(?=[{_CHARACTERS}:%\\])){_NAME_ROUNDS}"

_SPACE = r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+"
_TOKEN = re.compile(
    _SPACE + r"(?:(?P<PUNCTUATION>[;,\[\](){}!|/*]|\^\^?|=>?|\.(?![0-9])|\+(?![0-9.])|\?(?=[\s)/|]))"
    rf"""|(?P<IRI><(?:[^\x00-\x20<>"{{}}|^`\\]++|{_UNICODE}){_NAME_ROUNDS}>)"""
    rf"|(?P<BLANK>_:[{_BASE}_0-9](?:[{_CHARACTERS}]++|\.++(?=[{_CHARACTERS}])){_NAME_ROUNDS})"
    rf"|(?P<NAME>(?:{_PREFIX})?:(?:{_LOCAL})?)"
    rf"|(?P<VARIABLE>[?$][{_BASE}_0-9][{_BASE}_0-9\u00b7\u0300-\u036f\u203f-\u2040]*+)"
    rf'|(?P<STRING>"""(?:[^"\\]++|{_CHARACTER}|"(?!"")){_STRING_ROUNDS}"""'
    rf"|'''(?:[^'\\]++|{_CHARACTER}|'(?!'')){_STRING_ROUNDS}'''"
    rf'|"(?:[^"\\\r\n]++|{_CHARACTER}){_STRING_ROUNDS}"|\'(?:[^\'\\\r\n]++|{_CHARACTER}){_STRING_ROUNDS}\')'
    r"|(?P<NUMBER>[+-]?(?:[0-9]++\.[0-9]*+[eE][+-]?[0-9]++|\.[0-9]++[eE][+-]?[0-9]++|[0-9]++[eE][+-]?[0-9]++"
    r"|[0-9]*+\.[0-9]++|[0-9]++))"
    rf"|(?P<AT>@[A-Za-z]++(?:-[A-Za-z0-9]++){_NAME_ROUNDS})"
    rf"|(?P<WORD>[{_BASE}_][{_CHARACTERS}]*+)"
    r"|(?P<END>\Z))"
)
_SPACES = re.compile(_SPACE)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SIMPLE = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


class Lexer:
    """A text and one token of it: its `kind` and its `text` as written."""

    __slots__ = ("_end", "_match", "_source", "kind", "text")

    def __init__(self, source: str) -> None:
        self._source = source
        self._end = 0
        self.kind = ""
        self.text = ""
        self.advance()

    def advance(self) -> str:
        """Go on to the next token. Gives the text of the one that was current. Raises: MalformedContent"""
        past = self.text
        match = _TOKEN.match(self._source, self._end)
        if match is None:
            raise self._no_token()
        self._match = match
        self._end = match.end()
        self.kind = kind = match.lastgroup or ""
        self.text = match[kind]
        return past

    @property
    def start(self) -> int:
        """Where the current token begins."""
        return self._match.start(self.kind)

    def at(self, punctuation: str) -> bool:
        return self.text == punctuation and self.kind == Kind.PUNCTUATION

    def at_word(self, *words: str) -> bool:
        """Whether the current token is one of these keywords, in any case."""
        return self.kind == Kind.WORD and self.text.upper() in words

    def take(self, punctuation: str) -> bool:
        """Go past this punctuation if it is here."""
        if self.text == punctuation and self.kind == Kind.PUNCTUATION:
            self.advance()
            return True
        return False

    def expect(self, punctuation: str) -> None:
        """Raises: MalformedContent -- something else is here"""
        if not self.take(punctuation):
            raise self.unexpected(f"`{punctuation}`")

    def unexpected(self, wanted: str) -> MalformedContent:
        found = repr(self.text[:40]) if self.text else "the end"
        return self.malformed(f"expected {wanted}, found {found}")

    def malformed(self, what: str, start: int | None = None) -> MalformedContent:
        start = self.start if start is None else start
        line = self.line(start)
        column = start - self._source.rfind("\n", 0, start)
        return MalformedContent(f"Line {line}, column {column}: {what}.", line=line, column=column)

    def line(self, start: int | None = None) -> int:
        """The number of a line, that of the current token's beginning unless said otherwise."""
        return self._source.count("\n", 0, self.start if start is None else start) + 1

    def _no_token(self) -> MalformedContent:
        space = _SPACES.match(self._source, self._end)
        start = space.end() if space else self._end
        if self._source[start : start + 1] in {'"', "'"}:
            return self.malformed("this string does not end, has an unknown escape or too many of them", start)
        return self.malformed("this is neither a term nor punctuation", start)


def unescape(text: str) -> str:
    """Raises: ValueError -- an escape that names no character"""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    short, long, simple = match.groups()
    if simple:
        return _SIMPLE.get(simple, simple)
    number = int(short or long, 16)
    if 0xD800 <= number <= 0xDFFF or number > sys.maxunicode:
        raise ValueError(f"{match.group()} names no character")
    return chr(number)
