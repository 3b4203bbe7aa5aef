"""The tokens this server signs: what access tokens and ID tokens say, and reading one that comes back.

Both name a grant and are bound to a key. Knows neither requests nor who may have a token.

Spec: RFC 9068 s2; Solid-OIDC #tokens, #tokens-id; OpenID Connect Core s2, s3.1.3.6; RFC 9449 s6
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pod.authentication.access_token import AUDIENCE, GRANT_CLAIM
from pod.authentication.jose import (
    IssuingAlgorithm,
    JOSEError,
    UnverifiedJWT,
    algorithm_of,
    decode_object,
    encode_segment,
)
from pod.authentication.keys import KeyRing
from pod.identity.provider import ID_TOKEN_ALGORITHM

ACCESS_TOKEN_ALGORITHM: IssuingAlgorithm = "ES256"  # noqa: S105  # the name of an algorithm
ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105  # a media type
ID_TOKEN_TYPE = "JWT"  # noqa: S105  # a media type


@dataclass(frozen=True, slots=True)
class Holder:
    """Who gets tokens: a client for a WebID, under a grant, with a key. Times are in seconds."""

    client: str
    web_id: str
    grant: str
    jkt: str
    scope: str
    algorithm: IssuingAlgorithm = ID_TOKEN_ALGORITHM
    nonce: str | None = None
    authenticated: int | None = None


class Tokens:
    """Signs tokens with the server's keys."""

    def __init__(self, keys: KeyRing, issuer: str, seconds: int) -> None:
        self._keys = keys
        self._issuer = issuer
        self._seconds = seconds

    def answer(self, holder: Holder, now: float, refresh_token: str | None = None) -> dict[str, Any]:  # JSON
        """A successful answer of the token endpoint. Without the scope `openid` it has an ID token too.

        Spec: RFC 6749 s5.1; RFC 9449 s5; Solid-OIDC #tokens, "the OP MUST return a DPoP-bound OIDC ID Token"
        """
        shared = {
            "iss": self._issuer,
            "sub": holder.web_id,
            "webid": holder.web_id,
            "iat": int(now),
            "exp": int(now) + self._seconds,
            "cnf": {"jkt": holder.jkt},
            GRANT_CLAIM: holder.grant,
        }
        access_token = self._access_token(shared, holder)
        body = {
            "access_token": access_token,
            "token_type": "DPoP",
            "expires_in": self._seconds,
            "scope": holder.scope,
            "id_token": self._id_token(shared, holder, access_token),
        }
        if refresh_token is not None:
            body["refresh_token"] = refresh_token
        return body

    def _access_token(self, claims: Mapping[str, Any], holder: Holder) -> str:  # JSON
        """Spec: RFC 9068 s2.2; Solid-OIDC as deployed."""
        jti = secrets.token_urlsafe(16)
        said = {**claims, "aud": AUDIENCE, "client_id": holder.client, "scope": holder.scope, "jti": jti}
        return self._keys.sign(ACCESS_TOKEN_ALGORITHM, ACCESS_TOKEN_TYPE, said)

    def _id_token(self, claims: Mapping[str, Any], holder: Holder, access_token: str) -> str:  # JSON
        """Spec: Solid-OIDC #tokens-id; OpenID Connect Core s2, s3.1.3.6."""
        said = {**claims, "aud": [holder.client, AUDIENCE], "azp": holder.client, "at_hash": at_hash(access_token)}
        if holder.nonce is not None:
            said["nonce"] = holder.nonce
        if holder.authenticated is not None:
            said["auth_time"] = holder.authenticated
        return self._keys.sign(holder.algorithm, ID_TOKEN_TYPE, said)


def at_hash(access_token: str) -> str:
    """Spec: OpenID Connect Core s3.1.3.6; both our algorithms hash with SHA-256."""
    return encode_segment(sha256(access_token.encode("ascii")).digest()[:16])


def read_own(keys: KeyRing, issuer: str, token: str, kind: str) -> dict[str, Any] | None:  # JSON
    """What a token of that `typ` says, if this server signed it with a key it still keeps; whatever its age."""
    try:
        jwt = UnverifiedJWT.parse(token)
        header, claims = decode_object(jwt.header), decode_object(jwt.payload)
        kid, algorithm = header.get("kid"), algorithm_of(header)
        key = keys.verification_key(kid) if isinstance(kid, str) else None
        if key is None or key.algorithm != algorithm or header.get("typ") != kind or not jwt.is_signed_by(key):
            return None
    except JOSEError:
        return None
    return claims if claims.get("iss") == issuer else None
