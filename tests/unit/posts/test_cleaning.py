"""What others wrote, made harmless: nothing acts, nothing is fetched from elsewhere, and it takes a moment at most."""

from __future__ import annotations

import time

import pytest

from pod.posts.cleaning import CHARACTERS_MAX, cleaned, paragraphs, plain
from pod.posts.markdown import to_html

POD = "https://pods.example/alice/"
REL = 'rel="nofollow noopener noreferrer ugc"'


def clean(html: str) -> str:
    return cleaned(html, base=f"{POD}posts/a.ttl", is_own=lambda url: url.startswith(POD))


@pytest.mark.parametrize(
    ("html", "harmless"),
    [
        ("<p onclick='x' style='y' class='z' id='i' title='t' lang='de' dir='rtl'>Hello</p>", "<p>Hello</p>"),
        ("a<script>alert(1)</script><style>p{}</style>b", "ab"),
        ('<svg onload="x"><a xlink:href="javascript:x">y</a></svg>', ""),
        ('<a href="javascript:alert(1)">x</a>', f"<a {REL}>x</a>"),
        ('<a href=" java\nscript:alert(1)">x</a>', f"<a {REL}>x</a>"),
        ('<a href="data:text/html,x" target="_blank" ping="https://b.example">x</a>', f"<a {REL}>x</a>"),
        ('<a href="../b">x</a>', f'<a href="{POD}b" {REL}>x</a>'),
        ('<a href="https://[x">x</a>', f"<a {REL}>x</a>"),
        ('<img src="a/1.webp" alt="The sea" onerror="x">', f'<img src="{POD}posts/a/1.webp" alt="The sea">'),
        (
            '<img src="https://spy.example/p.gif" alt="">',
            f'<a href="https://spy.example/p.gif" {REL}>https://spy.example/p.gif</a>',
        ),
        ('<img src="//spy.example/p" alt="Look">', f'<a href="https://spy.example/p" {REL}>Look</a>'),
        ('<img src="https://pods.example/bob/p" alt="Bob">', f'<a href="https://pods.example/bob/p" {REL}>Bob</a>'),
        ('<img src="data:image/svg+xml,x" alt="y">', "y"),
        (
            '<img alt="a&quot;><script>x</script>" src="//b.example/">',
            f'<a href="https://b.example/" {REL}>a"&gt;&lt;script&gt;x&lt;/script&gt;</a>',
        ),
        ("<h1 class=x>One</h1><h5>Five</h5>", "<h2>One</h2><h4>Five</h4>"),
        ("<iframe src=x></iframe><form><input><button>b</button></form><base href=x><meta>", "b"),
        ("<p>open <b>bold", "<p>open <b>bold</b></p>"),
        ("<!-- x --><p>a</p>", "<p>a</p>"),
    ],
)
def test_what_is_left_does_nothing(html: str, harmless: str):
    assert clean(html) == harmless


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000,
        "<ul><li>" * 10_000,
        "<span>" * 4_999 + "</x>" * 10_000,
        "".join(f"<b id={each}><p>" for each in range(2_400)),
        "<b><i><u><s><em>" * 600 + "<p>x" * 1_999,
        "<a href=x>y" * 10_000,
        '<a href="https://a.example/">x</a> ' * 10_000,
        "<b " * 30_000,
        "<table><tr><td>" * 1_600,
        "&" * CHARACTERS_MAX * 2,
        "<" * CHARACTERS_MAX,
        "a" + " " * (CHARACTERS_MAX - 2) + "b",
        "a" + "\n \t" * (CHARACTERS_MAX // 3 - 1) + "b",
    ],
)
def test_what_was_made_to_take_long_does_not(html: str):
    start = time.thread_time()
    assert len(clean(html)) < 30 * CHARACTERS_MAX
    assert len(paragraphs(plain(html))) < 30 * CHARACTERS_MAX
    assert time.thread_time() - start < 2


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\ntwo\n\nThree", "<p>One<br />\ntwo</p>\n<p>Three</p>\n"),
        ("**bold** *it* ~~no~~", "<p><strong>bold</strong> <em>it</em> <s>no</s></p>\n"),
        ("<b>x</b> &amp;", "<p>&lt;b&gt;x&lt;/b&gt; &amp;</p>\n"),
        ("See https://a.example/x_y.", '<p>See <a href="https://a.example/x_y">https://a.example/x_y</a>.</p>\n'),
        ("[x](https://a.example)", '<p><a href="https://a.example">x</a></p>\n'),
        ("`https://a.example/`", "<p><code>https://a.example/</code></p>\n"),
        (
            "[https://b.example/b](https://a.example/a)",
            '<p><a href="https://a.example/a">https://b.example/b</a></p>\n',
        ),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
    ],
)
def test_what_people_type_is_marked_up(text: str, html: str):
    assert to_html(text) == html


@pytest.mark.parametrize("piece", ["[", "*a_", ">", "`a", "![", "[a](", "<", "~~a", "https://a", "&", "[x]: <", "- "])
def test_typing_that_was_made_to_take_long_does_not(piece: str):
    start = time.thread_time()
    to_html(piece * (60_000 // len(piece)))
    assert time.thread_time() - start < 3


def test_text_without_marks_is_paragraphs():
    assert paragraphs("One <b>\ntwo\n\n\nThree ") == "<p>One &lt;b&gt;<br>two</p><p>Three</p>"
    assert plain("<p>One<br>two</p><p>&lt;Three&gt;</p>") == "One\ntwo\n<Three>"
