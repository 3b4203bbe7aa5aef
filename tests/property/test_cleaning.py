"""Whatever somebody writes as a post, what comes of it holds nothing that acts, or asks anybody else for anything."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from pod.posts.cleaning import ATTRIBUTES, SCHEMES, TAGS, cleaned
from pod.posts.markdown import to_html

POD = "https://pods.example/alice/"
PIECES = [
    *("<script>", "</script>", "<style>", "</style>", "<svg>", "<math>", "<mtext>", "<table>", "<td>", "<select>"),
    *("<img src=", "<img alt='", "<a href=", "<a href='", '<p title="', "<b>", "</b>", "<p>", "</p>", "<h1>", "<h6 x>"),
    *("<!--", "-->", "<![CDATA[", "]]>", "<noscript>", "<template>", "<textarea>", "</textarea>", "<title>", "<xmp>"),
    *(
        "javascript:alert(1)",
        "https://spy.example/",
        f"{POD}a.webp",
        "//b.example",
        "data:text/html,",
        "&#106;avascript:",
    ),
    *("onerror=x", "'", '"', ">", "<", "/", "=", " ", "&lt;", "&quot;", "\x00", "\n", "`", "*", "[", "](", ")", "é"),
]
HTML = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=40).map("".join)


class Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def clean(html: str) -> str:
    return cleaned(html, base=f"{POD}posts/a.ttl", is_own=lambda url: url.startswith(POD))


@given(HTML)
def test_nothing_that_acts_is_left(html: str):
    for text in (clean(html), clean(to_html(html))):
        for tag, attributes in Seen(text).found:
            assert tag in TAGS
            assert attributes.keys() <= ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
            assert attributes.get("href", "https:").partition(":")[0] in SCHEMES
            assert attributes.get("src", POD).startswith(POD)


@given(HTML)
def test_what_is_clean_stays_as_it_is(html: str):
    once = clean(clean(html))
    assert clean(once) == once
