"""Who is asking: the provider's documents, the token endpoint, DPoP proofs, and how the resource server judges them.

Spec: Solid-OIDC; RFC 9449; RFC 9728; RFC 6750; REQUIREMENTS section 13
"""

from __future__ import annotations

import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests
from flask.testing import FlaskClient
from jwcrypto.common import base64url_decode, base64url_encode
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jwt import JWT
from werkzeug.test import TestResponse

from pod.app import create_app
from pod.config import Config
from pod.identity.accounts import create_account, set_disabled
from pod.identity.clients import add_client, revoke_client
from pod.services import Services, open_services
from tests.support import proofs
from tests.support.client import SECONDS_MAX, ProofKey, SolidClient, b64url
from tests.support.server import ALICE, Server, running_server
from tests.support.stores import StillClock

requirement = pytest.mark.requirement


# -- helpers -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issuer(server: Server) -> str:
    return server.base_url


@pytest.fixture(scope="module")
def metadata(issuer: str) -> dict[str, Any]:
    return requests.get(f"{issuer}.well-known/openid-configuration", timeout=SECONDS_MAX).json()


@pytest.fixture(scope="module")
def endpoint(metadata: dict[str, Any]) -> str:
    return str(metadata["token_endpoint"])


@pytest.fixture(scope="module")
def key_set(metadata: dict[str, Any]) -> JWKSet:
    return JWKSet.from_json(requests.get(metadata["jwks_uri"], timeout=SECONDS_MAX).text)


@pytest.fixture(scope="module")
def key() -> ProofKey:
    return ProofKey()


@pytest.fixture(scope="module")
def tokens(endpoint: str, key: ProofKey) -> dict[str, Any]:
    """One answer of the token endpoint, for alice."""
    return ask(endpoint, key.proof("POST", endpoint)).json()


ID, SECRET = ALICE.clients[0].id, ALICE.clients[0].secret


def ask(endpoint: str, proof: str | None, auth: Any = (ID, SECRET), **form: str) -> requests.Response:
    headers = {} if proof is None else {"DPoP": proof}
    data = {"grant_type": "client_credentials", **form}
    return requests.post(endpoint, data=data, auth=auth, headers=headers, timeout=SECONDS_MAX)


def claims(token: str, key_set: JWKSet) -> dict[str, Any]:
    """What a token says, once its signature holds with the published keys."""
    return json.loads(JWT(jwt=token, key=key_set, algs=["ES256", "RS256"]).claims)


def assert_oauth_error(response: requests.Response, error: str, status: int = 400) -> None:
    """Spec: RFC 6749 s5.2."""
    assert (response.status_code, response.json()["error"]) == (status, error), response.text
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]*", response.json().get("error_description", ""))


def challenge(response: requests.Response, scheme: str = "DPoP") -> dict[str, str]:
    """The parameters of one challenge."""
    return challenge_of(response.headers["WWW-Authenticate"], scheme)


def challenge_of(field: str, scheme: str = "DPoP") -> dict[str, str]:
    found = re.search(rf'(?:^|, ){scheme} ((?:[a-z_]+="[^"]*"(?:, )?)+)', field)
    assert found, field
    return dict(re.findall(r'([a-z_]+)="([^"]*)"', found[1]))


def assert_refused(response: requests.Response, error: str) -> None:
    assert response.status_code == 401, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert challenge(response)["error"] == error


def read(url: str, token: str, *dpop: str, scheme: str = "DPoP", method: str = "GET") -> requests.Response:
    headers = {"Authorization": f"{scheme} {token}", **({"DPoP": ", ".join(dpop)} if dpop else {})}
    return requests.request(method, url, headers=headers, timeout=SECONDS_MAX)


@pytest.fixture(scope="module")
def private(alice: SolidClient) -> str:
    """The URL of a document that only alice may read."""
    url = f"{alice.pod}private-for-tokens"
    alice.put_turtle(url, "<> a <#Secret>.")
    return url


# -- provider: documents -----------------------------------------------------------------------------------------------


@requirement("oidc#discovery")
@requirement("oidc#client-credentials-discovery")
@requirement("oidc#client-credentials")
def test_the_provider_announces_webid_and_client_credentials(metadata):
    assert "webid" in metadata["scopes_supported"]
    assert "client_credentials" in metadata["grant_types_supported"]


@requirement("discovery#provider-metadata")
def test_the_metadata_has_what_openid_discovery_requires(metadata, issuer):
    assert metadata["issuer"] == issuer
    for member in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        assert metadata[member].startswith(issuer)
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert metadata["subject_types_supported"] == ["public"]
    assert {"client_secret_basic", "client_secret_post"} <= set(metadata["token_endpoint_auth_methods_supported"])
    assert {"webid", "cnf", "azp"} <= set(metadata["claims_supported"])
    assert "code" in metadata["response_types_supported"]
    assert all(value or value is False for value in metadata.values())


@requirement("rfc8414#3")
@requirement("discovery#provider-metadata")
def test_both_well_known_documents_are_the_same_json(issuer, metadata):
    other = requests.get(f"{issuer}.well-known/oauth-authorization-server", timeout=SECONDS_MAX)
    assert other.headers["Content-Type"] == "application/json"
    assert other.json() == metadata


@requirement("discovery#provider-metadata")
def test_the_metadata_announces_only_what_is_offered(metadata):
    assert "uma_profiles_supported" not in metadata
    assert not any(alg == "none" or alg.startswith("HS") for alg in metadata["dpop_signing_alg_values_supported"])


def test_the_authorization_endpoint_refuses_unknown_clients_without_redirecting(metadata):
    question = {"response_type": "code", "client_id": "x", "redirect_uri": "https://evil.example/"}
    url = metadata["authorization_endpoint"]
    answer = requests.get(url, params=question, allow_redirects=False, timeout=SECONDS_MAX)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_the_published_keys_are_public(metadata):
    keys = requests.get(metadata["jwks_uri"], timeout=SECONDS_MAX).json()["keys"]
    assert {key["alg"] for key in keys} == {"ES256", "RS256"}
    assert all(key["kid"] and key["use"] == "sig" and not {"d", "p", "q"} & key.keys() for key in keys)


@requirement("oidc#cors")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ".well-known/openid-configuration"),
        ("GET", ".well-known/oauth-protected-resource"),
        ("GET", ".oidc/jwks"),
        ("POST", ".oidc/token"),
    ],
)
def test_apps_of_any_origin_may_ask_the_provider(issuer, method, path):
    asked = "authorization, content-type, dpop"
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": asked,
    }
    preflight = requests.options(issuer + path, headers=headers, timeout=SECONDS_MAX)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Headers"] == asked
    headers = {"Origin": "https://app.example"}
    answer = requests.request(method, issuer + path, headers=headers, timeout=SECONDS_MAX)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


# -- provider: tokens --------------------------------------------------------------------------------------------------


@requirement("oidc#tokens")
@requirement("rfc9449#5")
@requirement("oidc#webid-scope")
def test_id_secret_and_proof_give_bound_tokens(endpoint, key, key_set, alice):
    answer = ask(endpoint, key.proof("POST", endpoint), scope="webid")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"] > 0, body["scope"]) == ("DPoP", True, "webid")
    assert claims(body["id_token"], key_set)["webid"] == claims(body["access_token"], key_set)["webid"] == alice.web_id
    assert "refresh_token" not in body


@requirement("oidc#tokens-id/webid")
@requirement("oidc#tokens-id/iss")
@requirement("oidc#tokens-id/aud")
@requirement("oidc#tokens-id/azp")
@requirement("oidc#tokens-id/iat")
@requirement("oidc#tokens-id/exp")
@requirement("oidc#tokens-id/cnf")
def test_the_id_token_has_the_claims_of_solid_oidc(tokens, key_set, alice, issuer, key):
    said = claims(tokens["id_token"], key_set)
    assert said["webid"] == alice.web_id
    assert said["iss"] == issuer
    assert isinstance(said["aud"], list)
    assert {ID, "solid"} == set(said["aud"])
    assert said["azp"] == ID
    assert said["iat"] <= time.time() < said["exp"]
    assert said["cnf"] == {"jkt": key.thumbprint}
    assert said["sub"]


@requirement("oidc#deployed-practice")
def test_the_access_token_has_the_claims_that_resource_servers_expect(tokens, key_set, alice, issuer, key):
    said = claims(tokens["access_token"], key_set)
    assert JWT(jwt=tokens["access_token"]).token.jose_header["typ"] == "at+jwt"
    assert (said["iss"], said["webid"], said["client_id"]) == (issuer, alice.web_id, ID)
    assert "solid" in said["aud"]
    assert said["cnf"] == {"jkt": key.thumbprint}
    assert said["jti"]
    assert said["exp"] - said["iat"] == tokens["expires_in"]


@requirement("oidc#deployed-practice")
@pytest.mark.parametrize("name", ["access_token", "id_token"])
def test_the_resource_server_accepts_access_tokens_and_bound_id_tokens(tokens, key, private, name):
    assert read(private, tokens[name], key.proof("GET", private)).status_code == 200


@requirement("oidc#client-credentials/2")
def test_client_credentials_speak_for_their_own_account_only(bob, private, alice):
    bob.login.token()
    assert bob.get(private).status_code == 403
    assert alice.get(private).status_code == 200


@pytest.mark.parametrize("scope", [None, "webid", "openid", "openid webid offline_access", "profile"])
def test_scope_may_be_missing_and_unknown_scopes_are_left_out(endpoint, key, scope):
    answer = ask(endpoint, key.proof("POST", endpoint), **({"scope": scope} if scope else {}))
    assert set(answer.json()["scope"].split()) <= {"openid", "webid"}
    assert "webid" in answer.json()["scope"].split()


@requirement("oidc#client-credentials-token-instantiation")
@pytest.mark.parametrize(
    "auth",
    [(ID, "wrong"), ("unknown", SECRET), (ID, ""), ("", ""), (ID, SECRET + " "), (ID.upper(), SECRET)],
)
def test_wrong_clients_and_wrong_secrets_get_one_answer(endpoint, key, auth):
    answer = ask(endpoint, key.proof("POST", endpoint), auth)
    assert_oauth_error(answer, "invalid_client", 401)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert answer.json()["error_description"] == "The client id or secret is wrong."


@requirement("oidc#client-credentials-token-instantiation")
@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic YQ==", "Basic /w==", "Bearer x", "Basic OjpcOg=="])
def test_spoiled_authorization_at_the_token_endpoint_is_an_invalid_client(endpoint, key, header):
    headers = {"Authorization": header, "DPoP": key.proof("POST", endpoint)}
    form = {"grant_type": "client_credentials"}
    assert_oauth_error(requests.post(endpoint, data=form, headers=headers, timeout=SECONDS_MAX), "invalid_client", 401)


def test_the_client_may_authenticate_in_the_body(endpoint, key):
    answer = ask(endpoint, key.proof("POST", endpoint), None, client_id=ID, client_secret=SECRET)
    assert answer.status_code == 200


def test_two_ways_to_authenticate_at_once_are_an_invalid_request(endpoint, key):
    answer = ask(endpoint, key.proof("POST", endpoint), client_secret=SECRET)
    assert_oauth_error(answer, "invalid_request")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=implicit", "unsupported_grant_type"),
        ("grant_type=%22%5C%ff", "invalid_request"),
        ("grant_type=%22%5Cx", "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&scope=%22webid%22", "invalid_scope"),
        ("grant_type=client_credentials&scope=" + "x" * 2000, "invalid_scope"),
        ("&".join(f"a{each}=b" for each in range(100)), "invalid_request"),
        ("grant_type=" + "x" * 20_000, "invalid_request"),
    ],
)
def test_a_spoiled_form_is_refused_in_the_form_of_oauth(endpoint, key, body, error):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "DPoP": key.proof("POST", endpoint)}
    answer = requests.post(endpoint, data=body, auth=(ID, SECRET), headers=headers, timeout=SECONDS_MAX)
    assert_oauth_error(answer, error)


def test_a_body_that_is_no_form_is_refused(endpoint, key):
    headers = {"DPoP": key.proof("POST", endpoint)}
    answer = requests.post(endpoint, json={"grant_type": "client_credentials"}, headers=headers, timeout=SECONDS_MAX)
    assert_oauth_error(answer, "invalid_request")


@requirement("rfc9449#5")
@requirement("rfc9449#8")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda key, url: None,
        lambda key, url: "garbage",
        lambda key, url: key.proof("GET", url),
        lambda key, url: key.proof("POST", url + "x"),
        lambda key, url: key.proof("POST", url, iat=int(time.time()) - 600),
        lambda key, url: key.proof("POST", url, jti=None),
        lambda key, url: f"{key.proof('POST', url)}, {key.proof('POST', url)}",
    ],
    ids=["none", "garbage", "method", "URL", "age", "no jti", "two"],
)
def test_without_a_valid_proof_there_is_no_token(endpoint, key, spoil):
    answer = ask(endpoint, spoil(key, endpoint))
    assert_oauth_error(answer, "invalid_dpop_proof")
    assert "DPoP-Nonce" not in answer.headers


@requirement("rfc9449#11.1")
def test_a_proof_gives_one_token(endpoint, key):
    proof = key.proof("POST", endpoint)
    assert ask(endpoint, proof).status_code == 200
    assert_oauth_error(ask(endpoint, proof), "invalid_dpop_proof")


# -- DPoP at the resource server ---------------------------------------------------------------------------------------


@requirement("rfc9449#5.1")
@requirement("rfc9449#4.2")
@requirement("rfc9449#7.1")
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "ES384", "EdDSA"])
def test_every_announced_algorithm_works_for_tokens_and_resources(endpoint, metadata, private, algorithm):
    assert algorithm in metadata["dpop_signing_alg_values_supported"]
    now, own = int(time.time()), proofs.key(algorithm)
    answer = ask(endpoint, proofs.proof(own, algorithm, htm="POST", htu=endpoint, iat=now))
    sent = proofs.proof(own, algorithm, htm="GET", htu=private, iat=now)
    assert read(private, answer.json()["access_token"], sent).status_code == 200


OTHER_KEY = ProofKey()


def _proof_with_header(key: ProofKey, url: str, **header: Any) -> str:
    usual = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk}
    said = {"jti": str(time.time_ns()), "htm": "GET", "htu": url, "iat": int(time.time())}
    return key.sign({name: value for name, value in (usual | header).items() if value is not None}, said)


def _symmetric(key: ProofKey, url: str) -> str:
    """An HMAC keyed with the public key that the header carries."""
    shared = JWK(kty="oct", k=base64url_encode(JWK(**key.jwk).export_to_pem()))
    said = {"jti": str(time.time_ns()), "htm": "GET", "htu": url, "iat": int(time.time())}
    return proofs.signed({"typ": "dpop+jwt", "alg": "HS256", "jwk": key.jwk}, said, shared)


def _unsigned(key: ProofKey, url: str) -> str:
    said = {"jti": str(time.time_ns()), "htm": "GET", "htu": url, "iat": int(time.time())}
    return proofs.unsigned({"typ": "dpop+jwt", "alg": "none", "jwk": key.jwk}, said)


def _damaged(key: ProofKey, url: str) -> str:
    header, payload, _ = key.proof("GET", url).split(".")
    return f"{header}.{payload}.{b64url(bytes(64))}"


BAD_PROOFS = {
    "2 not a JWT": lambda key, url: "garbage",
    "2 five parts": lambda key, url: key.proof("GET", url) + ".a.b",
    "2 oversized": lambda key, url: key.proof("GET", url, padding="x" * 9000),
    "3 no jti": lambda key, url: key.proof("GET", url, jti=None),
    "3 no htm": lambda key, url: key.proof("GET", url, htm=None),
    "3 no htu": lambda key, url: key.proof("GET", url, htu=None),
    "3 no iat": lambda key, url: key.proof("GET", url, iat=None),
    "4 no typ": lambda key, url: _proof_with_header(key, url, typ=None),
    "4 another typ": lambda key, url: _proof_with_header(key, url, typ="JWT"),
    "5 alg none": _unsigned,
    "5 alg HMAC": _symmetric,
    "5 no alg": lambda key, url: _proof_with_header(key, url, alg=None),
    "5 alg of another key": lambda key, url: _proof_with_header(key, url, alg="RS256"),
    "6 another signature": _damaged,
    "6 another key signed": lambda key, url: _proof_with_header(key, url, jwk=OTHER_KEY.jwk),
    "6 no key": lambda key, url: _proof_with_header(key, url, jwk=None),
    "7 a private key": lambda key, url: _proof_with_header(key, url, jwk=key.jwk | {"d": b64url(bytes(32))}),
    "8 another method": lambda key, url: key.proof("PUT", url),
    "9 another URL": lambda key, url: key.proof("GET", url + "x"),
    "9 another host": lambda key, url: key.proof("GET", "https://elsewhere.example/"),
    "11 too old": lambda key, url: key.proof("GET", url, iat=int(time.time()) - 600),
    "11 from the future": lambda key, url: key.proof("GET", url, iat=int(time.time()) + 600),
    "12 another token's hash": lambda key, url: key.proof("GET", url, ath=b64url(bytes(32))),
    "jti of great length": lambda key, url: key.proof("GET", url, jti="x" * 1000),
}


@requirement("rfc9449#4.2")
@requirement("rfc9449#4.3")
@requirement("rfc9449#7.1")
@pytest.mark.parametrize("make", BAD_PROOFS.values(), ids=BAD_PROOFS.keys())
def test_a_bad_proof_is_refused(tokens, key, private, make):
    answer = read(private, tokens["access_token"], make(key, private))
    assert_refused(answer, "invalid_dpop_proof")
    assert "ES256" in challenge(answer)["algs"].split()
    assert "DPoP-Nonce" not in answer.headers


@requirement("rfc9449#4.3")
def test_two_proofs_are_refused(tokens, key, private):
    answer = read(private, tokens["access_token"], key.proof("GET", private), key.proof("GET", private))
    assert_refused(answer, "invalid_dpop_proof")


@requirement("rfc9449#4.3")
def test_htu_ignores_query_and_fragment_and_is_normalized(tokens, key, private):
    for htu in (private + "?a=b", private + "#c", private.replace("private", "%70rivate")):
        assert read(private, tokens["access_token"], key.proof("GET", htu)).status_code == 200
    assert read(private + "?x=y", tokens["access_token"], key.proof("GET", private)).status_code == 200


@requirement("rfc9449#4.3")
def test_ath_may_be_there_and_right(tokens, key, private):
    ath = b64url(sha256(tokens["access_token"].encode()).digest())
    assert read(private, tokens["access_token"], key.proof("GET", private, ath=ath)).status_code == 200


@requirement("oidc#dpop-validation")
@requirement("rfc9449#7.1")
@pytest.mark.parametrize("name", ["access_token", "id_token"])
def test_a_token_without_a_proof_is_refused(tokens, private, name):
    assert_refused(read(private, tokens[name]), "invalid_dpop_proof")


@requirement("rfc9449#6")
def test_a_token_with_a_proof_of_another_key_is_refused(tokens, private):
    assert_refused(read(private, tokens["access_token"], OTHER_KEY.proof("GET", private)), "invalid_token")


@requirement("rfc9449#7.2")
def test_a_bound_token_is_refused_as_bearer(tokens, key, private):
    answer = read(private, tokens["access_token"], key.proof("GET", private), scheme="Bearer")
    assert answer.status_code == 401
    assert challenge(answer, "Bearer")["error"] == "invalid_token"
    assert "error" not in challenge(answer)


@requirement("rfc9449#11.1")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
def test_a_proof_is_accepted_once(tokens, key, alice, method):
    url = f"{alice.pod}replayed-{method}"
    alice.put_turtle(url)
    proof = key.proof(method, url)
    assert read(url, tokens["access_token"], proof, method=method).status_code in {200, 204}
    alice.put_turtle(url)
    answer = read(url, tokens["access_token"], proof, method=method)
    assert answer.status_code == 401
    assert challenge(answer)["error"] == "invalid_dpop_proof"
    assert alice.get(url).status_code == 200


@requirement("rfc9449#11.1")
def test_a_proof_is_accepted_once_across_processes_and_threads():
    with running_server((ALICE,), environment={"FREEHOLD_WORKERS": "2"}) as server:
        own, endpoint, url = ProofKey(), f"{server.base_url}.oidc/token", f"{server.pod('alice')}settings/prefs.ttl"
        token = ask(endpoint, own.proof("POST", endpoint)).json()["access_token"]
        sent = [own.proof("GET", url) for _ in range(10)]
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda proof: (proof, read(url, token, proof).status_code), sent * 8))
    assert sorted(proof for proof, status in answers if status == 200) == sorted(sent)
    assert {status for _, status in answers} == {200, 401}


@requirement("rfc9449#9")
def test_proofs_need_no_nonce_and_none_is_given(tokens, key, private):
    answer = read(private, tokens["access_token"], key.proof("GET", private))
    assert answer.status_code == 200
    assert "DPoP-Nonce" not in answer.headers


# -- access tokens at the resource server ------------------------------------------------------------------------------


def _claims(token: str) -> dict[str, Any]:
    return json.loads(base64url_decode(token.split(".")[1]))


def _header(token: str) -> dict[str, Any]:
    return json.loads(base64url_decode(token.partition(".")[0]))


def _forged(token: str, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """The token's header and claims, changed and signed by a key of ours that is none of the server's."""
    said = _header(token)
    return proofs.signed(said | (header or {}), _claims(token) | changes, proofs.key(said["alg"]))


def _confused(token: str, keys: JWKSet) -> str:
    """An HMAC keyed with the server's public key."""
    shared = JWK(kty="oct", k=base64url_encode(keys.get_key(_header(token)["kid"]).export_to_pem()))
    return proofs.signed(_header(token) | {"alg": "HS256"}, _claims(token), shared)


def _changed(token: str, **changes: Any) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{base64url_encode(json.dumps(_claims(token) | changes))}.{signature}"


BAD_TOKENS = {
    "garbage": lambda token, keys: "garbage",
    "not a JWT": lambda token, keys: "a.b.c",
    "oversized": lambda token, keys: token + "x" * 9000,
    "alg none": lambda token, keys: proofs.unsigned(_header(token) | {"alg": "none"}, _claims(token)),
    "HMAC with our public key": _confused,
    "signed by somebody else": lambda token, keys: _forged(token),
    "key in the header": lambda token, keys: _forged(token, {"jwk": proofs.public(proofs.key(_header(token)["alg"]))}),
    "unknown kid": lambda token, keys: _forged(token, {"kid": "x"}),
    "changed claims": lambda token, keys: _changed(token, webid="https://eve.example/#me"),
    "another issuer": lambda token, keys: _forged(token, iss="https://evil.example/"),
    "issuer without slash": lambda token, keys: _forged(token, iss=_claims(token)["iss"].rstrip("/")),
}


@requirement("oidc#id-token-validation/1")
@requirement("rfc6750#3.1")
@pytest.mark.parametrize("name", ["access_token", "id_token"])
@pytest.mark.parametrize("spoil", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_a_bad_token_is_refused(tokens, key, key_set, private, spoil, name):
    token = spoil(tokens[name], key_set)
    assert_refused(read(private, token, key.proof("GET", private)), "invalid_token")


@requirement("rfc6750#3.1")
def test_two_sets_of_credentials_are_an_invalid_request(tokens, key, private):
    answer = read(private, f"{tokens['access_token']}, Bearer x", key.proof("GET", private))
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


@requirement("rfc6750#3.1")
def test_a_valid_token_without_the_modes_is_forbidden(bob, private):
    assert bob.get(private).status_code == 403


@pytest.mark.parametrize("scheme", ["Basic", "Negotiate", "Token"])
def test_other_schemes_are_answered_with_the_challenges(private, scheme):
    answer = read(private, base64.b64encode(b"alice:secret").decode(), scheme=scheme)
    assert answer.status_code == 401
    assert "error" not in challenge(answer)


def test_bad_credentials_are_refused_on_public_resources_too(alice):
    assert_refused(read(f"{alice.pod}profile/card", "garbage", "garbage"), "invalid_token")


# -- challenges and resource metadata ----------------------------------------------------------------------------------


@requirement("oidc#authorization-server-discovery/1")
@requirement("oidc#authorization-server-discovery/2")
@requirement("rfc9449#7.1")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"])
def test_an_unauthenticated_request_is_told_where_to_authenticate(anyone, private, issuer, alice, method):
    body = {"data": "<> a <#X>.", "headers": {"Content-Type": "text/turtle"}} if method in {"PUT", "PATCH"} else {}
    answer = anyone.request(method, private, **body)
    assert answer.status_code == 401
    dpop = challenge(answer)
    assert dpop["as_uri"] == issuer
    assert dpop["realm"] == alice.pod
    assert {"ES256", "RS256"} <= set(dpop["algs"].split())
    assert "error" not in dpop
    assert challenge(answer, "Bearer")["scope"]


@requirement("rfc9728#5.1")
@requirement("rfc9728#2")
@requirement("rfc9728#3")
def test_the_challenge_leads_to_the_metadata_of_the_very_resource(anyone, private, issuer):
    metadata = requests.get(challenge(anyone.get(private))["resource_metadata"], timeout=SECONDS_MAX)
    assert (metadata.status_code, metadata.headers["Content-Type"]) == (200, "application/json")
    body = metadata.json()
    assert body["resource"] == private
    assert body["authorization_servers"] == [issuer]
    assert "ES256" in body["dpop_signing_alg_values_supported"]
    assert body["dpop_bound_access_tokens_required"] is True
    assert body["bearer_methods_supported"] == ["header"]
    assert {"openid", "webid"} <= set(body["scopes_supported"])
    assert all(body.values())


@requirement("rfc9728#3")
def test_the_server_as_a_whole_has_resource_metadata(issuer):
    answer = requests.get(f"{issuer}.well-known/oauth-protected-resource", timeout=SECONDS_MAX)
    assert answer.json()["resource"] == issuer


@requirement("rfc9728#3")
def test_where_each_pod_has_its_own_host_so_has_its_metadata(tmp_path):
    server = world(tmp_path, base_url="https://pods.example/", placement="subdomain")
    own = "https://alice.pods.example"
    refused = server.send("GET", "settings/prefs.ttl", host=own)
    found = challenge_of(refused.headers.get_all("WWW-Authenticate")[0])["resource_metadata"]
    assert found.startswith(f"{own}/.well-known/")
    answer = server.send("GET", found.removeprefix(f"{own}/"), host=own)
    assert answer.get_json()["resource"] == f"{own}/settings/prefs.ttl"


# -- with the time in our hands ----------------------------------------------------------------------------------------


@dataclass
class World:
    """A server in this process, whose clock stands still until moved."""

    clock: StillClock
    services: Services
    client: FlaskClient
    key: ProofKey

    def token(self) -> str:
        url = f"{self.services.config.base_url}.oidc/token"
        proof = self.key.proof("POST", url, iat=int(self.clock.time))
        form = {"grant_type": "client_credentials"}
        sent = self.send("POST", ".oidc/token", data=form, auth=("program", "secret"), headers={"DPoP": proof})
        return str(sent.get_json().get("access_token", ""))

    def read(self, token: str) -> TestResponse:
        path = "alice/settings/prefs.ttl"
        proof = self.key.proof("GET", self.services.config.base_url + path, iat=int(self.clock.time))
        return self.send("GET", path, headers={"Authorization": f"DPoP {token}", "DPoP": proof})

    def send(self, method: str, path: str, host: str | None = None, **sent: Any) -> TestResponse:
        base_url = host or self.services.config.base_url
        environ = {"REQUEST_URI": f"/{path}"}
        return self.client.open(f"/{path}", method=method, base_url=base_url, environ_overrides=environ, **sent)


def world(tmp_path, **settings: Any) -> World:
    clock = StillClock(1_800_000_000.0)
    config = Config(data=tmp_path, **{"base_url": "http://localhost:3000/", "dev": True, **settings})
    services = open_services(config, clock)
    create_account(services, "alice")
    add_client(services, "alice", "program", "secret", "tests")
    return World(clock, services, create_app(config, services).test_client(), ProofKey())


@requirement("oidc#id-token-validation/1")
def test_tokens_expire(tmp_path):
    server = world(tmp_path)
    token = server.token()
    assert server.read(token).status_code == 200
    server.clock.time += 600
    answer = server.read(token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_revoked_client_loses_its_tokens_with_the_next_request(tmp_path):
    server = world(tmp_path)
    token = server.token()
    assert server.read(token).status_code == 200
    revoke_client(server.services, "alice", "program")
    assert server.read(token).status_code == 401
    assert server.token() == ""


def test_a_disabled_account_loses_its_tokens_with_the_next_request(tmp_path):
    server = world(tmp_path)
    token = server.token()
    set_disabled(server.services, "alice", True)
    assert server.read(token).status_code == 401
    assert server.token() == ""
    set_disabled(server.services, "alice", False)
    assert server.read(token).status_code == 200


@requirement("solid#tls-connections")
@requirement("oidc#security-tls")
@pytest.mark.parametrize(
    ("base_url", "dev", "given"),
    [
        ("https://pods.example/", False, True),
        ("http://localhost:3000/", False, True),
        ("http://pods.example/", False, False),
        ("http://pods.example/", True, True),
    ],
)
def test_tokens_are_given_over_tls_only_or_on_loopback(tmp_path, base_url, dev, given):
    server = world(tmp_path, base_url=base_url, dev=dev)
    assert bool(server.token()) == given


@requirement("solid#restrict-untrusted-requests")
def test_the_token_endpoint_bears_only_so_many_requests_a_minute(tmp_path):
    server = world(tmp_path, dev=False, token_requests_per_minute=3)
    assert [bool(server.token()) for _ in range(5)] == [True, True, True, False, False]
    answer = server.send("POST", ".oidc/token", data={"grant_type": "x"}, auth=("program", "guess"))
    assert (answer.status_code, answer.get_json()["error"]) == (429, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) <= 60
    server.clock.time += 60
    assert server.token()


def test_an_address_cannot_try_one_client_after_the_other(tmp_path):
    server, form = world(tmp_path, dev=False, token_requests_per_minute=1), {"grant_type": "client_credentials"}
    tried = [
        server.send("POST", ".oidc/token", data=form, auth=(f"program-{number}", "guess")).status_code
        for number in range(12)
    ]
    assert tried == [401] * 10 + [429] * 2


def test_ath_can_be_required(tmp_path):
    server = world(tmp_path, proof_ath_required=True)
    answer = server.read(server.token())
    assert answer.status_code == 401
    assert "ath" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "encode", [lambda text: quote(text, safe=""), quote_plus, str], ids=["percent", "form", "as is"]
)
def test_id_and_secret_in_basic_are_read_however_they_are_encoded(tmp_path, encode):
    server = world(tmp_path)
    add_client(server.services, "alice", "id+with signs", "s3+cr et/=", "")
    proof = server.key.proof("POST", f"{server.services.config.base_url}.oidc/token", iat=int(server.clock.time))
    basic = base64.b64encode(f"{encode('id+with signs')}:{encode('s3+cr et/=')}".encode()).decode()
    headers = {"DPoP": proof, "Authorization": f"Basic {basic}"}
    answer = server.send("POST", ".oidc/token", data={"grant_type": "client_credentials"}, headers=headers)
    assert answer.status_code == 200
