"""Access tokens, one spoiled thing at a time.

Spec: Solid-OIDC #tokens-id, #id-token-validation; RFC 9449 s6
"""

from __future__ import annotations

import json

import pytest
from jwcrypto.common import base64url_decode, base64url_encode
from jwcrypto.jwk import JWK

from pod.authentication.access_token import AccessTokens
from pod.authentication.keys import OwnKeys
from pod.errors import InvalidToken
from tests.support.proofs import NOW, key, signed, unsigned
from tests.unit.authentication.conftest import ALICE, ISSUER


class Nobody:
    """No token of our own may depend on what a WebID document says."""

    def check(self, web_id, issuer):
        raise AssertionError(f"{web_id} {issuer}")


@pytest.fixture
def tokens(world):
    return AccessTokens(ISSUER, OwnKeys(ISSUER, world.keys), Nobody(), entries_max=3, skew_seconds=10)


@pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "JWT"])
@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
@pytest.mark.parametrize("audience", ["solid", ["solid"], ["app", "solid"]])
def test_a_good_token_says_who_asks(world, tokens, kind, algorithm, audience):
    found = tokens.verify(world.token(kind, algorithm, aud=audience), NOW)
    assert (found.agent, found.client, found.issuer, found.grant) == (ALICE, "app", ISSUER, "grant")
    assert (found.jkt, found.expires) == (key().thumbprint(), NOW + 600)


def test_a_bound_id_token_names_its_client_in_azp(world, tokens):
    token = world.token("JWT", aud=["app", "solid"], client_id=None, azp="app")
    assert tokens.verify(token, NOW).client == "app"


SPOILED = {
    "expired": {"exp": NOW},
    "without expiry": {"exp": None},
    "expiry a text": {"exp": str(NOW + 600)},
    "expiry a truth value": {"exp": True},
    "issued in the future": {"iat": NOW + 11},
    "without issue time": {"iat": None},
    "not valid yet": {"nbf": NOW + 11},
    "nbf a text": {"nbf": "now"},
    "issuer missing": {"iss": None},
    "issuer a list": {"iss": [ISSUER]},
    "issuer without slash": {"iss": ISSUER[:-1]},
    "issuer in capitals": {"iss": ISSUER.upper()},
    "issuer elsewhere": {"iss": "https://elsewhere.example/"},
    "audience missing": {"aud": None},
    "audience elsewhere": {"aud": "liquid"},
    "audience with more": {"aud": "solid "},
    "audience list elsewhere": {"aud": ["app"]},
    "audience an object": {"aud": {"solid": 1}},
    "audience nested": {"aud": [["solid"]]},
    "WebID missing": {"webid": None},
    "WebID relative": {"webid": "/alice/profile/card#me"},
    "WebID of another scheme": {"webid": "urn:alice"},
    "WebID without host": {"webid": "https:///profile/card#me"},
    "WebID with a space": {"webid": ALICE + " x"},
    "WebID with angle brackets": {"webid": ALICE + ">"},
    "WebID not parseable": {"webid": "https://[half/#me"},
    "WebID a list": {"webid": [ALICE]},
    "WebID too long": {"webid": ALICE + "x" * 3000},
    "client missing": {"client_id": None},
    "client empty": {"client_id": ""},
    "grant missing": {"grant_id": None},
    "not bound": {"cnf": None},
    "bound to a text": {"cnf": "key"},
    "bound to nothing": {"cnf": {}},
    "bound by certificate": {"cnf": {"x5t#S256": "x"}},
}


@pytest.mark.parametrize("changes", SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_token_is_refused(world, tokens, changes):
    with pytest.raises(InvalidToken):
        tokens.verify(world.token(**changes), NOW)


@pytest.mark.parametrize("kind", ["dpop+jwt", "logout+jwt", "", "at+jwtx"])
def test_other_kinds_of_token_signed_by_us_are_refused(world, tokens, kind):
    with pytest.raises(InvalidToken, match="not an access token"):
        tokens.verify(world.token(kind), NOW)


def published(world, algorithm="ES256"):
    return next(each for each in world.keys.key_set()["keys"] if each["alg"] == algorithm)


def test_alg_none_is_refused(world, tokens):
    header = {"typ": "at+jwt", "alg": "none", "kid": published(world)["kid"]}
    for signature in (b"", b"x"):
        with pytest.raises(InvalidToken):
            tokens.verify(unsigned(header, world.claims(), signature), NOW)


def test_an_hmac_keyed_with_our_public_key_is_refused(world, tokens):
    known = published(world, "RS256")
    confused = JWK(kty="oct", k=base64url_encode(JWK(**known).export_to_pem()))
    token = signed({"typ": "at+jwt", "alg": "HS256", "kid": known["kid"]}, world.claims(), confused)
    with pytest.raises(InvalidToken, match="`alg`"):
        tokens.verify(token, NOW)


def test_a_token_signed_with_somebody_elses_key_is_refused(world, tokens):
    header = {"typ": "at+jwt", "alg": "ES256", "kid": published(world)["kid"]}
    with pytest.raises(InvalidToken, match="signature"):
        tokens.verify(signed(header, world.claims(), key()), NOW)


@pytest.mark.parametrize("header", [{}, {"kid": 5}, {"kid": ""}, {"kid": "x" * 200}, {"kid": "unknown"}])
def test_a_token_that_names_no_key_of_ours_is_refused(world, tokens, header):
    with pytest.raises(InvalidToken):
        tokens.verify(signed({"typ": "at+jwt", "alg": "ES256", **header}, world.claims(), key()), NOW)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "....", "é.é.é", "x" * 20_000, "e30.e30.e30", "W10.e30.e30"])
def test_garbage_is_refused(tokens, text):
    with pytest.raises(InvalidToken):
        tokens.verify(text, NOW)


def test_changed_claims_are_refused_even_when_the_token_they_come_from_is_known(world, tokens):
    token = world.token()
    tokens.verify(token, NOW)
    header, payload, signature = token.split(".")
    changed = json.loads(base64url_decode(payload)) | {"webid": "https://bob.example/#me"}
    with pytest.raises(InvalidToken, match="signature"):
        tokens.verify(f"{header}.{base64url_encode(json.dumps(changed))}.{signature}", NOW)


def test_a_known_token_is_not_verified_again_and_still_expires(world, tokens, monkeypatch):
    token = world.token()
    first = tokens.verify(token, NOW)
    monkeypatch.setattr(tokens, "_keys", None)
    assert tokens.verify(token, NOW + 59) is first
    monkeypatch.undo()
    with pytest.raises(InvalidToken, match="expired"):
        tokens.verify(token, NOW + 600)


def test_a_known_token_falls_with_the_key_that_signed_it(world, tokens, monkeypatch):
    """However long it says it lives: whoever stole the key wrote that."""
    token = world.token(exp=NOW + 10**9)
    tokens.verify(token, NOW)
    monkeypatch.setattr(world.keys, "verification_key", lambda _kid: None)
    with pytest.raises(InvalidToken, match="does not have"):
        tokens.verify(token, NOW + 61)


def test_memory_is_bounded(world, tokens):
    for each in range(10):
        tokens.verify(world.token(client_id=f"app{each}"), NOW)
    assert len(tokens._remembered) == 3
