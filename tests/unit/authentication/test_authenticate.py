"""From header fields to Credentials, and the challenges of an answer.

Spec: RFC 9449 s7; RFC 6750 s3; RFC 9728 s5.1
"""

from __future__ import annotations

import math

import pytest

from pod.authentication.authenticate import resource_metadata_url
from pod.errors import (
    AmbiguousCredentials,
    BearerRefused,
    InvalidDPoPProof,
    InvalidToken,
    NotAuthenticated,
    NotFound,
)
from pod.protocol.agent import PUBLIC, Credentials
from tests.support.proofs import NOW, URL, key, proof
from tests.unit.authentication.conftest import ALICE, ISSUER


@pytest.fixture
def authenticator(world):
    return world.authenticator()


def ask(
    authenticator, *authorization: str, dpop: tuple[str, ...] = (), method: str = "GET", origin=None
) -> Credentials:
    return authenticator.authenticate(method=method, url=URL, authorization=authorization, dpop=dpop, origin=origin)


def test_without_authorization_nobody_asks(authenticator):
    assert ask(authenticator) is PUBLIC
    assert ask(authenticator, dpop=("garbage",), origin="https://app.example") == Credentials(
        origin="https://app.example"
    )


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP  "])
def test_token_and_proof_give_credentials(world, authenticator, scheme):
    found = ask(authenticator, f"{scheme} {world.token()}", dpop=(proof(),), origin="https://app.example")
    assert found == Credentials(ALICE, "app", ISSUER, "grant", "https://app.example")


def test_it_is_known_until_when_a_token_holds(world, authenticator):
    sent = {"method": "GET", "url": URL, "origin": None}
    shown = f"DPoP {world.token(exp=NOW + 42)}"
    assert authenticator.identify(**sent, authorization=[shown], dpop=[proof()])[1] == NOW + 42
    assert authenticator.identify(**sent, authorization=[], dpop=[]) == (PUBLIC, math.inf)


def test_a_proof_for_reading_is_accepted_once(world, authenticator):
    sent = {"dpop": (proof(),)}
    ask(authenticator, f"DPoP {world.token()}", **sent)
    with pytest.raises(InvalidDPoPProof, match="used before"):
        ask(authenticator, f"DPoP {world.token()}", **sent)


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE", "PROPFIND"])
def test_a_proof_for_writing_is_used_up(world, authenticator, method):
    sent = {"dpop": (proof(htm=method, jti="a"),), "method": method}
    ask(authenticator, f"DPoP {world.token()}", **sent)
    with pytest.raises(InvalidDPoPProof, match="used before"):
        ask(authenticator, f"DPoP {world.token()}", **sent)


def test_a_token_bound_to_another_key_is_refused(world, authenticator):
    with pytest.raises(InvalidToken, match="another key") as refusal:
        ask(authenticator, f"DPoP {world.token()}", dpop=(proof(key("ES256", 1)),))
    assert refusal.value.error == "invalid_token"


def test_a_bad_proof_is_not_remembered(world, authenticator):
    stolen = proof(jti="mine")
    with pytest.raises(InvalidToken):
        ask(authenticator, "DPoP garbage", dpop=(stolen,))
    assert ask(authenticator, f"DPoP {world.token()}", dpop=(stolen,)).authenticated


@pytest.mark.parametrize("text", ["DPoP", "DPoP ", "DPoP garbage", "DPoP a, Bearer b", "dpop"])
def test_a_spoiled_authorization_is_an_invalid_token(authenticator, text):
    with pytest.raises(InvalidToken):
        ask(authenticator, text, dpop=(proof(),))


@pytest.mark.parametrize("text", ["Basic YTpi", "", "Negotiate x", "é"])
def test_other_schemes_do_not_authenticate(authenticator, text):
    with pytest.raises(NotAuthenticated) as refusal:
        ask(authenticator, text)
    assert not isinstance(refusal.value, InvalidToken)


def test_a_bound_token_is_refused_as_bearer(world, authenticator):
    with pytest.raises(BearerRefused):
        ask(authenticator, f"Bearer {world.token()}", dpop=(proof(),))


def test_two_authorizations_are_a_bad_request(world, authenticator):
    with pytest.raises(AmbiguousCredentials) as refusal:
        ask(authenticator, f"DPoP {world.token()}", f"Bearer {world.token()}", dpop=(proof(),))
    assert refusal.value.status == 400


def test_a_token_without_proof_is_refused(world, authenticator):
    with pytest.raises(InvalidDPoPProof, match="no DPoP header"):
        ask(authenticator, f"DPoP {world.token()}")


def test_challenges_tell_how_to_authenticate(authenticator):
    dpop, bearer = authenticator.challenges(None, realm="https://pods.example/alice/", url=URL)
    assert dpop == (
        'DPoP algs="ES256 RS256 PS256 ES384 EdDSA", as_uri="https://pods.example/", realm="https://pods.example/alice/", '
        'resource_metadata="https://pods.example/.well-known/oauth-protected-resource/alice/notes/a"'
    )
    assert bearer.startswith('Bearer realm="https://pods.example/alice/", ')
    assert "error" not in dpop + bearer


@pytest.mark.parametrize(
    ("error", "code", "scheme"),
    [
        (InvalidToken("Old."), "invalid_token", 0),
        (InvalidDPoPProof("Old."), "invalid_dpop_proof", 0),
        (BearerRefused("Old."), "invalid_token", 1),
        (AmbiguousCredentials("Old."), "invalid_request", 0),
    ],
)
def test_the_challenge_of_the_scheme_that_was_tried_tells_the_error(authenticator, error, code, scheme):
    challenges = authenticator.challenges(error, realm="pods")
    assert f'error="{code}", error_description="Old."' in challenges[scheme]
    assert "error" not in challenges[1 - scheme]


@pytest.mark.parametrize("error", [NotAuthenticated("Sign in."), NotFound("No.")])
def test_who_did_not_try_is_told_no_error(authenticator, error):
    assert "error" not in "".join(authenticator.challenges(error, realm="pods"))


def test_nothing_in_a_challenge_breaks_its_quotes(authenticator):
    (dpop, _) = authenticator.challenges(InvalidToken('a "b" \\ é\r\nSet-Cookie: x'), realm='x", y="é')
    assert "error_description=\"a 'b' / ???Set-Cookie: x\"" in dpop
    assert "realm=\"x', y='?\"" in dpop


def test_metadata_is_found_beside_the_resource():
    assert resource_metadata_url(ISSUER) == "https://pods.example/.well-known/oauth-protected-resource"
