"""Things that happen in the pods of a local server, and what the journal tells of them."""

from __future__ import annotations

import uuid

from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.notification import PROTOCOL_CONTEXT, ChannelType
from pod.protocol.resource import storage_of
from pod.store.channels import Channel
from pod.store.journal import changes_after, head
from pod.store.records import Change, ChangeKind
from tests.support.client import acl, authorization
from tests.support.inprocess import BASE, LocalServer

TEXT = {"Content-Type": "text/plain"}
TURTLE = {"Content-Type": "text/turtle"}


def web_id(name: str) -> str:
    return f"{BASE}{name}/profile/card#me"


def fresh(name: str = "alice") -> str:
    """The path of a container that does not exist yet."""
    return f"/{name}/t-{uuid.uuid4().hex[:12]}/"


def put(local: LocalServer, path: str, content: bytes = b"hello", headers=TEXT, by: str = "alice") -> None:
    answer = local.request("PUT", path, headers, content, by=by)
    assert answer.status in {201, 204}, answer.body


def delete(local: LocalServer, path: str, by: str = "alice") -> None:
    answer = local.request("DELETE", path, by=by)
    assert answer.status == 204, answer.body


def share(local: LocalServer, path: str, *readers: str, public: bool = False) -> None:
    """Alice lets others read one of her resources, and nobody else but her."""
    url, default = BASE + path[1:], path.endswith("/")
    rules = [authorization(url, "Read Write Control", agents=(web_id("alice"),), default=default)]
    rules += [authorization(url, "Read", agents=tuple(map(web_id, readers)), default=default)] if readers else []
    rules += [authorization(url, "Read", public=True, default=default)] if public else []
    put(local, path + ".acl", acl(*rules).encode(), TURTLE)


def storage(local: LocalServer, path: str = "/alice/") -> int:
    return local.services.store.rows("SELECT id FROM storage WHERE path = ?", (storage_of(path),))[0][0]


def now(local: LocalServer) -> int:
    return head(local.services.store, storage(local))


def since(local: LocalServer, sequence: int) -> list[Change]:
    return changes_after(local.services.store, storage(local), sequence, 1000)


def credentials(local: LocalServer, name: str | None) -> Credentials:
    """Those of a signed-in agent, or nobody's."""
    if name is None:
        return PUBLIC
    (grant,) = local.services.store.rows("SELECT grant_id FROM client_credential WHERE web_id = ?", (web_id(name),))
    return Credentials(web_id(name), f"{name}-client", BASE, grant[0])


def channel(local: LocalServer, *topics: str, name: str | None = "alice", **more) -> Channel:
    who = credentials(local, name)
    usual = {
        "id": uuid.uuid4().hex,
        "type": ChannelType.WEBSOCKET,
        "storage": storage(local, topics[0]),
        "topics": topics,
        "agent": who.agent,
        "client": who.client,
        "issuer": who.issuer,
        "grant": who.grant,
        "origin": None,
        "context": PROTOCOL_CONTEXT,
        "accept": "application/ld+json",
        "subtree": False,
        "rate_seconds": 0.0,
        "start_ms": None,
        "end_ms": 10**15,
        "sequence": 0,
        "send_to": None,
        "p256dh": None,
        "auth": None,
        "created_ms": 0,
    }
    return Channel(**(usual | more))


def change(kind: ChangeKind, path: str, *, sequence: int = 7, storage: int = 1, time_ms: int = 5) -> Change:
    """An entry as the journal has it, of which only what is told matters."""
    return Change(0, storage, sequence, time_ms, kind, 3, path, None, None, "text/plain", 1, "", None, None, None, None, "op", None, None)  # fmt: skip
