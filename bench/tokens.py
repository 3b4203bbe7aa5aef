"""Signing in by client credentials and making DPoP proofs, fast enough for tens of thousands before a run.

Server-neutral: whatever the issuer's metadata says. No `ath` in the proofs: published libraries send none.
Spec: RFC 9449 s4.2, s5; RFC 6749 s4.4.
"""

from __future__ import annotations

import base64
import itertools
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import urllib3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.servers import Target

COORDINATE_BYTES = 32
REQUEST_SECONDS_MAX = 180.0
CONNECTIONS_MAX = 8


class RefusedError(Exception):
    """A server answered something else than what a preparation or a check needs."""


class ProofKey:
    """An ES256 key that signs one fresh proof after the other."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "x": _coordinate(point.x), "y": _coordinate(point.y)}
        self._header = _segment({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})
        self._series, self._numbers = secrets.token_hex(8), itertools.count()

    def proof(self, method: str, url: str) -> str:
        """A proof made now, for one request: servers refuse the second use."""
        claims = {
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "jti": f"{self._series}-{next(self._numbers)}",
        }
        signed = f"{self._header}.{_segment(claims)}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_base64(r.to_bytes(COORDINATE_BYTES, 'big') + s.to_bytes(COORDINATE_BYTES, 'big'))}"


@dataclass(frozen=True, slots=True)
class Session:
    """The pod's owner, signed in. Makes requests one at a time, and the headers of those made by others."""

    target: Target
    http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=CONNECTIONS_MAX, timeout=REQUEST_SECONDS_MAX), repr=False
    )
    key: ProofKey = field(default_factory=ProofKey, repr=False)

    def access_token(self) -> str:
        """A new token, bound to the key. Raises: RefusedError."""
        metadata = self.http.request("GET", f"{self.target.base_url}.well-known/openid-configuration").json()
        endpoint = metadata["token_endpoint"]
        credentials = f"{quote(self.target.client_id, safe='')}:{quote(self.target.client_secret, safe='')}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "DPoP": self.key.proof("POST", endpoint),
        }
        form = urlencode({"grant_type": "client_credentials", "scope": "webid"})
        answer = self.http.request("POST", endpoint, headers=headers, body=form)
        if answer.status != 200:
            raise RefusedError(f"{self.target.name}: no token: {answer.status} {answer.data[:500]!r}")
        return str(answer.json()["access_token"])

    def headers(self, token: str, method: str, url: str) -> dict[str, str]:
        return {"Authorization": f"DPoP {token}", "DPoP": self.key.proof(method, url)}

    def send(
        self, token: str | None, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        """One request, signed if there is a token. Raises: RefusedError -- the answer is not a success."""
        answer = self.ask(token, method, url, headers, body)
        if not 200 <= answer.status < 300:
            raise RefusedError(f"{self.target.name}: {method} {url}: {answer.status} {answer.data[:500]!r}")
        return answer

    def ask(
        self, token: str | None, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        """The same, whatever the answer. Raises: RefusedError -- there was none."""
        signed = dict(headers) | (self.headers(token, method, url) if token else {})
        try:
            return self.http.request(method, url, headers=signed, body=body, retries=False)
        except urllib3.exceptions.HTTPError as error:
            raise RefusedError(f"{self.target.name}: {method} {url}: {error}") from error


def _coordinate(number: int) -> str:
    return _base64(number.to_bytes(COORDINATE_BYTES, "big"))


def _segment(value: Mapping[str, object]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
