"""Limiting what apps may do, in tests: ceilings in few words, and client credentials that have one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.modes import AccessMode
from pod.store.records import SERVER

if TYPE_CHECKING:
    from pod.services import Services
    from tests.support.inprocess import LocalServer

FULL = Ceiling(full=True, control=True)
NO_CONTROL = Ceiling(full=True)


def modes(names: str) -> AccessMode:
    """`"read append"`"""
    found = AccessMode.NONE
    for name in names.split():
        found |= AccessMode[name.upper()]
    return found


def ceiling(places: Mapping[str, str], elsewhere: str = "") -> Ceiling:
    """Modes by path: `{"/alice/posts/": "read append"}`."""
    items = tuple(CeilingItem(path, modes(names)) for path, names in places.items())
    return Ceiling(items=items, elsewhere=modes(elsewhere))


def limit(services: Services, client: str, to: Ceiling | None, end_ms: int | None = None) -> None:
    """From now on a client credential may do at most this."""
    credential = services.accounts.client(client)
    assert credential is not None
    with services.store.write(SERVER) as tx:
        assert services.apps.limit_grant(tx, credential.grant, to, end_ms)


def limited_app(server: LocalServer, account: str, client: str, to: Ceiling | None) -> None:
    """An app of an account, which signs in as `by=client`."""
    server.add_client(account, client)
    limit(server.services, client, to)
