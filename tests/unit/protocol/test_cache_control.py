import pytest
from hypothesis import given
from hypothesis import strategies as st

from pod.protocol.cache_control import fresh_seconds


@pytest.mark.parametrize(
    ("cache_control", "age", "seconds"),
    [
        ("", "", None),
        ("public", "", None),
        ("max-age=300", "", 300),
        ("public, Max-Age=300, must-revalidate", "", 300),
        ('max-age="300"', "", 300),
        ("max-age = 300", "", 300),
        ("max-age=300", "100", 200),
        ("max-age=300", "400", 0),
        ("max-age=300", "x", 300),
        ("max-age=300, max-age=60", "", 60),
        ("max-age=0", "", 0),
        ("max-age=-1", "", None),
        ("max-age=soon", "", None),
        ("max-age", "", None),
        ("max-age=²", "", None),
        ("s-maxage=5", "", None),
        ("no-store", "", 0),
        ("max-age=300, no-cache", "", 0),
        ('max-age=300, no-cache="Set-Cookie"', "", 0),
        ('x="no-store"', "", None),
        ("max-age=" + "9" * 5000, "", 9_999_999_999),
    ],
)
def test_an_answer_is_fresh_as_long_as_it_says(cache_control, age, seconds):
    assert fresh_seconds(cache_control, age) == seconds


@given(st.text(), st.text())
def test_any_text_gives_seconds_or_none(cache_control, age):
    seconds = fresh_seconds(cache_control, age)
    assert seconds is None or seconds >= 0
