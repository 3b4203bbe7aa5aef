"""The grammar that header fields share."""

import time

import pytest

from pod.protocol.headers import PARAMETERS_MAX, is_token, members, parameters, quote, unquote


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" , ,\t,", []),
        ("a, b ,c", ["a", "b", "c"]),
        ('a="x,y", b', ['a="x,y"', "b"]),
        (r'a="x\",y", b', [r'a="x\",y"', "b"]),
        ('a="x, b', ['a="x, b']),
        ('a="x\\', ['a="x\\']),
    ],
)
def test_lists_are_split_at_commas_outside_quotes(text, expected):
    assert members(text, 10) == expected


def test_a_list_is_cut_off_at_its_cap():
    assert members("a," * 1000, 3) == ["a", "a", "a"]


@pytest.mark.parametrize(
    ("text", "pairs", "end"),
    [
        ("", [], 0),
        ("; a=b", [("a", "b")], 5),
        (";A=B;c", [("a", "B"), ("c", "")], 6),
        ("; a = b ; c", [("a", "b"), ("c", "")], 11),
        (r';a="b\"c;,"', [("a", 'b"c;,')], 11),
        (";a=b, c", [("a", "b")], 4),
        (";;; a=b", [("a", "b")], 7),
        (";=b", [], 3),
        ('; a="b', [("a", "b")], 6),
        (" x", [], 0),
    ],
)
def test_parameters_are_read_until_something_else_comes(text, pairs, end):
    assert parameters(text) == (pairs, end)


def test_parameters_are_cut_off_at_their_cap():
    assert len(parameters(";a=b" * 1000)[0]) == PARAMETERS_MAX


def test_nothing_that_breaks_a_header_is_ever_quoted():
    assert quote("a\r\nSet-Cookie: b\x00\u20ac") == '"a  Set-Cookie: b  "'


@pytest.mark.parametrize(("text", "value"), [('"', ""), ('""', ""), ('"\\', ""), ('"a\\"', 'a"'), ("a", "a")])
def test_a_missing_quotation_mark_is_forgiven(text, value):
    assert unquote(text) == value


@pytest.mark.parametrize(("text", "valid"), [("a", True), ("a-b.c", True), ("", False), ("a b", False), ("a/b", False)])
def test_tokens(text, valid):
    assert is_token(text) is valid


@pytest.mark.parametrize("seed", ['"\\', '"', ",", ";", "; ", '"\\"', ';a="', " ", "a=", '\\"'])
def test_hostile_repetition_takes_linear_time(seed):
    text = seed * 200_000
    begun = time.process_time()
    members(text, 1_000_000)
    parameters(";" + text)
    assert time.process_time() - begun < 2
