"""A request has one name, whoever asks for it, and every line that is logged meanwhile carries it."""

from __future__ import annotations

from collections.abc import Iterator
from threading import get_ident
from typing import Any

import pytest

from pod.observability.requests import GIVEN, current_name, name_of, named, under_way


@pytest.fixture
def environ() -> Iterator[dict[str, Any]]:
    """Of what this thread works on."""
    made: dict[str, Any] = {}
    under_way[get_ident()] = made
    yield made
    del under_way[get_ident()]


def test_a_request_keeps_its_name(environ: dict[str, Any]):
    name = name_of(environ)
    assert current_name() == name_of(environ) == name
    assert [named(None, "info", {"event": "x"})["request"] for _ in range(2)] == [name, name]
    assert name_of({}) != name


def test_a_line_that_names_its_request_already_is_left_alone(environ: dict[str, Any]):
    assert named(None, "info", {"request": "other"}) == {"request": "other"}


def test_what_belongs_to_no_request_has_no_name():
    assert named(None, "info", {"event": "x"}) == {"event": "x"}
    assert current_name() != current_name()


@pytest.mark.parametrize(
    ("given", "trusted", "kept"),
    [("trace-01", True, True), ("trace-01", False, False), ("short", True, False), ("a\nb-------", True, False)],
)
def test_only_trusted_proxies_name_requests(environ: dict[str, Any], given: str, trusted: bool, kept: bool):
    environ |= {"HTTP_X_REQUEST_ID": given, GIVEN: trusted}
    assert (name_of(environ) == given) is kept
