"""Header values: what is written can be read again, and any text is read or refused cleanly."""

import contextlib
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.errors import BadRequest, RangeNotSatisfiable
from pod.protocol import conneg, link, prefer, ranges, wac_allow
from pod.protocol.conditions import Conditions, Outcome, evaluate, range_applies
from pod.protocol.headers import members, parameters, quote, unquote
from pod.protocol.modes import AccessMode
from pod.protocol.representation import (
    EntityTag,
    ETag,
    MediaType,
    format_http_date,
    parse_http_date,
    same_state,
)

TOKEN_CHARACTERS = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"

tokens = st.text(alphabet=TOKEN_CHARACTERS, min_size=1, max_size=10)
lower_tokens = tokens.map(str.lower)
sendable = st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20)
hostile = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=' \t"\\,;=<>*/aqWw.0123456789-:', max_size=60),
    st.lists(
        st.sampled_from(['"', "\\", ",", ";", "=", "*", "W/", "<a>", "rel=", "type", "q=", "0.5", "bytes=", "-", "9"]),
        max_size=30,
    ).map("".join),
)


@settings(deadline=None)
@given(sendable)
def test_quoted_strings_round_trip(text):
    assert unquote(quote(text)) == text
    assert members(f"{quote(text)}, b", 10) == [quote(text), "b"]
    assert parameters(f"; a={quote(text)}; b") == ([("a", text), ("b", "")], len(quote(text)) + 7)


@settings(deadline=None)
@given(
    st.builds(
        MediaType,
        st.builds("{}/{}".format, lower_tokens, lower_tokens),
        st.dictionaries(lower_tokens, sendable, max_size=4).map(lambda each: tuple(each.items())),
    )
)
def test_media_types_round_trip(media_type):
    assert MediaType.parse(media_type.format()) == media_type


epochs = st.text(alphabet=string.ascii_letters + string.digits, min_size=1, max_size=8)
versions = st.integers(0, 10**12)
etags = st.builds(ETag, epochs, versions, lower_tokens)


@settings(deadline=None)
@given(etags, etags)
def test_entity_tags_round_trip_and_tell_states_apart(etag, other):
    (tag,) = ETag.parse_list(etag.format())
    assert tag == EntityTag(etag.opaque)
    assert same_state(tag, etag.epoch, etag.version)
    assert same_state(tag, other.epoch, other.version) == ((etag.epoch, etag.version) == (other.epoch, other.version))


opaque = st.text(
    alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"], exclude_characters='"'), max_size=12
)


@settings(deadline=None)
@given(st.lists(st.builds(EntityTag, opaque, st.booleans()), min_size=1, max_size=5))
def test_lists_of_entity_tags_round_trip(tags):
    text = ", ".join(f'{"W/" if tag.weak else ""}"{tag.opaque}"' for tag in tags)
    assert ETag.parse_list(text) == tuple(tags)


@settings(deadline=None)
@given(st.integers(-62135596800, 253402300799))
def test_dates_round_trip(second):
    assert parse_http_date(format_http_date(second)) == second


@settings(deadline=None)
@given(st.floats(-1e9, 1e10))
def test_dates_lose_no_more_than_a_second(moment):
    again = parse_http_date(format_http_date(moment))
    assert again is not None
    assert again <= moment <= again + 1


uris = st.text(alphabet=string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%", max_size=30)
attributes = st.dictionaries(lower_tokens.filter(lambda name: name != "rel"), sendable, max_size=3)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            link.Link,
            uris,
            st.lists(tokens, min_size=1, max_size=3).map(" ".join),
            attributes.map(lambda each: tuple(each.items())),
        ),
        max_size=4,
    )
)
def test_links_round_trip(links):
    assert link.parse(", ".join(map(link.format, links))) == tuple(links)


@settings(deadline=None)
@given(st.text(), st.text(), st.dictionaries(lower_tokens, st.text(), max_size=3))
def test_a_written_link_stays_one_link_on_one_line(target, rel, attributes):
    text = link.format(link.Link(target, rel, tuple(attributes.items())))
    text.encode("latin-1")
    assert not {"\r", "\n", "\x00"} & set(text)
    assert text.index(">") == text.rindex(">", 0, text.index("; rel="))
    assert len(link.parse(text)) <= 1


modes = st.builds(AccessMode, st.integers(0, 15))


@settings(deadline=None)
@given(modes, modes)
def test_wac_allow_round_trips(user, public):
    text = wac_allow.format(user, public)
    assert wac_allow.parse(text) == (user, public)


@settings(deadline=None)
@given(st.integers(1, 10**12), st.data())
def test_byte_ranges_round_trip(size, data):
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, size - 1))
    part = ranges.resolve(f"bytes={first}-{last}", size)
    assert part == ranges.ByteRange(first, last)
    assert part.content_range(size) == f"bytes {first}-{last}/{size}"
    assert ranges.resolve(f"bytes=-{size - first}", size) == ranges.resolve(f"bytes={first}-", size)


@settings(deadline=None)
@given(st.one_of(hostile, hostile.map("bytes=".__add__)), st.integers(0, 1000))
def test_any_range_lies_within_the_whole(header, size):
    try:
        part = ranges.resolve(header, size)
    except RangeNotSatisfiable:
        return
    assert part is None or 0 <= part.first <= part.last < size


OFFERS = ("text/turtle", "application/ld+json", "image/png")


@settings(deadline=None, max_examples=300)
@given(hostile)
def test_any_accept_chooses_an_offer_or_none(accept):
    assert conneg.negotiate(accept, OFFERS) in {*OFFERS, None}


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*OFFERS, "text/*", "*/*"]), st.integers(0, 1000)), min_size=1, max_size=5))
def test_the_chosen_offer_is_liked_at_least_as_well_as_the_others(wishes):
    accept = ", ".join(f"{media_range};q={thousandths / 1000:.3f}" for media_range, thousandths in wishes)
    likings = [liking(offer, wishes) for offer in OFFERS]
    chosen = conneg.negotiate(accept, OFFERS)
    assert chosen == (OFFERS[likings.index(max(likings))] if max(likings) else None)


def liking(offer, wishes):
    for media_range in (offer, offer.split("/")[0] + "/*", "*/*"):
        if found := [thousandths for each, thousandths in wishes if each == media_range]:
            return max(found)
    return 0


@settings(deadline=None, max_examples=300)
@given(hostile)
def test_any_text_is_read_or_refused_cleanly(text):
    for read in (MediaType.parse, ETag.parse_list):
        with contextlib.suppress(BadRequest):
            read(text)
    link.requested_types(text)
    prefer.parse(text)
    wac_allow.parse(text)
    assert parse_http_date(text) is None or text.strip()


tag_lists = st.lists(
    st.sampled_from(['"e.1-ttl"', '"e.1-jsonld"', '"e.2-ttl"', 'W/"e.1-ttl"', 'W/"e.1-jsonld"', "x", '"*"']),
    max_size=3,
).map(", ".join)
dates = st.one_of(st.sampled_from(["never", ""]), st.integers(995, 1005).map(format_http_date))
headers = st.fixed_dictionaries(
    {},
    optional={
        "if-match": st.one_of(st.just("*"), tag_lists),
        "if-none-match": st.one_of(st.just("*"), tag_lists),
        "if-modified-since": dates,
        "if-unmodified-since": dates,
    },
)
states = st.one_of(
    st.tuples(st.none(), st.none()),
    st.tuples(st.just(ETag("e", 1, "ttl")), st.one_of(st.none(), st.floats(995, 1005))),
)


@settings(deadline=None, max_examples=1000)
@given(headers, st.booleans(), states)
@pytest.mark.requirement("rfc9110#13.2.2")
def test_preconditions_are_evaluated_as_the_text_says(fields, safe, state):
    etag, modified = state
    conditions = Conditions.parse(fields.get)
    assert evaluate(conditions, safe=safe, etag=etag, modified=modified) is by_the_letter(fields, safe, etag, modified)


def by_the_letter(fields, safe, etag, modified):
    """RFC 9110 s13.2.2, step after step, on the texts themselves."""
    date = {name: parse_http_date(fields[name]) for name in fields if name.endswith("since")}
    whole_second = None if modified is None else int(modified)
    if "if-match" in fields:
        if not listed(fields["if-match"], safe, etag, weak_counts=False):
            return Outcome.FAILED
    elif None not in (whole_second, date.get("if-unmodified-since")) and whole_second > date["if-unmodified-since"]:
        return Outcome.FAILED
    if "if-none-match" in fields:
        if listed(fields["if-none-match"], safe, etag, weak_counts=True):
            return Outcome.NOT_MODIFIED if safe else Outcome.FAILED
    elif (
        safe and None not in (whole_second, date.get("if-modified-since")) and whole_second <= date["if-modified-since"]
    ):
        return Outcome.NOT_MODIFIED
    return Outcome.PROCEED


def listed(text, safe, etag, *, weak_counts):
    """A write matches the state in either format, a read only the representation."""
    if etag is None:
        return False
    matching = {'"e.1-ttl"'} if safe else {'"e.1-ttl"', '"e.1-jsonld"'}
    if weak_counts:
        matching |= {f"W/{tag}" for tag in matching}
    return text == "*" or bool(matching & set(text.split(", ")))


@settings(deadline=None)
@given(hostile)
def test_any_condition_is_read_or_refused_cleanly(text):
    for name in ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"):
        with contextlib.suppress(BadRequest):
            conditions = Conditions.parse({name: text}.get)
            assert evaluate(conditions, safe=True, etag=None, modified=None) in Outcome
            assert range_applies(conditions, ETag("e", 1, "ttl"), 1000.0) in {True, False}
