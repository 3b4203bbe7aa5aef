"""HTTP message signatures of what this server sends: who sent it, to whom, and what, as the published keys verify.

Knows nothing of notifications. One fixed list of components is signed, which is all that a receiver decides by.

Spec: RFC 9421 s2, s3.1; RFC 9530 s2; LWS 1.0 Notifications #signature-requirements
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

from pod.authentication import jose
from pod.authentication.keys import KEY_SET_PATH, KeyRing
from pod.clock import Clock

COMPONENTS = ("@method", "@scheme", "@authority", "@path", "@query", "content-type", "content-digest")
ALGORITHM = "ecdsa-p256-sha256"
LABEL = "notification"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class MessageSigner:
    """Signs POST requests with the keys that sign our tokens: a signature base never looks like a token."""

    def __init__(self, keys: KeyRing, base_url: str, clock: Clock) -> None:
        self._keys = keys
        self._key_set = base_url + KEY_SET_PATH
        self._clock = clock

    def fields(self, url: str, content: bytes, media_type: str) -> dict[str, str]:
        """The header fields to add to a POST to this URL, in the spelling in which it is asked for."""
        key = self._keys.current("ES256")
        digest = content_digest(content)
        named = f'created={int(self._clock.now())};keyid="{self._key_set}#{key.kid}";alg="{ALGORITHM}"'
        parameters = f"{_inner_list()};{named}"
        base = signature_base(components(url, media_type, digest), parameters)
        signature = _encoded(jose.signature(key.private, base))
        return {
            "Content-Digest": digest,
            "Signature-Input": f"{LABEL}={parameters}",
            "Signature": f"{LABEL}=:{signature}:",
        }


def content_digest(content: bytes) -> str:
    """Spec: RFC 9530 s2"""
    return f"sha-256=:{_encoded(sha256(content).digest())}:"


def components(url: str, media_type: str, digest: str) -> Mapping[str, str]:
    """The value of each component. Spec: RFC 9421 s2.1, s2.2"""
    parts = urlsplit(url)
    values = ("POST", parts.scheme, authority(url), parts.path or "/", f"?{parts.query}", media_type, digest)
    return dict(zip(COMPONENTS, values, strict=True))


def authority(url: str) -> str:
    """Spec: RFC 9421 s2.2.3, "the default port for the scheme MUST be omitted"."""
    parts = urlsplit(url)
    return parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme])


def signature_base(values: Mapping[str, str], parameters: str) -> bytes:
    """Spec: RFC 9421 s2.5"""
    lines = [f'"{name}": {value}' for name, value in values.items()]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def _inner_list() -> str:
    return "(" + " ".join(f'"{name}"' for name in COMPONENTS) + ")"


def _encoded(data: bytes) -> str:
    return b64encode(data).decode("ascii")
