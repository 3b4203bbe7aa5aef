"""What a browser does with a web push message: opens it with its private key and its secret.

Written from the specification alone, in one record as all web push messages are. Spec: RFC 8291 s3.4, RFC 8188 s2
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SALT_BYTES = 16
KEY_AT = SALT_BYTES + 4 + 1
LAST_RECORD = b"\x02"


def opened(sealed: bytes, *, private_key: ec.EllipticCurvePrivateKey, auth_secret: bytes) -> bytes:
    """The content of a message with the coding `aes128gcm`."""
    salt, key_length = sealed[:SALT_BYTES], sealed[KEY_AT - 1]
    sender, record = sealed[KEY_AT : KEY_AT + key_length], sealed[KEY_AT + key_length :]
    shared = private_key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    receiver = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = _derived(auth_secret, shared, b"WebPush: info\0" + receiver + sender, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    content, mark, padding = AESGCM(key).decrypt(nonce, record, None).rpartition(LAST_RECORD)
    assert mark, "the last record ends in 2 and zeros"
    assert not padding.strip(b"\0")
    return content


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
