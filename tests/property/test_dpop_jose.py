"""Our few lines of JOSE agree with jwcrypto, on good tokens and on spoiled ones.

Spec: RFC 7515; RFC 7638; RFC 9449 s4.3
"""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto.common import JWException, base64url_decode, base64url_encode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from pod.authentication.dpop import ProofRules, normalized_url, verify_proof
from pod.authentication.jose import (
    SIGNING_ALGORITHMS,
    JOSEError,
    UnverifiedJWT,
    VerificationKey,
    encode_segment,
    thumbprint,
)
from pod.errors import InvalidDPoPProof
from tests.support.proofs import NOW, URL, key, proof, public, signed

RULES = ProofRules(60, 10)
algorithms = st.sampled_from(SIGNING_ALGORITHMS)


def ours(text: str, algorithm: str, jwk: dict) -> bool:
    try:
        return UnverifiedJWT.parse(text).is_signed_by(VerificationKey.from_jwk(algorithm, jwk))
    except JOSEError:
        return False


def theirs(text: str, algorithm: str, jwk: dict) -> bool:
    jws = JWS()
    jws.allowed_algs = [algorithm]
    try:
        jws.deserialize(text, JWK(**jwk))
    except (JWException, ValueError):
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(algorithms, st.binary(min_size=1, max_size=200))
def test_what_jwcrypto_signs_verifies(algorithm, payload):
    text = signed({"alg": algorithm}, payload, key(algorithm))
    assert ours(text, algorithm, public(key(algorithm)))


@settings(max_examples=150, deadline=None)
@given(algorithms, st.data())
def test_a_changed_token_is_accepted_by_both_or_by_none(algorithm, data):
    text = signed({"alg": algorithm}, b"payload", key(algorithm))
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.sampled_from("ABYZaz09-_.")) + text[at + 1 :]
    jwk = public(key(algorithm))
    # The header's own `alg` is the caller's to compare, so only what follows it is changed into something valid here.
    if changed.count(".") == 2 and changed.split(".")[0] == text.split(".")[0]:
        assert ours(changed, algorithm, jwk) == (theirs(changed, algorithm, jwk) and not is_respelled(changed))


def is_respelled(text):
    """Whether the payload is other text for the same octets. jwcrypto takes it; the text is what was signed (RFC 7515
    s5.2).
    """
    payload = text.split(".")[1]
    return str(base64url_encode(base64url_decode(payload))) != payload


def test_a_payload_spelled_otherwise_is_not_what_was_signed():
    header, payload, signature = signed({"alg": "ES256"}, b"payload", key("ES256")).split(".")
    changed = f"{header}.{payload[:-1]}{chr(ord(payload[-1]) + 1)}.{signature}"
    assert is_respelled(changed)
    assert not ours(changed, "ES256", public(key("ES256")))


@settings(max_examples=60, deadline=None)
@given(algorithms, algorithms, st.integers(0, 1))
def test_a_key_verifies_its_own_tokens_only(signing, verifying, number):
    text = signed({"alg": signing}, b"payload", key(signing))
    other = public(key(verifying, number))
    assert ours(text, verifying, other) == (signing == verifying and number == 0)


@settings(max_examples=20, deadline=None)
@given(algorithms, st.dictionaries(st.sampled_from(["kid", "use", "alg", "ext"]), st.text(max_size=5)))
def test_thumbprints_agree_and_ignore_other_members(algorithm, extra):
    assert thumbprint(public(key(algorithm)) | extra) == key(algorithm).thumbprint()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def refused(*headers: str) -> str | None:
    """Why a proof is refused; None when it is accepted."""
    try:
        verify_proof(headers, method="GET", url=URL, token="token", now=NOW, rules=RULES)
    except InvalidDPoPProof as refusal:
        return refusal.detail
    return None


HEADER = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public(key())}
CLAIMS = {"jti": "a", "htm": "GET", "htu": URL, "iat": NOW}


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["jti", "htm", "htu", "iat", "ath"]), values, min_size=1))
def test_whatever_a_signed_proof_claims_it_holds_or_is_refused(claims):
    spoiled = CLAIMS | claims
    reason = refused(signed(HEADER, json.dumps(spoiled).encode(), key()))
    changed = {name for name in claims if claims[name] != CLAIMS.get(name)}
    assert reason != ""
    assert reason or changed <= {"jti", "iat"}


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["typ", "alg", "jwk", "crit"]), values, min_size=1))
def test_whatever_the_header_of_a_proof_says_it_is_refused(header):
    good = UnverifiedJWT.parse(proof())
    segment = encode_segment(json.dumps(HEADER | header).encode())
    assert refused(f"{segment}.{good.payload}.{good.signature}")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=3))
def test_any_text_as_proof_is_refused_with_a_reason(headers):
    assert refused(*headers)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=100), st.booleans())
def test_normalizing_a_url_twice_changes_nothing(text, absolute):
    once = normalized_url(f"https://pods.example/{text}" if absolute else text)
    assert once is None or normalized_url(once) == once
