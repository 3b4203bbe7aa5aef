"""The Atom feed of a pod: what it says about posts, in XML that any reader takes. RFC 4287."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from pod.posts.feed import atom
from pod.posts.post import Picture, Post
from pod.posts.public import PublicPosts
from pod.posts.timeline import Entry
from pod.protocol.placement import Placement
from pod.protocol.resource import Target
from pod.store.records import StorageState

PLACEMENT = Placement("https://pods.example/")
ALICE = "https://pods.example/alice/profile/card#me"
ATOM = "{http://www.w3.org/2005/Atom}"
ADDRESS, PAGE = "https://pods.example/.feed/alice.atom", "https://pods.example/.feed/alice"


def entry(slug: str, **said: object) -> Entry:
    post = Post(f"https://pods.example/alice/posts/{slug}#it", **{"html": "<p>Hi</p>", "published_ms": 1000} | said)  # type: ignore[arg-type]
    return Entry(post, Target.parse(f"/alice/posts/{slug}"), '"1"', 500, is_public=True)


def feed(*entries: Entry) -> ET.Element:
    posts = PublicPosts(StorageState(1, "/alice/", 1, (ALICE,)), entries, updated_ms=5000)
    return ET.fromstring(atom(posts, PLACEMENT, address=ADDRESS, page=PAGE))


def texts(element: ET.Element, *names: str) -> list[str | None]:
    return [element.findtext(ATOM + name) for name in names]


def test_a_feed_has_what_every_feed_must_have():
    found = feed()
    assert texts(found, "id", "updated") == ["https://pods.example/alice/posts/", "1970-01-01T00:00:05.000Z"]
    assert found.findtext(f"{ATOM}author/{ATOM}uri") == ALICE
    links = {each.get("rel"): each.get("href") for each in found.findall(f"{ATOM}link")}
    assert links == {"self": ADDRESS, "alternate": PAGE}


def test_an_entry_has_what_every_entry_must_have():
    picture = Picture("https://pods.example/alice/posts/a/1.webp", 'The "sea"', "image/webp", is_own=True)
    elsewhere = Picture("https://spy.example/p.gif")
    (found,) = feed(
        entry(
            "a", name="One & <two>", author=ALICE, author_name="Alice", updated_ms=2000, pictures=(picture, elsewhere)
        )
    ).findall(f"{ATOM}entry")
    assert texts(found, "id", "title", "published", "updated") == [
        "https://pods.example/alice/posts/a#it",
        "One & <two>",
        "1970-01-01T00:00:01.000Z",
        "1970-01-01T00:00:02.000Z",
    ]
    content = found.find(f"{ATOM}content")
    assert content is not None
    assert (content.get("type"), content.text) == (
        "html",
        '<p>Hi</p><p><img src="https://pods.example/alice/posts/a/1.webp" alt=\'The "sea"\'></p>',
    )
    assert found.findtext(f"{ATOM}author/{ATOM}name") == "Alice"
    assert "spy.example" not in ET.tostring(found, "unicode")


def test_an_entry_without_anything_still_is_one():
    (found,) = feed(entry("a", html="", published_ms=None)).findall(f"{ATOM}entry")
    assert texts(found, "title", "updated") == ["A post", "1970-01-01T00:00:00.500Z"]


def test_characters_that_xml_has_not_are_left_out():
    (found,) = feed(entry("a", name="a\x00\x0b\ufffe\ud800b", html="<p>\x1f]]></p>")).findall(f"{ATOM}entry")
    assert texts(found, "title", "content") == ["ab", "<p>]]></p>"]
