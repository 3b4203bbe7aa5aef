"""Pages about resources: whatever pods hold is text in them, and only harmless IRIs are links."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from pod.errors import AccessDenied, Busy, NotAuthenticated, NotFound
from pod.operations.pages import Listing
from pod.protocol.placement import Placement
from pod.protocol.resource import Target
from pod.rdf import formats
from pod.rdf.limits import Limits
from pod.rdf.outline import Text
from pod.rdf.vocab import XSD
from pod.store.records import Kind, Member, ResourceState
from pod.ui.language import spoken
from pod.ui.views import HomePages, Pages, PublicPages, crumbs, initials, kind_of, name_of, shown_iri, shown_text

PLACEMENT = Placement("https://pods.example/")
PAGES, HOME = Pages(PLACEMENT), HomePages(PLACEMENT)
EVIL = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>&lt;"""
TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "link",
        "body",
        "a",
        "header",
        "svg",
        "path",
        "nav",
        "ol",
        "li",
        "main",
        "div",
        "h1",
        "h2",
        "p",
        "span",
        "bdi",
        "section",
        "dl",
        "dt",
        "dd",
        "ul",
        "details",
        "summary",
        "code",
        "pre",
        "footer",
        "symbol",
        "use",
        "time",
    ]
)
ATTRIBUTES = frozenset(
    [
        "lang",
        "charset",
        "name",
        "content",
        "rel",
        "type",
        "href",
        "class",
        "viewbox",
        "fill",
        "aria-hidden",
        "fill-rule",
        "d",
        "id",
        "tabindex",
        "aria-label",
        "aria-labelledby",
        "title",
        "dir",
        "datetime",
    ]
)


class Seen(HTMLParser):
    """The tags, attributes and links of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href" and tag == "a"]


def document(turtle: str, pages: Pages = PAGES, path: str = "/alice/doc") -> bytes:
    content = turtle.encode()
    dataset = formats.parse(content, "text/turtle", base=PLACEMENT.url(path), limits=Limits())
    state = ResourceState(1, 1, path, Kind.RDF, "text/turtle", 1, 1, 0, len(content), "")
    return pages.document(Target.parse(path), state, content, dataset)


def container(*members: Member, pages: Pages = PAGES, description=None) -> bytes:
    listing = Listing(members, 0, len(members))
    return pages.container(Target.parse("/alice/box/"), listing, description)


def literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def assert_harmless(page: bytes) -> Seen:
    seen = Seen(page)
    assert seen.tags <= TAGS
    assert seen.attributes <= ATTRIBUTES
    return seen


@pytest.mark.parametrize("pages", [PAGES, HOME])
@pytest.mark.parametrize(
    "turtle",
    [
        f"<#a> <#b> {literal(EVIL)} .",
        f"<#a> <#b> {literal(EVIL)}^^<http://a.example/'onclick=x> .",
        f"<#a> <http://xmlns.com/foaf/0.1/name> {literal(EVIL)}; a <http://xmlns.com/foaf/0.1/Person> .",
        "@prefix script: <http://a.example/'onclick='alert(1)'/>. <#a> script:b script:c; a script:d .",
        "<#'onload='x> <#'onload='y> <#'onload='z> .",
        "<#a> <#b> [ <#c> [ <#d> ( <javascript:alert(1)> 'x'@en ) ] ] .",
    ],
)
def test_what_documents_say_is_text(turtle, pages):
    page = document(turtle, pages)
    assert_harmless(page)
    assert b"<script" not in page
    assert b"<img" not in page


@pytest.mark.parametrize("pages", [PAGES, HOME])
@pytest.mark.parametrize(
    "iri",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://pods.example/x",
        "view-source:https://pods.example/",
        "urn:x:y",
        "about:blank",
        "http:alert(1)",
        "https://a.example/" + "x" * 3000,
    ],
)
def test_other_iris_are_no_links(iri, pages):
    seen = Seen(document(f"<#a> <#b> <{iri}>; <#c> [ <#d> (<{iri}>) ] .", pages))
    assert iri not in seen.links
    assert pages.href(iri) is None


@pytest.mark.parametrize(
    "iri", ["https://a.example/?a&b#c", "http://a.example/é", "mailto:a@a.example", "tel:+123", "HTTPS://A.example/"]
)
def test_harmless_iris_are_links(iri):
    assert iri in assert_harmless(document(f"<#a> <#b> <{iri}> .")).links


@pytest.mark.parametrize("pages", [PAGES, HOME])
@pytest.mark.parametrize(
    "name",
    ["%3Cscript%3Ealert(1)%3C%2Dscript%3E", "%22%3E%3Cimg%20src=x%3E", "'onclick='x", "%E2%80%AEgpj.exe", "&lt;"],
)
def test_names_of_members_are_text(name, pages):
    page = container(Member(f"/alice/box/{name}", Kind.OTHER, "<b>/<i>", 5, 0), pages=pages)
    seen = assert_harmless(page)
    assert b"<script" not in page
    assert pages.link(f"/alice/box/{name}") in seen.links


def test_a_page_brings_its_style_and_nothing_else():
    page = document("<#a> <#b> <https://elsewhere.example/photo.jpg> .").decode()
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in PAGES.policy
    assert PAGES.policy.startswith("sandbox; default-src 'none'")
    assert "style=" not in page
    assert "url(" not in style
    assert "@import" not in style


def test_links_of_the_owners_view_stay_in_it():
    seen = Seen(document("<#a> <#b> <https://pods.example/bob/x%7E#y>, <https://b.example/>, <../.account/> .", HOME))
    assert seen.links == ["/.home/bob/x~", "https://b.example/", "https://pods.example/.account/"]
    row = Member("/alice/box/in/", Kind.CONTAINER, "", 0, 0)
    assert "/.home/alice/box/in/" in Seen(container(row, pages=HOME)).links


def test_the_crumbs_lead_to_the_pod():
    assert [each.name for each in crumbs(Target.parse("/alice/a%20b/c"), str)] == ["alice", "a b"]
    assert list(crumbs(Target.parse("/alice/"), str)) == []
    assert [each.href for each in crumbs(Target.parse("/alice/a/.acl"), str)] == ["/alice/", "/alice/a/"]


def test_a_profile_shows_the_name_first_and_what_apps_need_last():
    page = document(
        "@prefix foaf: <http://xmlns.com/foaf/0.1/>. @prefix solid: <http://www.w3.org/ns/solid/terms#>."
        "<> a foaf:PersonalProfileDocument; foaf:primaryTopic <#me>. <#me> a foaf:Person;"
        "solid:oidcIssuer <https://pods.example/>; foaf:name 'Alice Liddell'; foaf:age 7."
    ).decode()
    order = [page.index(text) for text in ("<h1><bdi>Alice Liddell", "Person", "Age", "For apps", "Signs in with")]
    assert order == sorted(order)
    assert "<title>Alice Liddell ·" in page
    assert "About this document" not in page


def test_what_is_long_is_not_repeated_as_turtle():
    assert b"As Turtle:" in document("<#a> <#b> 1 .")
    assert b"As Turtle:" not in document("<#a> <#b> 1 . #" + "x" * 70_000)


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (NotAuthenticated("x"), "This is private"),
        (AccessDenied(EVIL), "not shared with you"),
        (NotFound("x"), "nothing here"),
        (Busy(EVIL), "busy"),
    ],
)
def test_a_refusal_is_told_in_words(error, title):
    page = PAGES.failure(error, Target.parse("/alice/x'y"), "urn:freehold:request:1")
    seen = assert_harmless(page)
    assert title in page.decode()
    way = "https://pods.example/.home/alice/x'y"
    assert (way in seen.links) == (error.status in {401, 403, 404})


def test_a_refusal_without_a_resource_leads_nowhere():
    assert not any("/.home" in each for each in Seen(PAGES.failure(NotFound(), None, "urn:x")).links)


@pytest.mark.parametrize(
    ("value", "datatype", "shown"),
    [
        ("true", XSD.boolean, "Yes"),
        ("2026-03-04T10:00:00+02:00", XSD.dateTime, "4 March 2026, 08:00 UTC"),
        ("2026-03-04T10:00:00", XSD.dateTime, "4 March 2026, 10:00"),
        ("2026-03-04", XSD.date, "4 March 2026"),
        ("0001-01-01T00:00:00+14:00", XSD.dateTime, "0001-01-01T00:00:00+14:00"),
        ("-4713-01-01T00:00:00Z", XSD.dateTime, "-4713-01-01T00:00:00Z"),
        ("soon", XSD.date, "soon"),
        ("4.5", XSD.decimal, "4.5"),
    ],
)
def test_values_are_shown_as_people_write_them(value, datatype, shown):
    assert shown_text(Text(value, None, datatype.value)).text == shown


@pytest.mark.parametrize(
    ("iri", "shown"),
    [
        ("https://a.example/", "a.example"),
        ("https://a.example/b/", "a.example/b/"),
        ("mailto:a@a.example", "a@a.example"),
        ("http://www.w3.org/ns/auth/acl#Read", "Read"),
        ("https://", "https://"),
    ],
)
def test_iris_are_shown_without_what_all_have(iri, shown):
    assert shown_iri(iri) == shown


def test_a_long_iri_is_cut_in_the_middle():
    assert len(shown_iri("https://a.example/" + "x" * 5000)) == 80


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Alice Liddell", "AL"),
        ("Alice Pleasance Liddell", "AL"),
        ("alice", "A"),
        ("(  )", "?"),
        ("1 Ä", "1Ä"),
        ("", "?"),
    ],
)
def test_initials(name, letters):
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("media_type", "word"),
    [
        ("image/png", "Picture"),
        ("IMAGE/PNG", "Picture"),
        ("text/x-y; charset=z", "Text"),
        ("a/b", "File"),
        ("", "File"),
    ],
)
def test_files_have_a_kind(media_type, word):
    assert kind_of(Kind.OTHER, media_type)[1] == word


def test_a_name_is_shown_as_people_write_it():
    assert name_of("/alice/Tageb%C3%BCcher%20%FF/") == "Tagebücher \ufffd"


@pytest.mark.parametrize(("language", "said"), [("en", "Postal code"), ("de", "Postleitzahl"), ("fr", "Code postal")])
def test_well_known_terms_are_called_what_they_are_in_the_language_of_the_page(language: str, said: str):
    turtle = """
        @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
        <#a> a vcard:Individual ; vcard:postal-code "1"; <https://example.org/ns#postalCodeOfOurs> vcard:postal-code .
    """
    page = document(turtle, PublicPages(PLACEMENT, language)).decode()
    assert page.count(f">{said}<") == 1
    assert ">Postal code of ours<" in page
    assert spoken() == "en"


def test_a_page_is_made_by_the_one_for_its_language():
    english = PublicPages(PLACEMENT)
    german = english.read_in("de")
    assert (english.read_in("en"), german.read_in("de-CH"), german.read_in(None).language) == (english, german, "en")
    assert len({english.code, german.code, german.read_in("fr").code}) == 3
