"""Which client sent a request to an endpoint of the provider, and how it proved that.

Two kinds come: programs with client credentials of an account, and apps that people sign in to. Authlib tells an
unknown client from a wrong secret, so this is ours.

Spec: RFC 6749 s2.3, s5.2 (invalid_client); RFC 7591 s2, token_endpoint_auth_method
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from authlib.oauth2.rfc6749 import InvalidRequestError

from pod.authentication.credentials import ClientSecrets
from pod.errors import UnknownClient
from pod.identity.applications import Clients
from pod.identity.client_metadata import Client
from pod.identity.clients import client_secrets
from pod.identity.endpoint import EndpointRequest, WrongClientError
from pod.identity.requests import describable
from pod.services import Services
from pod.store.accounts import ClientCredential

ID_CHARACTERS_MAX = 2048


class ClientAuthentication:
    """Finds and tests the client of a request."""

    def __init__(self, services: Services, clients: Clients) -> None:
        self._accounts = services.accounts
        self._clock = services.clock
        self._clients = clients
        self._secrets: ClientSecrets = client_secrets(services.config)

    def claimed(self, request: EndpointRequest) -> str:
        """The client id a request names, true or not. Raises: InvalidRequestError."""
        return next((client_id for client_id, _ in shown(request)), "")

    def program(self, request: EndpointRequest) -> ClientCredential:
        """Client credentials whose secret was right. Raises: WrongClientError, InvalidRequestError."""
        for client_id, secret in shown(request):
            credential = self._accounts.client(client_id)
            known_hash = credential.secret_hash if credential else None
            if self._secrets.matches(known_hash, secret or "") and credential and self._stands(credential):
                return credential
        raise WrongClientError

    def app(self, request: EndpointRequest) -> Client:
        """An app: a public one that says its id, or another whose secret was right.

        Either way of sending a secret will do, whichever was registered: they prove the same.

        Raises: WrongClientError, InvalidRequestError; TooManyRequests, Busy -- too many documents are fetched.
        """
        reason = None
        for client_id, secret in shown(request):
            try:
                client = self._clients.find(client_id, address=request.address)
            except UnknownClient as error:
                reason = describable(error.detail)
                continue
            if self._proves(client, secret):
                return client
        raise WrongClientError(reason)

    def confidential(self, request: EndpointRequest) -> str:
        """The id of a program or an app that has a secret, and showed it. Raises: as `app`."""
        if any(self._accounts.client(client_id) for client_id, _ in shown(request)):
            return self.program(request).id
        client = self.app(request)
        if client.secret_hash is None:
            raise WrongClientError("Only clients that have a secret may ask this.")
        return client.id

    def any(self, request: EndpointRequest) -> str:
        """The id of whichever it is. Raises: as `app`."""
        if any(self._accounts.client(client_id) for client_id, _ in shown(request)):
            return self.program(request).id
        return self.app(request).id

    def _proves(self, client: Client, secret: str | None) -> bool:
        if client.secret_hash is None:
            return not secret
        return self._secrets.matches(client.secret_hash, secret or "")

    def _stands(self, credential: ClientCredential) -> bool:
        account = self._accounts.by_id(credential.account)
        return account is not None and account.stands and credential.holds(int(self._clock.now() * 1000))


def shown(request: EndpointRequest) -> list[tuple[str, str | None]]:
    """Every reading of the client's id and secret: Basic, else the form. Spec: RFC 6749 s2.3.1.

    In Basic both are form-encoded; some libraries percent-encode only, so that a plus sign means itself.

    Raises: InvalidRequestError -- two ways at once, or two clients.
    """
    client_id, secret = request.value("client_id"), request.value("client_secret")
    if request.authorization is None:
        return [] if client_id is None else [(client_id[: ID_CHARACTERS_MAX + 1], secret)]
    if secret is not None:
        raise InvalidRequestError("The client authenticates in two ways at once.")
    readings = list(dict.fromkeys(_basic(request.authorization)))
    if readings and client_id is not None and client_id not in {each for each, _ in readings}:
        raise InvalidRequestError("The request names two clients.")
    return readings


def _basic(authorization: str) -> Iterator[tuple[str, str | None]]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except ValueError:
        return
    client_id, colon, secret = text.partition(":")
    if scheme.lower() == "basic" and colon:
        for decode in (unquote_plus, unquote):
            yield decode(client_id), decode(secret)
