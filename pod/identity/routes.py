"""The provider's and the resource server's documents and endpoints on Flask: well-known metadata, key set, tokens.

Any origin may read them: nothing here looks at cookies. Errors of the token endpoint have the form of RFC 6749.

Spec: OpenID Connect Discovery s4; RFC 8414 s3; RFC 9728 s3; RFC 6749 s3.2, s5; RFC 7517 s8.5.1
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from pod.authentication.authenticate import METADATA_PATH
from pod.config import Config
from pod.errors import BadRequest, InvalidClientMetadata, PodError
from pod.http import cors
from pod.http.proxies import effective_address, effective_host
from pod.http.request import raw_path
from pod.identity.clients import client_secrets
from pod.identity.identity import Identity
from pod.identity.provider import (
    KEY_SET_PATH,
    REGISTRATION_PATH,
    TOKEN_PATH,
    provider_metadata,
    resource_metadata,
)
from pod.identity.registration import REGISTRATION_BYTES_MAX, read_registration
from pod.identity.tokens import TokenRequest, TokenServer
from pod.services import Services

FORM = "application/x-www-form-urlencoded"
FORM_BYTES_MAX = 16 * 1024
FORM_PARAMETERS_MAX = 50
METADATA_SECONDS = 3600


def identity_provider(services: Services, identity: Identity) -> Blueprint:
    """Routes on the base URL."""
    provider = Blueprint("identity", __name__)
    config, issuer = services.config, services.placement.base_url
    server = TokenServer(
        config,
        services.clock,
        store=services.store,
        accounts=services.accounts,
        keys=services.keys,
        client_secrets=client_secrets(config),
    )

    @provider.get("/.well-known/openid-configuration")
    @provider.get("/.well-known/oauth-authorization-server")
    def about_provider() -> Response:
        return _json(provider_metadata(issuer), _CACHED)

    @provider.get(METADATA_PATH)
    @provider.get(f"{METADATA_PATH}/<path:_>")
    def about_resource(_: str = "") -> Response:
        """Spec: RFC 9728 s3.1, the path of the resource follows the well-known one."""
        host = effective_host(request.environ, config.trusted_proxies)
        path = raw_path(request.environ).removeprefix(METADATA_PATH) or "/"
        return _json(resource_metadata(f"{issuer.partition(':')[0]}://{host}{path}", issuer), _CACHED)

    @provider.get(f"/{KEY_SET_PATH}")
    def key_set() -> Response:
        return _json(services.keys.key_set(), _CACHED)

    @provider.post(f"/{TOKEN_PATH}")
    def token() -> Response:
        try:
            answer = server.answer(_token_request(config))
        except PodError as error:
            return _oauth_error(error)
        return _json(answer.body, answer.headers, answer.status)

    @provider.post(f"/{REGISTRATION_PATH}")
    def register() -> Response:
        """Spec: RFC 7591 s3."""
        try:
            document = read_registration(request.mimetype, request.stream.read(REGISTRATION_BYTES_MAX + 1))
            address = effective_address(request.environ, config.trusted_proxies)
            return _json(identity.clients.register(document, address), _NOT_STORED, 201)
        except PodError as error:
            return _oauth_error(error)

    provider.before_request(_preflight)
    provider.after_request(_shared)
    return provider


def _token_request(config: Config) -> TokenRequest:
    """Raises: BadRequest -- not a form, or one that is too large."""
    if request.mimetype != FORM:
        raise BadRequest(f"The content must be {FORM}.")
    request.max_content_length = FORM_BYTES_MAX
    try:
        text = request.get_data().decode("utf-8")
        parameters = parse_qsl(text, max_num_fields=FORM_PARAMETERS_MAX, errors="strict")
    except (RequestEntityTooLarge, ValueError) as error:
        raise BadRequest(f"The form must be UTF-8, with at most {FORM_BYTES_MAX} bytes.") from error
    return TokenRequest(
        parameters=parameters,
        authorization=request.headers.get("Authorization"),
        dpop=[proof for field in request.headers.getlist("DPoP") for proof in field.split(",")],
        address=effective_address(request.environ, config.trusted_proxies),
    )


def _oauth_error(error: PodError) -> Response:
    """Spec: RFC 6749 s5.2, RFC 7591 s3.2.2; the form that clients read, whatever went wrong."""
    code = "invalid_request" if error.status == BadRequest.status else "temporarily_unavailable"
    code = error.error if isinstance(error, InvalidClientMetadata) else code
    body = {"error": code, "error_description": error.detail or error.title}
    return _json(body, [*_NOT_STORED, *error.headers], error.status)


def _preflight() -> Response | None:
    """Spec: Fetch, CORS-preflight request."""
    origin = request.headers.get("Origin")
    if request.method != "OPTIONS" or origin is None or "Access-Control-Request-Method" not in request.headers:
        return None
    return Response(status=204, headers=cors.preflight(origin, request.headers.get("Access-Control-Request-Headers")))


def _shared(response: Response) -> Response:
    if "Access-Control-Allow-Origin" not in response.headers:
        response.headers.extend(cors.shared(request.headers.get("Origin")))
        response.vary.add("Origin")
    return response


def _json(body: Mapping[str, Any], headers: Fields, status: int = 200) -> Response:  # JSON
    response = Response(json.dumps(body), status, content_type="application/json")
    for name, value in headers:
        if name != "Content-Type":
            response.headers.add(name, value)
    return response


Fields = Sequence[tuple[str, str]]
_CACHED: Fields = (("Cache-Control", f"public, max-age={METADATA_SECONDS}"),)
_NOT_STORED: Fields = (("Cache-Control", "no-store"),)
