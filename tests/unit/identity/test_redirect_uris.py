"""Which redirect URIs an app may register, and which registered one a request names."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pod.errors import InvalidRedirectURI
from pod.identity.redirect_uris import (
    URI_CHARACTERS_MAX,
    check,
    matches,
    redirect_host,
    web_url,
)

USABLE = [
    "https://app.example/callback",
    "https://app.example",
    "https://app.example/?from=pod&x=%20",
    "https://app.example:8443/a/b;c,d@e",
    "https://xn--bcher-kva.example/",
    "https://192.0.2.7/cb",
    "https://[2001:db8::1]:8443/cb",
    "http://localhost/cb",
    "http://localhost:5173/",
    "http://alice.localhost:3000/profile/card",
    "http://127.0.0.1:80/cb",
    "http://[::1]:9999/cb",
]
NATIVE = ["com.example.app:/callback", "com.example.app://callback", "org.example.my-app:/cb?x=1"]
UNUSABLE = {
    "nothing": "",
    "relative": "/callback",
    "no scheme": "app.example/callback",
    "script": "javascript:alert(1)",
    "script with a host": "javascript://app.example/%0Aalert(1)",
    "data": "data:text/html,hello",
    "file": "file:///etc/passwd",
    "blob": "blob:https://app.example/1",
    "view-source": "view-source:https://app.example/",
    "http": "http://app.example/cb",
    "http, looks local": "http://localhost.example/cb",
    "http, looks local too": "http://evil-localhost/cb",
    "http, all of loopback": "http://127.0.0.2/cb",
    "http, this network": "http://0.0.0.0/cb",
    "http, mapped": "http://[::ffff:127.0.0.1]/cb",
    "http, private": "http://192.168.1.1/cb",
    "upper-case scheme": "HTTPS://app.example/cb",
    "fragment": "https://app.example/cb#",
    "credentials": "https://app.example@evil.example/cb",
    "password": "https://app.example:secret@evil.example/cb",
    "backslash": "https://evil.example\\@app.example/cb",
    "backslash in path": "https://app.example/\\evil",
    "wildcard host": "https://*.app.example/cb",
    "wildcard path": "https://app.example/*",
    "space": "https://app.example/a b",
    "tab": "https://app.exam\tple/cb",
    "line": "https://app.example/cb\n",
    "null": "https://app.example/\0",
    "unicode host": "https://bücher.example/",
    "look-alike slash": "https://evil.example\u2044app.example/",
    "full-width dot": "https://app\uff0eexample/",
    "unicode path": "https://app.example/ü",
    "no host": "https:///cb",
    "no authority": "https:app.example/cb",
    "dot at the end": "https://app.example./cb",
    "dots": "https://app..example/cb",
    "encoded host": "https://app%2eexample/cb",
    "traversal": "https://app.example/cb/../evil",
    "encoded traversal": "https://app.example/cb/%2e%2E/evil",
    "dot segment": "https://app.example/./cb",
    "bad encoding": "https://app.example/%zz",
    "port 0": "https://app.example:0/",
    "port too large": "https://app.example:65536/",
    "port of letters": "https://app.example:http/",
    "no port": "https://app.example:/",
    "no address": "https://[::1/cb",
    "bad address": "https://[::g]/cb",
    "zone": "https://[fe80::1%25eth0]/cb",
    "too long": "https://app.example/" + "a" * URI_CHARACTERS_MAX,
    "scheme without a dot": "myapp:/callback",
    "quote": 'https://app.example/"',
    "angle": "https://app.example/<script>",
    "policy": "https://app.example;script-src *",
}  # fmt: skip


@pytest.mark.parametrize("uri", USABLE)
def test_web_and_loopback_urls_can_be_registered(uri):
    check(uri, native=False)
    check(uri, native=True)


@pytest.mark.parametrize("uri", NATIVE)
def test_only_native_apps_have_schemes_of_their_own(uri):
    check(uri, native=True)
    with pytest.raises(InvalidRedirectURI, match="native"):
        check(uri, native=False)


@pytest.mark.requirement("rfc7591#5")
@pytest.mark.parametrize("uri", UNUSABLE.values(), ids=UNUSABLE)
def test_other_uris_are_refused_with_a_reason(uri):
    with pytest.raises(InvalidRedirectURI) as refused:
        check(uri, native=True)
    assert len(refused.value.detail) < 500
    assert refused.value.detail.isascii()


@pytest.mark.parametrize(
    ("registered", "requested"),
    [
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"),
        ("http://127.0.0.1:1/cb?x=1", "http://127.0.0.1:2/cb?x=1"),
        ("http://[::1]/cb", "http://[::1]:51004/cb"),
    ],
)
def test_a_loopback_address_has_any_port(registered, requested):
    assert matches(registered, requested)


@pytest.mark.parametrize(
    ("registered", "requested"),
    [
        ("https://app.example/cb", "https://app.example/cb/"),
        ("https://app.example/cb", "https://app.example/CB"),
        ("https://app.example/cb", "https://APP.example/cb"),
        ("https://app.example/cb", "https://app.example:443/cb"),
        ("https://app.example/cb", "https://app.example/cb?next=https://evil.example"),
        ("https://app.example/cb", "https://app.example/cb2"),
        ("https://app.example/cb", "https://app.example/cb/../evil"),
        ("https://app.example/cb", "https://app.example/%63b"),
        ("https://app.example/cb", "https://app.example/cb#"),
        ("https://app.example/cb", "https://app.example/cb "),
        ("https://app.example", "https://app.example.evil.example"),
        ("https://app.example", "https://app.example@evil.example"),
        ("https://app.example/", "https://app.example"),
        ("https://app.example/cb", "http://app.example/cb"),
        ("http://localhost:3000/cb", "http://localhost:3001/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:1/other"),
        ("http://127.0.0.1/cb", "http://127.0.0.1@evil.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80.evil.example/cb"),
        ("http://127.0.0.1/cb", "http://localhost/cb"),
        ("http://127.0.0.1/cb", "http://[::1]/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1\\@evil.example/cb"),
        ("http://127.0.0.1/cb", "https://127.0.0.1/cb"),
        ("com.example.app:/cb", "com.example.app://cb"),
    ],
)
def test_anything_else_is_another_uri(registered, requested):
    assert not matches(registered, requested)


TEXT = st.text(alphabet=string.printable + "üﬀ。\\@#", max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(USABLE + NATIVE), st.integers(0, 40), st.integers(0, 3), TEXT)
@example("http://127.0.0.1:80/cb", 16, 0, "1")
def test_a_changed_uri_matches_only_on_the_same_loopback_address(registered, at, cut, added):
    requested = registered[:at] + added + registered[at + cut :]
    if matches(registered, requested) and requested != registered:
        ours, theirs = web_url(registered), web_url(requested)
        assert ours.host in {"127.0.0.1", "[::1]"}
        assert (theirs.scheme, theirs.host, theirs.path, theirs.query) == ("http", ours.host, ours.path, ours.query)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"\Ahttps?://[a-z.@:\[\]0-9]{1,20}[/?#\\]?.{0,10}\Z"))
def test_whatever_is_sent_is_usable_or_refused(uri):
    try:
        check(uri, native=True)
    except InvalidRedirectURI:
        return
    assert uri.isascii()
    assert uri.isprintable()
    assert not set(uri) & set('#\\*<>" ')


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://App.Example:443/cb", "app.example"),
        ("https://app.example:8443/cb", "app.example:8443"),
        ("http://localhost:5173/", "localhost:5173"),
        ("http://[::1]:80/", "[::1]"),
        ("com.example.app:/cb", "com.example.app: on your device"),
    ],
)
def test_where_a_uri_leads_can_be_told_to_people(uri, host):
    assert redirect_host(uri) == host
