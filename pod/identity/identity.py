"""What the identity provider holds in one process: caches, and the servers of its endpoints.

Made once, by the wiring; everything else in this package is functions over `Services`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.identity.applications import Clients
from pod.identity.authorization import Authorization
from pod.identity.providers import Providers
from pod.identity.token_endpoint import TokenServer
from pod.services import Services


@dataclass(frozen=True, slots=True)
class Identity:
    """Shared by all threads."""

    clients: Clients
    authorization: Authorization
    tokens: TokenServer
    providers: Providers

    def close(self) -> None:
        self.clients.close()


def open_identity(services: Services, clients: Clients | None = None) -> Identity:
    """The provider over its services. `clients` are those of the services unless others are given."""
    clients = clients or Clients(services)
    return Identity(clients, Authorization(services, clients), TokenServer(services, clients), Providers(services))
