"""Days, numbers and sizes as people of a language write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from pod.ui import written
from pod.ui.language import speak

AT = datetime(2026, 3, 4, 14, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak("en")


@pytest.mark.parametrize(
    ("write", "value", "english", "german", "french"),
    [
        (written.long_day, AT, "4 March 2026", "4. März 2026", "4 mars 2026"),
        (written.short_day, AT, "4 Mar 2026", "04.03.2026", "4 mars 2026"),
        (written.time_of_day, AT, "14:05", "14:05", "14:05"),
        (written.number, 1234567, "1,234,567", "1.234.567", "1\u202f234\u202f567"),
    ],
)
def test_each_language_writes_in_its_own_way(write: Callable, value: object, english: str, german: str, french: str):
    for language, expected in (("en", english), ("de", german), ("fr", french)):
        speak(language)
        assert write(value) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 KB"),
        (1_530_000, "1.5 MB"),
        (2 * 10**12, "2,000.0 GB"),
    ],
)
def test_sizes_are_told_in_the_unit_that_fits(count: int, expected: str):
    assert written.in_bytes(count) == expected
