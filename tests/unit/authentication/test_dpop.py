"""The checks of a DPoP proof, one spoiled thing at a time.

Spec: RFC 9449 s4.2, s4.3
"""

from __future__ import annotations

import pytest
from jwcrypto.jwk import JWK

from pod.authentication.dpop import ProofRules, normalized_url, token_hash, verify_proof
from pod.authentication.jose import JWT_BYTES_MAX
from pod.errors import InvalidDPoPProof
from pod.protocol.agent import Proof
from tests.support.proofs import NOW, URL, key, proof, public, signed, unsigned

RULES = ProofRules(window_seconds=60, skew_seconds=10)
TOKEN = "header.payload.signature"


def check(
    *headers: str, method: str = "GET", url: str = URL, token: str | None = TOKEN, rules: ProofRules = RULES
) -> Proof:
    return verify_proof(headers, method=method, url=url, token=token, now=NOW, rules=rules)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "ES384", "EdDSA"])
def test_proofs_of_every_listed_algorithm_verify(algorithm):
    found = check(proof(algorithm=algorithm, jti="abc"))
    assert found == Proof(key(algorithm).thumbprint(), "abc", NOW + 60)


def test_the_example_of_the_specification_verifies():
    example = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
        "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq"
        "dGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNv"
        "dXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqz"
        "hrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
    )
    found = verify_proof(
        [example],
        method="GET",
        url="https://resource.example.org/protectedresource",
        token="Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
        now=1562262618,
        rules=ProofRules(60, 10, ath_required=True),
    )
    assert found == Proof("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "e1j3V_bKic8-LAEB", 1562262678)


def test_the_token_request_example_of_the_specification_verifies():
    example = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
        "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq"
        "dGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0Ijox"
        "NTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    )
    url = "https://server.example.com/token"
    found = verify_proof([example], method="POST", url=url, token=None, now=1562262616, rules=RULES)
    assert found.jti == "-BwC3ESc6acc2lTc"


def weak_key() -> JWK:
    return JWK.generate(kty="RSA", size=1024)


OTHER = key("ES256", 1)
HUGE_RSA = {"kty": "RSA", "e": "AQAB", "n": "_" * 1400}
LONG_EXPONENT = {"kty": "RSA", "e": "_" * 600, "n": public(key("RS256"))["n"]}
CLAIMS = {"jti": "a", "htm": "GET", "htu": URL, "iat": NOW}
HEADER = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public(key())}

SPOILED = {
    "no header": [],
    "two headers": [proof(), proof()],
    "two headers made one by a gateway": [f"{proof()}, {proof()}"],
    "empty": [""],
    "garbage": ["garbage"],
    "two parts": ["a.b"],
    "four parts": [proof() + ".x"],
    "padding": [proof() + "="],
    "standard base64": [proof().replace(".", ".+", 1)],
    "header is not JSON": ["bm9wZQ." + proof().split(".", 1)[1]],
    "header is a list": ["W10." + proof().split(".", 1)[1]],
    "header nested without end": ["WyJ" * 1000 + "." + proof().split(".", 1)[1]],
    "payload is a list": [signed(HEADER, b"[]", key())],
    "payload nested without end": [signed(HEADER, b"[" * 3000, key())],
    "payload is NaN": [signed(HEADER, b'{"iat": NaN}', key())],
    "payload is not UTF-8": [signed(HEADER, b'{"jti": "\xff"}', key())],
    "too long": [proof(padding="x" * JWT_BYTES_MAX)],
    "typ missing": [proof(header={"typ": None})],
    "typ of an access token": [proof(header={"typ": "at+jwt"})],
    "alg none": [unsigned(HEADER | {"alg": "none"}, CLAIMS)],
    "alg none without signature": [unsigned(HEADER | {"alg": "none"}, CLAIMS, b"")],
    "alg missing": [unsigned({"typ": "dpop+jwt", "jwk": public(key())}, CLAIMS)],
    "alg not a text": [unsigned(HEADER | {"alg": ["ES256"]}, CLAIMS)],
    "alg HS256": [unsigned(HEADER | {"alg": "HS256"}, CLAIMS)],
    "alg HS256 with a symmetric key": [
        unsigned(HEADER | {"alg": "HS256", "jwk": {"kty": "oct", "k": "c2VjcmV0"}}, CLAIMS)
    ],
    "alg of another key type": [unsigned(HEADER | {"alg": "RS256"}, CLAIMS)],
    "critical extension": [unsigned(HEADER | {"crit": ["b64"], "b64": False}, CLAIMS)],
    "jwk missing": [unsigned({"typ": "dpop+jwt", "alg": "ES256"}, CLAIMS)],
    "jwk not an object": [unsigned(HEADER | {"jwk": "key"}, CLAIMS)],
    "private key": [proof(header={"jwk": dict(key().export(as_dict=True))})],
    "point not on the curve": [unsigned(HEADER | {"jwk": public(key()) | {"x": "A" * 43}}, CLAIMS)],
    "coordinate too short": [unsigned(HEADER | {"jwk": public(key()) | {"x": "AA"}}, CLAIMS)],
    "coordinate not a text": [unsigned(HEADER | {"jwk": public(key()) | {"x": 1}}, CLAIMS)],
    "other curve": [unsigned(HEADER | {"jwk": public(key("ES384"))}, CLAIMS)],
    "weak RSA key": [unsigned(HEADER | {"alg": "RS256", "jwk": public(weak_key())}, CLAIMS)],
    "huge RSA key": [unsigned(HEADER | {"alg": "RS256", "jwk": HUGE_RSA}, CLAIMS)],
    "long RSA exponent": [unsigned(HEADER | {"alg": "PS256", "jwk": LONG_EXPONENT}, CLAIMS)],
    "signed by another key": [proof(OTHER, header={"jwk": public(key())})],
    "no signature": [unsigned(HEADER, CLAIMS, b"\x00")],
    "signature of zeros": [unsigned(HEADER, CLAIMS, b"\x00" * 64)],
    "jti missing": [proof(jti=None)],
    "jti empty": [proof(jti="")],
    "jti not a text": [proof(jti=5)],
    "jti too long": [proof(jti="x" * 257)],
    "jti half a surrogate pair": [proof(jti="\ud800")],
    "htm missing": [proof(htm=None)],
    "htm of another method": [proof(htm="PUT")],
    "htm in lower case": [proof(htm="get")],
    "htu missing": [proof(htu=None)],
    "htu not a text": [proof(htu=[URL])],
    "htu of another path": [proof(htu=URL + "b")],
    "htu with a slash more": [proof(htu=URL + "/")],
    "htu of another host": [proof(htu=URL.replace("pods", "pads"))],
    "htu of another scheme": [proof(htu=URL.replace("https", "http"))],
    "htu with user and password": [proof(htu=URL.replace("//", "//alice:secret@"))],
    "htu relative": [proof(htu="/alice/notes/a")],
    "htu not a URL": [proof(htu="https://[half")],
    "htu too long": [proof(htu=URL + "?" + "x" * 5000)],
    "iat missing": [proof(iat=None)],
    "iat a text": [proof(iat=str(NOW))],
    "iat a truth value": [proof(iat=True)],
    "iat too old": [proof(iat=NOW - 61)],
    "iat in the future": [proof(iat=NOW + 11)],
    "iat infinite": [proof(iat=1e300)],
    "ath of another token": [proof(ath=token_hash("another"))],
    "ath null": [
        signed(HEADER, b'{"jti":"a","htm":"GET","htu":"%s","iat":%d,"ath":null}' % (URL.encode(), NOW), key())
    ],
    "ath not a text": [proof(ath=5)],
}


@pytest.mark.parametrize("headers", SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_proof_is_refused_with_a_reason(headers):
    with pytest.raises(InvalidDPoPProof) as refusal:
        check(*headers)
    assert refusal.value.detail.endswith((".", "?")) or URL in refusal.value.detail
    assert refusal.value.status == 401


@pytest.mark.parametrize(
    "htu",
    [
        URL + "?query",
        URL + "#fragment",
        "HTTPS://PODS.example:443/alice/notes/a",
        "https://pods.example/alice/notes/%61",
        "https://pods.example/alice/./notes/b/../a",
    ],
)
def test_htu_is_compared_without_query_and_fragment_after_normalization(htu):
    check(proof(htu=htu), url=URL + "?other=query")


def test_encoded_characters_that_mean_something_stay_apart():
    assert normalized_url("https://pods.example/a%28") != normalized_url("https://pods.example/a(")
    assert normalized_url("https://pods.example/%e4") == normalized_url("https://pods.example/%E4")
    assert normalized_url("https://pods.example") == normalized_url("https://pods.example/")


@pytest.mark.parametrize(
    "text",
    ["http://:80", "https://:443:443/a", "http://[::]:80:80/", "http://pods.example:port/", "http://][::80", "/a"],
)
def test_what_names_no_host_and_port_is_no_url(text: str) -> None:
    assert normalized_url(text) is None


def test_ath_may_be_missing_unless_the_server_requires_it():
    strict = ProofRules(60, 10, ath_required=True)
    check(proof())
    check(proof(ath=token_hash(TOKEN)), rules=strict)
    with pytest.raises(InvalidDPoPProof, match="no `ath`"):
        check(proof(), rules=strict)


def test_iat_is_accepted_through_the_whole_window():
    assert check(proof(iat=NOW - 60)).expires == NOW
    assert check(proof(iat=NOW + 10)).expires == NOW + 70


def test_one_key_twice_is_read_once_and_still_verified_twice():
    check(proof(jti="first"))
    header, payload, signature = proof(jti="second").split(".")
    with pytest.raises(InvalidDPoPProof, match="signature"):
        check(f"{header}.{proof(jti='third').split('.')[1]}.{signature}")
    check(f"{header}.{payload}.{signature}")
