"""Apps that registered themselves are known after a restart, and so are their secrets."""

from __future__ import annotations

import pytest
import requests

from tests.support.client import SECONDS_MAX, ProofKey
from tests.support.server import Server, running_server

pytestmark = pytest.mark.e2e
CALLBACK = "https://app.example/cb"


def error_of(server: Server, client_id: str, secret: str) -> str:
    """What the token endpoint says about a code that it never gave."""
    endpoint = server.url(".oidc/token")
    form = {"grant_type": "authorization_code", "code": "x" * 43, "redirect_uri": CALLBACK, "code_verifier": "v" * 43}
    proof = {"DPoP": ProofKey().proof("POST", endpoint)}
    answer = requests.post(endpoint, form, headers=proof, auth=(client_id, secret), timeout=SECONDS_MAX)
    assert "error" in answer.json(), answer.text
    return answer.json()["error"]


def test_a_registered_app_is_known_after_a_restart():
    with running_server() as server:
        document = {"redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"]}
        told = requests.post(server.url(".oidc/register"), json=document, timeout=SECONDS_MAX).json()
        assert error_of(server, told["client_id"], told["client_secret"]) == "invalid_grant"
        server.restart()
        assert error_of(server, told["client_id"], told["client_secret"]) == "invalid_grant"
        assert error_of(server, told["client_id"], "wrong") == "invalid_client"
        assert error_of(server, "unknown", told["client_secret"]) == "invalid_client"
