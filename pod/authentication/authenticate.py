"""Who is asking: the facts of a request in, verified Credentials out, and the challenges that tell others how to ask.

Knows no WSGI and no Flask, and does not decide what anyone may do. The order: scheme, access token, proof, binding of
one to the other, replay; so only holders of a valid token can make the replay table remember anything.

Spec: RFC 9449 s7; RFC 6750 s3; RFC 9728 s5.1; Solid-OIDC #authorization-server-discovery
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from threading import BoundedSemaphore
from urllib.parse import urlsplit

from pod.authentication.access_token import AccessTokens
from pod.authentication.dpop import ProofRules, verify_proof
from pod.authentication.issuer import ForeignIssuers, Issuers
from pod.authentication.jose import SIGNING_ALGORITHMS
from pod.authentication.keys import KeyRing, OwnKeys
from pod.authentication.replay import ReplayTable
from pod.authentication.webid import OwnDocuments, WebIDs
from pod.clock import Clock
from pod.config import Config
from pod.errors import (
    AmbiguousCredentials,
    BearerRefused,
    InvalidDPoPProof,
    InvalidToken,
    NotAuthenticated,
    PodError,
)
from pod.protocol.agent import PUBLIC, Credentials
from pod.remote.client import Remote
from pod.remote.pace import Paced

_NOT_IN_QUOTED_TEXT = re.compile(r"[^\x20-\x7e]")


class Authenticator:
    """Turns `Authorization` and `DPoP` header fields into Credentials. One a process."""

    def __init__(self, issuer: str, tokens: AccessTokens, replay: ReplayTable, rules: ProofRules, clock: Clock) -> None:
        self._issuer = issuer
        self._tokens = tokens
        self._replay = replay
        self._rules = rules
        self._clock = clock

    @classmethod
    def for_server(
        cls, config: Config, keys: KeyRing, clock: Clock, remote: Remote, documents: OwnDocuments
    ) -> Authenticator:
        """The authenticator of a web process. Of its threads, half at most wait for servers that tokens name."""
        paced = Paced(remote, clock, 0 if config.dev else config.foreign_fetches_per_minute)
        places = BoundedSemaphore(max(1, config.threads // 2))
        others = ForeignIssuers(config, clock, paced, places)
        tokens = AccessTokens(
            config.base_url,
            Issuers(config.base_url, OwnKeys(config.base_url, keys), others, documents.is_ours),
            WebIDs(config, clock, paced, documents, places),
            entries_max=config.token_cache_entries,
            skew_seconds=config.proof_skew_seconds,
        )
        rules = ProofRules(config.proof_window_seconds, config.proof_skew_seconds, config.proof_ath_required)
        replay = ReplayTable(
            config.replay_table,
            entries=config.replay_entries,
            lifetime_seconds=config.proof_window_seconds + config.proof_skew_seconds,
            now=clock.now(),
        )
        return cls(config.base_url, tokens, replay, rules, clock)

    def authenticate(
        self, *, method: str, url: str, authorization: Sequence[str], dpop: Sequence[str], origin: str | None
    ) -> Credentials:
        """Who sent this request; nobody when it has no `Authorization`. As `identify`."""
        return self.identify(method=method, url=url, authorization=authorization, dpop=dpop, origin=origin)[0]

    def identify(
        self, *, method: str, url: str, authorization: Sequence[str], dpop: Sequence[str], origin: str | None
    ) -> tuple[Credentials, float]:
        """Who sent a request, and until when its token says so. `url` is its canonical URL.

        The proof is remembered here, before anything waits for content.

        Raises: InvalidToken -- the token does not hold (BearerRefused: sent with the wrong scheme);
            InvalidDPoPProof -- the proof does not, or was seen before; NotAuthenticated -- another scheme;
            AmbiguousCredentials -- two `Authorization` fields; Busy -- no room to remember the proof, or too many wait
            for other servers.
        """
        if not authorization:
            return (PUBLIC if origin is None else Credentials(origin=origin)), math.inf
        token, now = bound_token(authorization), self._clock.now()
        verified = self._tokens.verify(token, now)
        proof = verify_proof(dpop, method=method, url=url, token=token, now=now, rules=self._rules)
        if proof.jkt != verified.jkt:
            raise InvalidToken("The access token is bound to another key than that of the DPoP proof.")
        if not self._replay.remember(proof, now):
            raise InvalidDPoPProof(REPLAYED)
        credentials = Credentials(verified.agent, verified.client, verified.issuer, verified.grant, origin)
        return credentials, verified.expires

    def challenges(self, error: PodError | None, *, realm: str, url: str | None = None) -> tuple[str, ...]:
        """The `WWW-Authenticate` values of an answer, one a scheme. `url` is the request's canonical URL.

        Error codes are told only to who tried to authenticate, in the challenge of the scheme they used. The metadata
        URL is that of the very resource: clients must ignore metadata of any other (RFC 9728 s3.3).

        Spec: RFC 9449 s7.1, s7.2; RFC 6750 s3; RFC 9728 s5.1; Solid-OIDC #authorization-server-discovery.
        """
        reason = _reason(error)
        shared = [f'realm="{_quoted(realm)}"', f'resource_metadata="{self._metadata_url(url)}"']
        dpop = [f'algs="{" ".join(SIGNING_ALGORITHMS)}"', f'as_uri="{self._issuer}"', *shared]
        bearer = [*shared, 'scope="openid webid"']
        (bearer if isinstance(error, BearerRefused) else dpop).extend(reason)
        return f"DPoP {', '.join(dpop)}", f"Bearer {', '.join(bearer)}"

    def _metadata_url(self, url: str | None) -> str:
        return resource_metadata_url(self._issuer if url is None else url)

    def close(self) -> None:
        self._replay.close()


REPLAYED = "This DPoP proof was used before; make a new one, with a new `jti`, for each request."
METADATA_PATH = "/.well-known/oauth-protected-resource"


def resource_metadata_url(resource: str) -> str:
    """Where the metadata of a protected resource is. Spec: RFC 9728 s3.1."""
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}{METADATA_PATH}{'' if parts.path == '/' else parts.path}"


def bound_token(authorization: Sequence[str]) -> str:
    """The token of a `DPoP` Authorization header. Spec: RFC 9449 s7.1, s7.2.

    Raises: see `Authenticator.authenticate`.
    """
    if len(authorization) > 1:
        raise AmbiguousCredentials("Send one Authorization header.")
    scheme, _, token = authorization[0].strip().partition(" ")
    if scheme.lower() == "bearer":
        raise BearerRefused("Access tokens of this server are bound to a key: send `Authorization: DPoP <token>`.")
    if scheme.lower() != "dpop":
        raise NotAuthenticated("This server accepts the DPoP authentication scheme only.")
    return token.strip()


def _reason(error: PodError | None) -> list[str]:
    """Spec: RFC 6750 s3, "SHOULD NOT include an error code" where no authentication was tried."""
    if not isinstance(error, InvalidToken | AmbiguousCredentials):
        return []
    return [f'error="{error.error}"', f'error_description="{_quoted(error.detail or error.title)}"']


def _quoted(text: str) -> str:
    """Text fit for a quoted `error_description`. Spec: RFC 6750 s3."""
    return _NOT_IN_QUOTED_TEXT.sub("?", text.replace('"', "'").replace("\\", "/"))
