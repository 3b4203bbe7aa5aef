"""The provider's and the resource server's documents and endpoints on Flask: well-known metadata, key set, tokens.

Apps of any origin may read them, without credentials: nothing here looks at cookies. Errors have the form of RFC 6749.
The pages that people see, authorization and logout, are not here.

Spec: OpenID Connect Discovery s4, Core s5.3; RFC 8414 s3; RFC 9728 s3; RFC 6749 s3.2, s5; RFC 7009; RFC 7662; RFC 7591
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from pod.authentication.authenticate import METADATA_PATH
from pod.authentication.keys import KEY_SET_PATH
from pod.config import Config
from pod.errors import BadRequest, InvalidClientMetadata, NotAuthenticated, PodError
from pod.http.open_to_apps import open_to_apps
from pod.http.proxies import effective_address, effective_host
from pod.http.request import raw_path
from pod.identity.endpoint import EndpointAnswer, EndpointRequest
from pod.identity.identity import Identity
from pod.identity.provider import (
    INTROSPECTION_PATH,
    REGISTRATION_PATH,
    REVOCATION_PATH,
    TOKEN_PATH,
    USERINFO_PATH,
    provider_metadata,
    resource_metadata,
)
from pod.identity.registration import REGISTRATION_BYTES_MAX, read_registration
from pod.identity.userinfo import userinfo
from pod.protocol.agent import Credentials
from pod.services import Services

FORM = "application/x-www-form-urlencoded"
FORM_BYTES_MAX = 16 * 1024
FORM_PARAMETERS_MAX = 50
METADATA_SECONDS = 3600


def identity_provider(services: Services, identity: Identity) -> Blueprint:
    """Routes on the base URL."""
    provider = Blueprint("identity", __name__)
    _documents(provider, services)
    _endpoints(provider, services, identity)
    open_to_apps(provider)
    return provider


def _documents(provider: Blueprint, services: Services) -> None:
    issuer = services.placement.base_url

    @provider.get("/.well-known/openid-configuration")
    @provider.get("/.well-known/oauth-authorization-server")
    def about_provider() -> Response:
        return _json(provider_metadata(issuer), _CACHED)

    @provider.get(METADATA_PATH)
    @provider.get(f"{METADATA_PATH}/<path:_>")
    def about_resource(_: str = "") -> Response:
        """Spec: RFC 9728 s3.1, the path of the resource follows the well-known one."""
        host = effective_host(request.environ, services.config.trusted_proxies)
        path = raw_path(request.environ).removeprefix(METADATA_PATH) or "/"
        return _json(resource_metadata(f"{issuer.partition(':')[0]}://{host}{path}", issuer), _CACHED)

    @provider.get(f"/{KEY_SET_PATH}")
    def key_set() -> Response:
        return _json(services.keys.key_set(), _CACHED)


def _endpoints(provider: Blueprint, services: Services, identity: Identity) -> None:
    config = services.config

    @provider.post(f"/{TOKEN_PATH}")
    def token() -> Response:
        return _answered(config, identity.tokens.token)

    @provider.post(f"/{REVOCATION_PATH}")
    def revoke() -> Response:
        return _answered(config, identity.tokens.revoke)

    @provider.post(f"/{INTROSPECTION_PATH}")
    def introspect() -> Response:
        return _answered(config, identity.tokens.introspect)

    @provider.post(f"/{REGISTRATION_PATH}")
    def register() -> Response:
        """Spec: RFC 7591 s3."""
        try:
            document = read_registration(request.mimetype, request.stream.read(REGISTRATION_BYTES_MAX + 1))
            address = effective_address(request.environ, config.trusted_proxies)
            return _json(identity.clients.register(document, address), _NOT_STORED, 201)
        except PodError as error:
            return _oauth_error(error)

    @provider.route(f"/{USERINFO_PATH}", methods=["GET", "POST"])
    def about_person() -> Response:
        url = services.placement.base_url + USERINFO_PATH
        try:
            return _json(userinfo(services, _credentials(services, url)), _NOT_STORED)
        except NotAuthenticated as error:
            challenges = services.authenticator.challenges(error, realm=services.placement.base_url, url=url)
            error.headers += tuple(("WWW-Authenticate", each) for each in challenges)
            return _oauth_error(error)
        except PodError as error:
            return _oauth_error(error)


# -- requests ----------------------------------------------------------------------------------------------------------


def _answered(config: Config, endpoint: Callable[[EndpointRequest], EndpointAnswer]) -> Response:
    try:
        answer = endpoint(_endpoint_request(config))
    except PodError as error:
        return _oauth_error(error)
    return _json(answer.body, answer.headers, answer.status)


def _endpoint_request(config: Config) -> EndpointRequest:
    """Raises: BadRequest -- not a form, or one that is too large."""
    if request.mimetype != FORM:
        raise BadRequest(f"The content must be {FORM}.")
    request.max_content_length = FORM_BYTES_MAX
    try:
        text = request.get_data().decode("utf-8")
        parameters = parse_qsl(text, max_num_fields=FORM_PARAMETERS_MAX, errors="strict")
    except (RequestEntityTooLarge, ValueError) as error:
        raise BadRequest(f"The form must be UTF-8, with at most {FORM_BYTES_MAX} bytes.") from error
    return EndpointRequest(
        parameters=parameters,
        authorization=request.headers.get("Authorization"),
        dpop=_values("DPoP"),
        address=effective_address(request.environ, config.trusted_proxies),
    )


def _credentials(services: Services, url: str) -> Credentials:
    return services.authenticator.authenticate(
        method=request.method,
        url=url,
        authorization=_values("Authorization"),
        dpop=_values("DPoP"),
        origin=request.headers.get("Origin"),
    )


def _values(header: str) -> list[str]:
    """A repeated header may arrive joined by commas, which no token contains."""
    return [part.strip() for field in request.headers.getlist(header) for part in field.split(",")]


# -- answers -----------------------------------------------------------------------------------------------------------


def _oauth_error(error: PodError) -> Response:
    """Spec: RFC 6749 s5.2, RFC 7591 s3.2.2, RFC 6750 s3.1; the form that clients read, whatever went wrong."""
    code = "invalid_request" if error.status == BadRequest.status else "temporarily_unavailable"
    code = "invalid_token" if isinstance(error, NotAuthenticated) else code
    code = error.error if isinstance(error, InvalidClientMetadata) else code
    body = {"error": code, "error_description": error.detail or error.title}
    return _json(body, [*_NOT_STORED, *error.headers], error.status)


def _json(body: Mapping[str, Any], headers: Fields, status: int = 200) -> Response:  # JSON
    response = Response(json.dumps(body), status, content_type="application/json")
    for name, value in headers:
        if name != "Content-Type":
            response.headers.add(name, value)
    return response


Fields = Sequence[tuple[str, str]]
_CACHED: Fields = (("Cache-Control", f"public, max-age={METADATA_SECONDS}"),)
_NOT_STORED: Fields = (("Cache-Control", "no-store"),)
