"""Byte ranges: the examples of RFC 9110 section 14 and their abuse."""

import pytest

from pod.errors import RangeNotSatisfiable
from pod.protocol.ranges import ByteRange, resolve

HUGE = "9" * 5000


@pytest.mark.requirement("rfc9110#14")
@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-499", 0, 499),
        ("bytes=500-999", 500, 999),
        ("bytes=-500", 9500, 9999),
        ("bytes=9500-", 9500, 9999),
        ("bytes=0-0", 0, 0),
        ("bytes=-1", 9999, 9999),
        ("bytes=0-", 0, 9999),
        ("bytes=9999-10000", 9999, 9999),
        ("bytes=-20000", 0, 9999),
        ("BYTES=0-1", 0, 1),
        ("bytes= 0-999", 0, 999),
        ("bytes=0-1,", 0, 1),
        ("bytes=007-010", 7, 10),
        (f"bytes=1-{HUGE}", 1, 9999),
        (f"bytes=-{HUGE}", 0, 9999),
        (f"bytes={'0' * 5000}1-2", 1, 2),
    ],
)
def test_one_range_is_resolved(header, first, last):
    assert resolve(header, 10_000) == ByteRange(first, last)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1-0",
        "bytes=1 - 2",
        "bytes=1",
        "bytes=--1",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes=0x1-2",
        "bytes=1.0-2",
        "bytes=٠-٩",
        "bytes =0-1",
        "items=0-1",
        "0-1",
        "bytes=0-0,-1",
        "bytes=0-1, 4-5, x",
        "bytes=" + "0-1," * 10_000,
    ],
)
def test_everything_else_is_ignored(header):
    assert resolve(header, 10_000) is None


@pytest.mark.requirement("rfc9110#14")
@pytest.mark.parametrize(
    "header", ["bytes=10000-", "bytes=10000-10001", "bytes=-0", f"bytes={HUGE}-", f"bytes={HUGE}-{HUGE}"]
)
def test_a_range_outside_says_how_long_the_whole_is(header):
    with pytest.raises(RangeNotSatisfiable) as caught:
        resolve(header, 10_000)
    assert caught.value.headers == (("Content-Range", "bytes */10000"),)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"])
def test_nothing_has_no_parts(header):
    assert resolve(header, 0) is None


def test_a_range_knows_its_length_and_its_header():
    part = ByteRange(500, 999)
    assert part.length == 500
    assert part.content_range(10_000) == "bytes 500-999/10000"
