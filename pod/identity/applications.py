"""The apps that people sign in to: those that registered themselves here, and those whose client id is a document.

Spec: RFC 7591; Solid-OIDC #clientids; OAuth Client ID Metadata Document
"""

from __future__ import annotations

import json
from typing import Any

from pod.errors import UnknownClient
from pod.identity.client_documents import ClientDocuments
from pod.identity.client_metadata import Client, Document, registered_client
from pod.identity.logos import Logos
from pod.identity.registration import Registrations
from pod.remote.client import Remote, RemoteClient
from pod.remote.pace import Paced
from pod.services import Services
from pod.store.clients import RegisteredClients
from pod.store.records import SERVER

ID_CHARACTERS_MAX = 100
FETCHES_PER_MINUTE = 60
"""From one host, by each web process; ten times as many from all. Not counted with `dev`."""


class Clients:
    """What one web process knows of apps. Shared by all threads."""

    def __init__(self, services: Services, remote: Remote | None = None) -> None:
        """`remote` fetches documents and logos; by default the guarded client, at a bounded rate."""
        per_minute = 0 if services.config.dev else FETCHES_PER_MINUTE
        remote = remote or Paced(RemoteClient(dev=services.config.dev), services.clock, per_minute)
        self._services = services
        self._registered = RegisteredClients(services.store)
        self._registrations = Registrations(services, self._registered)
        self._documents = ClientDocuments(services, remote)
        self._logos = Logos(services, remote)

    def find(self, client_id: str, redirect_uri: str | None = None) -> Client:
        """The app of a client id. May wait for its document, so never in a transaction.

        `redirect_uri` is what a request names: a document that was kept and does not have it is asked again.

        Raises: UnknownClient; Busy -- too many documents are being fetched.
        """
        if client_id.partition(":")[0] in ("https", "http"):
            return self._documents.find(client_id, redirect_uri)
        is_id = client_id.isascii() and len(client_id) <= ID_CHARACTERS_MAX
        registered = self._registered.find(client_id) if is_id else None
        if registered is None:
            raise UnknownClient("No app with this client id is registered here. It may register again.")
        return registered_client(registered.id, json.loads(registered.metadata), registered.secret_hash)

    def register(self, document: Document, address: str) -> dict[str, Any]:  # JSON
        """See `Registrations.register`."""
        return self._registrations.register(document, address)

    def logo(self, client: Client) -> str | None:
        """What a page shows, as a data: URI; None where there is none to be had now."""
        return None if client.logo_uri is None else self._logos.get(client.logo_uri)

    def used(self, client_id: str) -> None:
        """Somebody signed in with it: from now on a registration is kept."""
        registered = self._registered.find(client_id)
        if registered is not None and registered.needs_use(int(self._services.clock.now() * 1000)):
            with self._services.store.write(SERVER) as tx:
                self._registered.use(tx, client_id)

    def close(self) -> None:
        self._documents.close()
        self._logos.close()
