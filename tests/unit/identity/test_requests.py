"""Authorization requests: scopes, answers, and how recent a sign-in must be."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.identity.client_metadata import Client
from pod.identity.grants import narrowed, program_scope
from pod.identity.requests import Parameters, granted_scope, location, with_query

BOTH = ("authorization_code", "refresh_token")


def client(**changes) -> Client:
    usual = {"id": "c", "name": "Notes", "redirect_uris": ("https://app.example/",), "host": "app.example"}
    return Client(**(usual | {"grant_types": BOTH} | changes))


@pytest.mark.parametrize(
    ("asked", "changes", "granted"),
    [
        (None, {}, "webid"),
        ("openid", {}, "openid webid"),
        ("offline_access webid openid", {}, "openid webid offline_access"),
        ("openid  profile email", {}, "openid webid"),
        ("openid offline_access", {"grant_types": BOTH[:1]}, "openid webid"),
        ("openid offline_access", {"scope": "openid webid"}, "openid webid"),
    ],
)
def test_scopes_that_mean_something_are_granted_and_webid_always(asked, changes, granted):
    assert granted_scope(asked, client(**changes)) == granted


@pytest.mark.parametrize(
    ("asked", "granted"), [(None, "openid webid"), ("webid", "webid"), ("offline_access", "webid")]
)
def test_programs_get_no_offline_access(asked, granted):
    assert program_scope(asked) == granted


def test_a_scope_without_a_wish_stays_as_it_was():
    assert narrowed(None, "openid webid") == "openid webid"
    assert narrowed("openid", "openid webid offline_access") == "openid webid"


@pytest.mark.parametrize(
    ("uri", "result"),
    [
        ("https://a.example/", "https://a.example/?x=1"),
        ("https://a.example/?y=2", "https://a.example/?y=2&x=1"),
        ("https://a.example/?", "https://a.example/?x=1"),
        ("https://a.example/?y&", "https://a.example/?y&x=1"),
        ("com.example.app:/cb", "com.example.app:/cb?x=1"),
    ],
)
def test_a_uri_keeps_its_query(uri, result):
    assert with_query(uri, {"x": "1"}) == result
    assert with_query(uri, {}) == uri


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100), st.text("ab", max_size=5))
def test_whatever_the_state_it_comes_back_alone(state, code):
    found = location("https://a.example/cb", "https://pods.example/", state, {"code": code})
    pairs = parse_qsl(urlsplit(found).query, keep_blank_values=True)
    assert pairs == [("code", code), ("state", state), ("iss", "https://pods.example/")]


def test_empty_and_unknown_parameters_are_not_there():
    parameters = Parameters.of([("state", ""), ("state", "x"), ("foo", "1"), ("foo", "2")])
    assert (parameters.values, parameters.repeated) == ({"state": "x"}, frozenset())
