"""Keys, DPoP proofs and tokens as other software makes them: signed by jwcrypto, each part open to spoiling."""

from __future__ import annotations

import json
import uuid
from functools import cache
from typing import Any

from jwcrypto.common import base64url_encode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

NOW = 1_800_000_000
URL = "https://pods.example/alice/notes/a"


def key(algorithm: str = "ES256", number: int = 0) -> JWK:
    """A private key for that algorithm; the same one for the same arguments."""
    return _key(algorithm, number)


@cache
def _key(algorithm: str, _number: int) -> JWK:
    if algorithm == "EdDSA":
        return JWK.generate(kty="OKP", crv="Ed25519")
    if algorithm.startswith("ES"):
        return JWK.generate(kty="EC", crv={"ES256": "P-256", "ES384": "P-384"}[algorithm])
    return JWK.generate(kty="RSA", size=2048)


def public(private: JWK) -> dict[str, Any]:
    return dict(private.export_public(as_dict=True))


def signed(header: dict[str, Any], claims: dict[str, Any] | bytes, private: JWK) -> str:
    jws = JWS(claims if isinstance(claims, bytes) else json.dumps(claims).encode())
    jws.add_signature(private, protected=json.dumps(header))
    return str(jws.serialize(compact=True))


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"x") -> str:
    """A token with whatever header, and a signature that no key made."""
    parts = (json.dumps(header), json.dumps(claims), signature)
    return ".".join(base64url_encode(part) for part in parts)


def proof(private: JWK | None = None, algorithm: str = "ES256", header: Any = None, **claims: Any) -> str:
    """A DPoP proof for a GET of `URL`. `header` and `claims` add to or replace what is usual; None removes."""
    private = private or key(algorithm)
    usual = {"typ": "dpop+jwt", "alg": algorithm, "jwk": public(private)}
    said = {"jti": str(uuid.uuid4()), "htm": "GET", "htu": URL, "iat": NOW}
    return signed(_changed(usual, header or {}), _changed(said, claims), private)


def _changed(usual: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (usual | changes).items() if value is not None}
