"""A server's store with two storages and an authorizer over it, and shorthands for the tests."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pod.authorization.authorize import Authorizer
from pod.authorization.decision import Decision
from pod.config import Config
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.placement import Placement
from pod.protocol.resource import Auxiliary, Target, lineage
from pod.rdf.formats import Limits as RDFLimits
from pod.rdf.formats import parse
from pod.remote.client import Fetched, Limits
from pod.remote.errors import Unreachable
from pod.store.accounts import Accounts
from pod.store.acl_groups import keep_groups
from pod.store.records import SERVER, Kind
from pod.store.sqlite import open_store

BASE = "https://pods.example"
ALICE, BOB, CAROL = (f"{BASE}/{name}/profile/card#me" for name in ("alice", "bob", "carol"))
PREFIXES = """
@prefix acl: <http://www.w3.org/ns/auth/acl#>.
@prefix foaf: <http://xmlns.com/foaf/0.1/>.
@prefix vcard: <http://www.w3.org/2006/vcard/ns#>.
"""


def agent(web_id: str, origin: str | None = None) -> Credentials:
    return Credentials(agent=web_id, client="https://app.example/id", issuer=f"{BASE}/", origin=origin)


def rule(path: str, who: str, modes: str, *, default: bool = False, own: bool = True, name: str = "") -> str:
    """`who` is the middle of a rule: "acl:agent <...>"."""
    reach = [f"acl:accessTo <{BASE}{path}>"] * own + [f"acl:default <{BASE}{path}>"] * default
    listed = ", ".join(f"acl:{mode}" for mode in modes.split())
    return f"{name or '[]'} a acl:Authorization; {'; '.join([*reach, who])}; acl:mode {listed}.\n"


def by_agent(web_id: str) -> str:
    return f"acl:agent <{web_id}>"


EVERYONE = "acl:agentClass foaf:Agent"


class FakeClock:
    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time


@dataclass
class FakeRemote:
    """Answers from a table of URL -> Turtle; everything else is unreachable."""

    documents: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before: Callable[[], object] = lambda: None
    status: int = 200

    def fetch(self, url: str, *, accept: str, limits: Limits) -> Fetched:
        self.asked.append(url)
        self.before()
        if url not in self.documents:
            raise Unreachable(f"{url} cannot be reached")
        return Fetched(url, self.status, "text/turtle", (PREFIXES + self.documents[url]).encode())


class World:
    def __init__(self, data: Path, **settings: object) -> None:
        self.statements: list[str] = []
        self.clock = FakeClock()
        self.remote = FakeRemote()
        self.config = Config(data=data, base_url=f"{BASE}/", durability="normal", **settings)
        self.store = open_store(self.config, self.clock, on_connect=self._listen)
        self.placement = Placement(self.config.base_url)
        self.limits = RDFLimits.from_config(self.config)
        self.authorizer = Authorizer(self.config, self.placement, self.clock, self.remote)
        for web_id in (ALICE, BOB):
            self._storage(web_id)

    def _listen(self, connection) -> None:
        connection.set_trace_callback(self.statements.append)

    def _storage(self, web_id: str) -> None:
        name = web_id.split("/")[3]
        accounts = Accounts(self.store)
        with self.store.write(SERVER) as tx:
            account = accounts.create_account(tx, name, None, None)
            tx.create_storage(f"/{name}/", account.id, (web_id,))
        self.put(f"/{name}/")
        self.acl(f"/{name}/", rule(f"/{name}/", by_agent(web_id), "Read Write Control", default=True))

    def put(self, path: str, text: str = "", media_type: str = "text/turtle", kind: Kind = Kind.RDF) -> None:
        """Make or replace a resource, with the containers above it."""
        target = Target.parse(path)
        content = self.store.stage(io.BytesIO(text.encode()), media_type, bytes_max=10**7)
        with self.store.write(SERVER) as tx:
            for container in reversed([] if target.auxiliary else lineage(path)[1:]):
                if tx.describe(Target.parse(container)).state is None:
                    tx.create(Target.parse(container), Kind.CONTAINER, content, acl=None)
            state = tx.describe(target).state
            kind = Kind.CONTAINER if target.is_container else kind
            if state is None:
                tx.create(target, kind, content, acl=None)
            else:
                tx.replace(state, content, kind=kind, acl=None)

    def acl(self, path: str, *rules: str, prefixes: str = PREFIXES) -> None:
        self.put(path + Auxiliary.ACL.value, prefixes + "".join(rules))

    def record_groups(self, path: str) -> None:
        """What a request that writes an ACL does beside it."""
        target = Target.parse(path + Auxiliary.ACL.value)
        with self.store.write(SERVER) as tx:
            state = tx.describe(target).state
            graph = parse(state.inline, state.media_type, base=BASE + target.path, limits=self.limits).default
            keep_groups(tx, state.id, state.version, self.authorizer.groups_named(graph))

    def delete(self, path: str) -> None:
        with self.store.write(SERVER) as tx:
            tx.delete(tx.describe(Target.parse(path)).state, acl=None)

    def describe(self, path: str, credentials: Credentials = PUBLIC, *, wide: bool = True):
        return self.store.describe(Target.parse(path), credentials.grant, wide=wide, with_body=False)

    def decide(self, path: str, credentials: Credentials = PUBLIC) -> Decision:
        return self.authorizer.decide(self.store, self.describe(path), credentials)

    def modes(self, path: str, credentials: Credentials = PUBLIC) -> str:
        """What is granted, as WAC-Allow words."""
        return " ".join(self.decide(path, credentials).modes.names())

    def authorize(self, needs, path: str, credentials: Credentials = PUBLIC, **options) -> Decision:
        snapshot = self.describe(path, credentials)
        return self.authorizer.authorize(self.store, snapshot, credentials, needs(snapshot), **options)
