"""The keys of issuers: our own at once, those of others by OpenID discovery through the guarded client, and then kept.

Whether an issuer may speak for a WebID is not asked here (webid.py): anybody can be an issuer. So what one token can
make this server do is bounded: which addresses, how many bytes, how long, how often, and how many at one time.

Spec: Solid-OIDC #id-token-validation; OpenID Connect Discovery s3, s4; RFC 7517 s4, s5; RFC 8725 s3.1, s3.8
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

import structlog

from pod.authentication.access_token import KID_CHARACTERS_MAX, KeySource
from pod.authentication.jose import JOSEError, VerificationKey
from pod.clock import Clock, Deadline
from pod.config import Config
from pod.errors import InvalidToken
from pod.protocol.text import check_unicode
from pod.remote.cache import Cached, Loaded
from pod.remote.client import Fetched, Limits, Remote
from pod.remote.errors import RemoteError

log = structlog.get_logger()

METADATA_PATH = "/.well-known/openid-configuration"
KEYS_MAX = 32
"""Keys read of one key set."""
FAILURE_SECONDS = 30
"""How long an issuer that could not be asked is left alone, so that a flood of tokens asks it once."""
LOADS_SHARE = 4
"""Of the request threads, the part that may load keys, or WebID documents, at one time."""

KeySet = Mapping[str, VerificationKey]
"""Key id -> key."""

_JSON_TYPES = ("application/json", "+json")
_ALGORITHM_OF_TYPE = {"EC P-256": "ES256", "EC P-384": "ES384", "OKP Ed25519": "EdDSA", "RSA ": "RS256"}
"""What a key that names no algorithm is used with."""


class Issuers:
    """`KeySource` of all issuers. Nothing under our own URLs is fetched, however it is spelled."""

    def __init__(self, issuer: str, own: KeySource, others: KeySource, is_ours: Callable[[str], bool]) -> None:
        self._issuer = issuer
        self._own = own
        self._others = others
        self._is_ours = is_ours

    def key(self, issuer: str, kid: str) -> VerificationKey:
        """See `KeySource.key`."""
        source = self._own if issuer == self._issuer or self._is_ours(issuer) else self._others
        return source.key(issuer, kid)


class ForeignIssuers:
    """`KeySource` of the issuers elsewhere."""

    def __init__(self, config: Config, clock: Clock, remote: Remote, places: BoundedSemaphore) -> None:
        self._remote = remote
        self._dev = config.dev
        self._limits = Limits.of(config)
        self._keys: Cached[str, KeySet] = Cached(
            self._load,
            clock=clock,
            fresh_seconds=config.issuer_seconds_fresh,
            stale_seconds=config.issuer_seconds_stale,
            failure_seconds=FAILURE_SECONDS,
            entries_max=config.issuer_cache_entries,
            loads_max=config.threads // LOADS_SHARE,
            places=places,
        )

    def key(self, issuer: str, kid: str) -> VerificationKey:
        """See `KeySource.key`. A key id that is new is looked for once more, at a bounded rate.

        Raises: Busy -- too many issuers are being asked.
        """
        check_issuer(issuer, dev=self._dev)
        key = self._keys.get(issuer).get(kid) or self._keys.renew(issuer).get(kid)
        if key is None:
            raise InvalidToken(f"The access token is signed with a key that its issuer {issuer} does not publish.")
        return key

    # -- asking --------------------------------------------------------------------------------------------------------

    def _load(self, issuer: str) -> Loaded[KeySet]:
        """Both documents within the time of one fetch.

        Raises: InvalidToken -- there are no keys to be had. Why a server cannot be reached is for the log: strangers
        would learn from it about the network this server is in.
        """
        deadline = Deadline(self._limits.seconds_max)
        try:
            metadata = self._fetched(metadata_url(issuer), deadline)
            key_set = self._fetched(key_set_url(metadata, issuer), deadline)
        except RemoteError as error:
            log.info("issuer unreachable", issuer=issuer, why=str(error))
            raise InvalidToken(f"The keys of the access token's issuer {issuer} cannot be fetched.") from error
        return Loaded(read_key_set(key_set, issuer), key_set.fresh_seconds)

    def _fetched(self, url: str, deadline: Deadline) -> Fetched:
        limits = Limits(self._limits.bytes_max, max(deadline.seconds_left, 0.001), self._limits.redirects_max)
        return self._remote.fetch(url, accept="application/json", limits=limits)


def check_issuer(issuer: str, *, dev: bool) -> None:
    """Raises: InvalidToken."""
    wrong = wrong_with_issuer(issuer, dev=dev)
    if wrong:
        raise InvalidToken(f"The access token's issuer {wrong}.")


def wrong_with_issuer(issuer: str, *, dev: bool) -> str | None:
    """Why this can be no issuer; None when it can.

    Spec: OpenID Connect Discovery s3, "URL using the https scheme with no query or fragment components"
    """
    try:
        parts = urlsplit(issuer)
    except ValueError:
        return "is not a URL"
    if parts.scheme != "https" and not (dev and parts.scheme == "http"):
        return "is not an https URL"
    if not parts.hostname or "?" in issuer or "#" in issuer or "@" in parts.netloc:
        return "may have no credentials, query or fragment"
    return None


def metadata_url(issuer: str) -> str:
    """Spec: OpenID Connect Discovery s4"""
    return issuer.removesuffix("/") + METADATA_PATH


def key_set_url(answer: Fetched, issuer: str) -> str:
    """Where an issuer's metadata says that its keys are.

    Spec: OpenID Connect Discovery s4.3, "MUST be identical to the Issuer URL that was used as the prefix"
    Raises: InvalidToken -- this is not the metadata of that issuer.
    """
    metadata = _object(answer, issuer)
    said = metadata.get("issuer")
    if said != issuer:
        hint = "; a trailing slash makes another issuer" if differs_in_slash(said, issuer) else ""
        raise InvalidToken(f"The metadata of the access token's issuer {issuer} names another issuer{hint}.")
    url = metadata.get("jwks_uri")
    if not isinstance(url, str):
        raise InvalidToken(f"The metadata of the access token's issuer {issuer} names no `jwks_uri`.")
    return url


def read_key_set(answer: Fetched, issuer: str) -> KeySet:
    """The usable keys of a JWK Set; the others are passed over (RFC 7517 s5), private and symmetric ones among them.

    Raises: InvalidToken -- this is no JWK Set.
    """
    listed = _object(answer, issuer).get("keys")
    if not isinstance(listed, list):
        raise InvalidToken(f"The access token's issuer {issuer} publishes no key set.")
    keys: dict[str, VerificationKey] = {}
    for jwk in listed[:KEYS_MAX]:
        kid = jwk.get("kid") if isinstance(jwk, dict) else None
        if isinstance(kid, str) and 0 < len(kid) <= KID_CHARACTERS_MAX and kid not in keys and _is_for_signatures(jwk):
            try:
                keys[kid] = VerificationKey.from_jwk(_algorithm(jwk), jwk)
            except JOSEError as error:
                log.info("key of issuer unusable", issuer=issuer, why=str(error))
    return keys


def json_object(answer: Fetched) -> dict[str, Any] | None:  # JSON
    """What an issuer publishes; None where that is no JSON object."""
    if answer.status != 200 or not answer.media_type.endswith(_JSON_TYPES):
        return None
    try:
        text = answer.body.decode("utf-8-sig")
        value = json.loads(text)
        check_unicode(text, value)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _object(answer: Fetched, issuer: str) -> dict[str, Any]:  # JSON
    value = json_object(answer)
    if value is None:
        log.info("issuer gave no JSON", issuer=issuer, url=answer.url, status=answer.status, type=answer.media_type)
        raise InvalidToken(f"The access token's issuer {issuer} does not publish its metadata and keys as JSON.")
    return value


def differs_in_slash(said: object, issuer: str) -> bool:
    return isinstance(said, str) and said.rstrip("/") == issuer.rstrip("/")


def _is_for_signatures(jwk: Mapping[str, Any]) -> bool:  # JSON
    """Spec: RFC 7517 s4.2, s4.3"""
    operations = jwk.get("key_ops", ["verify"])
    return jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _algorithm(jwk: Mapping[str, Any]) -> str:  # JSON
    """The one algorithm the key is for. Raises: JOSEError -- none that can be told."""
    algorithm = jwk.get("alg")
    if algorithm is None:
        algorithm = _ALGORITHM_OF_TYPE.get(f"{jwk.get('kty')} {jwk.get('crv', '')}")
    if not isinstance(algorithm, str):
        raise JOSEError("The key names no algorithm.")
    return algorithm
