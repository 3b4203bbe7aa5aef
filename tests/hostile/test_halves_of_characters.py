"""Halves of characters: what escapes in JSON, in Turtle and in URLs can say, and no database, header or page can hold.

Spec: Unicode, D76; RFC 8259 s8.2; RFC 3986 s2
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from pod.protocol.access_profile import CONTEXT as ACCESS
from tests.support.inprocess import BASE, LocalServer

HALF = "\ud800"
CONTEXT = "https://www.w3.org/ns/solid/notifications-context/v1"
LD, FORM = "application/ld+json", "application/x-www-form-urlencoded"
SERVED = range(200, 500)
ASKED = "https://www.w3.org/ns/lws#AccessRequest"
APP = {"redirect_uris": ["https://app.example/cb"], "client_name": "An app", "token_endpoint_auth_method": "none"}
CHANNEL = {"@context": CONTEXT, "type": "WebhookChannel2023", "topic": f"{BASE}alice/doc"}


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Iterator[LocalServer]:
    made = LocalServer(tmp_path_factory.mktemp("halves") / "data")
    yield made
    made.close()


def token(**claims: Any) -> str:
    """As a stranger makes one: nothing of it was verified when it is read."""
    parts = ({"alg": "ES256", "kid": "k", "typ": "at+jwt"}, {"iss": f"https://x.example/{HALF}", **claims})
    return ".".join([*(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "AAAA"])


@pytest.mark.parametrize(
    ("path", "media_type", "content"),
    [
        ("/alice/inbox/", LD, {"@context": f"https://x.example/{HALF}", "@id": ""}),
        ("/alice/inbox/", LD, {"@id": "", "https://x.example/p": HALF}),
        ("/alice/inbox/", LD, {"@id": "", f"https://x.example/{HALF}": "v"}),
        ("/alice/inbox/", "text/turtle", '<#a> <#b> "\\uD800" .'),
        ("/.notifications/WebhookChannel2023", LD, {**CHANNEL, "sendTo": f"https://x.example/{HALF}"}),
        ("/.notifications/WebhookChannel2023", LD, {**CHANNEL, "topic": f"{BASE}alice/{HALF}"}),
        ("/.notifications/WebhookChannel2023", LD, {**CHANNEL, HALF: 1}),
        ("/.notifications/WebhookChannel2023", LD, {**CHANNEL, "@context": [CONTEXT, f"https://x.example/{HALF}"]}),
        ("/.access/alice/requests/", LD, {"@context": ACCESS, "type": "AccessRequest", "comment": HALF}),
        ("/.access/alice/requests/", LD, {"@context": f"https://x.example/{HALF}", "type": "AccessRequest"}),
        ("/.oidc/register", "application/json", {**APP, "client_name": HALF}),
        ("/.oidc/register", "application/json", {**APP, "logo_uri": f"https://app.example/{HALF}"}),
        ("/.oidc/register", "application/json", {**APP, HALF: 1}),
        ("/.oidc/token", FORM, "grant_type=refresh_token&refresh_token=%ED%A0%80"),
        ("/.account/sign-in", FORM, "name=%ED%A0%80"),
    ],
)
def test_what_is_sent_with_them_is_refused(local, path, media_type, content):
    sent = content if isinstance(content, str) else json.dumps(content)
    answer = local.request("POST", path, {"Content-Type": media_type}, sent.encode())
    assert 400 <= answer.status < 500, answer.body


@pytest.mark.parametrize(
    "path", ["/.account/sign-in", "/.account/sign-up", "/.oidc/authorize", "/.oidc/logout", "/alice/"]
)
@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("next=\xed\xa0\x80&client_id=\xff", {400}),
        ("next=%ED%A0%80&client_id=%ED%A0%80&id_token_hint=%ED%A0%80", SERVED),
        (urlencode({"authorization_details": json.dumps([{"type": ASKED, HALF: 1}])}), SERVED),
        (urlencode({"id_token_hint": token()}), SERVED),
    ],
)
def test_what_is_asked_for_with_them_is_no_failure_of_the_server(local, path, query, codes):
    environ = local.environ("GET", path, {"Accept": "text/html"}, None, None)
    assert local.call(environ | {"QUERY_STRING": query, "REQUEST_URI": f"{path}?{query}"}).status in codes


@pytest.mark.parametrize("path", ["/alice/", "/.oidc/userinfo"])
def test_whoever_claims_to_be_one_is_nobody(local, path):
    claims = {"webid": f"https://x.example/{HALF}", "client_id": HALF, "aud": "solid", "exp": 4e9, "iat": 1}
    forged = token(**claims)
    headers = {"Authorization": f"DPoP {forged}", "DPoP": forged}
    assert local.request("GET", path, headers, by=None).status == 401
