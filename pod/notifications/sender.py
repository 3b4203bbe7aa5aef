"""The server as somebody who sends: its WebID document, and the tokens and proofs with which it shows who it is.

The document names our own issuer, so whoever verifies Solid-OIDC tokens can verify ours. Tokens are bound to a key that
this process made for itself, and each proof is for one request, so that a receiver can do nothing with them elsewhere.

Spec: WebhookChannel2023 #auth; LDNChannel2023 #notification-message; Solid-OIDC #tokens; RFC 9449 s4.2, s7.1
"""

from __future__ import annotations

import secrets
from threading import Lock
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from pod.authentication import jose
from pod.authentication.access_token import AUDIENCE, SERVER_AGENT
from pod.authentication.dpop import token_hash
from pod.authentication.keys import KeyRing
from pod.clock import Clock
from pod.notifications.signatures import authority

SENDER_PATH = SERVER_AGENT.partition("#")[0]
TOKEN_SECONDS = 20 * 60
RENEWED_SECONDS = 5 * 60
"""What a token has left when the next one is made: receivers' clocks differ."""


def sender(base_url: str) -> str:
    """The WebID as which notifications are sent."""
    return base_url + SERVER_AGENT


def sender_document(base_url: str) -> bytes:
    """In Turtle, at `SENDER_PATH`. Spec: Solid-OIDC #oidc-issuer-discovery"""
    return f"""\
@prefix as: <https://www.w3.org/ns/activitystreams#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix solid: <http://www.w3.org/ns/solid/terms#> .

<{base_url}{SENDER_PATH}>
    a foaf:Document ;
    foaf:primaryTopic <{sender(base_url)}> .

<{sender(base_url)}>
    a as:Service, foaf:Agent ;
    foaf:name "Notifications of {base_url}" ;
    solid:oidcIssuer <{base_url}> .
""".encode()


class Sender:
    """Makes `Authorization` and `DPoP` for our own requests. Shared by all threads; one a process."""

    def __init__(self, keys: KeyRing, base_url: str, clock: Clock) -> None:
        self._keys = keys
        self._base_url = base_url
        self._clock = clock
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._jwk = jose.public_jwk(self._private)
        self._lock = Lock()
        self._token, self._from, self._until = "", 0.0, 0.0

    def fields(self, url: str) -> dict[str, str]:
        """For a POST to this URL."""
        now = self._clock.now()
        token = self._current(now)
        return {"Authorization": f"DPoP {token}", "DPoP": self._proof(url, token, now)}

    def _current(self, now: float) -> str:
        with self._lock:
            if not self._from <= now < self._until:  # before: the clock was set back
                self._token, self._from, self._until = self._made(now), now, now + TOKEN_SECONDS - RENEWED_SECONDS
            return self._token

    def _made(self, now: float) -> str:
        """Spec: RFC 9068 s2.2; Solid-OIDC as deployed."""
        web_id = sender(self._base_url)
        claims = {
            "iss": self._base_url,
            "sub": web_id,
            "webid": web_id,
            "aud": [AUDIENCE],
            "azp": web_id,
            "client_id": web_id,
            "iat": int(now),
            "exp": int(now) + TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(16),
            "cnf": {"jkt": jose.thumbprint(self._jwk)},
        }
        return self._keys.sign("ES256", "at+jwt", claims)

    def _proof(self, url: str, token: str, now: float) -> str:
        parts = urlsplit(url)
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._jwk}
        claims = {
            "htm": "POST",
            "htu": f"{parts.scheme}://{authority(url)}{parts.path or '/'}",
            "iat": int(now),
            "jti": secrets.token_urlsafe(16),
            "ath": token_hash(token),
        }
        return jose.sign(self._private, header, claims)
