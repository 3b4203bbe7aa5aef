"""Links: the examples of RFC 8288 and what clients ask with them."""

import pytest

from pod.protocol import link
from pod.protocol.link import LINKS_MAX, Link, parse, rels, requested_types

BASIC = "http://www.w3.org/ns/ldp#BasicContainer"
RESOURCE = "http://www.w3.org/ns/ldp#Resource"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            '<http://example.com/TheBook/chapter2>; rel="previous"; title="previous chapter"',
            (Link("http://example.com/TheBook/chapter2", "previous", (("title", "previous chapter"),)),),
        ),
        ('</>; rel="http://example.net/foo"', (Link("/", "http://example.net/foo"),)),
        ('</terms>; rel="copyright"; anchor="#foo"', (Link("/terms", "copyright", (("anchor", "#foo"),)),)),
        (
            (
                "</TheBook/chapter2>; rel=\"previous\"; title*=UTF-8'de'letztes%20Kapitel,"
                " </TheBook/chapter4>; rel=\"next\"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel"
            ),
            (
                Link("/TheBook/chapter2", "previous", (("title*", "UTF-8'de'letztes%20Kapitel"),)),
                Link("/TheBook/chapter4", "next", (("title*", "UTF-8'de'n%c3%a4chstes%20Kapitel"),)),
            ),
        ),
        (
            '<http://example.org/>; rel="start http://example.net/relation/other"',
            (Link("http://example.org/", "start http://example.net/relation/other"),),
        ),
        ("<a>;rel=x,<b>;rel=y", (Link("a", "x"), Link("b", "y"))),
        ("<a,b;c>; rel=x", (Link("a,b;c", "x"),)),
        ("<a> ; REL = X ; REL = y", (Link("a", "X"),)),
        ("<>; rel=self", (Link("", "self"),)),
        (", ,<a>;rel=x,,", (Link("a", "x"),)),
        (
            "<a>; rel=x; title=1; title=2; foo=1; foo=2",
            (Link("a", "x", (("title", "1"), ("foo", "1"), ("foo", "2"))),),
        ),
        ("<a>", ()),
        ('<a>; rel=""', ()),
        ("<a>; rel", ()),
        ("<a>; rev=x", ()),
    ],
)
def test_links_are_understood(header, expected):
    assert parse(header) == expected


@pytest.mark.parametrize("header", ["", "a", "<a", "a>; rel=x", ";", '"<a>; rel=x"', "< a", "\x00", ">" * 100])
def test_what_is_no_link_is_none(header):
    assert parse(header) == ()


@pytest.mark.parametrize("rest", ["x", "; rel=y<b>", "b>; rel=z", "<b"])
def test_links_before_an_error_are_kept(rest):
    assert parse(f"<a>; rel=x, {rest}") == (Link("a", "x"),)


def test_links_are_cut_off_at_their_cap():
    assert len(parse("<a>; rel=x," * 1000)) == LINKS_MAX


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Link("https://pods.example/a.acl", "acl"), '<https://pods.example/a.acl>; rel="acl"'),
        (
            Link("a", "x", (("title*", "UTF-8''b"), ("title", 'a"b'))),
            r'<a>; rel="x"; title*=UTF-8' + r"''b" + r'; title="a\"b"',
        ),
        (Link("https://x/é <b>\r\n", "x"), '<https://x/%C3%A9%20%3Cb%3E%0D%0A>; rel="x"'),
        (Link("a", "x\r\nSet-Cookie: b"), '<a>; rel="x  Set-Cookie: b"'),
    ],
)
def test_links_are_written_so_that_nothing_escapes(value, text):
    assert link.format(value) == text


def test_relations_are_compared_without_regard_to_case():
    links = parse("<a>; rel=ACL, <b>; rel='x', <c>; rel=\"foo acl\", <d>; rel=acls")
    assert [each.target for each in rels(links, "acl")] == ["a", "c"]
    assert [each.target for each in rels(links, "Acl")] == ["a", "c"]


@pytest.mark.parametrize(
    ("header", "types"),
    [
        (None, set()),
        ("", set()),
        (f'<{BASIC}>; rel="type"', {BASIC}),
        (f"<{BASIC}>; rel=type", {BASIC}),
        (f'<{RESOURCE}>; rel="type", <{BASIC}>; rel="type"', {RESOURCE, BASIC}),
        (f'<{BASIC}>; rel="acl"', set()),
        (f'<{BASIC}>; rel="type"; anchor="other"', set()),
        (BASIC, set()),
    ],
)
def test_the_interaction_model_is_asked_for_by_type_links(header, types):
    assert requested_types(header) == types
