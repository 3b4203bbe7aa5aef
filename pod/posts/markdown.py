"""What people type, as HTML: paragraphs, emphasis, lists, quotations, code and links; line breaks stay, and an address
of the Web is a link without being marked as one. HTML in it is text.

Pure. What comes out goes through the cleaner like all else.

Spec: CommonMark 0.31
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

TEXT_CHARACTERS_MAX = 50_000
NESTING_MAX = 20

_ADDRESS = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,:;!?)\]}*_]", re.IGNORECASE)


def to_html(text: str) -> str:
    return str(_markdown().render(text[:TEXT_CHARACTERS_MAX]))


def _link_addresses(state: StateCore) -> None:
    for block in state.tokens:
        if block.type == "inline" and block.children:
            block.children = _linked(block.children)


def _linked(children: list[Token]) -> list[Token]:
    made: list[Token] = []
    depth = 0
    for each in children:
        depth += (each.type == "link_open") - (each.type == "link_close")
        made += _parts(each.content) if each.type == "text" and not depth else [each]
    return made


def _parts(text: str) -> list[Token]:
    from markdown_it.token import Token  # noqa: PLC0415 -- see _markdown

    made: list[Token] = []
    at = 0
    for found in _ADDRESS.finditer(text):
        made += [_text(text[at : found.start()])] if found.start() > at else []
        made.append(Token("link_open", "a", 1, attrs={"href": found[0]}))
        made += [_text(found[0]), Token("link_close", "a", -1)]
        at = found.end()
    return [*made, _text(text[at:])] if at < len(text) else made


def _text(content: str) -> Token:
    from markdown_it.token import Token  # noqa: PLC0415 -- see _markdown

    return Token("text", "", 0, content=content)


@cache
def _markdown() -> MarkdownIt:
    """Made for the first post: a server where nobody writes need not hold it."""
    from markdown_it import MarkdownIt  # noqa: PLC0415

    made = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": NESTING_MAX})
    made.enable("strikethrough")
    made.core.ruler.push("addresses", _link_addresses)
    return made
