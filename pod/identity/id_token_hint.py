"""ID tokens that come back as hints: which person and which app an app means by one.

A hint proves that this server once gave it out, nothing else: it may have expired long ago.

Spec: OpenID Connect Core s3.1.2.1 (id_token_hint); RP-Initiated Logout s2, s4
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.authentication.jose import JOSEError, UnverifiedJWT, algorithm_of, decode_object
from pod.authentication.keys import KeyRing

TYPE = "JWT"
"""`typ` of our ID tokens; an access token is no hint."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Who had signed in, and to which client."""

    web_id: str
    client: str


def read_hint(keys: KeyRing, issuer: str, token: str) -> Hint | None:
    """What an ID token of ours says, expired or not; None for all else, and for one whose key is no longer kept."""
    try:
        jwt = UnverifiedJWT.parse(token)
        header, claims = decode_object(jwt.header), decode_object(jwt.payload)
        kid, algorithm = header.get("kid"), algorithm_of(header)
        key = keys.verification_key(kid) if isinstance(kid, str) else None
        if key is None or key.algorithm != algorithm or header.get("typ") != TYPE or not jwt.is_signed_by(key):
            return None
    except JOSEError:
        return None
    web_id, client = claims.get("webid"), claims.get("azp")
    if claims.get("iss") != issuer or not isinstance(web_id, str) or not isinstance(client, str):
        return None
    return Hint(web_id, client)
