"""The two ways a sequence reaches the application: by calls in this process, and over sockets to a real server.

Tokens and proofs are real in both. In this process the clock belongs to the test, and nothing is made durable, so that
thousands of requests take seconds; each pod is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from pod.app import create_app
from pod.config import AccessControl, Config
from pod.identity.seed import apply_seed
from pod.services import open_services
from pod.store.sqlite import open_store
from tests.model.model_values import NOBODY, Answer, Who
from tests.support.client import ProofKey, SolidClient
from tests.support.counting import Counts
from tests.support.inprocess import BASE, LocalServer, Login
from tests.support.proofs import NOW
from tests.support.stores import StillClock

OWNER, FRIEND, STRANGER = "alice", "bob", "nobody"
AGAIN = "-too"
"""After a name: the same agent with another app."""
WEEKS = 10**7


class Driver(Protocol):
    """Where requests go. `root` is the path of the owner's pod."""

    @property
    def base_url(self) -> str: ...

    @property
    def root(self) -> str: ...

    @property
    def agents(self) -> Mapping[str, Who]:
        """Who asks, by the names that asks have for them."""
        ...

    @property
    def access_control(self) -> str:
        """The language of access rules: `wac` or `acp`."""
        ...

    def send(self, by: str, method: str, path: str, headers: dict[str, str], content: bytes | None) -> Answer: ...

    def wait(self, seconds: int) -> int | None:
        """Let time pass. The server's second then, where that is known."""
        ...


def app_of(account: str, suffix: str = "") -> str:
    """The client id of an account's app; with AGAIN, of its other one."""
    return f"https://{'two' if suffix else 'one'}.example/{account}#app"


def agents_of(base_url: str, owner: str, friend: str) -> dict[str, Who]:
    """Two accounts, each with two apps, and nobody."""
    found = {STRANGER: NOBODY}
    for name, account in ((OWNER, owner), (FRIEND, friend)):
        for suffix in ("", AGAIN):
            found[name + suffix] = Who(f"{base_url}{account}/profile/card#me", app_of(account, suffix), base_url)
    return found


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

    access_control: AccessControl = "wac"

    def __post_init__(self) -> None:
        config = Config(
            data=self.data,
            base_url=BASE,
            dev=True,
            durability="normal",
            access_token_seconds=WEEKS,
            log_level="error",
            access_control=self.access_control,
        )
        self.clock = StillClock(NOW)
        store = open_store(config, self.clock, on_connect=Unsynced().on_connect, sync=Unsynced().sync)
        self.services = open_services(config, self.clock, store)
        self.application = create_app(config, self.services).wsgi_app
        self._numbers = count(1)
        self._account(FRIEND)

    def _account(self, name: str) -> None:
        clients = [{"id": app_of(name, suffix), "secret": "secret"} for suffix in ("", AGAIN)]
        apply_seed(self.services, {"accounts": [{"name": name, "clients": clients}]})
        for suffix in ("", AGAIN):
            self.logins[name + suffix] = self._signed_in(app_of(name, suffix), "secret")

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
    def agents(self) -> dict[str, Who]:
        return agents_of(BASE, self.name, FRIEND)

    @property
    def access_control(self) -> str:
        return self.machine.access_control

    def send(self, by: str, method: str, path: str, headers: dict[str, str], content: bytes | None) -> Answer:
        account = None if by == STRANGER else by.replace(OWNER, self.name)
        answer = self.machine.request(method, path, headers, content, by=account)
        return Answer(answer.status, answer.headers, answer.body)

    def wait(self, seconds: int) -> int:
        self.machine.clock.time += seconds
        return int(self.machine.clock.time)


@contextmanager
def machine(folder: Path, access_control: AccessControl = "wac") -> Iterator[Machine]:
    made = Machine(folder, access_control=access_control)
    try:
        yield made
    finally:
        made.close()


# -- over sockets ------------------------------------------------------------------------------------------------------


@dataclass
class Sockets:
    """A pod of a real server. Each one's requests go round several connections, so that all web processes answer."""

    clients: Mapping[str, Sequence[SolidClient]]
    access_control: str = "wac"
    agents: dict[str, Who] = field(init=False)
    base_url: str = field(init=False)
    root: str = field(init=False)

    def __post_init__(self) -> None:
        owner, friend = self.clients[OWNER][0], self.clients[FRIEND][0]
        self.base_url = owner.base_url
        self.root = f"/{owner.name}/"
        self.agents = agents_of(self.base_url, owner.name, friend.name)
        self._turns = {by: cycle(some) for by, some in self.clients.items()}

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
