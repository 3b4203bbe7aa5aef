"""The two ways a sequence reaches the application: by calls in this process, and over sockets to a real server.

Tokens and proofs are real in both. In this process the clock belongs to the test, and nothing is made durable, so that
thousands of requests take seconds; each pod is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from pod.app import create_app
from pod.config import Config
from pod.identity.seed import apply_seed
from pod.services import open_services
from pod.store.sqlite import open_store
from tests.model.model_values import Answer
from tests.support.client import ProofKey, SolidClient
from tests.support.counting import Counts
from tests.support.inprocess import BASE, LocalServer, Login
from tests.support.proofs import NOW
from tests.support.stores import StillClock

OWNER, FRIEND, NOBODY = "alice", "bob", "nobody"
WEEKS = 10**7


class Driver(Protocol):
    """Where requests go. `root` is the path of the owner's pod."""

    @property
    def base_url(self) -> str: ...

    @property
    def root(self) -> str: ...

    @property
    def web_ids(self) -> Mapping[str, str]: ...

    def send(self, by: str, method: str, path: str, headers: dict[str, str], content: bytes | None) -> Answer: ...

    def wait(self, seconds: int) -> int | None:
        """Let time pass. The server's second then, where that is known."""
        ...


# -- in this process ---------------------------------------------------------------------------------------------------


class Unsynced(Counts):
    """Nothing is waited for: this is not about durability."""

    def on_connect(self, connection: object) -> None:
        pass

    def sync(self, descriptor: int) -> None:
        pass


@dataclass
class Machine(LocalServer):
    """The application with a clock of the test's, and as many accounts as there are episodes."""

    def __post_init__(self) -> None:
        config = Config(
            data=self.data, base_url=BASE, dev=True, durability="normal", access_token_seconds=WEEKS, log_level="error"
        )
        self.clock = StillClock(NOW)
        store = open_store(config, self.clock, on_connect=Unsynced().on_connect, sync=Unsynced().sync)
        self.services = open_services(config, self.clock, store)
        self.application = create_app(config, self.services).wsgi_app
        self._numbers = count(1)
        self._account(FRIEND)

    def _account(self, name: str) -> None:
        clients = [{"id": f"{name}-client", "secret": "secret"}]
        apply_seed(self.services, {"accounts": [{"name": name, "clients": clients}]})
        self.logins[name] = self._signed_in(f"{name}-client", "secret")

    def _signed_in(self, client: str, secret: str) -> Login:
        key = ProofKey()
        proof = key.proof("POST", f"{BASE}.oidc/token", iat=int(self.clock.now()))
        form = {"grant_type": "client_credentials", "scope": "webid", "client_id": client, "client_secret": secret}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "DPoP": proof}
        answer = self.request("POST", "/.oidc/token", headers, urlencode(form).encode(), by=None)
        assert answer.status == 200, answer.body
        return TimedLogin(key, json.loads(answer.body)["access_token"], self.clock)

    def new_pod(self) -> Episode:
        name = f"p{next(self._numbers)}"
        self._account(name)
        return Episode(self, name)


@dataclass
class TimedLogin(Login):
    clock: StillClock

    def headers(self, method: str, url: str) -> dict[str, str]:
        proof = self.key.proof(method, url, iat=int(self.clock.now()))
        return {"Authorization": f"DPoP {self.token}", "DPoP": proof}


@dataclass
class Episode:
    """A new pod of the machine."""

    machine: Machine
    name: str
    base_url: str = BASE

    @property
    def root(self) -> str:
        return f"/{self.name}/"

    @property
    def web_ids(self) -> dict[str, str]:
        return {OWNER: f"{BASE}{self.name}/profile/card#me", FRIEND: f"{BASE}{FRIEND}/profile/card#me"}

    def send(self, by: str, method: str, path: str, headers: dict[str, str], content: bytes | None) -> Answer:
        account = {OWNER: self.name, NOBODY: None}.get(by, by)
        answer = self.machine.request(method, path, headers, content, by=account)
        return Answer(answer.status, answer.headers, answer.body)

    def wait(self, seconds: int) -> int:
        self.machine.clock.time += seconds
        return int(self.machine.clock.time)


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    made = Machine(folder)
    try:
        yield made
    finally:
        made.close()


# -- over sockets ------------------------------------------------------------------------------------------------------


@dataclass
class Sockets:
    """A pod of a real server. Each agent's requests go round several connections, so that all web processes answer."""

    owner: list[SolidClient]
    friend: list[SolidClient]
    nobody: list[SolidClient]
    web_ids: dict[str, str] = field(init=False)
    base_url: str = field(init=False)
    root: str = field(init=False)

    def __post_init__(self) -> None:
        self.base_url = self.owner[0].base_url
        self.root = f"/{self.owner[0].name}/"
        self.web_ids = {OWNER: self.owner[0].web_id, FRIEND: self.friend[0].web_id}
        self._turns = {OWNER: cycle(self.owner), FRIEND: cycle(self.friend), NOBODY: cycle(self.nobody)}

    def send(self, by: str, method: str, path: str, headers: dict[str, str], content: bytes | None) -> Answer:
        client = next(self._turns[by])
        url = self.base_url + path[1:]
        response = client.request(method, url, headers=headers, data=content)
        return Answer(
            response.status_code,
            {name.lower(): value for name, value in response.headers.items()},
            response.content,
        )

    def wait(self, seconds: int) -> None:
        """Real time passes by itself."""
