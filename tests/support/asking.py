"""Asking for access in tests: documents as LWS describes them, people who ask, and what the worker passes on."""

from __future__ import annotations

import json
from typing import Any

from pod.notifications.hosts import Hosts
from pod.operations.get import get
from pod.operations.operation import Operation
from pod.protocol.access_profile import ADD, EDIT, SEE
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.modes import AccessMode
from pod.protocol.resource import INBOX, Target
from pod.remote.client import Posted
from pod.services import Services
from pod.sharing.notices import Notices
from pod.sharing.requests import Visitor, arrive, ask
from pod.store.access_requests import AccessItem, AccessRequest, Said
from tests.support.people import HERE
from tests.support.waiting import SECONDS_MAX

CONTEXT = ["https://www.w3.org/ns/lws/v1"]
LWS_JSON = {"Content-Type": "application/lws+json"}
FRIEND = "https://friend.example/card#me"
"""Somebody with a WebID elsewhere."""
LEVELS = {"see": SEE, "add": ADD, "edit": EDIT}


def document(kind: str, storage: str, assignee: str, *targets: str, **changes: Any) -> dict[str, Any]:
    """A document about access. `changes` are of its only policy, but for `inbox`, `comment` and `storage`."""
    policy: dict[str, Any] = {"type": ["AccessPolicy"], "action": ["read"], "assignee": assignee}
    if targets:
        policy["target"] = {"type": "StorageResource", "value": list(targets)}
    about = {name: changes.pop(name) for name in ("inbox", "comment", "storage") if name in changes}
    return {"@context": CONTEXT, "type": [kind], "storage": storage, "access": [policy | changes], **about}


def request_for(storage: str, assignee: str, *targets: str, **changes: Any) -> dict[str, Any]:
    return document("AccessRequest", storage, assignee, *targets, **changes)


def as_bytes(told: Any) -> bytes:
    return json.dumps(told).encode()


def purpose(*iris: str) -> dict[str, Any]:
    return {"leftOperand": "purpose", "operator": "isAnyOf", "rightOperand": list(iris)}


def until(moment: str) -> dict[str, Any]:
    return {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": moment}


def through(client: str) -> dict[str, Any]:
    return {"leftOperand": "client", "operator": "eq", "rightOperand": client}


def visitor(services: Services, agent: str = FRIEND, root: str = "/alice/", client: str | None = None) -> Visitor:
    return arrive(services, Credentials(agent=agent, client=client), root)


def asked(
    services: Services,
    path: str = "/alice/photos/",
    level: str = "see",
    *,
    agent: str = FRIEND,
    network: str = HERE,
    until_ms: int | None = None,
    **said: Any,
) -> AccessRequest:
    """What somebody asked for."""
    items = (AccessItem(path, LEVELS[level], until_ms),)
    return ask(services, visitor(services, agent), Said(agent, items, **said), network)


def may(services: Services, path: str, agent: str = FRIEND, client: str | None = None) -> AccessMode:
    """What the access rules give somebody now."""
    snapshot = services.store.describe(Target.parse(path), with_body=False)
    return services.authorizer.decide(services.store, snapshot, Credentials(agent=agent, client=client)).modes


def messages(services: Services, name: str = "alice") -> list[dict[str, Any]]:
    """What lies in an inbox."""
    inbox = services.store.describe(Target.parse(f"/{name}/{INBOX}"), with_body=False).state
    assert inbox is not None
    paths = [member.path for member in services.store.members(inbox.id)]
    return [json.loads(read(services, path, name)) for path in paths]


def read(services: Services, path: str, name: str) -> bytes:
    owner = Credentials(agent=f"{services.placement.base_url}{name}/profile/card#me")
    found = get(services, Operation("GET", Target.parse(path), owner, NO_CONDITIONS, accept="application/ld+json"))
    assert found.representation is not None
    assert isinstance(found.representation.content, bytes)
    return found.representation.content


class Elsewhere:
    """Inboxes of other servers: takes what is sent, with the status it is told to answer."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, url: str, message: bytes, _media_type: str) -> Posted:
        self.sent.append((url, json.loads(message)))
        return Posted(self.statuses.pop(0) if self.statuses else 201, "")


def passed_on(services: Services, elsewhere: Elsewhere | None = None) -> Elsewhere:
    """What the worker does about requests and answers that nobody was told of."""
    elsewhere = elsewhere or Elsewhere()
    notices = Notices(services, elsewhere, Hosts(services.clock, 0))
    notices.work()
    notices.wait(SECONDS_MAX)
    return elsewhere
