"""HTTP message signatures: made as RFC 9421 says, and verified by somebody else's library."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from http_message_signatures.exceptions import InvalidSignature

from pod.notifications.signatures import MessageSigner, authority, content_digest
from tests.support.people import opened
from tests.support.receiver import Delivered, check_signature

URL = "https://hooks.example/in/1?token=a"


@pytest.fixture
def services(tmp_path):
    with opened(tmp_path / "data") as found:
        found.clock.time = time.time()  # the library that verifies looks at the time
        yield found


def signed(services, url=URL, content=b"hello", media_type="text/plain"):
    fields = MessageSigner(services.keys, services.placement.base_url, services.clock).fields(url, content, media_type)
    headers = {"content-type": media_type, **{name.lower(): value for name, value in fields.items()}}
    return Delivered(url, headers, content)


def keys(services):
    return {key["kid"]: key for key in services.keys.key_set()["keys"]}


@pytest.mark.parametrize(
    "url", [URL, "https://hooks.example/", "http://hooks.example/a%20b", "https://h.example:444/a?b"]
)
def test_a_request_is_signed_so_that_others_can_tell(services, url):
    parameters = check_signature(signed(services, url), keys(services))
    assert parameters["alg"] == "ecdsa-p256-sha256"
    assert parameters["keyid"].startswith("https://pods.example/.oidc/jwks#")
    assert parameters["created"] == int(services.clock.now())


@pytest.mark.parametrize(
    "change",
    [
        lambda it: replace(it, url="https://other.example/in/1?token=a"),
        lambda it: replace(it, url="https://hooks.example/in/2?token=a"),
        lambda it: replace(it, url="https://hooks.example/in/1?token=b"),
        lambda it: replace(it, url="http://hooks.example/in/1?token=a"),
        lambda it: replace(it, body=b"other"),
        lambda it: replace(it, headers={**it.headers, "content-type": "text/html"}),
        lambda it: replace(it, headers={**it.headers, "content-digest": content_digest(b"other")}),
        lambda it: replace(
            it,
            headers={**it.headers, "signature-input": it.headers["signature-input"].replace("created=1", "created=2")},
        ),
    ],
    ids=["host", "path", "query", "scheme", "content", "media type", "digest", "moment"],
)
def test_what_is_sent_to_another_or_says_something_else_is_not_signed(services, change):
    with pytest.raises(InvalidSignature):
        check_signature(change(signed(services)), keys(services))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://A.example:443/", "a.example"),
        ("http://a.example:443/", "a.example:443"),
        ("http://[::1]:80/x", "[::1]"),
    ],
)
def test_an_authority_has_no_port_that_goes_without_saying(url, expected):
    assert authority(url) == expected


def test_the_digest_is_that_of_the_specification():
    """Spec: RFC 9530 B.1"""
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
