"""Cookies, form tokens, and where one goes on to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from pod.errors import ForeignForm
from pod.protocol.devices import device
from pod.ui.cookies import Cookies
from pod.ui.door import local
from pod.ui.forms import check_origin
from pod.ui.visitor import Visitor

ORIGIN = "https://pods.example"


@pytest.mark.parametrize(
    ("base_url", "names"),
    [
        ("https://pods.example/", ("__Host-freehold", "__Host-freehold-form")),
        ("https://pods.example:8443/", ("__Host-freehold", "__Host-freehold-form")),
        ("http://localhost:3000/", ("freehold-3000", "freehold-form-3000")),
        ("http://pods.local/", ("freehold-80", "freehold-form-80")),
    ],
)
def test_cookies_are_named_after_how_the_server_is_reached(base_url: str, names: tuple[str, str]):
    cookies = Cookies.of(base_url)
    assert (cookies.session, cookies.form) == names
    assert cookies.secure == base_url.startswith("https")


def test_a_session_cookie_is_cleared_with_the_attributes_it_was_set_with():
    response = Response()
    Cookies.of("https://pods.example/").clear_session(response)
    assert "Max-Age=0; Secure; HttpOnly; Path=/; SameSite=Lax" in response.headers["Set-Cookie"]


@pytest.mark.parametrize("value", ["", "x" * 129, "ü"])
def test_a_cookie_that_cannot_be_ours_is_none(value: str):
    builder = EnvironBuilder(headers={"Cookie": f"__Host-freehold={value}".encode().decode("latin-1")})
    assert Cookies.of("https://pods.example/").session_secret(Request(builder.get_environ())) is None


@given(st.text(max_size=50))
def test_only_a_visitor_s_own_token_is_accepted(text: str):
    visitor = Visitor(None, "secret", is_new=False)
    assert visitor.sent(visitor.form_token())
    assert visitor.sent(text) == (text == visitor.form_token())
    assert not Visitor(None, "another secret", is_new=False).sent(visitor.form_token())


def test_a_visitor_does_not_print_the_secret():
    assert "hush" not in repr(Visitor(None, "hush", is_new=True))


@pytest.mark.parametrize(
    "headers",
    [{"Origin": ORIGIN}, {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}],
    ids=str,
)
def test_a_form_may_come_from_our_origin_or_from_a_browser_that_does_not_say(headers: dict[str, str]):
    check_origin(Headers(headers), ORIGIN)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": ORIGIN + ":444"},
        {"Origin": ORIGIN + ".evil.example"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_form_from_elsewhere_is_refused(headers: dict[str, str]):
    with pytest.raises(ForeignForm):
        check_origin(Headers(headers), ORIGIN)


@given(st.text(max_size=60) | st.builds("/.home/{}".format, st.text(max_size=60)))
def test_one_goes_on_to_pages_of_ours_alone(path: str):
    found = local(path)
    assert found == "/.home/" or (found == path and path.startswith(("/.account/", "/.home/")))
    assert not set(found) & set("\\\r\n\t ")
    assert ".." not in found.split("/")


@pytest.mark.parametrize(
    "path",
    [
        "/.account/apps",
        "/.home/alice/a%20b?page=2",
        "/.account/?done=kept",
        "/.posts/alice/new",
        "/.uploads/new?in=%2Falice%2F",
    ],
)
def test_pages_of_ours_are_kept(path: str):
    assert local(path) == path


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", ("Firefox", "Windows")),
        (
            "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
            ("Chrome", "Android"),
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", ("Safari", "iPhone")),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/140.0.0.0 Safari/537.36 Edg/140.0", ("Edge", "Mac")),
        ("curl/8.1", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_browser_has_the_name_people_know_it_by(user_agent: str, expected: tuple[str | None, str | None]):
    assert device(user_agent) == expected
