"""Access tokens: signature, issuer, audience, times, WebID and the key they are bound to.

Accepts DPoP-bound JWT access tokens and DPoP-bound ID tokens alike. A token that verified once is remembered by its
SHA-256 for a while, and nothing else is: whether its grant still stands is read with the resource. Where keys come
from is the business of a `KeySource` (issuer.py), and who may speak for a WebID that of `IssuersOfWebIDs` (webid.py).

Spec: Solid-OIDC #tokens-id, #id-token-validation, #dpop-validation; RFC 9449 s6; RFC 9068 s4; RFC 7519 s7.2; OpenID
Connect Core s3.1.3.7
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Any, Protocol
from urllib.parse import urlsplit

from pod.authentication.jose import JOSEError, UnverifiedJWT, VerificationKey, algorithm_of, decode_object
from pod.errors import InvalidToken
from pod.observability.meters import CACHES, METERS

AUDIENCE = "solid"
GRANT_CLAIM = "grant_id"
SERVER_AGENT = ".notifications/sender#it"
"""Under the base URL: the WebID of this server itself, as which it sends notifications. No grant stands behind it."""
REMEMBERED_SECONDS = 60
"""Age at which a token is verified again, so that what a retired key signed is gone soon, whatever its `exp`. The same
for an issuer that a WebID no longer names."""
TOKEN_CACHE = CACHES.index("token")
KID_CHARACTERS_MAX = 128
IRI_CHARACTERS_MAX = 2048

_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})
_NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`\x7f\ud800-\udfff]")


class KeySource(Protocol):
    """Where the keys of issuers come from: this server (keys.py) and all others (issuer.py)."""

    def key(self, issuer: str, kid: str) -> VerificationKey:
        """The key an accepted issuer signs with under that id.

        Raises: InvalidToken -- the issuer is not accepted here, or has no such key.
        """
        ...


class IssuersOfWebIDs(Protocol):
    """Which issuers WebIDs name."""

    def check(self, web_id: str, issuer: str) -> None:
        """Raises: InvalidToken -- the WebID document does not name the issuer."""
        ...


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a token said whose signature, issuer, audience and times held. Only this module makes one.

    `grant` is None where the issuer is not this server, whatever the token says: it is the name of something of ours.
    It is None too in what the server says of itself.
    """

    agent: str
    client: str
    issuer: str
    grant: str | None
    jkt: str
    expires: float


class AccessTokens:
    """Verifies access tokens and remembers the good ones. `issuer` is this server."""

    def __init__(
        self, issuer: str, keys: KeySource, web_ids: IssuersOfWebIDs, *, entries_max: int, skew_seconds: int
    ) -> None:
        self._issuer = issuer
        self._keys = keys
        self._web_ids = web_ids
        self._entries_max = max(1, entries_max)
        self._skew_seconds = skew_seconds
        self._remembered: dict[bytes, tuple[VerifiedToken, float]] = {}
        self._lock = Lock()

    def verify(self, token: str, now: float) -> VerifiedToken:
        """Raises: InvalidToken -- any check fails; Busy -- too many other servers are being asked."""
        digest = sha256(token.encode("utf-8", "replace")).digest()
        known, until = self._remembered.get(digest, (None, now))
        if known is not None and until > now:
            return known
        METERS.looked_up(TOKEN_CACHE, hit=False)
        verified = self._verified(token, now)
        with self._lock:
            self._remembered.pop(digest, None)
            while len(self._remembered) >= self._entries_max:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[digest] = verified, min(verified.expires, now + REMEMBERED_SECONDS)
        return verified

    def _verified(self, token: str, now: float) -> VerifiedToken:
        try:
            claims, issuer = self._signed_claims(token)
        except JOSEError as error:
            raise InvalidToken(str(error)) from error
        expires = check_times(claims, now, self._skew_seconds)
        check_audience(claims)
        is_own, agent = issuer == self._issuer, _web_id(claims)
        verified = VerifiedToken(
            agent=agent,
            client=_client(claims),
            issuer=issuer,
            grant=_text(claims, GRANT_CLAIM) if is_own and agent != self._issuer + SERVER_AGENT else None,
            jkt=_confirmed_key(claims),
            expires=expires,
        )
        if not is_own:
            self._web_ids.check(verified.agent, issuer)
        return verified

    def _signed_claims(self, token: str) -> tuple[dict[str, Any], str]:  # JSON
        """Nothing in the claims is used before the signature held, except `iss`, to choose the key."""
        jwt = UnverifiedJWT.parse(token)
        header, claims = decode_object(jwt.header), decode_object(jwt.payload)
        issuer = _text(claims, "iss")
        key = self._keys.key(issuer, _kid(header))
        if key.algorithm != algorithm_of(header):
            raise JOSEError("The access token's `alg` is not that of the key it names.")
        if not jwt.is_signed_by(key):
            raise JOSEError("The access token's signature does not verify.")
        return claims, issuer


def _kid(header: Mapping[str, Any]) -> str:  # JSON
    """The key id in the header. Other kinds of JWT that the same keys may sign are refused (RFC 8725 s3.11)."""
    kind = header.get("typ", "jwt")
    if not isinstance(kind, str) or kind.lower() not in _TOKEN_TYPES:
        raise JOSEError("This JSON Web Token is not an access token.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= KID_CHARACTERS_MAX:
        raise JOSEError("The access token does not name the key it is signed with.")
    return kid


def check_times(claims: Mapping[str, Any], now: float, skew_seconds: int) -> float:  # JSON
    """When the token expires. Spec: RFC 7519 s4.1.4 to s4.1.6.

    Raises: InvalidToken -- expired, not valid yet, or without `exp` or `iat`.
    """
    expires, issued = _number(claims, "exp"), _number(claims, "iat")
    if not now < expires:
        raise InvalidToken("The access token has expired.")
    if not max(issued, _number(claims, "nbf") if "nbf" in claims else issued) <= now + skew_seconds:
        raise InvalidToken("The access token is not valid yet.")
    return expires


def check_audience(claims: Mapping[str, Any]) -> None:  # JSON
    """Spec: Solid-OIDC #tokens-id (aud), "MUST include [...] the string solid".

    Raises: InvalidToken -- `aud` is neither "solid" nor a list with it.
    """
    audience = claims.get("aud")
    if audience != AUDIENCE and not (isinstance(audience, list) and AUDIENCE in audience):
        raise InvalidToken(f'The access token is not meant for Solid servers: its `aud` does not contain "{AUDIENCE}".')


def _web_id(claims: Mapping[str, Any]) -> str:  # JSON
    """Spec: Solid-OIDC #terms, "A WebID is a URI with an HTTP or HTTPS scheme"."""
    iri = _text(claims, "webid")
    try:
        parts = urlsplit(iri)
    except ValueError as error:
        raise InvalidToken("The access token's `webid` is not an IRI.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or _NOT_IN_IRI.search(iri):
        raise InvalidToken("The access token's `webid` is not an absolute http or https IRI.")
    return iri


def _client(claims: Mapping[str, Any]) -> str:  # JSON
    return _text(claims, "client_id" if "client_id" in claims else "azp")


def _confirmed_key(claims: Mapping[str, Any]) -> str:  # JSON
    """Spec: RFC 9449 s6.1."""
    confirmation = claims.get("cnf")
    if not isinstance(confirmation, dict):
        raise InvalidToken("The access token is not bound to a DPoP key.")
    return _text(confirmation, "jkt")


def _text(claims: Mapping[str, Any], name: str) -> str:  # JSON
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= IRI_CHARACTERS_MAX:
        raise InvalidToken(f"The access token's `{name}` is missing or unusable.")
    return value


def _number(claims: Mapping[str, Any], name: str) -> float:  # JSON
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"The access token's `{name}` is missing or not a number.")
    return value
