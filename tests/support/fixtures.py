"""Fixtures of every test that speaks HTTP: one server process a test run (or xdist worker), its agents, and a fresh container.

`alice` owns the container; `bob` is somebody else with a pod; `carol` owns a pod whose root tests may play with; `anyone`
has no credentials.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.support.client import Login, SolidClient, authorization
from tests.support.server import ALICE, BOB, Account, Server, account, running_server

CAROL = account("carol")


@pytest.fixture(scope="session", autouse=True)
def _temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a server or a browser that was killed leaves behind goes when pytest removes its own directories."""
    place = str(tmp_path_factory.mktemp("left"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", place)
        patch.setattr(tempfile, "tempdir", place)
        yield


def signed_in(server: Server, who: Account) -> SolidClient:
    client = who.clients[0]
    return SolidClient(server.base_url, Login(server.base_url, client.id, client.secret), who.name)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server((ALICE, BOB, CAROL)) as running:
        yield running


@dataclass(frozen=True)
class People:
    """A server and those who talk to it."""

    server: Server
    alice: SolidClient
    bob: SolidClient
    carol: SolidClient
    anyone: SolidClient


def people_of(server: Server) -> People:
    alice, bob, carol = (signed_in(server, who) for who in (ALICE, BOB, CAROL))
    return People(server, alice, bob, carol, SolidClient(server.base_url))


@pytest.fixture(scope="session")
def people(server: Server) -> People:
    return people_of(server)


@pytest.fixture(scope="session")
def acp_people() -> Iterator[People]:
    """The same people on a server whose access rules are those of Access Control Policy."""
    with running_server((ALICE, BOB, CAROL), environment={"FREEHOLD_ACCESS_CONTROL": "acp"}) as running:
        yield people_of(running)


@pytest.fixture(scope="session")
def alice(people: People) -> SolidClient:
    return people.alice


@pytest.fixture(scope="session")
def bob(people: People) -> SolidClient:
    return people.bob


@pytest.fixture(scope="session")
def carol(people: People) -> SolidClient:
    return people.carol


@pytest.fixture(scope="session")
def anyone(people: People) -> SolidClient:
    return people.anyone


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
