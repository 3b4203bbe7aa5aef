"""Apps that register themselves, as a browser or a library does it.

Spec: RFC 7591 s3; OpenID Connect Registration s3; Solid-OIDC #clientids-oidc; REQUIREMENTS section 13.1
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.support.client import SECONDS_MAX
from tests.support.server import Server

requirement = pytest.mark.requirement
CALLBACK = "https://app.example/cb"
SPECIFIED = {
    "client_name": "S-C-A Browser Demo Client App",
    "application_type": "web",
    "redirect_uris": ["https://dynamic-client.example/auth"],
    "subject_type": "pairwise",
    "token_endpoint_auth_method": "client_secret_basic",
    "scope": "openid profile offline_access webid",
}
"""The example of Solid-OIDC #clientids-oidc."""


def register(server: Server, content: dict[str, Any] | bytes, **headers: str) -> requests.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = {"Content-Type": "application/json", **headers}
    return requests.post(server.url(".oidc/register"), body, headers=sent, timeout=SECONDS_MAX)


def refused(answer: requests.Response) -> str:
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["error_description"].isascii()
    return answer.json()["error"]


@requirement("rfc7591#3.2.1")
@requirement("oidc#clientids-oidc/2")
def test_a_registration_is_answered_with_everything_that_was_registered(server):
    answer = register(server, SPECIFIED)
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert told.items() >= (SPECIFIED | {"subject_type": "public"}).items()
    assert told["client_id"]
    assert told["client_secret"]
    assert told["client_secret_expires_at"] == 0
    assert told["client_id_issued_at"] > 1_700_000_000


@requirement("oidc#clientids-oidc/1")
@requirement("rfc7591#3.2.1")
def test_each_registration_is_an_app_of_its_own(server):
    first, second = (register(server, SPECIFIED).json() for _ in range(2))
    assert first["client_id"] != second["client_id"]
    assert first["client_secret"] != second["client_secret"]


@requirement("rfc7591#2")
def test_unknown_metadata_are_ignored_and_redirect_uris_needed(server):
    told = register(server, {"redirect_uris": [CALLBACK], "shoe_size": 43, "client_name#fr": "x"}).json()
    assert not {"shoe_size", "client_name#fr"} & told.keys()
    assert refused(register(server, {"client_name": "Notes"})) == "invalid_redirect_uri"


@requirement("rfc7591#2")
def test_a_software_statement_is_not_understood_and_so_ignored(server):
    told = register(server, {"redirect_uris": [CALLBACK], "software_statement": "e30.e30."}).json()
    assert "software_statement" not in told


@requirement("rfc7591#3.2.2")
@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"redirect_uris": ["http://app.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK + "#x"]}, "invalid_redirect_uri"),
        ({"post_logout_redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"grant_types": ["implicit"], "response_types": ["token"]}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}, "jwks_uri": "https://app.example/keys"}, "invalid_client_metadata"),
    ],
)
def test_what_cannot_be_registered_is_refused_with_the_codes_of_the_specification(server, members, error):
    assert refused(register(server, {"redirect_uris": [CALLBACK]} | members)) == error


@requirement("rfc7591#5")
def test_pages_on_other_hosts_than_the_app_are_not_registered(server):
    pages = {"client_uri": "https://app.example/", "logo_uri": "https://cdn.example/x.png", "tos_uri": "data:,x"}
    told = register(server, {"redirect_uris": [CALLBACK]} | pages).json()
    assert told["client_uri"] == "https://app.example/"
    assert not {"logo_uri", "tos_uri"} & told.keys()


@requirement("discovery#provider-metadata")
@requirement("cimd#client-id-metadata-documents")
def test_both_ways_to_be_known_are_announced(server):
    metadata = requests.get(server.url(".well-known/openid-configuration"), timeout=SECONDS_MAX).json()
    assert metadata["registration_endpoint"] == server.url(".oidc/register")
    assert metadata["client_id_metadata_document_supported"] is True


def test_a_browser_may_register_from_any_origin(server):
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, dpop",
    }
    preflight = requests.options(server.url(".oidc/register"), headers=asked, timeout=SECONDS_MAX)
    assert preflight.ok
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert {"content-type", "dpop"} <= {
        each.strip().lower() for each in preflight.headers["Access-Control-Allow-Headers"].split(",")
    }
    answer = register(server, SPECIFIED, Origin="https://app.example")
    assert answer.headers["Access-Control-Allow-Origin"] in {"*", "https://app.example"}
