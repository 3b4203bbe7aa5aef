from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pod.protocol.notification import (
    ChannelType,
    State,
    format_duration,
    format_moment,
    parse_duration,
    parse_moment,
    parse_state,
    receive_from,
)


@pytest.mark.parametrize(
    "text", ["a1b2.7", '"a1b2.7"', '"a1b2.7-ttl"', "a1b2.7-jsonld", ' "a1b2.7-rawmin" ', 'W/"a1b2.7"']
)
def test_a_state_is_read_bare_quoted_and_from_an_entity_tag(text):
    assert parse_state(text) == State("a1b2", 7)


@pytest.mark.parametrize(
    "text", ["", "a1b2", "a1b2.", ".7", "a1b2.-7", "A1B2.7", "a1b2.7.8", "x.7", "a1b2." + "7" * 19, "a.1" * 100, "a1.٧"]
)
def test_what_no_state_ever_was_is_none(text):
    assert parse_state(text) is None


@given(st.text("0123456789abcdef", min_size=1, max_size=16), st.integers(0, 10**18 - 1))
def test_a_state_is_read_as_it_was_written(epoch, sequence):
    assert parse_state(str(State(epoch, sequence))) == State(epoch, sequence)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT10S", 10),
        ("PT10s", 10),
        ("PT0.5S", 0.5),
        ("PT1M", 60),
        ("PT2H", 7200),
        ("P1D", 86_400),
        ("P1DT1S", 86_401),
        ("P1M", 30 * 86_400),
        ("P1Y", 365 * 86_400),
        ("PT0S", 0),
    ],
)
def test_a_duration_is_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "10S", "-PT1S", "PT1.S", "PT-1S", "P1S", "PT1" + "0" * 70 + "S", "T"]
)
def test_what_is_no_duration_is_none(text):
    assert parse_duration(text) is None


@given(st.integers(0, 10**9))
def test_a_duration_is_read_as_it_was_written(milliseconds):
    assert parse_duration(format_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00", 0),
        ("1970-01-01T00:00:01.5Z", 1500),
        ("1970-01-01T00:00:00.123456789Z", 123),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T19:00:00-05:00", 0),
        ("2022-12-27T12:37:15Z", 1_672_144_635_000),
    ],
)
def test_a_moment_is_read(text, ms):
    assert parse_moment(text) == ms


@pytest.mark.parametrize(
    "text", ["", "2022-12-27", "2022-13-27T12:37:15Z", "2022-12-27T25:00:00Z", "0000-01-01T00:00:00Z", "x" * 99]
)
def test_what_is_no_moment_is_none(text):
    assert parse_moment(text) is None


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:59-14:00"]
)
def test_a_moment_in_no_year_that_can_be_written_is_none(text):
    assert parse_moment(text) is None


@given(st.integers(0, 253_402_300_799_999))
def test_a_moment_is_read_as_it_was_written(ms):
    assert parse_moment(format_moment(ms)) == ms


@pytest.mark.parametrize(
    ("channel_type", "stream_url", "url"),
    [
        (ChannelType.WEBSOCKET, "https://pods.example/", "wss://pods.example/.stream/socket/x"),
        (ChannelType.WEBSOCKET, "http://localhost:3001/", "ws://localhost:3001/.stream/socket/x"),
        (ChannelType.EVENT_SOURCE, "https://pods.example/", "https://pods.example/.stream/events/x"),
        (ChannelType.STREAMING_HTTP, "https://pods.example/", "https://pods.example/.stream/http/x"),
    ],
)
def test_receivers_connect_to_the_stream(channel_type, stream_url, url):
    assert receive_from(stream_url, channel_type, "x") == url


def test_half_of_the_types_are_pulled():
    assert {each for each in ChannelType if each.pulls} == {
        ChannelType.WEBSOCKET,
        ChannelType.STREAMING_HTTP,
        ChannelType.EVENT_SOURCE,
    }
