"""Tokens and proofs that are not what they say, over HTTP: each gets a 401 that explains itself, in next to no time, and opens
nothing. What single checks refuse is in tests/unit/authentication; here is that nothing goes by them.

Spec: RFC 9449 s4.3, s11; RFC 8725 s2, s3; RFC 9068 s4
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwcrypto.common import base64url_encode
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from tests.support.inprocess import BASE, LocalServer, Login
from tests.support.proofs import NOW, key, public, signed, unsigned

PATH = "/alice/settings/prefs.ttl"
URL = BASE + PATH[1:]
PROCESSOR_SECONDS_MAX = 2.0
Proof = dict[str, Any]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("tokens"))
    yield server
    server.close()


@pytest.fixture
def alice(local: LocalServer) -> Login:
    return local.logins["alice"]


def ask(local: LocalServer, token: str, proof: str, method: str = "GET") -> int:
    before = time.process_time()
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    answer = local.request(method, PATH, headers, b"x" if method == "PUT" else None, by=None)
    assert time.process_time() - before < PROCESSOR_SECONDS_MAX
    if answer.status == 401:
        assert json.loads(answer.body)["detail"]
    return answer.status


def test_the_control_is_let_in_once(local, alice):
    proof = alice.key.proof("GET", URL, iat=NOW)
    assert [ask(local, alice.token, proof) for _ in range(2)] == [200, 401]


# -- proofs --------------------------------------------------------------------------------------------------------------------


def number(value: int) -> str:
    return base64url_encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def rsa_key(bits: int) -> dict[str, str]:
    """Of so many bits; nobody has its private half."""
    return {"kty": "RSA", "e": "AQAB", "n": number((1 << bits) - 159)}


def with_exponent(exponent: int) -> dict[str, str]:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key().public_numbers()
    return {"kty": "RSA", "n": number(numbers.n), "e": number(exponent)}


def curve(name: str) -> dict[str, Any]:
    return public(JWK.generate(kty="OKP" if name.startswith(("X", "Ed")) else "EC", crv=name))


ES256_KEY = public(key())
KEYS: dict[str, tuple[str, Callable[[], Any]]] = {
    "RSA of 512 bits": ("RS256", lambda: rsa_key(512)),
    "RSA of 1024 bits": ("PS256", lambda: rsa_key(1024)),
    "RSA of 8192 bits": ("RS256", lambda: rsa_key(8192)),
    "RSA of 16384 bits": ("RS256", lambda: rsa_key(16384)),
    "RSA, exponent 1": ("RS256", lambda: with_exponent(1)),
    "RSA, exponent 3": ("RS256", lambda: with_exponent(3)),
    "RSA, an even exponent": ("RS256", lambda: with_exponent(65536)),
    "RSA, a huge exponent": ("RS256", lambda: with_exponent((1 << 2047) + 1)),
    "RSA, nothing": ("RS256", lambda: {"kty": "RSA", "n": "", "e": ""}),
    "secp256k1": ("ES256", lambda: curve("secp256k1")),
    "secp256k1, by its name": ("ES256K", lambda: curve("secp256k1")),
    "P-521": ("ES512", lambda: curve("P-521")),
    "X25519": ("EdDSA", lambda: curve("X25519")),
    "Ed448": ("EdDSA", lambda: curve("Ed448")),
    "the point at infinity": ("ES256", lambda: ES256_KEY | {"x": "A" * 43, "y": "A" * 43}),
    "not on the curve": ("ES256", lambda: ES256_KEY | {"y": ES256_KEY["x"]}),
    "its private half": ("ES256", lambda: dict(key().export(as_dict=True))),
    "symmetric": ("HS256", lambda: {"kty": "oct", "k": base64url_encode(b"secret")}),
    "a text": ("ES256", lambda: "key"),
    "a list": ("ES256", lambda: [ES256_KEY]),
}


@pytest.mark.parametrize(("algorithm", "jwk"), KEYS.values(), ids=KEYS)
def test_a_proof_by_a_key_that_proves_nothing_is_refused(local, alice, algorithm, jwk):
    header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk()}
    proof = unsigned(header, {"jti": "a", "htm": "GET", "htu": URL, "iat": NOW}, b"x" * 256)
    assert ask(local, alice.token, proof) == 401


HEADERS = {
    "a key elsewhere": {"jku": "https://evil.example/keys", "jwk": None},
    "a certificate elsewhere": {"x5u": "https://evil.example/cert", "jwk": None},
    "a certificate": {"x5c": ["MIIB"], "jwk": None},
    "the name of a key": {"kid": "../../etc/passwd", "jwk": None},
    "a payload elsewhere": {"b64": False, "crit": ["b64"]},
    "compressed": {"zip": "DEF", "crit": ["zip"]},
    "another type": {"typ": "JWT"},
    "no algorithm": {"alg": "none"},
    "an algorithm in other letters": {"alg": "es256"},
    "no algorithm in other letters": {"alg": "nOnE"},
}


@pytest.mark.parametrize("changes", HEADERS.values(), ids=HEADERS)
def test_a_proof_with_a_spoiled_header_is_refused(local, alice, changes):
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": alice.key.jwk} | changes
    header = {name: value for name, value in header.items() if value is not None}
    proof = alice.key.sign(header, {"jti": str(changes), "htm": "GET", "htu": URL, "iat": NOW})
    assert ask(local, alice.token, proof) == 401


CLAIMS: dict[str, Proof] = {
    "of the future": {"iat": NOW + 3600},
    "of the far future": {"iat": 1e300},
    "of the past": {"iat": NOW - 3600},
    "of no time": {"iat": None},
    "before time": {"iat": -1e300},
    "another method": {"htm": "PUT"},
    "the method in other letters": {"htm": "get"},
    "another resource": {"htu": BASE + "alice/profile/card"},
    "a resource above": {"htu": URL.rpartition("/")[0] + "/"},
    "another host": {"htu": URL.replace("localhost", "evil.example")},
    "a host that begins alike": {"htu": URL.replace("localhost:3000", "localhost:3000.evil.example")},
    "another port": {"htu": URL.replace("3000", "3001")},
    "another scheme": {"htu": URL.replace("http:", "https:")},
    "a name and a password": {"htu": URL.replace("//", "//localhost:3000@")},
    "a way around": {"htu": BASE + "bob/%2e%2e/alice%2Fsettings/prefs.ttl"},
    "an encoded slash": {"htu": URL.replace("settings/", "settings%2F")},
    "another case": {"htu": URL.replace("settings", "Settings")},
    "an empty port and a slash": {"htu": URL + "/"},
    "no name": {"jti": None},
    "a long name": {"jti": "x" * 300},
    "a number for a name": {"jti": 7},
    "the hash of another token": {"ath": "x" * 43},
    "very much": {"more": "x" * 9000},
}


@pytest.mark.parametrize("changes", CLAIMS.values(), ids=CLAIMS)
def test_a_proof_that_says_something_else_is_refused(local, alice, changes):
    assert ask(local, alice.token, alice.key.proof("GET", URL, **({"iat": NOW} | changes))) == 401


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_proof_by_another_key_opens_nothing(local, alice, method):
    assert ask(local, alice.token, local.logins["bob"].key.proof(method, URL, iat=NOW), method) == 401


# -- access tokens -------------------------------------------------------------------------------------------------------------


def own_header(local: LocalServer, **more: Any) -> dict[str, Any]:
    return {"typ": "at+jwt", "alg": "ES256", "kid": local.services.keys.key_set()["keys"][0]["kid"], **more}


def own_claims(alice: Login) -> dict[str, Any]:
    web_id = f"{BASE}alice/profile/card#me"
    bound = {"cnf": {"jkt": alice.key.thumbprint}, "iat": NOW, "exp": NOW + 300}
    return {"iss": BASE, "aud": "solid", "webid": web_id, "client_id": "alice-client", "sub": web_id, **bound}


def encrypted(local: LocalServer, alice: Login) -> str:
    """Compressed: a megabyte of zeros in a few hundred characters."""
    keys = local.services.keys.key_set()["keys"]
    numbers = next(each for each in keys if each["kty"] == "RSA")
    recipient = JWK(**{name: numbers[name] for name in ("kty", "n", "e")})
    header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "zip": "DEF", "typ": "at+jwt"}
    return str(JWE(b"\0" * 1_000_000, recipient=recipient, protected=header).serialize(compact=True))


FORGED: dict[str, Callable[[LocalServer, Login], str]] = {
    "no algorithm": lambda server, she: unsigned(own_header(server, alg="none"), own_claims(she), b""),
    "no signature": lambda server, she: she.token.rpartition(".")[0] + ".",
    "a signature of zeros": lambda server, she: unsigned(own_header(server), own_claims(she), b"\0" * 64),
    "her own key": lambda server, she: she.key.sign(own_header(server), own_claims(she)),
    "her own key, sent along": lambda server, she: she.key.sign(own_header(server, jwk=she.key.jwk), own_claims(she)),
    "a key elsewhere": lambda server, she: she.key.sign(own_header(server, jku="https://evil.example/"), own_claims(she)),
    "a certificate elsewhere": lambda server, she: she.key.sign(own_header(server, x5u="https://evil.example/"), own_claims(she)),
    "the name of no key": lambda server, she: she.key.sign(own_header(server, kid="' OR 1=1 --"), own_claims(she)),
    "the public key as a secret": lambda server, she: signed(
        own_header(server, alg="HS256"), own_claims(she), JWK(kty="oct", k=base64url_encode(str(server.services.keys.key_set())))
    ),
    "another payload": lambda server, she: ".".join([she.token.split(".")[0], server.logins["bob"].token.split(".")[1], she.token.split(".")[2]]),
    "bobs": lambda server, _she: server.logins["bob"].token,
    "encrypted and compressed": encrypted,
    "a proof": lambda _server, she: she.key.proof("GET", URL, iat=NOW),
    "very long": lambda _server, she: she.token + "A" * 100_000,
    "twice": lambda _server, she: f"{she.token}, {she.token}",
    "in quotes": lambda _server, she: f'"{she.token}"',
}  # fmt: skip


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_a_forged_token_opens_nothing(local, alice, token):
    assert ask(local, token(local, alice), alice.key.proof("GET", URL, iat=NOW)) in {400, 401, 431}


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "bearer", "DPoP-Bearer", ""])
def test_a_bound_token_is_worth_nothing_under_another_name(local, alice, scheme):
    headers = {"Authorization": f"{scheme} {alice.token}".strip(), "DPoP": alice.key.proof("GET", URL, iat=NOW)}
    assert local.request("GET", PATH, headers, by=None).status == 401
