"""Apps that register themselves before they first send anybody here: anyone may, so what one address and all together
may leave behind is bounded.

Spec: RFC 7591 s3; OpenID Connect Registration s3; Solid-OIDC #clientids-oidc, #security-client-ids
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from pod.config import KIB
from pod.errors import InvalidClientMetadata
from pod.identity.attempts import Allowance, spend
from pod.identity.client_metadata import Document, checked_registration, parse_json
from pod.identity.clients import client_secrets
from pod.protocol.addresses import network_of
from pod.services import Services
from pod.store.clients import RegisteredClient, RegisteredClients
from pod.store.records import SERVER

REGISTRATION_BYTES_MAX = 16 * KIB
MEDIA_TYPE = "application/json"


class Registrations:
    """The registration endpoint of one web process."""

    def __init__(self, services: Services, registered: RegisteredClients) -> None:
        self._services = services
        self._registered = registered
        self._secrets = client_secrets(services.config)
        self._allowance = Allowance("register an app", services.config.client_registrations_per_hour, 3600)

    def register(self, document: Document, address: str) -> dict[str, Any]:  # JSON
        """A new app: its id, its secret unless it is a public client, and all metadata that were registered.

        Raises: InvalidClientMetadata, InvalidRedirectURI; TooManyRequests -- from this address.

        Spec: RFC 7591 s3.2.1
        """
        metadata = checked_registration(document)
        secret = None if metadata["token_endpoint_auth_method"] == "none" else secrets.token_urlsafe(32)  # noqa: S105
        registered = self._kept(metadata, secret, address)
        issued = {"client_id": registered.id, "client_id_issued_at": registered.created_ms // 1000}
        confidential = {} if secret is None else {"client_secret": secret, "client_secret_expires_at": 0}
        return {**issued, **confidential, **metadata}

    def _kept(self, metadata: Document, secret: str | None, address: str) -> RegisteredClient:
        """Ids are random, and never look like the URL of a Client ID Document.

        Raises: TooManyRequests. What is refused is not counted.
        """
        key, secret_hash = secrets.token_urlsafe(16), None if secret is None else self._secrets.hash(secret)
        with self._services.store.write(SERVER) as tx:
            spend(self._services, tx, self._allowance, network_of(address))
            return self._registered.add(tx, key, json.dumps(metadata), secret_hash)


def read_registration(media_type: str, body: bytes) -> Document:
    """The document of a registration request. Raises: BadRequest, InvalidClientMetadata."""
    if media_type != MEDIA_TYPE:
        raise InvalidClientMetadata(f"The content must be {MEDIA_TYPE}.")
    if len(body) > REGISTRATION_BYTES_MAX:
        raise InvalidClientMetadata(f"The content must have at most {REGISTRATION_BYTES_MAX} bytes.")
    return parse_json(body)
