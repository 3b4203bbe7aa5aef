"""Nearly right input: values that are right, changed a little in the ways that break parsers.

Drawn from a seed and nothing else, so the same seed gives the same inputs. Knows no grammar; the words of one are given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

BYTES_MAX = 8_192
"""Of one input: large ones are the business of tests/hostile/."""
CHANGES_MAX = 6
DEEP = 400

NUMBERS = (b"0", b"-1", b"1", b"00", b"255", b"4294967296", b"9223372036854775808", b"1e999", b"9" * 40, b"0.1", b"")
CHARACTERS = (
    *(b"\x00", b"\r\n", b"\n", b"\t", b"\x7f", b"\x80", b"\xff", b"\xc3\xa9", b"\xe2\x80\xa8", b"\xef\xbb\xbf"),
    *(b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9", b"\xc2\x85", b"\xe2\x80\xae", b"%00", b"%2F", b"%", b"\\", b'"', b"'"),
    *(b"\\u0000", b"\\uD800", b"\\U00110000", b"\xc4\xb0", b"\xef\xac\x81", b"%C3%A9", b"..", b"//"),
)
_NUMBER = re.compile(rb"[0-9]+")
_PIECES = re.compile(rb"[A-Za-z0-9_]+|\s+|[^\sA-Za-z0-9_]")


class Mutator:
    """Draws inputs made of `seeds` and `words`."""

    def __init__(self, random: Random, seeds: Sequence[bytes], words: Sequence[bytes] = ()) -> None:
        self._random = random
        self._seeds = seeds
        self._words = (*words, *CHARACTERS)
        self._changes: tuple[Callable[[bytes], bytes], ...] = (
            self._flipped,
            self._replaced,
            self._without,
            self._repeated,
            self._with_word,
            self._with_word,
            self._spliced,
            self._swapped,
            self._renumbered,
            self._deepened,
            self._shuffled,
            self._cut,
        )

    def draw(self) -> bytes:
        """One input: a seed, changed between never and `CHANGES_MAX` times."""
        data = self._random.choice(self._seeds)
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 2, 3, CHANGES_MAX))):
            data = self._random.choice(self._changes)(data)[:BYTES_MAX]
        return data

    def _span(self, data: bytes) -> tuple[int, int]:
        first = self._random.randint(0, len(data))
        length = self._random.choice((1, 2, 4, 8, 16, 64))
        return first, min(len(data), first + length)

    def _flipped(self, data: bytes) -> bytes:
        if not data:
            return b"\x01"
        place = self._random.randrange(len(data))
        return data[:place] + bytes([data[place] ^ (1 << self._random.randrange(8))]) + data[place + 1 :]

    def _replaced(self, data: bytes) -> bytes:
        first, last = self._span(data)
        return data[:first] + self._random.choice(self._words) + data[last:]

    def _without(self, data: bytes) -> bytes:
        first, last = self._span(data)
        return data[:first] + data[last:]

    def _repeated(self, data: bytes) -> bytes:
        first, last = self._span(data)
        return data[:first] + data[first:last] * self._random.choice((2, 3, 50)) + data[last:]

    def _with_word(self, data: bytes) -> bytes:
        place = self._random.randint(0, len(data))
        return data[:place] + self._random.choice(self._words) + data[place:]

    def _spliced(self, data: bytes) -> bytes:
        other = self._random.choice(self._seeds)
        return data[: self._random.randint(0, len(data))] + other[self._random.randint(0, len(other)) :]

    def _swapped(self, data: bytes) -> bytes:
        (a, b), (c, d) = sorted((self._span(data), self._span(data)))
        if b > c:
            return data
        return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]

    def _renumbered(self, data: bytes) -> bytes:
        found = list(_NUMBER.finditer(data))
        if not found:
            return data
        match = self._random.choice(found)
        return data[: match.start()] + self._random.choice(NUMBERS) + data[match.end() :]

    def _deepened(self, data: bytes) -> bytes:
        place = self._random.randint(0, len(data))
        return data[:place] + self._random.choice(self._words) * self._random.choice((20, DEEP)) + data[place:]

    def _shuffled(self, data: bytes) -> bytes:
        """The pieces of a grammar in another order, or one of them in the place of another."""
        pieces = _PIECES.findall(data)
        if len(pieces) < 2:
            return data
        a, b = self._random.randrange(len(pieces)), self._random.randrange(len(pieces))
        pieces[a], pieces[b] = pieces[b], self._random.choice((pieces[a], pieces[b]))
        return b"".join(pieces)

    def _cut(self, data: bytes) -> bytes:
        return data[: self._random.randint(0, len(data))]
