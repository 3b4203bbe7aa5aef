"""Clients that give back what they were given.

A refresh token stands for a sign-in, and so does an access token: giving back either ends all that belongs to it.

Spec: RFC 7009 s2
"""

from __future__ import annotations

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidGrantError

from pod.authentication.access_token import GRANT_CLAIM
from pod.authentication.credentials import digest
from pod.identity.tokens import ACCESS_TOKEN_TYPE, read_own
from pod.services import Services
from pod.store.apps import AppGrant, Apps
from pod.store.records import SERVER


def revoke(services: Services, client: str, token: str) -> None:
    """End the grant of a token. One that is unknown is as good as gone (RFC 7009 s2.2).

    Raises: InvalidGrantError -- another client's; OAuth2Error -- a program's: its grant stands until the account takes
        its client credentials back.
    """
    grant = _grant_of(services, token)
    if grant is None:
        return
    if grant.client != client:
        raise InvalidGrantError("The token was issued to another client.")
    if grant.app is None:
        raise OAuth2Error("Tokens of client credentials only expire.", error="unsupported_token_type")
    with services.store.write(SERVER) as tx:
        Apps(tx).revoke_grant(tx, grant.id)


def _grant_of(services: Services, token: str) -> AppGrant | None:
    known = services.apps.refresh_token(digest(token))
    if known is not None:
        return known.grant
    claims = read_own(services.keys, services.placement.base_url, token, ACCESS_TOKEN_TYPE)
    return None if claims is None else services.apps.grant(claims[GRANT_CLAIM])
