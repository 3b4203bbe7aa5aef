"""What the OpenID Provider and the resource server say about themselves: metadata documents, as values.

Only what exists is announced.

Spec: OpenID Connect Discovery s3; RFC 8414 s2; RFC 9396 s10; RFC 9728 s2;
Solid-OIDC #discovery, #client-credentials-discovery
"""

from __future__ import annotations

from typing import Any

from pod.authentication.jose import SIGNING_ALGORITHMS, IssuingAlgorithm
from pod.authentication.keys import KEY_SET_PATH
from pod.identity import authorization_details

AUTHORIZATION_PATH = ".oidc/authorize"
TOKEN_PATH = ".oidc/token"  # noqa: S105  # a URL path
REGISTRATION_PATH = ".oidc/register"
REVOCATION_PATH = ".oidc/revoke"
INTROSPECTION_PATH = ".oidc/introspect"
USERINFO_PATH = ".oidc/userinfo"
LOGOUT_PATH = ".oidc/logout"
SCOPES = ("openid", "webid", "offline_access")
ID_TOKEN_ALGORITHMS: tuple[IssuingAlgorithm, ...] = ("RS256", "ES256")
ID_TOKEN_ALGORITHM: IssuingAlgorithm = "RS256"  # noqa: S105  # the name of an algorithm
"""What clients get that registered no other. Spec: OpenID Connect Registration s2, id_token_signed_response_alg."""

CLAIMS = (
    *("iss", "sub", "aud", "azp", "exp", "iat", "auth_time", "nonce", "at_hash"),
    *("jti", "webid", "client_id", "scope", "cnf"),
)
CONFIDENTIAL_METHODS = ("client_secret_basic", "client_secret_post")
AUTHENTICATION_METHODS = (*CONFIDENTIAL_METHODS, "none")


def provider_metadata(issuer: str) -> dict[str, Any]:  # JSON
    """The same document for OpenID Connect Discovery and RFC 8414. `issuer` is the base URL, byte for byte."""
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZATION_PATH,
        "token_endpoint": issuer + TOKEN_PATH,
        "userinfo_endpoint": issuer + USERINFO_PATH,
        "jwks_uri": issuer + KEY_SET_PATH,
        "registration_endpoint": issuer + REGISTRATION_PATH,
        "revocation_endpoint": issuer + REVOCATION_PATH,
        "introspection_endpoint": issuer + INTROSPECTION_PATH,
        "end_session_endpoint": issuer + LOGOUT_PATH,
        "client_id_metadata_document_supported": True,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "authorization_details_types_supported": [authorization_details.TYPE],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "token_endpoint_auth_methods_supported": list(AUTHENTICATION_METHODS),
        "revocation_endpoint_auth_methods_supported": list(AUTHENTICATION_METHODS),
        "introspection_endpoint_auth_methods_supported": list(CONFIDENTIAL_METHODS),
        "dpop_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "claims_supported": list(CLAIMS),
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
    }


def resource_metadata(resource: str, issuer: str) -> dict[str, Any]:  # JSON
    """`resource` is the URL the metadata was asked for, byte for byte. Spec: RFC 9728 s2, s3.3."""
    return {
        "resource": resource,
        "authorization_servers": [issuer],
        "scopes_supported": list(SCOPES),
        "authorization_details_types_supported": [authorization_details.TYPE],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "dpop_bound_access_tokens_required": True,
    }
