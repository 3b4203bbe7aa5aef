"""A device that holds passkeys, in software: it makes and shows them as a browser hands them to a page's script.

What a field of it says otherwise is a lie told on purpose.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, BE, BS, AT = 1, 4, 8, 16, 64


@dataclass
class Held:
    """One passkey in the device."""

    key: ec.EllipticCurvePrivateKey
    id: bytes
    handle: bytes
    count: int = 0


@dataclass
class Authenticator:
    """`origin` is the page's; `counts`: signatures are counted, as by a security key."""

    origin: str
    rp_id: str = ""
    verifies: bool = True
    counts: bool = False
    says_handle: bool = True
    format: str = "none"
    held: list[Held] = field(default_factory=list)

    def make(self, options: dict[str, Any]) -> str:
        """The answer to the options of a registration."""
        user = decoded(options["user"]["id"])
        made = Held(ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(32), user)
        self.held.append(made)
        client_data = self._client_data("webauthn.create", options["challenge"])
        attested = bytes(16) + len(made.id).to_bytes(2, "big") + made.id + cose(made.key)
        data = self._data(options["rp"]["id"], AT, made) + attested
        attestation = cbor2.dumps({"fmt": self.format, "attStmt": {}, "authData": data})
        return _answer(
            made, {"clientDataJSON": client_data, "attestationObject": attestation}, transports=["internal", "nonsense"]
        )

    def show(self, options: dict[str, Any], held: Held | None = None) -> str:
        """The answer to the options of a sign-in, with the newest that is allowed."""
        shown = held or self._chosen(options)
        shown.count += self.counts
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._data(options["rpId"], 0, shown)
        signature = shown.key.sign(data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        said = {"clientDataJSON": client_data, "authenticatorData": data, "signature": signature}
        return _answer(shown, said | ({"userHandle": shown.handle} if self.says_handle else {}))

    def _chosen(self, options: dict[str, Any]) -> Held:
        allowed = [decoded(each["id"]) for each in options["allowCredentials"]]
        return next(each for each in reversed(self.held) if not allowed or each.id in allowed)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, rp_id: str, flags: int, held: Held) -> bytes:
        said = flags | UP | (UV if self.verifies else 0)
        return sha256((self.rp_id or rp_id).encode()).digest() + bytes([said]) + held.count.to_bytes(4, "big")


def cose(key: ec.EllipticCurvePrivateKey) -> bytes:
    point = key.public_key().public_numbers()
    return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def _answer(held: Held, response: dict[str, bytes], **more: Any) -> str:
    said = {name: encoded(value) for name, value in response.items()} | more
    return json.dumps({"id": encoded(held.id), "rawId": encoded(held.id), "type": "public-key", "response": said})
