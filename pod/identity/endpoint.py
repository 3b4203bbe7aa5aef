"""What comes to the endpoints that clients call themselves (token, revocation, introspection), and what goes back.

Values, and the errors these endpoints share. Knows no Flask.

Spec: RFC 6749 s3.2, s5; RFC 9449 s5
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

VALUE_CHARACTERS_MAX = 8192
"""Of one parameter; nothing that clients are given is longer."""


@dataclass(slots=True)
class EndpointRequest:
    """One request, its form decoded. `client` is filled by the grant, as Authlib does it."""

    parameters: Sequence[tuple[str, str]] = field(repr=False)
    authorization: str | None = field(repr=False)
    dpop: Sequence[str]
    address: str
    method: str = "POST"
    client: Any = None
    payload: BasicOAuth2Payload = field(init=False)

    def __post_init__(self) -> None:
        self.payload = BasicOAuth2Payload(dict(self.parameters))

    def value(self, name: str) -> str | None:
        value: str | None = self.payload.data.get(name)
        return value

    def required(self, name: str) -> str:
        """Raises: InvalidRequestError -- missing, or too long."""
        value = self.value(name)
        if not value:
            raise InvalidRequestError(f"The parameter {name} is missing.")
        if len(value) > VALUE_CHARACTERS_MAX:
            raise InvalidRequestError(f"{name} may have at most {VALUE_CHARACTERS_MAX} characters.")
        return value

    def check(self) -> None:
        """Spec: RFC 6749 s3.2, "parameters MUST NOT be included more than once". Raises: InvalidRequestError."""
        if len(self.payload.data) != len(self.parameters):
            raise InvalidRequestError("A parameter is there more than once.")


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    """Status, JSON body and header fields."""

    status: int
    body: Mapping[str, Any]
    headers: Sequence[tuple[str, str]]


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
