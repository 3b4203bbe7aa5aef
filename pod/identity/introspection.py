"""What a token means, told to the client it belongs to.

Nobody else is told: a resource server holds our public keys and checks tokens by itself, and one that may ask about any
token could follow people around.

Spec: RFC 7662 s2, s4; RFC 9396 s9.2; RFC 9449 s6.2
"""

from __future__ import annotations

from typing import Any

from pod.authentication.access_token import GRANT_CLAIM
from pod.authentication.credentials import digest
from pod.identity.authorization_details import granted
from pod.identity.tokens import ACCESS_TOKEN_TYPE, read_own
from pod.services import Services
from pod.store.apps import RefreshToken

TOLD = ("iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "cnf", "webid")
"""The claims of an access token that are told."""

Members = dict[str, Any]  # JSON
INACTIVE: Members = {"active": False}


def introspected(services: Services, client: str, token: str) -> Members:
    """The same for a token that is another client's, spoiled, expired, used up or taken back (RFC 7662 s2.2)."""
    known = services.apps.refresh_token(digest(token))
    if known is not None:
        return _refresh_token(services, client, known)
    return _access_token(services, client, token)


def _refresh_token(services: Services, client: str, token: RefreshToken) -> Members:
    grant = token.grant
    is_alive = token.used_ms is None and token.expires_ms > services.clock.now() * 1000 and grant.stands
    if grant.client != client or not is_alive:
        return INACTIVE
    bound = {} if token.jkt is None else {"cnf": {"jkt": token.jkt}}
    return {
        "active": True,
        "iss": services.placement.base_url,
        "sub": grant.web_id,
        "webid": grant.web_id,
        "client_id": client,
        "scope": grant.scope,
        "iat": token.created_ms // 1000,
        "exp": token.expires_ms // 1000,
        "authorization_details": granted(grant.ceiling, services.placement),
        **bound,
    }


def _access_token(services: Services, client: str, token: str) -> Members:
    claims = read_own(services.keys, services.placement.base_url, token, ACCESS_TOKEN_TYPE)
    if claims is None or claims["client_id"] != client or claims["exp"] <= services.clock.now():
        return INACTIVE
    grant = services.apps.grant(claims[GRANT_CLAIM])
    if grant is None or not grant.stands:
        return INACTIVE
    details = {"authorization_details": granted(grant.ceiling, services.placement)}
    return {"active": True, "token_type": "DPoP", **details, **{name: claims[name] for name in TOLD if name in claims}}
