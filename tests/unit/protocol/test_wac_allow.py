"""WAC-Allow, written and read."""

import pytest

from pod.protocol import wac_allow
from pod.protocol.modes import AccessMode

NONE, READ, APPEND, WRITE, CONTROL = (
    AccessMode.NONE,
    AccessMode.READ,
    AccessMode.APPEND,
    AccessMode.WRITE,
    AccessMode.CONTROL,
)


@pytest.mark.requirement("wac#server-wac-allow")
@pytest.mark.parametrize(
    ("user", "public", "text"),
    [
        (NONE, NONE, 'user="",public=""'),
        (READ, NONE, 'user="read",public=""'),
        (READ | CONTROL, NONE, 'user="read control",public=""'),
        (READ | APPEND, NONE, 'user="read append",public=""'),
        (WRITE, NONE, 'user="write",public=""'),
        (READ | APPEND | WRITE | CONTROL, READ, 'user="read write append control",public="read"'),
        (NONE, READ, 'user="",public="read"'),
        (READ, WRITE | APPEND, 'user="read",public="write append"'),
    ],
)
def test_the_modes_of_both_groups_are_listed(user, public, text):
    assert wac_allow.format(user, public) == text


@pytest.mark.parametrize(
    ("text", "user", "public"),
    [
        ('user="read write",public="read"', READ | WRITE, READ),
        ('public = " read  append ", user=""', NONE, READ | APPEND),
        ('user="read fly",friends="write"', READ, NONE),
        ('user="READ"', NONE, NONE),
        ("user=read", NONE, NONE),
        ('user="read', NONE, NONE),
        ("", NONE, NONE),
        ('",' * 10_000, NONE, NONE),
    ],
)
def test_what_nobody_defined_is_passed_over(text, user, public):
    assert wac_allow.parse(text) == (user, public)
