"""Preferences: the examples of RFC 7240 and those of LDP."""

import pytest

from pod.protocol.prefer import IRIS_MAX, NO_PREFERENCES, Preferences, parse

MINIMAL = "http://www.w3.org/ns/ldp#PreferMinimalContainer"
CONTAINMENT = "http://www.w3.org/ns/ldp#PreferContainment"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("return=minimal", Preferences("minimal")),
        ("return=representation", Preferences("representation")),
        ('return="minimal"', Preferences("minimal")),
        ("Return = minimal", Preferences("minimal")),
        ('return=minimal; foo="some parameter"', Preferences("minimal")),
        ("respond-async, wait=100, return=minimal", Preferences("minimal")),
        ("return=minimal, return=minimal", Preferences("minimal")),
        (
            f'return=representation; include="{MINIMAL}"',
            Preferences("representation", include=frozenset({MINIMAL})),
        ),
        (
            f'return=representation; OMIT="{MINIMAL} {CONTAINMENT}"',
            Preferences("representation", omit=frozenset({MINIMAL, CONTAINMENT})),
        ),
        (
            f'return=representation; include="{MINIMAL}"; omit="{CONTAINMENT}"',
            Preferences("representation", frozenset({MINIMAL}), frozenset({CONTAINMENT})),
        ),
    ],
)
def test_preferences_are_understood(header, expected):
    assert parse(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ", ;",
        "respond-async",
        "return",
        "return=",
        'return=""',
        "return=Minimal",
        "return=everything",
        "return=minimal, return=representation",
        "return=everything, return=minimal",
        "x; return=minimal",
        '"return=minimal"',
        "=minimal",
        "\x00",
        '"' * 10_000,
    ],
)
def test_what_is_not_understood_is_ignored(header):
    assert parse(header) == NO_PREFERENCES


@pytest.mark.parametrize(
    ("preferences", "text"),
    [
        (Preferences("minimal"), "return=minimal"),
        (Preferences("representation", frozenset({MINIMAL})), "return=representation"),
        (NO_PREFERENCES, None),
    ],
)
def test_what_was_honoured_can_be_told(preferences, text):
    assert preferences.applied() == text


def test_iris_are_cut_off_at_their_cap():
    iris = " ".join(f"urn:x:{number}" for number in range(1000))
    assert len(parse(f'return=representation; include="{iris}"').include) == IRIS_MAX
