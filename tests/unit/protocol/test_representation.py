"""Media types, entity tags and dates, as text and as values."""

import pytest

from pod.errors import BadRequest
from pod.protocol.representation import (
    ENTITY_TAGS_MAX,
    EntityTag,
    ETag,
    MediaType,
    format_http_date,
    parse_http_date,
    same_state,
)


@pytest.mark.parametrize(
    ("text", "essence", "parameters"),
    [
        ("text/turtle", "text/turtle", ()),
        ("Text/TURTLE", "text/turtle", ()),
        (" text/turtle ", "text/turtle", ()),
        ("text/turtle; charset=UTF-8", "text/turtle", (("charset", "UTF-8"),)),
        ("text/turtle;CHARSET=utf-8", "text/turtle", (("charset", "utf-8"),)),
        ('text/plain; charset="utf-8"', "text/plain", (("charset", "utf-8"),)),
        ("text/turtle;", "text/turtle", ()),
        ("text/turtle ; ; a=b ;", "text/turtle", (("a", "b"),)),
        ("text/turtle; a=1; A=2", "text/turtle", (("a", "1"),)),
        (
            'application/ld+json; profile="http://www.w3.org/ns/json-ld#compacted"',
            "application/ld+json",
            (("profile", "http://www.w3.org/ns/json-ld#compacted"),),
        ),
        (r'a/b; c="d\"; e=f"', "a/b", (("c", 'd"; e=f'),)),
    ],
)
def test_media_types_are_understood(text, essence, parameters):
    assert MediaType.parse(text) == MediaType(essence, parameters)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "text",
        "text/",
        "/turtle",
        "text/turtle/x",
        "text /turtle",
        "text/turtle, text/plain",
        "text/turtle; charset",
        "text/turtle; charset=",
        "text/turtle; charset = utf-8",
        'text/turtle; charset="utf-8',
        'text/turtle; charset="a" b',
        "text/turtle charset=utf-8",
        "text/turtle\r\nX: y",
        'text/turtle; a="\x00"',
        "text/türtle",
        "*/*;q",
        "a/" + "b" * 2000,
    ],
)
def test_anything_else_is_no_media_type(text):
    with pytest.raises(BadRequest) as caught:
        MediaType.parse(text)
    assert "text/turtle" in caught.value.detail


def test_a_parameter_is_found_by_its_name():
    media_type = MediaType.parse("text/plain; charset=UTF-8; format=flowed")
    assert media_type.parameter("format") == "flowed"
    assert media_type.parameter("profile") is None
    assert str(media_type) == "text/plain; charset=UTF-8; format=flowed"


@pytest.mark.requirement("rfc9110#8.8.3.3")
def test_representations_of_one_state_have_different_strong_tags():
    turtle, jsonld = ETag("e1", 12, "ttl"), ETag("e1", 12, "jsonld")
    assert turtle.format() == '"e1.12-ttl"' == str(turtle)
    assert turtle.format() != jsonld.format()
    assert all(same_state(EntityTag(tag.opaque), "e1", 12) for tag in (turtle, jsonld))


@pytest.mark.parametrize(
    "opaque", ["e1.1-ttl", "e1.123-ttl", "e2.12-ttl", "e1.12", "12-ttl", "xe1.12-ttl", "e1.012-ttl", "", "*"]
)
def test_another_state_is_another_state(opaque):
    assert not same_state(EntityTag(opaque), "e1", 12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", "*"),
        (" * ", "*"),
        ('"a"', (EntityTag("a"),)),
        ('""', (EntityTag(""),)),
        ('W/"a"', (EntityTag("a", weak=True),)),
        ('"a", W/"b" ,"c"', (EntityTag("a"), EntityTag("b", weak=True), EntityTag("c"))),
        (', ,"a",', (EntityTag("a"),)),
        ('"a,b"', (EntityTag("a,b"),)),
        ('"*"', (EntityTag("*"),)),
        ('"a\\", "b"', (EntityTag("a\\"), EntityTag("b"))),
        ("e1.12-ttl", (EntityTag("e1.12-ttl"),)),
        ('w/"a"', (EntityTag('w/"a"'),)),
        ('"a", "b', (EntityTag("a"), EntityTag('"b'))),
        ("", ()),
        (" , ", ()),
    ],
)
def test_lists_of_entity_tags_are_understood(text, expected):
    assert ETag.parse_list(text) == expected


@pytest.mark.parametrize("text", ['*, "a"', '"a", *', "*,*", '"a",' * (ENTITY_TAGS_MAX + 1)])
def test_a_star_among_tags_and_endless_lists_are_refused(text):
    with pytest.raises(BadRequest):
        ETag.parse_list(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        (" Sun, 06 Nov 1994 08:49:37 GMT ", 784111777),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
        ("Thu, 29 Feb 2024 00:00:00 GMT", 1709164800),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800),
        ("Thursday, 01-Jan-76 00:00:00 GMT", 3345062400),
        ("Saturday, 01-Jan-77 00:00:00 GMT", 220924800),
    ],
)
def test_all_three_forms_of_http_dates_are_understood(text, seconds):
    assert parse_http_date(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "0",
        "1763800000",
        "2024-02-29T00:00:00Z",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 30 Feb 2024 00:00:00 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "9" * 100_000,
    ],
)
def test_anything_else_is_no_date(text):
    assert parse_http_date(text) is None


def test_dates_are_written_for_the_second_they_lie_in():
    assert format_http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_http_date(784111777.999) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_http_date(-0.5) == "Wed, 31 Dec 1969 23:59:59 GMT"
