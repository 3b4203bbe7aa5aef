"""The apps that people sign in to: those that registered themselves here, and those whose client id is a document.

Spec: RFC 7591; Solid-OIDC #clientids; OAuth Client ID Metadata Document
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from pod.errors import UnknownClient
from pod.identity.client_documents import ClientDocuments
from pod.identity.client_metadata import Client, Document, registered_client
from pod.identity.logos import Logos
from pod.identity.redirect_uris import leads_to
from pod.identity.registration import Registrations
from pod.identity.throttle import Throttle
from pod.protocol.addresses import network_of
from pod.remote.cache import Pay, free
from pod.remote.client import Remote
from pod.remote.pace import Paced
from pod.services import Services
from pod.store.clients import RegisteredClients
from pod.store.records import SERVER

ID_CHARACTERS_MAX = 100
FETCHES_PER_MINUTE = 60
"""From one host, by each web process; ten times as many from all. Not counted with `dev`."""
FETCHES_OF_NETWORK = 20
"""Documents, and logos, that one network has each web process fetch in a minute: one alone does not use up what all
have. Whoever uses known apps spends nothing. Not counted with `dev`."""


class Clients:
    """What one web process knows of apps. Shared by all threads."""

    def __init__(self, services: Services, remote: Remote | None = None) -> None:
        """`remote` fetches documents and logos; by default the guarded client, at a bounded rate."""
        per_minute = 0 if services.config.dev else FETCHES_PER_MINUTE
        remote = remote or Paced(services.outbound(), services.clock, per_minute)
        self._services = services
        self._registered = RegisteredClients(services.store)
        self._registrations = Registrations(services, self._registered)
        self._documents = ClientDocuments(services, remote)
        self._logos = Logos(services, remote)
        self._fetches = Throttle(0 if services.config.dev else FETCHES_OF_NETWORK)

    def find(self, client_id: str, redirect_uri: str | None = None, *, address: str | None = None) -> Client:
        """The app of a client id. May wait for its document, so never in a transaction.

        `redirect_uri` is what a request names: a document that was kept and does not have it is asked again. `address`
        is where the request came from.

        Raises: UnknownClient; TooManyRequests -- its network had too many documents fetched; Busy -- all together had.
        """
        if is_document(client_id):
            return self._documents.find(client_id, redirect_uri, self._pay("documents", address))
        is_id = client_id.isascii() and len(client_id) <= ID_CHARACTERS_MAX
        registered = self._registered.find(client_id) if is_id else None
        if registered is None:
            raise UnknownClient("No app with this client id is registered here. It may register again.")
        metadata, leads = json.loads(registered.metadata), partial(leads_to, placement=self._services.placement)
        return registered_client(registered.id, metadata, registered.secret_hash, leads)

    def register(self, document: Document, address: str) -> dict[str, Any]:  # JSON
        """See `Registrations.register`."""
        return self._registrations.register(document, address)

    def logo(self, client: Client, *, address: str | None = None) -> str | None:
        """What a page shows, as a data: URI; None where there is none to be had now."""
        return None if client.logo_uri is None else self._logos.get(client.logo_uri, self._pay("logos", address))

    def used(self, client_id: str) -> None:
        """Somebody signed in with it: from now on a registration is kept, and so is what is known of a document."""
        if is_document(client_id):
            self._documents.keep(client_id)
            return
        registered = self._registered.find(client_id)
        if registered is not None and registered.needs_use(int(self._services.clock.now() * 1000)):
            with self._services.store.write(SERVER) as tx:
                self._registered.use(tx, client_id)

    def close(self) -> None:
        self._documents.close()
        self._logos.close()

    def _pay(self, what: str, address: str | None) -> Pay:
        if address is None:
            return free
        return partial(self._fetches.count, (what, network_of(address)), self._services.clock.now())


def is_document(client_id: str) -> bool:
    """Whether it says where its document is."""
    return client_id.partition(":")[0] in ("https", "http")
