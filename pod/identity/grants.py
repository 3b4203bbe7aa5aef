"""The grants of the token endpoint: what a client shows, and what it gets for that, each in one transaction.

A code is spent by its first use, whatever comes of it: whoever shows it with a wrong verifier, redirect URI or key has
got hold of another's, or guesses, and has one guess. The honest app signs in again, at no more cost than a redirect. A
code or refresh token that was used before ends the grant and everything it gave, for one of its two users is a thief.
Only its own client can do that to it, and for a refresh token only the holder of its key.

Spec: RFC 6749 s4.1.3, s4.4, s6, s10.5; RFC 7636 s4.6; RFC 9449 s5, s10; RFC 9700 s2.1.1, s4.5, s4.14
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from pod.authentication.authenticate import REPLAYED
from pod.authentication.credentials import digest
from pod.authentication.jose import encode_segment
from pod.identity.client_metadata import Client
from pod.identity.endpoint import BadProofError, EndpointRequest
from pod.identity.requests import is_scope
from pod.identity.tokens import Holder
from pod.protocol.agent import Proof
from pod.protocol.ceiling import Ceiling
from pod.services import Services
from pod.store.accounts import ClientCredential
from pod.store.apps import DAY_MS, AppGrant, Apps, AuthorizationCode, RefreshToken
from pod.store.interface import Writer
from pod.store.records import SERVER

PROGRAM_SCOPES = ("openid", "webid")
"""Of client credentials. There is nobody who could be absent, so no `offline_access`."""

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


@dataclass(frozen=True, slots=True)
class Given:
    """What a redemption gives: tokens for their holder, who may do what the ceiling allows, and perhaps the next
    refresh token.
    """

    holder: Holder
    ceiling: Ceiling | None
    refresh_token: str | None = None


class Redemptions:
    """What clients get for what they show. `proof` is verified already, and remembered here."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._accounts = services.accounts
        self._token_ms = services.config.refresh_token_days * DAY_MS
        self._token_ms_max = services.config.refresh_token_days_max * DAY_MS

    def of_credential(self, credential: ClientCredential, scope: str | None, proof: Proof) -> Given:
        """Spec: RFC 6749 s4.4; Solid-OIDC #client-credentials. Raises: BadProofError."""
        with self._store.write(SERVER) as tx:
            remember(tx, proof)
            self._accounts.client_used(tx, credential.id)
        granted = program_scope(scope)
        holder = Holder(credential.id, credential.web_id, credential.grant, proof.jkt, granted)
        return Given(holder, credential.ceiling)

    def of_code(self, client: Client, code: str, redirect_uri: str, verifier: str, proof: Proof) -> Given:
        """Spec: RFC 6749 s4.1.3. Raises: InvalidGrantError, BadProofError."""
        with self._store.write(SERVER) as tx:
            remember(tx, proof)
            known = Apps(tx).code(digest(code))
            if known is None or known.client != client.id:
                raise InvalidGrantError("The code is unknown, or another client's.")
            wrong = wrong_with(known, redirect_uri, verifier, proof, tx.now_ms)
            self._spend(tx, known, wrong)
            given = None if wrong else self._given(tx, client, known.grant, proof, nonce=known.nonce)
        if given is None:
            raise InvalidGrantError(wrong)
        return given

    def of_refresh_token(self, client: Client, token: str, scope: str | None, proof: Proof) -> Given:
        """Spec: RFC 6749 s6; RFC 9449 s5. Raises: InvalidGrantError, InvalidScopeError, BadProofError."""
        with self._store.write(SERVER) as tx:
            remember(tx, proof)
            known = held(Apps(tx).refresh_token(digest(token)), client, proof)
            given = None if known.used_ms is not None else self._rotated(tx, client, known, scope, proof)
            if given is None:
                Apps(tx).revoke_grant(tx, known.grant.id)
        if given is None:
            raise InvalidGrantError("The refresh token was used before; what it belongs to was taken back.")
        return given

    # -- in the transaction --------------------------------------------------------------------------------------------

    def _spend(self, tx: Writer, code: AuthorizationCode, wrong: str | None) -> None:
        apps = Apps(tx)
        if code.used_ms is None:
            apps.use_code(tx, code)
        if wrong:
            apps.revoke_grant(tx, code.grant.id)

    def _rotated(self, tx: Writer, client: Client, token: RefreshToken, scope: str | None, proof: Proof) -> Given:
        if token.expires_ms <= tx.now_ms or not token.grant.stands:
            raise InvalidGrantError("The refresh token is too old, or was taken back.")
        granted = narrowed(scope, token.grant.scope)
        Apps(tx).use_refresh_token(tx, token)
        return self._given(tx, client, token.grant, proof, scope=granted)

    def _given(
        self,
        tx: Writer,
        client: Client,
        grant: AppGrant,
        proof: Proof,
        *,
        scope: str | None = None,
        nonce: str | None = None,
    ) -> Given:
        """Spec: RFC 9449 s5, refresh tokens of public clients are bound to the key; others have a secret."""
        apps, refresh_token = Apps(tx), None
        if "offline_access" in grant.scope.split():
            refresh_token, jkt = secrets.token_urlsafe(32), proof.jkt if client.secret_hash is None else None
            expires_ms = min(tx.now_ms + self._token_ms, grant.created_ms + self._token_ms_max)
            expires_ms = expires_ms if grant.end_ms is None else min(expires_ms, grant.end_ms)
            apps.add_refresh_token(tx, digest(refresh_token), grant=grant.id, jkt=jkt, expires_ms=expires_ms)
        apps.use_grant(tx, grant)
        return Given(
            Holder(
                client=client.id,
                web_id=grant.web_id,
                grant=grant.id,
                jkt=proof.jkt,
                scope=scope or grant.scope,
                algorithm=client.id_token_signed_response_alg,
                nonce=nonce,
                authenticated=None if grant.authenticated_ms is None else grant.authenticated_ms // 1000,
            ),
            grant.ceiling,
            refresh_token,
        )


def remember(tx: Writer, proof: Proof) -> None:
    """Spec: RFC 9449 s11.1. Raises: BadProofError."""
    if not tx.remember_proof(proof):
        raise BadProofError(REPLAYED)


def wrong_with(code: AuthorizationCode, redirect_uri: str, verifier: str, proof: Proof, now_ms: int) -> str | None:
    """Why a client may not have what its code was given for; None when all is well."""
    if code.used_ms is not None:
        return "The code was used before; what it gave was taken back."
    if code.expires_ms <= now_ms or not code.grant.stands:
        return "The code is too old, or was taken back."
    if code.redirect_uri != redirect_uri:
        return "redirect_uri is not the one of the authorization request."
    if encode_segment(sha256(verifier.encode("ascii")).digest()) != code.challenge:
        return "code_verifier does not fit the code_challenge of the authorization request."
    if code.jkt not in {None, proof.jkt}:
        return "The DPoP proof is made with another key than dpop_jkt of the authorization request."
    return None


def held(token: RefreshToken | None, client: Client, proof: Proof) -> RefreshToken:
    """A token in other hands than its owner's gets nothing, and takes nothing. Raises: InvalidGrantError."""
    if token is None or token.grant.client != client.id:
        raise InvalidGrantError("The refresh token is unknown, or another client's.")
    if token.jkt not in {None, proof.jkt}:
        raise InvalidGrantError("The refresh token is bound to another key than that of the DPoP proof.")
    return token


# -- scopes ------------------------------------------------------------------------------------------------------------


def check_scope(scope: str | None) -> None:
    """Unknown scopes are left out of what is granted; only what is no scope at all is an error (RFC 6749 s3.3)."""
    if scope and not is_scope(scope):
        raise InvalidScopeError


def program_scope(scope: str | None) -> str:
    """Always `webid`, for that is what the tokens say. Spec: RFC 6749 s3.3, Solid-OIDC #webid-scope"""
    asked = scope.split() if scope else PROGRAM_SCOPES
    return " ".join(each for each in PROGRAM_SCOPES if each == "webid" or each in asked)


def narrowed(scope: str | None, granted: str) -> str:
    """What of a granted scope is asked for now. Spec: RFC 6749 s6. Raises: InvalidScopeError -- not all was granted."""
    check_scope(scope)
    if not scope:
        return granted
    asked = set(scope.split())
    if not asked <= set(granted.split()):
        raise InvalidScopeError("The scope may not be more than was granted.")
    return " ".join(each for each in granted.split() if each == "webid" or each in asked)


# -- Authlib's grants --------------------------------------------------------------------------------------------------


class AppGrantType(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib is untyped
    """What grants of apps have in common: the client is found and may use them, then something is redeemed."""

    def validate_token_request(self) -> None:
        client = self.server.authentication.app(self.request)
        if not client.allows_grant(self.GRANT_TYPE):
            raise UnauthorizedClientError(f"The client is not registered for grant_type={self.GRANT_TYPE}.")
        self.request.client = client

    def create_token_response(self) -> tuple[int, Mapping[str, Any], Sequence[tuple[str, str]]]:  # JSON
        return 200, self.server.answer_with(self.redeemed(self.request)), self.TOKEN_RESPONSE_HEADER

    def redeemed(self, request: EndpointRequest) -> Given:
        raise NotImplementedError


class CodeGrant(AppGrantType):
    """Spec: RFC 6749 s4.1.3; RFC 7636 s4.5."""

    GRANT_TYPE = "authorization_code"

    def redeemed(self, request: EndpointRequest) -> Given:
        redemptions: Redemptions = self.server.redemptions
        code, redirect_uri, verifier = (request.required(each) for each in ("code", "redirect_uri", "code_verifier"))
        if not _VERIFIER.fullmatch(verifier):
            raise InvalidRequestError("code_verifier must have 43 to 128 letters, digits and -._~ characters.")
        proof = self.server.proof(request)
        return redemptions.of_code(request.client, code, redirect_uri, verifier, proof)


class RefreshGrant(AppGrantType):
    """Spec: RFC 6749 s6."""

    GRANT_TYPE = "refresh_token"

    def redeemed(self, request: EndpointRequest) -> Given:
        redemptions: Redemptions = self.server.redemptions
        token, proof = request.required("refresh_token"), self.server.proof(request)
        return redemptions.of_refresh_token(request.client, token, request.value("scope"), proof)


class ProgramGrant(AppGrantType):
    """Spec: RFC 6749 s4.4; Solid-OIDC #client-credentials."""

    GRANT_TYPE = "client_credentials"

    def validate_token_request(self) -> None:
        self.request.client = self.server.authentication.program(self.request)
        check_scope(self.request.value("scope"))

    def redeemed(self, request: EndpointRequest) -> Given:
        redemptions: Redemptions = self.server.redemptions
        proof = self.server.proof(request)
        return redemptions.of_credential(request.client, request.value("scope"), proof)
