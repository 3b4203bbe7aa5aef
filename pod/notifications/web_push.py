"""Web Push: what a browser's push service needs to take a message, which only the browser can read.

The key that identifies this server to push services never changes: browsers bind their subscriptions to it.

Spec: RFC 8030 s5; RFC 8188 s2; RFC 8291 s3; RFC 8292 s2, s3; WebPushChannel2023 #channel-type
"""

from __future__ import annotations

import os
import struct
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pod.authentication import jose
from pod.authentication.jose import decode_segment, encode_segment
from pod.authentication.secret_files import secret
from pod.clock import Clock
from pod.config import Config
from pod.errors import UnprocessableContent
from pod.notifications.signatures import authority
from pod.remote.client import Posted, Receivers
from pod.store.channels import Channel

VAPID_KEY = "vapid.key"
VAPID_SECONDS = 12 * 3600
"""Spec: RFC 8292 s2, `exp` "MUST NOT be more than 24 hours" ahead."""
KEPT_SECONDS = 24 * 3600
"""How long a push service keeps a message for a browser that is not there."""
RECORD_BYTES = 4096
"""Spec: RFC 8030 s7.2, push services need not take more; RFC 8291 s4, one record."""
SALT_BYTES, AUTH_BYTES, POINT_BYTES, TAG_BYTES = 16, 16, 65, 16
CONTENT_BYTES_MAX = RECORD_BYTES - SALT_BYTES - 4 - 1 - POINT_BYTES - TAG_BYTES - 1
TOO_LONG = Posted(413, "")
"""What a push service would say of a message longer than any of them need take. Spec: RFC 8030 s7.2"""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256. Spec: SEC 2 s2.4.2"""
_CURVE = ec.SECP256R1()


def vapid_public_key(config: Config) -> str:
    """What browsers subscribe with (`applicationServerKey`), in base64url."""
    return encode_segment(_point(_vapid_key(config).public_key()))


def check_keys(p256dh: str, auth: str) -> None:
    """Raises: UnprocessableContent -- not what `PushSubscription.getKey` gives."""
    try:
        _public(p256dh)
        _secret(auth)
    except ValueError as error:
        raise UnprocessableContent(
            "`keys` must hold `p256dh` and `auth` as the browser's PushSubscription gives them, in base64url."
        ) from error


class PushServices:
    """Shared by all threads."""

    def __init__(self, receivers: Receivers, config: Config, clock: Clock) -> None:
        self._receivers = receivers
        self._key = _vapid_key(config)
        self._public = encode_segment(_point(self._key.public_key()))
        self._contact = config.base_url
        self._seconds_max = config.push_seconds_max
        self._clock = clock

    def send(self, channel: Channel, url: str, message: bytes) -> Posted:
        """Raises: RemoteError"""
        if len(message) > CONTENT_BYTES_MAX:
            return TOO_LONG
        content = encrypted(message, channel.p256dh or "", channel.auth or "")
        fields = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(KEPT_SECONDS),
            "Urgency": "normal",
            "Authorization": self._identification(url),
        }
        return self._receivers.post(url, content, fields, seconds_max=self._seconds_max)

    def _identification(self, url: str) -> str:
        """Spec: RFC 8292 s2, s3"""
        claims = {
            "aud": f"{urlsplit(url).scheme}://{authority(url)}",
            "exp": int(self._clock.now()) + VAPID_SECONDS,
            "sub": self._contact,
        }
        token = jose.sign(self._key, {"typ": "JWT", "alg": "ES256"}, claims)
        return f"vapid t={token}, k={self._public}"


def encrypted(content: bytes, p256dh: str, auth: str) -> bytes:
    """In the coding `aes128gcm`, at most `CONTENT_BYTES_MAX` of it, for keys that `check_keys` let pass."""
    return seal(content, p256dh, auth, ec.generate_private_key(_CURVE), os.urandom(SALT_BYTES))


def seal(content: bytes, p256dh: str, auth: str, private: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """With a key and a salt for this message alone. Spec: RFC 8291 s3.4; RFC 8188 s2.1, s2.2"""
    receiver, sending = _public(p256dh), _point(private.public_key())
    info = b"WebPush: info\x00" + _point(receiver) + sending
    material = _derived(private.exchange(ec.ECDH(), receiver), _secret(auth), info, 32)
    key = _derived(material, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\x00", 12)
    sealed = AESGCM(key).encrypt(nonce, content + b"\x02", None)
    return salt + struct.pack("!LB", RECORD_BYTES, len(sending)) + sending + sealed


def _derived(secret_material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret_material)


def _vapid_key(config: Config) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(secret(config.keys, VAPID_KEY), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, _CURVE)


def _public(p256dh: str) -> ec.EllipticCurvePublicKey:
    """Raises: ValueError -- no uncompressed point on the curve."""
    point = _decoded(p256dh)
    if len(point) != POINT_BYTES:
        raise ValueError(p256dh)
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)


def _secret(auth: str) -> bytes:
    """Raises: ValueError -- not of the right length."""
    decoded = _decoded(auth)
    if len(decoded) != AUTH_BYTES:
        raise ValueError(auth)
    return decoded


def _decoded(text: str) -> bytes:
    """Some write padding. Raises: ValueError."""
    return decode_segment(text.rstrip("="))


def _point(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
