"""Targets: DPoP proofs, access tokens and the fields they come in. Only what somebody signed is ever taken for true.

Spec: RFC 7515; RFC 7517; RFC 9449 s4.3; Solid-OIDC #tokens-id
"""

from __future__ import annotations

import json
from functools import cache

from pod.authentication.access_token import AccessTokens
from pod.authentication.authenticate import bound_token
from pod.authentication.dpop import ProofRules, verify_proof
from pod.authentication.jose import JOSEError, VerificationKey, decode_object, encode_object, thumbprint
from tests.fuzz.running import Target, Wrong
from tests.support import proofs

ISSUER = "https://pods.example/"
TOKEN = "an.access.token"
RULES = ProofRules(window_seconds=300, skew_seconds=60)
ALGORITHMS = ("ES256", "ES384", "RS256", "EdDSA")
WORDS = (
    *(
        b".",
        b"eyJ",
        b"eyJhbGciOiJub25lIn0",
        b"=",
        b"-",
        b"_",
        b'{"',
        b'"alg":"none"',
        b'"crit":["b64"]',
        b"DPoP ",
        b", ",
    ),
    *(
        b'"jwk":{}',
        b'"kty":"oct"',
        b'"k":"AA"',
        b'"x":""',
        b"NaN",
        b"[",
        b"null",
        b'"iat":1e400',
        b'"htu":1',
        b'"d":"AA"',
    ),
)


@cache
def good_proofs() -> tuple[bytes, ...]:
    made = [proofs.proof(algorithm=algorithm, jti=algorithm) for algorithm in ALGORITHMS]
    made.append(proofs.unsigned({"typ": "dpop+jwt", "alg": "none", "jwk": {}}, {"jti": "1"}))
    return tuple(each.encode() for each in made)


def proof(data: bytes) -> None:
    text = data.decode("latin-1")
    verified = verify_proof([text], method="GET", url=proofs.URL, token=TOKEN, now=proofs.NOW, rules=RULES)
    if verified and not _is_signed(text, good_proofs()):
        raise Wrong("nobody signed this proof")


def _is_signed(text: str, known: tuple[bytes, ...]) -> bool:
    signed = text.strip().rpartition(".")[0].encode("latin-1")
    return signed in {each.rpartition(b".")[0] for each in known}


class OneKey:
    """An issuer with one key."""

    def key(self, issuer: str, kid: str) -> VerificationKey:
        if (issuer, kid) != (ISSUER, "one"):
            raise JOSEError("There is no such key.")
        return VerificationKey.from_jwk("ES256", proofs.public(proofs.key()))


class AnyWebID:
    def check(self, web_id: str, issuer: str) -> None:
        """Every WebID names every issuer."""


SAID = {
    "iss": ISSUER,
    "aud": ["solid", "x"],
    "webid": "https://pods.example/alice/profile/card#me",
    "sub": "https://pods.example/alice/profile/card#me",
    "client_id": "https://app.example/id",
    "azp": "https://app.example/id",
    "iat": proofs.NOW,
    "exp": proofs.NOW + 600,
    "cnf": {"jkt": "x" * 43},
    "grant_id": "abc",
    "jti": "1",
}


@cache
def good_tokens() -> tuple[bytes, ...]:
    return tuple(
        proofs.signed({"alg": "ES256", "kid": "one", "typ": "at+jwt"}, SAID | more, proofs.key()).encode()
        for more in ({}, {"aud": "solid"}, {"exp": 1}, {"cnf": None})
    )


def access_token(data: bytes) -> None:
    tokens = AccessTokens(ISSUER, OneKey(), AnyWebID(), entries_max=10, skew_seconds=60)
    text = data.decode("latin-1")
    verified = tokens.verify(text, proofs.NOW)
    if verified and not _is_signed(text, good_tokens()):
        raise Wrong("nobody signed this token")


def claims(data: bytes) -> None:
    """A token whose signature holds, made by an issuer that writes what it likes."""
    token = proofs.signed({"alg": "ES256", "kid": "one"}, data or b"{}", proofs.key())
    AccessTokens(ISSUER, OneKey(), AnyWebID(), entries_max=1, skew_seconds=60).verify(token, proofs.NOW)


def proof_claims(data: bytes) -> None:
    """A proof whose signature holds, made by a client that writes what it likes."""
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": proofs.public(proofs.key())}
    made = proofs.signed(header, data or b"{}", proofs.key())
    verify_proof([made], method="GET", url=proofs.URL, token=TOKEN, now=proofs.NOW, rules=RULES)


def keys(data: bytes) -> None:
    """A key of whoever sends a proof."""
    try:
        jwk = json.loads(data)
    except (ValueError, RecursionError):
        return
    for algorithm in ALGORITHMS:
        try:
            VerificationKey.from_jwk(algorithm, jwk).verifies(b"x" * 64, b"signed")
            thumbprint(jwk)
        except JOSEError:
            continue


def segments(data: bytes) -> None:
    try:
        found = decode_object(data.decode("latin-1"))
    except JOSEError:
        return
    if decode_object(encode_object(found)) != found:
        raise Wrong("an object that is not the same when read again")


def authorization(data: bytes) -> None:
    bound_token([data.decode("latin-1")])


TARGETS = (
    Target("dpop-proof", proof, good_proofs(), WORDS),
    Target("access-token", access_token, good_tokens(), WORDS),
    Target(
        "claims", claims, (json.dumps(SAID).encode(), json.dumps(SAID | {"azp": "c", "aud": "solid"}).encode()), WORDS
    ),
    Target(
        "proof-claims",
        proof_claims,
        (json.dumps({"jti": "1", "htm": "GET", "htu": proofs.URL, "iat": proofs.NOW}).encode(),),
        WORDS,
    ),
    Target("keys", keys, tuple(json.dumps(proofs.public(proofs.key(each))).encode() for each in ALGORITHMS), WORDS),
    Target("segments", segments, (b"eyJhIjoxfQ", b"eyJhIjpbMS41LCJcdTAwZTkiLG51bGxdfQ", b"W10"), WORDS),
    Target("authorization", authorization, (b"DPoP abc.def.ghi", b"Bearer x", b"Basic YTpi", b"dpop  x"), WORDS),
)
