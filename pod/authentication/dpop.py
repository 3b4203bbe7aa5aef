"""DPoP proofs: all checks of RFC 9449 s4.3, on facts of the request that the caller hands in.

Does not know where the request came from and does not remember proofs (replay.py and the store do). The key and
thumbprint of a proof's header are remembered; the proof is verified every time. The token endpoint uses this too.

Spec: RFC 9449 s4.2, s4.3, s11.1; RFC 3986 s6.2.2, s6.2.3
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from pod.authentication.jose import (
    JOSEError,
    UnverifiedJWT,
    VerificationKey,
    algorithm_of,
    decode_object,
    encode_segment,
    thumbprint,
)
from pod.errors import InvalidDPoPProof, PodError
from pod.protocol.agent import Proof
from pod.protocol.resource import canonical_path

JTI_CHARACTERS_MAX = 256
HTU_CHARACTERS_MAX = 4096
KEYS_REMEMBERED = 4096

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_AUTHORITY = re.compile(r"(?:[^@\[\]]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^@:\[\]]+)(?::[0-9]*)?")
_QUERY_OR_FRAGMENT = re.compile(r"[?#]")


@dataclass(frozen=True, slots=True)
class ProofRules:
    """What a server asks of proofs beyond their form."""

    window_seconds: int
    skew_seconds: int
    ath_required: bool = False


@dataclass(frozen=True, slots=True)
class ProofKey:
    """The public key in a proof's header, fit to verify it."""

    key: VerificationKey
    thumbprint: str


def verify_proof(
    headers: Sequence[str], *, method: str, url: str, token: str | None, now: float, rules: ProofRules
) -> Proof:
    """The proof in a request's `DPoP` header fields, verified. `url` is the request's canonical URL.

    `token` is the access token that came with it, None where there is none (the token endpoint). The nonce of check 10
    does not apply: this server hands out none.

    Deviates: RFC 9449 s4.2 requires `ath` with an access token; published Solid libraries send none, so its absence is
    accepted unless `rules.ath_required`. A wrong one never is.
    Raises: InvalidDPoPProof -- any check of RFC 9449 s4.3 fails.
    """
    try:
        jkt, claims = _signed_claims(_only(headers))
    except JOSEError as error:
        raise InvalidDPoPProof(str(error)) from error
    _check_request(claims, method, url)
    _check_token(claims, token, rules)
    return Proof(jkt, _identifier(claims), _issued(claims, now, rules) + rules.window_seconds)


def _signed_claims(text: str) -> tuple[str, dict[str, Any]]:  # JSON
    """The key's thumbprint and the claims. Spec: RFC 9449 s4.3 (2) well-formed, (6) signature."""
    jwt = UnverifiedJWT.parse(text)
    proof_key = _proof_key(jwt.header)
    if not jwt.is_signed_by(proof_key.key):
        raise JOSEError("The proof's signature does not verify with the key in its header.")
    return proof_key.thumbprint, decode_object(jwt.payload)


def _only(headers: Sequence[str]) -> str:
    """Spec: RFC 9449 s4.3 (1), "there is not more than one DPoP HTTP request header field"."""
    if not headers:
        raise JOSEError("The request has no DPoP header; DPoP-bound tokens need a proof with every request.")
    if len(headers) > 1 or "," in headers[0]:
        raise JOSEError("The request has more than one DPoP header.")
    return headers[0].strip()


@lru_cache(maxsize=KEYS_REMEMBERED)
def _proof_key(header_segment: str) -> ProofKey:
    """Spec: RFC 9449 s4.3 (4) typ, (5) alg, (7) no private key"""
    header = decode_object(header_segment)
    if header.get("typ") != "dpop+jwt":
        raise JOSEError("The proof's `typ` must be dpop+jwt.")
    jwk = header.get("jwk")
    key = VerificationKey.from_jwk(algorithm_of(header), jwk)
    assert isinstance(jwk, dict)
    return ProofKey(key, thumbprint(jwk))


def _check_request(claims: Mapping[str, Any], method: str, url: str) -> None:  # JSON
    """Spec: RFC 9449 s4.3 (8) htm, (9) htu"""
    if claims.get("htm") != method:
        raise InvalidDPoPProof(f"The proof's `htm` is not the method of this request, {method}.")
    htu = claims.get("htu")
    expected = _QUERY_OR_FRAGMENT.split(url, maxsplit=1)[0]
    if htu != expected and (not isinstance(htu, str) or normalized_url(htu) not in {normalized_url(url)} - {None}):
        raise InvalidDPoPProof(f"The proof's `htu` is not the URL of this request, {expected}")


def _check_token(claims: Mapping[str, Any], token: str | None, rules: ProofRules) -> None:  # JSON
    """Spec: RFC 9449 s4.3 (12), first half; the second (the token is bound to this key) needs the token's claims."""
    if token is None:
        return
    if "ath" not in claims:
        if rules.ath_required:
            raise InvalidDPoPProof("The proof has no `ath`; this server requires the hash of the access token.")
    elif claims["ath"] != token_hash(token):
        raise InvalidDPoPProof("The proof's `ath` is not the hash of the access token it came with.")


def token_hash(token: str) -> str:
    """Spec: RFC 9449 s4.2, `ath`"""
    return encode_segment(sha256(token.encode("ascii")).digest())


def _identifier(claims: Mapping[str, Any]) -> str:  # JSON
    """Spec: RFC 9449 s11.1, "should reject DPoP proof JWTs with unnecessarily large jti values"."""
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= JTI_CHARACTERS_MAX or not jti.isprintable():
        raise InvalidDPoPProof(f"The proof's `jti` must be 1 to {JTI_CHARACTERS_MAX} printable characters.")
    return jti


def _issued(claims: Mapping[str, Any], now: float, rules: ProofRules) -> float:  # JSON
    """Spec: RFC 9449 s4.3 (11), s11.1"""
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise InvalidDPoPProof("The proof's `iat` must be a number of seconds since 1970.")
    if not issued <= now + rules.skew_seconds:
        raise InvalidDPoPProof("The proof's `iat` lies in the future; is the client's clock ahead?")
    if not issued >= now - rules.window_seconds:
        raise InvalidDPoPProof(f"The proof's `iat` is more than {rules.window_seconds} seconds ago; make a new proof.")
    return float(issued)


# -- comparing URLs ----------------------------------------------------------------------------------------------------


def normalized_url(url: str) -> str | None:
    """An absolute http(s) URL without query and fragment, in one spelling; None when it is no such URL.

    Spec: RFC 3986 s6.2.2 (case, percent-encoding, dot segments), s6.2.3 (default port, empty path)
    """
    if len(url) > HTU_CHARACTERS_MAX:
        return None
    try:
        parts = urlsplit(url)
        path = canonical_path(_without_dot_segments(parts.path or "/"))
    except (ValueError, PodError):
        return None
    if parts.scheme not in _DEFAULT_PORTS or not _AUTHORITY.fullmatch(parts.netloc):
        return None
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme])}{path}"


def _without_dot_segments(path: str) -> str:
    """Spec: RFC 3986 s5.2.4"""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == ".." and kept:
            kept.pop()
        elif segment not in {".", ".."}:
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
