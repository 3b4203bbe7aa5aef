"""ID tokens that come back as hints: which person and which app an app means by one.

A hint proves that this server once gave it out, nothing else: it may have expired long ago.

Spec: OpenID Connect Core s3.1.2.1 (id_token_hint); RP-Initiated Logout s2, s4
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.authentication.keys import KeyRing
from pod.identity.tokens import ID_TOKEN_TYPE, read_own


@dataclass(frozen=True, slots=True)
class Hint:
    """Who had signed in, and to which client."""

    web_id: str
    client: str


def read_hint(keys: KeyRing, issuer: str, token: str) -> Hint | None:
    """What an ID token of ours says, expired or not; None for all else, and for one whose key is no longer kept."""
    claims = read_own(keys, issuer, token, ID_TOKEN_TYPE)
    return None if claims is None else Hint(claims["webid"], claims["azp"])
