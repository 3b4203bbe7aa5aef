"""The token endpoint: who may have a token, and what it says.

Authlib's server chooses the grant and shapes the answers. Client authentication and DPoP are ours: Authlib tells an
unknown client from a wrong secret, and has no DPoP. Knows no Flask: a `TokenRequest` in, a `TokenAnswer` out.

Spec: RFC 6749 s2.3, s3.2, s4.4, s5; RFC 9449 s5; Solid-OIDC #tokens, #tokens-id, #client-credentials
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, unquote_plus

from authlib.common.security import is_secure_transport
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from pod.authentication.access_token import AUDIENCE, GRANT_CLAIM
from pod.authentication.authenticate import REPLAYED
from pod.authentication.credentials import ClientSecrets
from pod.authentication.dpop import ProofRules, verify_proof
from pod.authentication.jose import IssuingAlgorithm
from pod.authentication.keys import KeyRing
from pod.clock import Clock
from pod.config import Config
from pod.errors import InvalidDPoPProof
from pod.identity.clients import ID_CHARACTERS_MAX
from pod.identity.provider import ID_TOKEN_ALGORITHM, SCOPES, TOKEN_PATH
from pod.identity.throttle import Throttle
from pod.protocol.agent import Proof
from pod.store.accounts import Accounts, AccountStatus, ClientCredential
from pod.store.interface import ResourceStore
from pod.store.records import SERVER

ACCESS_TOKEN_ALGORITHM: IssuingAlgorithm = "ES256"  # noqa: S105  # the name of an algorithm
SCOPE_CHARACTERS_MAX = 1000
CLIENTS_OF_ADDRESS = 10
"""How many clients' worth of requests one address has: who tries one id after the other is stopped too."""

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: +[\x21\x23-\x5b\x5d-\x7e]+)*")
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


@dataclass(slots=True)
class TokenRequest:
    """What came to the token endpoint. `client` is filled by the grant, as Authlib does it."""

    parameters: Sequence[tuple[str, str]]
    authorization: str | None
    dpop: Sequence[str]
    address: str
    method: str = "POST"
    client: AuthenticatedClient | None = None
    payload: BasicOAuth2Payload = field(init=False)

    def __post_init__(self) -> None:
        self.payload = BasicOAuth2Payload(dict(self.parameters))

    def value(self, name: str) -> str | None:
        value: str | None = self.payload.data.get(name)
        return value


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """Status, JSON body and header fields."""

    status: int
    body: Mapping[str, Any]
    headers: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client whose secret was right, and the grant types it may use, in the form Authlib asks for."""

    credential: ClientCredential

    def check_grant_type(self, grant_type: str) -> bool:
        return bool(grant_type == ClientCredentialsGrant.GRANT_TYPE)


class WrongClientError(OAuth2Error):  # type: ignore[misc]  # Authlib is untyped
    """The same answer for a client that does not exist, a wrong secret, a revoked client and a disabled account."""

    error = "invalid_client"
    description = "The client id or secret is wrong."
    status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("WWW-Authenticate", 'Basic realm="token", charset="UTF-8"')]


class BadProofError(OAuth2Error):  # type: ignore[misc]  # Authlib is untyped
    """Spec: RFC 9449 s5."""

    error = "invalid_dpop_proof"


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib is untyped
    """Spec: RFC 6749 s4.4; Solid-OIDC #client-credentials."""

    def generate_token(self, **_: Any) -> dict[str, Any]:  # Authlib's signature; JSON
        server: TokenServer = self.server
        return server.issue(self.request)

    def save_token(self, token: Mapping[str, Any]) -> None:  # JSON
        """Tokens are not kept: they name a grant, and the grant is."""


class TokenServer(AuthorizationServer):  # type: ignore[misc]  # Authlib is untyped
    """Answers the token endpoint. One a process."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        store: ResourceStore,
        accounts: Accounts,
        keys: KeyRing,
        client_secrets: ClientSecrets,
    ) -> None:
        super().__init__()
        self._issuer = config.base_url
        self._secure = config.dev or is_secure_transport(config.base_url)
        self._seconds = config.access_token_seconds
        self._rules = ProofRules(config.proof_window_seconds, config.proof_skew_seconds)
        per_minute = 0 if config.dev else config.token_requests_per_minute
        self._throttle = Throttle(per_minute)
        self._throttle_of_addresses = Throttle(per_minute * CLIENTS_OF_ADDRESS)
        self._store = store
        self._accounts = accounts
        self._keys = keys
        self._client_secrets = client_secrets
        self._clock = clock
        self.register_grant(ClientCredentials)

    def answer(self, request: TokenRequest) -> TokenAnswer:
        """Raises: TooManyRequests; Busy -- the database could not be had."""
        client_id = next(iter(_credentials(request)), ("", ""))[0]
        self._throttle_of_addresses.count((request.address,), self._clock.now())
        self._throttle.count((request.address, client_id[:ID_CHARACTERS_MAX]), self._clock.now())
        answer: TokenAnswer
        try:
            self._check(request)
        except OAuth2Error as error:
            answer = self.handle_error_response(request, error)
        else:
            answer = self.create_token_response(request)
        return answer

    def _check(self, request: TokenRequest) -> None:
        """Spec: RFC 6749 s3.2, "parameters MUST NOT be included more than once"; Solid-OIDC #security-tls."""
        if not self._secure:
            raise InvalidRequestError("This server is not reached over TLS, so it gives no tokens.")
        if len(request.payload.data) != len(request.parameters):
            raise InvalidRequestError("A parameter is there more than once.")
        if not request.payload.grant_type:
            raise InvalidRequestError("The parameter grant_type is missing.")

    # -- what Authlib calls --------------------------------------------------------------------------------------------

    def authenticate_client(self, request: TokenRequest, *_: object) -> AuthenticatedClient:
        """Spec: RFC 6749 s2.3.1, s5.2 (invalid_client)."""
        if request.authorization is not None and request.value("client_secret") is not None:
            raise InvalidRequestError("The client authenticates in two ways at once.")
        for client_id, secret in _credentials(request):
            credential = self._accounts.client(client_id)
            known_hash = credential.secret_hash if credential else None
            if self._client_secrets.matches(known_hash, secret) and credential and self._stands(credential):
                return AuthenticatedClient(credential)
        raise WrongClientError

    def validate_requested_scope(self, scope: str | None) -> None:
        """Unknown scopes are left out of what is granted; only what is no scope at all is an error (RFC 6749 s3.3)."""
        if scope and (len(scope) > SCOPE_CHARACTERS_MAX or not _SCOPE.fullmatch(scope.strip(" "))):
            raise InvalidScopeError

    def send_signal(self, *_: object, **__: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        return request

    def handle_response(
        self, status: int, body: Mapping[str, Any], headers: Sequence[tuple[str, str]]
    ) -> TokenAnswer:  # JSON
        return TokenAnswer(status, body, headers)

    # -- ours ----------------------------------------------------------------------------------------------------------

    def issue(self, request: TokenRequest) -> dict[str, Any]:  # JSON
        """The answer to a client that has proved itself.

        Raises: BadProofError -- its DPoP proof is missing, spoiled, or was used before.
        """
        assert request.client is not None
        credential, proof = request.client.credential, self._proof(request)
        now = int(self._clock.now())
        claims = {
            "iss": self._issuer,
            "sub": credential.web_id,
            "webid": credential.web_id,
            "iat": now,
            "exp": now + self._seconds,
            "cnf": {"jkt": proof.jkt},
            GRANT_CLAIM: credential.grant,
        }
        return {
            "access_token": self._access_token(claims, credential.id),
            "token_type": "DPoP",
            "expires_in": self._seconds,
            "scope": _granted(request.value("scope")),
            "id_token": self._id_token(claims, credential.id),
        }

    def _access_token(self, claims: Mapping[str, Any], client_id: str) -> str:  # JSON
        """Spec: RFC 9068 s2; Solid-OIDC as deployed."""
        said = {**claims, "aud": AUDIENCE, "client_id": client_id, "jti": secrets.token_urlsafe(16)}
        return self._keys.sign(ACCESS_TOKEN_ALGORITHM, "at+jwt", said)

    def _id_token(self, claims: Mapping[str, Any], client_id: str) -> str:  # JSON
        """Spec: Solid-OIDC #tokens-id."""
        said = {**claims, "aud": [client_id, AUDIENCE], "azp": client_id}
        return self._keys.sign(ID_TOKEN_ALGORITHM, "JWT", said)

    def _proof(self, request: TokenRequest) -> Proof:
        """Spec: RFC 9449 s5, s11.1."""
        now, url = self._clock.now(), self._issuer + TOKEN_PATH
        try:
            proof = verify_proof(request.dpop, method="POST", url=url, token=None, now=now, rules=self._rules)
        except InvalidDPoPProof as error:
            raise BadProofError(_NOT_IN_DESCRIPTION.sub("'", error.detail)) from error
        with self._store.write(SERVER) as tx:
            if not tx.remember_proof(proof):
                raise BadProofError(REPLAYED)
        return proof

    def _stands(self, credential: ClientCredential) -> bool:
        account = self._accounts.by_id(credential.account)
        active = account is not None and account.status is AccountStatus.ACTIVE
        return active and credential.revoked_ms is None


def _credentials(request: TokenRequest) -> list[tuple[str, str]]:
    """Every reading of the client's id and secret: Basic, else the body. Spec: RFC 6749 s2.3.1.

    In Basic both are form-encoded; some libraries percent-encode only, so that a plus sign means itself.
    """
    if request.authorization is None:
        client_id, secret = request.value("client_id"), request.value("client_secret")
        return [] if client_id is None or secret is None else [(client_id, secret)]
    scheme, _, encoded = request.authorization.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except ValueError:
        return []
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        return []
    return list(dict.fromkeys((decode(client_id), decode(secret)) for decode in (unquote_plus, unquote)))


def _granted(scope: str | None) -> str:
    """Always `webid`, for that is what the tokens say. Spec: RFC 6749 s3.3, Solid-OIDC #webid-scope."""
    asked = scope.split() if scope else SCOPES
    return " ".join(each for each in SCOPES if each == "webid" or each in asked)
