"""The endpoints that clients call themselves: tokens, taking them back, and asking about them.

Authlib's server chooses the grant and shapes the answers; what a grant gives is in grants.py. Authlib has no DPoP:
that is ours. Knows no Flask: an `EndpointRequest` in, an `EndpointAnswer` out.

Spec: RFC 6749 s3.2, s5; RFC 7009; RFC 7662; RFC 9396 s7; RFC 9449 s5; Solid-OIDC #tokens, #security-tls
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from authlib.common.security import is_secure_transport
from authlib.consts import default_json_headers
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError

from pod.authentication.dpop import ProofRules, verify_proof
from pod.errors import InvalidDPoPProof
from pod.identity.applications import Clients
from pod.identity.authorization_details import granted
from pod.identity.client_authentication import ClientAuthentication
from pod.identity.clients import ID_CHARACTERS_MAX
from pod.identity.endpoint import BadProofError, EndpointAnswer, EndpointRequest
from pod.identity.grants import CodeGrant, Given, ProgramGrant, Redemptions, RefreshGrant
from pod.identity.introspection import introspected
from pod.identity.provider import TOKEN_PATH
from pod.identity.requests import describable
from pod.identity.revocation import revoke
from pod.identity.throttle import Throttle
from pod.identity.tokens import Tokens
from pod.protocol.addresses import network_of
from pod.protocol.agent import Proof
from pod.services import Services

CLIENTS_OF_ADDRESS = 10
"""How many clients' worth of requests one address has: who tries one id after the other is stopped too."""

JSON = Mapping[str, Any]


class TokenServer(AuthorizationServer):  # type: ignore[misc]  # Authlib is untyped
    """Answers these endpoints. One a process."""

    def __init__(self, services: Services, clients: Clients) -> None:
        super().__init__()
        config = services.config
        self.authentication = ClientAuthentication(services, clients)
        self.redemptions = Redemptions(services)
        self._services = services
        self._issuer = config.base_url
        self._secure = config.dev or is_secure_transport(config.base_url)
        self._tokens = Tokens(services.keys, config.base_url, config.access_token_seconds)
        self._rules = ProofRules(config.proof_window_seconds, config.proof_skew_seconds)
        per_minute = 0 if config.dev else config.token_requests_per_minute
        self._throttle = Throttle(per_minute)
        self._throttle_of_addresses = Throttle(per_minute * CLIENTS_OF_ADDRESS)
        for grant in (CodeGrant, RefreshGrant, ProgramGrant):
            self.register_grant(grant)

    def token(self, request: EndpointRequest) -> EndpointAnswer:
        """Raises: TooManyRequests; Busy -- the database, or a client's document, could not be had."""
        return self._checked(request, lambda: self._token(request))

    def revoke(self, request: EndpointRequest) -> EndpointAnswer:
        """Spec: RFC 7009 s2. Raises: as `token`."""

        def act() -> JSON:
            revoke(self._services, self.authentication.any(request), request.required("token"))
            return {}

        return self._checked(request, lambda: self._successful(act()))

    def introspect(self, request: EndpointRequest) -> EndpointAnswer:
        """Spec: RFC 7662 s2. Raises: as `token`."""

        def act() -> JSON:
            client = self.authentication.confidential(request)
            return introspected(self._services, client, request.required("token"))

        return self._checked(request, lambda: self._successful(act()))

    # -- what grants ask for -------------------------------------------------------------------------------------------

    def proof(self, request: EndpointRequest) -> Proof:
        """The request's DPoP proof, for a transaction to remember. Spec: RFC 9449 s5. Raises: BadProofError."""
        now, url = self._services.clock.now(), self._issuer + TOKEN_PATH
        try:
            return verify_proof(request.dpop, method="POST", url=url, token=None, now=now, rules=self._rules)
        except InvalidDPoPProof as error:
            raise BadProofError(describable(error.detail)) from error

    def answer_with(self, given: Given) -> dict[str, Any]:  # JSON
        """Spec: RFC 9396 s7 -- what the tokens are good for, where that is not all that was asked for"""
        answer = self._tokens.answer(given.holder, self._services.clock.now(), given.refresh_token)
        return answer | {"authorization_details": granted(given.ceiling, self._services.placement)}

    # -- what Authlib calls --------------------------------------------------------------------------------------------

    def send_signal(self, *_: object, **__: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: EndpointRequest) -> EndpointRequest:
        return request

    def handle_response(self, status: int, body: JSON, headers: Sequence[tuple[str, str]]) -> EndpointAnswer:
        return EndpointAnswer(status, body, headers)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _checked(self, request: EndpointRequest, act: Callable[[], EndpointAnswer]) -> EndpointAnswer:
        answer: EndpointAnswer
        try:
            self._count(request)
            if not self._secure:
                raise InvalidRequestError("This server is not reached over TLS, so it gives no tokens.")
            request.check()
            answer = act()
        except OAuth2Error as error:
            answer = self.handle_error_response(request, error)
        return answer

    def _count(self, request: EndpointRequest) -> None:
        client_id = self.authentication.claimed(request)[:ID_CHARACTERS_MAX]
        now, network = self._services.clock.now(), network_of(request.address)
        self._throttle_of_addresses.count((network,), now)
        self._throttle.count((network, client_id), now)

    def _token(self, request: EndpointRequest) -> EndpointAnswer:
        if not request.payload.grant_type:
            raise InvalidRequestError("The parameter grant_type is missing.")
        answer: EndpointAnswer = self.create_token_response(request)
        return answer

    def _successful(self, body: JSON) -> EndpointAnswer:
        return EndpointAnswer(200, body, default_json_headers)
