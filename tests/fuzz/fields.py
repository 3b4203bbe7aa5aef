"""Targets: the grammars of header fields and URLs. What is read can be written and read again, and says the same.

Spec: RFC 9110 s5.6, s8.3, s8.8.3, s12.5.1, s13, s14; RFC 8288; RFC 7240; Solid #http-request-headers-validity
"""

from __future__ import annotations

import re

from pod.authentication.dpop import HTU_CHARACTERS_MAX, normalized_url
from pod.protocol import cache_control, conneg, link, prefer, ranges, slug, wac_allow
from pod.protocol.conditions import Conditions, evaluate, range_applies
from pod.protocol.headers import members, parameters, quote, unquote
from pod.protocol.notification import format_duration, parse_duration, parse_moment, parse_state
from pod.protocol.placement import Placement
from pod.protocol.representation import ETag, MediaType, format_http_date, parse_http_date
from pod.protocol.resource import Target as Path
from pod.protocol.resource import canonical_path
from pod.rdf.formats import MEDIA_TYPES
from tests.fuzz.running import Target, Wrong

TAG = ETag("5d41", 7, "ttl")
MODIFIED = 1_700_000_000.5
SIZE = 1_000
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
PUNCTUATION = (b",", b";", b"=", b'"', b"\\", b"*", b" ", b"\t", b"<", b">", b"/", b"W/", b"q=", b"-", b"'", b"\xff")


def text_of(data: bytes) -> str:
    """As an environ has it: each byte a character."""
    return data.decode("latin-1")


def same(one: object, other: object, what: str) -> None:
    if one != other:
        raise Wrong(f"{what}: {one!r} became {other!r}")


def media_type(data: bytes) -> None:
    found = MediaType.parse(text_of(data))
    same(found, MediaType.parse(found.format()), "a media type")


def links(data: bytes) -> None:
    found = link.parse(text_of(data))
    link.requested_types(text_of(data))
    for each in () if CONTROL.search(text_of(data)) else found:
        same(link.format(each), link.format(_again(each)), "a link")


def _again(each: link.Link) -> link.Link:
    found = link.parse(link.format(each))
    if len(found) != 1:
        raise Wrong(f"{link.format(each)} is {len(found)} links")
    return found[0]


def lists(data: bytes) -> None:
    text = text_of(data)
    found = members(text, 50)
    if len(found) > 50:
        raise Wrong(f"{len(found)} members")
    _, end = parameters(text)
    if end > len(text):
        raise Wrong("parameters end behind the text")
    if not CONTROL.search(text):
        same(unquote(quote(text)), text, "a quoted text")


def accept(data: bytes) -> None:
    chosen = conneg.negotiate(text_of(data), MEDIA_TYPES)
    if chosen is not None and chosen not in MEDIA_TYPES:
        raise Wrong(f"chose {chosen}, which was not offered")
    conneg.prefers(text_of(data), "text/html", MEDIA_TYPES)


def preconditions(data: bytes) -> None:
    text = text_of(data)
    for name in ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"):
        known = Conditions.parse({name: text}.get)
        for etag in (None, TAG):
            for safe in (True, False):
                evaluate(known, safe=safe, etag=etag, modified=MODIFIED if etag else None)
            range_applies(known, etag, MODIFIED if etag else None)


def dates(data: bytes) -> None:
    found = parse_http_date(text_of(data))
    if found is not None:
        same(found, parse_http_date(format_http_date(found)), "a date")


def byte_ranges(data: bytes) -> None:
    for size in (0, 1, SIZE):
        part = ranges.resolve(text_of(data), size)
        if part is not None and not 0 <= part.first <= part.last < size:
            raise Wrong(f"{part} of {size} bytes")


def preferences(data: bytes) -> None:
    found = prefer.parse(text_of(data))
    applied = found.applied()
    if applied is not None and not applied.isprintable():
        raise Wrong(f"Preference-Applied: {applied!r}")


def slugs(data: bytes) -> None:
    name = slug.segment(text_of(data))
    for each in () if name is None else (name, slug.with_suffix(name, "3f2a")):
        path = f"/alice/{each}"
        made = Path.parse(path)
        if made.path != path or made.is_container or made.parent != "/alice/":
            raise Wrong(f"{each!r} names {made}")


def paths(data: bytes) -> None:
    """Any path has one spelling, which is its own."""
    path = canonical_path(text_of(data))
    same(path, canonical_path(path), "a canonical path")
    found = Path.parse(text_of(data))
    same(found, Path.parse(found.path), "a target")


def urls(data: bytes) -> None:
    url = normalized_url(text_of(data))
    if url is not None and len(url) < HTU_CHARACTERS_MAX:
        same(url, normalized_url(url), "a normal URL")
    local = Placement("https://pods.example/").local_path(text_of(data))
    if local is not None and not local.startswith("/"):
        raise Wrong(f"{local!r} is no path")


def modes(data: bytes) -> None:
    said = wac_allow.format(*wac_allow.parse(text_of(data)))
    same(said, wac_allow.format(*wac_allow.parse(said)), "WAC-Allow")


def caching(data: bytes) -> None:
    for said in ((text_of(data), ""), ("max-age=60", text_of(data))):
        seconds = cache_control.fresh_seconds(*said)
        if seconds is not None and seconds < 0:
            raise Wrong(f"fresh for {seconds} s")


def moments(data: bytes) -> None:
    """States, durations and moments of notifications."""
    text = text_of(data)
    state = parse_state(text)
    if state is not None:
        same(state, parse_state(f'"{state}-ttl"'), "a state")
    seconds = parse_duration(text)
    if seconds is not None and seconds < 10**6:
        same(round(seconds, 3), parse_duration(format_duration(seconds)), "a duration")
    parse_moment(text)


TAGS = (b'"5d41.7-ttl"', b'W/"5d41.7-ttl"', b'"a", "b"', b"*", b'"5d41.6-ld", W/"x,y"', b'""', b"unquoted")
DATES = (b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994")
URLS = (
    *(b"https://pods.example/alice/a", b"HTTPS://Pods.Example:443/alice/%61/../b?q=1#f", b"http://[::1]:80/x"),
    *(b"https://pods.example", b"https://user@pods.example/alice/", b"https://xn--bcher-kva.example/"),
)
PATHS = (
    b"/alice/notes/a",
    b"/alice/%C3%A9.acl",
    b"/alice/.meta",
    b"/alice/a%2Fb",
    b"/alice//",
    b"/alice/../bob/",
    b"/",
)

TARGETS = (
    Target(
        "media-type",
        media_type,
        (b"text/turtle", b"text/plain; charset=utf-8", b'multipart/form-data; boundary="a b\\"c"', b"a/b;c=d;;e=f"),
        PUNCTUATION,
    ),
    Target(
        "link",
        links,
        (
            b'<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"',
            b"<a>; rel=acl, <b>; rel=\"type describedby\"; title*=UTF-8''%e2%82%ac",
            b'<>; REL=x; rel=y; anchor="#", <c> ; title="a\\"b" ; rel=\'z\'',
        ),
        (*PUNCTUATION, b"rel=", b"type", b"<a>"),
    ),
    Target("lists", lists, (b'a, "b, c" ; d="e\\"f", g', b'; a="b"; c=d; e', b'"', b",,,"), PUNCTUATION),
    Target(
        "accept",
        accept,
        (b"text/turtle;q=0.5, application/ld+json", b"*/*;q=0.1, text/*", b'text/turtle;profile="a,b";q=1.000', b"*"),
        (*PUNCTUATION, b";q=0.001", b"text/html"),
    ),
    Target("preconditions", preconditions, (*TAGS, *DATES), PUNCTUATION),
    Target("dates", dates, DATES, (b" ", b":", b"GMT", b"Feb", b"29", b"60")),
    Target(
        "ranges", byte_ranges, (b"bytes=0-3", b"bytes=-5", b"bytes=7-", b"bytes=0-1,5-6", b"items=0-1"), PUNCTUATION
    ),
    Target(
        "prefer",
        preferences,
        (
            b'return=representation; include="http://www.w3.org/ns/ldp#PreferMinimalContainer"',
            b'return=minimal, wait=10, handling="lenient"; foo; bar=1',
        ),
        PUNCTUATION,
    ),
    Target(
        "slug", slugs, (b"photo.jpg", b"a b/c", b"%C3%A9t%C3%A9", b".hidden.acl", b"x.meta.acl", b"..", b"t\xc3\xa4st")
    ),
    Target("path", paths, PATHS, (b"/", b"%", b".acl", b".meta", b"..", b"?", b"#")),
    Target("url", urls, URLS, (b"/", b":", b"@", b"#", b"?", b"[", b"]", b"%")),
    Target(
        "wac-allow", modes, (b'user="read write append control",public="read"', b'user="", public=" read  append "')
    ),
    Target(
        "cache-control", caching, (b"max-age=60, no-store", b'max-age="5", private="a, b"', b"no-cache"), PUNCTUATION
    ),
    Target(
        "moments",
        moments,
        (
            b"P1Y2M3DT4H5M6.789S",
            b"PT10s",
            b"5d41.7",
            b'"5d41.7-ttl"',
            b"2026-11-22T18:00:00.123+02:00",
            b"0001-01-01T00:00:00Z",
        ),
    ),
)
