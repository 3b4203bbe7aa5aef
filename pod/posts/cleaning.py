"""HTML that somebody wrote, made harmless: a narrow list of elements, links to the Web and to mail, pictures of the pod
itself; all else goes, or becomes a link. Whoever wrote it, and however often it was cleaned before.

Pure. What is too intricate to be taken apart in a moment is told as plain text.

Spec: HTML s4.3 to s4.5; HTML s13.2.4.3 (the list of active formatting elements)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from html import escape, unescape
from urllib.parse import urljoin, urlsplit

import nh3

CHARACTERS_MAX = 64_000
TAGS_MAX = 5_000
"""The time that nested elements take grows with their square, and nobody writes as many."""
LINK_CHARACTERS_MAX = 2_000
SCHEMES = {"http", "https", "mailto"}
TAGS = {
    *("a", "b", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "hr", "i", "img", "li", "ol", "p", "pre"),
    *("s", "strong", "sub", "sup", "u", "ul"),
}
ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "img": {"src", "alt"}}
LINK_REL = "nofollow noopener noreferrer ugc"

IsOwn = Callable[[str], bool]
"""Whether a URL is of the pod whose page shows it: from nowhere else a picture is taken."""

_TAG = re.compile(r"<[A-Za-z]")
_HEADING = re.compile(r"<(/?)h([156])\b[^>]*", re.IGNORECASE)
_FORMATTING = re.compile(
    r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b[^>]*",
    re.IGNORECASE,
)
"""Parsers repeat these in every paragraph that follows: all that differ, and three of those that do not."""
_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_ANY_TAG = re.compile(r"<[^<>]*>")
_BREAKS = re.compile(r"</(?:p|li|h[1-6]|blockquote|pre|div)>|<br\b[^<>]*>|<hr\b[^<>]*>", re.IGNORECASE)
_SPACES = re.compile(r"[ \t]+")
_LINES = re.compile(r"\n\n+")
"""Of text whose lines have no blanks around them: looking for those here would take the square of their number."""


def cleaned(html: str, *, base: str, is_own: IsOwn) -> str:
    """The same in elements that do nothing. `base` is what relative URLs in it mean."""
    html = html[:CHARACTERS_MAX]
    if len(_TAG.findall(html)) > TAGS_MAX:
        return paragraphs(plain(html))
    html = _FORMATTING.sub(r"<\1", _HEADING.sub(_as_known_heading, html))
    once = _clean(html, partial(_attribute, base))
    return _clean(_IMAGE.sub(partial(_picture, is_own), once), partial(_attribute, base))


def plain(html: str) -> str:
    """Its text: paragraphs are lines. Not for a page as it is: it may hold what looks like HTML."""
    text = unescape(_ANY_TAG.sub("", _BREAKS.sub("\n", html[:CHARACTERS_MAX])))
    return _SPACES.sub(" ", _LINES.sub("\n\n", _without_edges(text))).strip()


def paragraphs(text: str) -> str:
    """Plain text as HTML."""
    blocks = [each for each in _LINES.split(_without_edges(text[:CHARACTERS_MAX]).strip()) if each]
    return "".join(f"<p>{escape(each, quote=False)}</p>".replace("\n", "<br>") for each in blocks)


def _without_edges(text: str) -> str:
    return "\n".join(each.strip() for each in text.split("\n"))


def _clean(html: str, attribute: Callable[[str, str, str], str | None]) -> str:
    made: str = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes=SCHEMES,
        link_rel=LINK_REL,
    )
    return made


def _as_known_heading(tag: re.Match[str]) -> str:
    """The page has a heading of the first degree, and nothing here is that deep."""
    return f"<{tag[1]}{'h2' if tag[2] == '1' else 'h4'}"


def _attribute(base: str, tag: str, name: str, value: str) -> str | None:
    if name not in {"href", "src"}:
        return value
    if (url := link(value, base)) is None:
        return None
    return None if tag == "img" and not url.startswith("http") else url


def link(value: str, base: str) -> str | None:
    """Where a reference leads; None where it may not lead anywhere."""
    value = value.strip()
    if not value or len(value) > LINK_CHARACTERS_MAX:
        return None
    try:
        url = urljoin(base, value)
        scheme = urlsplit(url).scheme
    except ValueError:
        return None
    return url if scheme in SCHEMES else None


def _picture(is_own: IsOwn, tag: re.Match[str]) -> str:
    """What comes out of the cleaner has its attributes in quotes, so that they can be read so."""
    said: dict[str, str] = dict(_ATTRIBUTE.findall(tag[1]))
    source, alt = said.get("src", ""), said.get("alt", "")
    if not source:
        return alt
    if is_own(unescape(source)):
        return str(tag[0])
    return f'<a href="{source}">{alt or source}</a>'
