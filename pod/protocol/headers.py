"""Pieces of header grammar that several fields share: lists, parameters, tokens and quoted strings.

Knows no field by name. Every scan is linear in the length of the text whatever it contains: the patterns are
possessive and take an unclosed quotation to the end of the text, so nothing is ever scanned twice.

Spec: RFC 9110 s5.6.1, s5.6.2, s5.6.4, s5.6.6; RFC 8288 B.3, B.4
"""

from __future__ import annotations

import re
from itertools import islice

TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"  # noqa: S105 -- a word of the grammar
PARAMETERS_MAX = 32

_QUOTED = r'"(?:[^"\\]++|\\(?:.|\Z))*"?+'
_MEMBER = re.compile(rf'(?:[^",]++|{_QUOTED})+', re.DOTALL)
_PARAMETER = re.compile(rf'[ \t]*+;[ \t]*+([^ \t=;,"]*+)[ \t]*+(?:=[ \t]*+({_QUOTED}|[^;,"]*+))?', re.DOTALL)
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_WHOLE_TOKEN = re.compile(TOKEN)
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


def members(text: str, members_max: int) -> list[str]:
    """The first `members_max` members of a comma-separated list; commas in quotes do not separate."""
    found = (match[0].strip(" \t") for match in _MEMBER.finditer(text))
    return list(islice(filter(None, found), members_max))


def parameters(text: str, start: int = 0) -> tuple[list[tuple[str, str]], int]:
    """The `; name=value` pairs from `start` on, and where they end.

    Names become lower case. A parameter without a value has the empty one; one without a name is passed over.
    """
    pairs: list[tuple[str, str]] = []
    while (match := _PARAMETER.match(text, start)) and len(pairs) < PARAMETERS_MAX:
        start = match.end()
        name, value = match.groups()
        if name:
            pairs.append((name.lower(), unquote((value or "").rstrip(" \t"))))
    return pairs, start


def is_token(text: str) -> bool:
    return _WHOLE_TOKEN.fullmatch(text) is not None


def unquote(text: str) -> str:
    """The value of a token or a quoted string; a missing closing mark is forgiven."""
    if not text.startswith('"'):
        return text
    inner = text[1:-1] if _is_closed(text) else text[1:]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def quote(text: str) -> str:
    """A quoted string. What no header may carry, line breaks first of all, becomes a space."""
    sendable = _UNSENDABLE.sub(" ", text)
    return '"' + sendable.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_closed(text: str) -> bool:
    """Whether the last character is a quotation mark that no backslash escapes."""
    before = text[1:-1]
    return len(text) > 1 and text.endswith('"') and (len(before) - len(before.rstrip("\\"))) % 2 == 0
