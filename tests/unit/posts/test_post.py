"""Posts as they are read out of documents, whoever wrote those."""

from __future__ import annotations

import pytest

from pod.posts.post import SUMMARY_CHARACTERS_MAX, Hint, Picture, Post, moment_ms, posts_in
from pod.rdf import formats
from pod.rdf.limits import Limits

POD = "https://pods.example/alice/"
DOCUMENT = f"{POD}posts/a"
BOB = "https://bob.example/#me"
PREFIXES = """@prefix as: <https://www.w3.org/ns/activitystreams#>. @prefix schema: <https://schema.org/>.
@prefix sioc: <http://rdfs.org/sioc/ns#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>. @prefix dcterms: <http://purl.org/dc/terms/>.
"""


def posts(turtle: str) -> tuple[Post, ...]:
    said = (PREFIXES + turtle).encode()
    graph = formats.parse(said, "text/turtle", base=DOCUMENT, limits=Limits()).default
    return posts_in(graph, DOCUMENT, lambda url: url.startswith(POD))


def one(turtle: str) -> Post:
    (found,) = posts(turtle)
    return found


def test_a_note_of_another_app_is_a_post():
    post = one(
        f"""<> a as:Note; as:content "<p onclick='x'>Hi <script>1</script></p>"; as:published "2026-03-04T05:06:07Z";
        as:attributedTo <{BOB}>; as:attachment [ a as:Image; as:url <a.png>; as:name "The  sea"; as:mediaType "image/png" ].
        <{BOB}> foaf:name "Bob\\u202e". """
    )
    assert (post.html, post.published_ms, post.author, post.author_name) == ("<p>Hi </p>", 1772600767000, BOB, "Bob")
    assert post.pictures == (Picture(f"{POD}posts/a.png", "The sea", "image/png", is_own=True),)
    assert (post.markdown, post.hints) == (None, ())


@pytest.mark.parametrize(
    "turtle",
    [
        f'<#p> a schema:SocialMediaPosting; schema:articleBody "Hi <b>"; schema:datePublished "2026-03-04"; schema:author <{BOB}>.',
        f'<#p> a schema:BlogPosting; schema:text "Hi <b>"; schema:dateCreated "2026-03-04T00:00:00Z"; schema:author <{BOB}>.',
        f'<#p> a sioc:Post; sioc:content "Hi <b>"; dcterms:created "2026-03-04T00:00:00"; sioc:has_creator <{BOB}>.',
        f'<#p> a as:Note; as:content "Hi <b>"; as:mediaType "text/plain"; as:published "2026-03-04"; as:attributedTo <{BOB}>.',
    ],
)
def test_other_vocabularies_are_read_leniently(turtle: str):
    post = one(turtle)
    assert (post.html, post.published_ms, post.author) == ("<p>Hi &lt;b&gt;</p>", 1772582400000, BOB)


def test_what_a_post_lacks_is_told_and_it_is_shown_all_the_same():
    post = one('<#p> a as:Article; as:name "Titled"; as:published "yesterday"; as:attributedTo "Bob".')
    assert post.hints == (Hint.NO_TEXT, Hint.NO_DATE, Hint.NO_AUTHOR)
    assert (post.name, post.summary) == ("Titled", "Titled")


@pytest.mark.parametrize(
    "turtle",
    [
        "<https://elsewhere.example/p> a as:Note.",
        "<other#p> a as:Note.",
        "_:b a as:Note.",
        "<#p> a as:Person.",
    ],
)
def test_what_is_told_elsewhere_is_no_post_of_a_document(turtle: str):
    assert posts(turtle) == ()


def test_pictures_of_others_are_told_as_such_and_no_other_links_are():
    post = one(
        """<#p> a as:Note; as:content "x"; as:image <https://spy.example/p.gif>; as:attachment <file.pdf>,
        [ a as:Document; as:mediaType "image/webp"; as:url [ as:href <b.webp> ] ], [ a as:Video; as:url <c.mp4> ],
        [ a as:Image; as:url "javascript:alert(1)" ], [ a as:Image ], "text"."""
    )
    assert {(each.url, each.is_own) for each in post.pictures} == {
        ("https://spy.example/p.gif", False),
        (f"{POD}posts/b.webp", True),
    }


def test_long_posts_have_short_names():
    assert len(one(f'<#p> a as:Note; as:content "{"word " * 500}".').summary) == SUMMARY_CHARACTERS_MAX


@pytest.mark.parametrize(
    "text", ["", "x", "0000-00-00", "9999-99-99", "-1", "1900-01-01", "20260101T", "9999-12-31T23:59:59-23:59"]
)
def test_odd_dates_are_none(text: str):
    assert moment_ms(text) is None
