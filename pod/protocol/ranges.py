"""Range requests: which part of a representation was asked for.

One range of bytes is served; several at once are answered with the whole, as RFC 9110 s14.2 leaves to the
server.

Spec: RFC 9110 s14
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pod.errors import RangeNotSatisfiable
from pod.protocol.headers import members

_BYTES = re.compile(r"[ \t]*+bytes=", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]*+)-([0-9]*+)")
# "Recipients MUST anticipate potentially large decimal numerals": no representation is longer than this.
_BEYOND_EVERYTHING = 10**18


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def content_range(self, size: int) -> str:
        """The `Content-Range` of these bytes out of `size`."""
        return f"bytes {self.first}-{self.last}/{size}"


def resolve(header: str | None, size: int) -> ByteRange | None:
    """The part of `size` bytes that a `Range` field asks for; None for the whole.

    Other units, several ranges, what is malformed, and any range of an empty representation are ignored.

    Raises: RangeNotSatisfiable -- the range lies outside.
    Spec: RFC 9110 s14.1.2, s14.2
    """
    match = _parse(header) if header and size else None
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        return _suffix(_number(last), size)
    return _interval(_number(first), _number(last) if last else _BEYOND_EVERYTHING, size)


def _parse(header: str) -> re.Match[str] | None:
    unit = _BYTES.match(header)
    if unit is None:
        return None
    ranges = members(header[unit.end() :], 2)
    match = _RANGE.fullmatch(ranges[0]) if len(ranges) == 1 else None
    return match if match and any(match.groups()) else None


def _number(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= 18 else _BEYOND_EVERYTHING


def _suffix(length: int, size: int) -> ByteRange:
    if length == 0:
        raise _unsatisfiable(size)
    return ByteRange(max(0, size - length), size - 1)


def _interval(first: int, last: int, size: int) -> ByteRange | None:
    """None when invalid: "if the last-pos value is present and less than the first-pos"."""
    if last < first:
        return None
    if first >= size:
        raise _unsatisfiable(size)
    return ByteRange(first, min(last, size - 1))


def _unsatisfiable(size: int) -> RangeNotSatisfiable:
    return RangeNotSatisfiable(
        f"The resource has {size} bytes; the range begins after its end.",
        headers=(("Content-Range", f"bytes */{size}"),),
    )
