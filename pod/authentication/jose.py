"""Compact JWS and public JWKs on bare `cryptography`, for the checks that every request pays for.

Knows nothing of DPoP, access tokens or HTTP; raises JOSEError with a text that is safe to show. Held against jwcrypto
by property tests.

Spec: RFC 7515; RFC 7517; RFC 7518; RFC 7638; RFC 8037
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from pod.protocol.text import check_unicode

JWT_BYTES_MAX = 8192
JOSE_HEADER_BYTES_MAX = 4096
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 4096
RSA_EXPONENT = 65537
"""The one public exponent in use. Others are weak, or so long that one verification holds a core for seconds."""

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | Ed25519PublicKey
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""What this server itself signs with."""

SIGNING_ALGORITHMS = ("ES256", "RS256", "PS256", "ES384", "EdDSA")
"""What signatures are accepted, in the order metadata lists them. None is symmetric; `none` is not among them."""

_PADDING = (b"", b"=", b"==", b"===")
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
_CURVES: Mapping[str, tuple[ec.EllipticCurve, int]] = {"P-256": (ec.SECP256R1(), 32), "P-384": (ec.SECP384R1(), 48)}
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TO_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")


class JOSEError(ValueError):
    """A token or key that cannot be used. The message may be shown to whoever sent it."""


# -- encoding ----------------------------------------------------------------------------------------------------------


def encode_segment(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_segment(segment: str) -> bytes:
    """Raises: JOSEError -- not base64url without padding."""
    try:
        standard = segment.encode("ascii").translate(_TO_STANDARD_ALPHABET)
        return binascii.a2b_base64(standard + _PADDING[-len(segment) % 4], strict_mode=True)
    except ValueError as error:
        raise JOSEError("A part of the token is not base64url.") from error


def _no_constants(name: str) -> NoReturn:
    raise JOSEError(f"{name} is not JSON.")


_JSON = json.JSONDecoder(parse_constant=_no_constants)


def decode_object(segment: str) -> dict[str, Any]:  # JSON
    """The JSON object in a segment.

    Raises: JOSEError -- not JSON in UTF-8, nested too deep, with halves of characters, or not an object.
    """
    try:
        text = decode_segment(segment).decode("utf-8")
        value = _JSON.decode(text)
        check_unicode(text, value)
    except (ValueError, RecursionError) as error:
        raise JOSEError("A part of the token is not a JSON object.") from error
    if not isinstance(value, dict):
        raise JOSEError("A part of the token is not a JSON object.")
    return value


def encode_object(value: Mapping[str, Any]) -> str:  # JSON
    return encode_segment(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8"))


# -- compact JWS -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnverifiedJWT:
    """The three parts of a compact JWS whose form is right and whose signature nobody has looked at."""

    header: str
    payload: str
    signature: str
    signed: bytes

    @classmethod
    def parse(cls, text: str) -> UnverifiedJWT:
        """Raises: JOSEError -- longer than `JWT_BYTES_MAX`, or not three base64url parts."""
        if len(text) > JWT_BYTES_MAX:
            raise JOSEError(f"A token may have at most {JWT_BYTES_MAX} characters.")
        if not _JWT.fullmatch(text):
            raise JOSEError("This is not one JSON Web Token of three base64url parts.")
        signed, _, signature = text.rpartition(".")
        header, _, payload = signed.partition(".")
        if len(header) > JOSE_HEADER_BYTES_MAX:
            raise JOSEError(f"A JOSE header may have at most {JOSE_HEADER_BYTES_MAX} characters.")
        return cls(header, payload, signature, signed.encode("ascii"))

    def is_signed_by(self, key: VerificationKey) -> bool:
        return key.verifies(decode_segment(self.signature), self.signed)


def algorithm_of(header: Mapping[str, Any]) -> str:  # JSON
    """The `alg` of a JOSE header.

    Raises: JOSEError -- no `alg`, or extensions (`crit`) that nobody here understands (RFC 7515 s4.1.11).
    """
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        raise JOSEError("The JOSE header has no `alg`.")
    if "crit" in header:
        raise JOSEError("The JOSE header has critical extensions that this server does not know.")
    return algorithm


# -- keys --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key together with the one algorithm it may be used with."""

    algorithm: str
    public: PublicKey

    @classmethod
    def from_jwk(cls, algorithm: str, jwk: object) -> VerificationKey:
        """Fit to verify signatures of that algorithm.

        Raises: JOSEError -- an algorithm not in `SIGNING_ALGORITHMS`, a private, weak, huge or malformed key, or a key
        of another type than the algorithm needs.
        """
        expected = _JWK_OF_ALGORITHM.get(algorithm)
        if expected is None:
            raise JOSEError(f"The algorithm must be one of {', '.join(SIGNING_ALGORITHMS)}.")
        if not isinstance(jwk, dict):
            raise JOSEError("The key is not a JSON Web Key.")
        if not _PRIVATE_MEMBERS.isdisjoint(jwk):
            raise JOSEError("The key contains private members; only the public key may be sent.")
        if (jwk.get("kty"), jwk.get("crv") if expected[1] else None) != expected:
            raise JOSEError(f"The key is not of the type that {algorithm} needs.")
        return cls(algorithm, _READERS[expected[0]](jwk))

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        try:
            _VERIFIERS[self.algorithm](self.public, signature, signed)
        except (InvalidSignature, ValueError):
            return False
        return True


_JWK_OF_ALGORITHM: Mapping[str, tuple[str, str | None]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
}


def thumbprint(jwk: Mapping[str, Any]) -> str:  # JSON
    """The SHA-256 thumbprint of a JWK that `VerificationKey.from_jwk` has accepted. Spec: RFC 7638 s3"""
    members = {name: jwk[name] for name in _THUMBPRINT_MEMBERS[jwk["kty"]]}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return encode_segment(hashlib.sha256(text.encode("utf-8")).digest())


def public_jwk(key: PrivateKey) -> dict[str, str]:
    """The public half of a key, with the members its thumbprint is made of."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _integer(numbers.n), "e": _integer(numbers.e)}
    point = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _integer(point.x, 32), "y": _integer(point.y, 32)}


def _integer(number: int, size: int | None = None) -> str:
    return encode_segment(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def _member(jwk: Mapping[str, Any], name: str, size: int | None = None) -> bytes:  # JSON
    value = jwk.get(name)
    data = decode_segment(value) if isinstance(value, str) and _SEGMENT.fullmatch(value) else b""
    if not data or (size is not None and len(data) != size):
        raise JOSEError(f"The key's `{name}` is missing or has the wrong length.")
    return data


def _elliptic(jwk: Mapping[str, Any]) -> PublicKey:  # JSON
    curve, size = _CURVES[jwk["crv"]]
    x, y = (int.from_bytes(_member(jwk, name, size), "big") for name in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, curve).public_key()
    except ValueError as error:
        raise JOSEError("The key is not a point on its curve.") from error


def _rsa(jwk: Mapping[str, Any]) -> PublicKey:  # JSON
    n, e = (int.from_bytes(_member(jwk, name), "big") for name in ("n", "e"))
    if not RSA_BITS_MIN <= n.bit_length() <= RSA_BITS_MAX or e != RSA_EXPONENT:
        raise JOSEError(f"RSA keys must have {RSA_BITS_MIN} to {RSA_BITS_MAX} bits and the exponent {RSA_EXPONENT}.")
    try:
        return rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError as error:
        raise JOSEError("The key is not an RSA key.") from error


def _edwards(jwk: Mapping[str, Any]) -> PublicKey:  # JSON
    return Ed25519PublicKey.from_public_bytes(_member(jwk, "x", 32))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], PublicKey]] = {"EC": _elliptic, "RSA": _rsa, "OKP": _edwards}


# -- signatures --------------------------------------------------------------------------------------------------------

_SHA256 = hashes.SHA256()
_ECDSA: Mapping[int, ec.ECDSA] = {32: ec.ECDSA(hashes.SHA256()), 48: ec.ECDSA(hashes.SHA384())}
_PKCS1 = padding.PKCS1v15()
_PSS = padding.PSS(mgf=padding.MGF1(_SHA256), salt_length=32)


def _verify_ecdsa(size: int) -> Callable[[Any, bytes, bytes], None]:
    scheme = _ECDSA[size]

    def verify(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> None:
        if len(signature) != 2 * size:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        key.verify(encode_dss_signature(r, s), signed, scheme)

    return verify


def _verify_rsa(scheme: padding.AsymmetricPadding) -> Callable[[Any, bytes, bytes], None]:
    def verify(key: rsa.RSAPublicKey, signature: bytes, signed: bytes) -> None:
        key.verify(signature, signed, scheme, _SHA256)

    return verify


def _verify_edwards(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> None:
    key.verify(signature, signed)


_VERIFIERS: Mapping[str, Callable[[Any, bytes, bytes], None]] = {  # Any: the key type follows from the algorithm
    "ES256": _verify_ecdsa(32),
    "ES384": _verify_ecdsa(48),
    "RS256": _verify_rsa(_PKCS1),
    "PS256": _verify_rsa(_PSS),
    "EdDSA": _verify_edwards,
}

IssuingAlgorithm = Literal["ES256", "RS256"]


def sign(key: PrivateKey, header: Mapping[str, Any], payload: Mapping[str, Any]) -> str:  # JSON
    """A compact JWS. The header's `alg` is ES256 or RS256 and fits the key."""
    text = f"{encode_object(header)}.{encode_object(payload)}"
    return f"{text}.{encode_segment(signature(key, text.encode('ascii')))}"


def signature(key: PrivateKey, signed: bytes) -> bytes:
    """Bare, as a JWS carries it: with ES256 two numbers of 32 bytes each. Spec: RFC 7518 s3.3, s3.4"""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, _PKCS1, _SHA256)
    r, s = decode_dss_signature(key.sign(signed, _ECDSA[32]))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")
