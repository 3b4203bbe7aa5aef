"""The keys this server signs tokens with: made, kept encrypted in the database, renewed, and published.

All web processes share them. A key is published before it is used, so that others can fetch it in time, and verifies
until the last token signed with it is dead. Knows nothing of what tokens say.

Spec: RFC 7517; RFC 7518; OpenID Connect Discovery s3 (RS256), Core s10.1.1 (rotation)
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pod.authentication import jose
from pod.authentication.jose import IssuingAlgorithm, PrivateKey, VerificationKey
from pod.authentication.secret_files import secret
from pod.clock import Clock
from pod.config import Config
from pod.errors import InvalidToken, StorageDamaged
from pod.store.accounts import Accounts, SigningKey
from pod.store.interface import ResourceStore
from pod.store.records import SERVER

KEY_SET_PATH = ".oidc/jwks"
"""Under the base URL: where the public halves are."""
MASTER_KEY = "master.key"
ISSUING_ALGORITHMS: tuple[IssuingAlgorithm, ...] = ("ES256", "RS256")
PUBLISHED_SECONDS = 2 * 3600
"""How long a new key is published before it signs: twice what others may keep our key set."""
FRESH_SECONDS = 60
"""Age at which the keys are read again, so that a retired key is gone everywhere soon."""
UNKNOWN_SECONDS = 1
"""Shortest time between readings for the sake of unknown key ids: they come from outside."""
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class IssuingKey:
    """A key of this server, both halves, not retired."""

    kid: str
    algorithm: str
    private: PrivateKey
    verification: VerificationKey
    jwk: Mapping[str, str]
    created: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The keys as read at one moment, oldest first."""

    at: float
    keys: tuple[IssuingKey, ...] = ()

    def of(self, algorithm: str) -> list[IssuingKey]:
        return [key for key in self.keys if key.algorithm == algorithm]

    def signing(self, algorithm: str, now: float) -> IssuingKey:
        """The newest that has been published for long enough; the oldest needs no such time, nobody knew another."""
        first, *later = self.of(algorithm)
        return next((key for key in reversed(later) if key.created + PUBLISHED_SECONDS <= now), first)

    def verifying(self, token_seconds: int, now: float) -> list[IssuingKey]:
        """All but those whose successor has been signing for longer than a token lives."""
        dead = now - PUBLISHED_SECONDS - FRESH_SECONDS - token_seconds
        replaced = {
            older.kid
            for algorithm in ISSUING_ALGORITHMS
            for older, newer in pairwise(self.of(algorithm))
            if newer.created < dead
        }
        return [key for key in self.keys if key.kid not in replaced]

    def wanting(self, renewal_seconds: int, now: float) -> list[IssuingAlgorithm]:
        """The algorithms whose newest key is missing or due for a successor."""
        newest = {key.algorithm: key.created for key in self.keys}
        return [each for each in ISSUING_ALGORITHMS if newest.get(each, float("-inf")) + renewal_seconds <= now]


class KeyRing:
    """Signs with, verifies with and publishes the server's keys. One a process."""

    def __init__(
        self,
        store: ResourceStore,
        accounts: Accounts,
        clock: Clock,
        *,
        master_key: bytes,
        token_seconds: int,
        renewal_seconds: int,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._cipher = AESGCM(master_key)
        self._token_seconds = token_seconds
        self._renewal_seconds = renewal_seconds
        self._lock = Lock()
        self._reading = Reading(float("-inf"))

    @classmethod
    def open(cls, config: Config, store: ResourceStore, accounts: Accounts, clock: Clock) -> KeyRing:
        """The keys of the server; the first start makes them.

        Raises: StorageDamaged -- the master key is not the one the database was written with.
        """
        ring = cls(
            store,
            accounts,
            clock,
            master_key=secret(config.keys, MASTER_KEY),
            token_seconds=config.access_token_seconds,
            renewal_seconds=config.signing_key_days * 24 * 3600,
        )
        ring.renew()
        return ring

    def sign(self, algorithm: IssuingAlgorithm, kind: str, claims: Mapping[str, Any]) -> str:  # JSON
        """A JWT of that `typ`, signed with the current key."""
        key = self.current(algorithm)
        return jose.sign(key.private, {"typ": kind, "alg": algorithm, "kid": key.kid}, claims)

    def current(self, algorithm: IssuingAlgorithm) -> IssuingKey:
        """The key that signs now; for what is no JWT, and cannot be taken for one."""
        self.renew()
        return self._fresh().signing(algorithm, self._clock.now())

    def verification_key(self, kid: str) -> VerificationKey | None:
        """The key of that id; one unknown to this process is looked for in the database, at a bounded rate."""
        return self._named(kid, self._fresh()) or self._named(kid, self._read(UNKNOWN_SECONDS))

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public keys, as a JWK Set."""
        keys = self._fresh().verifying(self._token_seconds, self._clock.now())
        return {"keys": [dict(key.jwk) for key in keys]}

    def renew(self) -> None:
        """Make what is missing: first keys, and successors of old ones. Of processes that try at once, one does."""
        if not self._wanting(self._fresh()):
            return
        made = [self._made(algorithm) for algorithm in self._wanting(self._reading)]
        with self._store.write(SERVER) as tx:
            wanting = self._wanting(self._opened(Accounts(tx).signing_keys()))
            for kid, algorithm, sealed in made:
                if algorithm in wanting:
                    self._accounts.add_signing_key(tx, kid, algorithm, sealed)
        self._read(0)

    def retire(self, kid: str) -> None:
        """Stop signing and verifying with a key at once: somebody else may know it."""
        with self._store.write(SERVER) as tx:
            self._accounts.retire_signing_key(tx, kid)
        self._read(0)
        self.renew()

    # -- reading -------------------------------------------------------------------------------------------------------

    def _fresh(self) -> Reading:
        return self._read(FRESH_SECONDS)

    def _read(self, seconds_max: float) -> Reading:
        """The keys as they were at most that long ago."""
        now = self._clock.now()
        with self._lock:
            # one of the future was read before the clock was set back, nobody knows how long ago
            if not now - seconds_max <= self._reading.at <= now or seconds_max == 0:
                self._reading = self._opened(self._accounts.signing_keys())
            return self._reading

    def _opened(self, rows: Sequence[SigningKey]) -> Reading:
        known = {key.kid: key for key in self._reading.keys}
        standing = sorted((row for row in rows if row.retired_ms is None), key=lambda row: row.created_ms)
        keys = tuple(known.get(row.kid) or self._unsealed(row) for row in standing)
        return Reading(self._clock.now(), keys)

    def _named(self, kid: str, reading: Reading) -> VerificationKey | None:
        keys = reading.verifying(self._token_seconds, self._clock.now())
        return next((key.verification for key in keys if key.kid == kid), None)

    def _wanting(self, reading: Reading) -> list[IssuingAlgorithm]:
        return reading.wanting(self._renewal_seconds, self._clock.now())

    # -- making and sealing --------------------------------------------------------------------------------------------

    def _made(self, algorithm: IssuingAlgorithm) -> tuple[str, IssuingAlgorithm, bytes]:
        private = _generated(algorithm)
        kid = jose.thumbprint(jose.public_jwk(private))
        encoded = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        nonce = os.urandom(_NONCE_BYTES)
        return kid, algorithm, nonce + self._cipher.encrypt(nonce, encoded, kid.encode("ascii"))

    def _unsealed(self, row: SigningKey) -> IssuingKey:
        nonce, sealed = row.private_key[:_NONCE_BYTES], row.private_key[_NONCE_BYTES:]
        try:
            encoded = self._cipher.decrypt(nonce, sealed, row.kid.encode("ascii"))
        except InvalidTag as error:
            raise StorageDamaged(f"The file {MASTER_KEY} is not the one this database was written with.") from error
        # What decrypts was made here, so nobody chose its numbers; to test them again takes longer than all else here.
        private = serialization.load_der_private_key(encoded, None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
        verification = VerificationKey(row.algorithm, private.public_key())
        jwk = jose.public_jwk(private) | {"kid": row.kid, "alg": row.algorithm, "use": "sig"}
        return IssuingKey(row.kid, row.algorithm, private, verification, jwk, row.created_ms / 1000)


class OwnKeys:
    """`KeySource` of one issuer: this server."""

    def __init__(self, issuer: str, keys: KeyRing) -> None:
        self._issuer = issuer
        self._keys = keys

    def key(self, issuer: str, kid: str) -> VerificationKey:
        if issuer != self._issuer:
            raise InvalidToken(self._foreign(issuer))
        key = self._keys.verification_key(kid)
        if key is None:
            raise InvalidToken("The access token is signed with a key that this server does not have.")
        return key

    def _foreign(self, issuer: str) -> str:
        if issuer.rstrip("/") == self._issuer.rstrip("/"):
            return f"The access token's issuer must be exactly {self._issuer}; a trailing slash makes another issuer."
        return f"Only access tokens issued by {self._issuer} are accepted here."


def _generated(algorithm: IssuingAlgorithm) -> PrivateKey:
    if algorithm == "RS256":
        return rsa.generate_private_key(jose.RSA_EXPONENT, jose.RSA_BITS_MIN)
    return ec.generate_private_key(ec.SECP256R1())
