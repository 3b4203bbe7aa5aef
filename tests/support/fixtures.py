"""Fixtures of every test that speaks HTTP: one server process a test run (or xdist worker), its agents, and a fresh container.

`alice` owns the container; `bob` is somebody else with a pod; `carol` owns a pod whose root tests may play with; `anyone`
has no credentials.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.support.client import Login, SolidClient, authorization
from tests.support.server import ALICE, BOB, Account, Server, account, running_server

CAROL = account("carol")


def signed_in(server: Server, who: Account) -> SolidClient:
    client = who.clients[0]
    return SolidClient(server.base_url, Login(server.base_url, client.id, client.secret), who.name)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server((ALICE, BOB, CAROL)) as running:
        yield running


@pytest.fixture(scope="session")
def alice(server: Server) -> SolidClient:
    return signed_in(server, ALICE)


@pytest.fixture(scope="session")
def bob(server: Server) -> SolidClient:
    return signed_in(server, BOB)


@pytest.fixture(scope="session")
def carol(server: Server) -> SolidClient:
    return signed_in(server, CAROL)


@pytest.fixture(scope="session")
def anyone(server: Server) -> SolidClient:
    return SolidClient(server.base_url)


@pytest.fixture
def container(alice: SolidClient) -> str:
    """The URL of an empty container of alice's, hers alone."""
    url = f"{alice.pod}t-{uuid.uuid4().hex[:12]}/"
    alice.put_container(url)
    return url


Share = Callable[..., None]


@pytest.fixture
def share(alice: SolidClient, bob: SolidClient) -> Share:
    """`share(url, "Read Append")` gives bob modes on one of alice's resources and, for a container, on what is inside."""

    def give(url: str, modes: str, *, access_to: bool = True, default: bool = True) -> None:
        inherits = url.endswith("/")
        alice.put_acl(
            url,
            authorization(url, "Read Write Control", agents=(alice.web_id,), default=inherits),
            authorization(url, modes, agents=(bob.web_id,), access_to=access_to, default=inherits and default),
        )

    return give
