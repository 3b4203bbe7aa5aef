"""Posts as an Atom feed. Pure: values in, bytes out.

Spec: RFC 4287; XML 1.0 s2.2 (characters)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from pod.posts.public import PublicPosts
from pod.posts.timeline import Entry
from pod.protocol.notification import format_moment
from pod.protocol.placement import Placement
from pod.rdf.outline import NAME_CHARACTERS_MAX

MEDIA_TYPE = "application/atom+xml"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(posts: PublicPosts, placement: Placement, *, address: str, page: str) -> bytes:
    """`address` is the feed's own, `page` that of the page for people."""
    name = posts.storage.path.strip("/")
    owner = posts.storage.owners[0] if posts.storage.owners else ""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        _text("id", placement.url(f"{posts.storage.path}posts/")),
        _text("title", f"Posts of {name}"),
        _text("updated", format_moment(posts.updated_ms)),
        _author(name, owner),
        _link("self", address, MEDIA_TYPE),
        _link("alternate", page, "text/html"),
        *(line for each in posts.entries for line in _entry(each, placement, name)),
        "</feed>\n",
    ]
    return "\n".join(lines).encode()


def _entry(entry: Entry, placement: Placement, name: str) -> Iterator[str]:
    post, url = entry.post, placement.url(entry.target.path)
    yield "<entry>"
    yield _text("id", post.iri)
    yield _text("title", post.summary or "A post")
    yield _text("published", format_moment(entry.at_ms))
    yield _text("updated", format_moment(max(entry.at_ms, post.updated_ms or 0)))
    if post.author:
        yield _author(post.author_name or name, post.author)
    yield _link("alternate", url, "text/html")
    for picture in post.pictures:
        if picture.is_own:
            yield _link("enclosure", picture.url, picture.media_type or "image/*")
    yield f'<content type="html" xml:base={quoteattr(_characters(url))}>{escape(_characters(_html(entry)))}</content>'
    yield "</entry>"


def _html(entry: Entry) -> str:
    """The text with the pictures below it, as readers of feeds show it."""
    shown = [
        f"<p><img src={quoteattr(each.url)} alt={quoteattr(each.alt)}></p>"
        for each in entry.post.pictures
        if each.is_own
    ]
    return entry.post.html + "".join(shown)


def _author(name: str, iri: str) -> str:
    uri = _text("uri", iri) if iri else ""
    return f"<author>{_text('name', name[:NAME_CHARACTERS_MAX])}{uri}</author>"


def _link(relation: str, url: str, media_type: str) -> str:
    said = {"rel": relation, "type": media_type, "href": url}
    return f"<link {' '.join(f'{name}={quoteattr(_characters(value))}' for name, value in said.items())}/>"


def _text(name: str, text: str) -> str:
    return f"<{name}>{escape(_characters(text))}</{name}>"


def _characters(text: str) -> str:
    """Without those that no XML may have."""
    return _NOT_XML.sub("", text)
