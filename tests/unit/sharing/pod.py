"""A pod whose owner shares things, and what others can then do, as the decisions of requests say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pod.operations.operation import Body, Operation
from pod.operations.put import put
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.modes import AccessMode
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target
from pod.rdf import formats
from pod.rdf.graph import Graph
from pod.services import Services
from pod.sharing.sharing import Sharing
from tests.support.people import PUBLIC as BASE
from tests.support.people import alice_of, opened, pass_time

ALICE = f"{BASE}alice/profile/card#me"
BOB, CAROL = "https://bob.example/#me", "https://carol.example/#me"
PREFIXES = """
@prefix acl: <http://www.w3.org/ns/auth/acl#>.
@prefix acp: <http://www.w3.org/ns/solid/acp#>.
@prefix fh: <urn:freehold:>.
@prefix foaf: <http://xmlns.com/foaf/0.1/>.
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#>.
@prefix solid: <http://www.w3.org/ns/solid/terms#>.
@prefix vcard: <http://www.w3.org/2006/vcard/ns#>.
@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.
"""
FOLDER, FILE = "/alice/photos/", "/alice/photos/sea"


class Pod:
    """Alice's, with a folder and a file in it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.account = alice_of(services).id
        self.sharing = Sharing(services)
        self.write(FILE, "<> a <http://example.org/Photo>.")

    def write(self, path: str, turtle: str, by: str = ALICE) -> None:
        """By a request, of alice's unless somebody else is named."""
        content = (PREFIXES + turtle).replace("BASE", BASE).encode()
        body = Body(io.BytesIO(content), MediaType.parse("text/turtle"), len(content))
        put(self.services, Operation("PUT", Target.parse(path), Credentials(by), NO_CONDITIONS, body=body))

    def modes(self, path: str, web_id: str | None = None) -> AccessMode:
        """What somebody may do now."""
        who = Credentials(web_id) if web_id else PUBLIC
        snapshot = self.services.store.describe(Target.parse(path), with_body=False)
        return self.services.authorizer.decide(self.services.store, snapshot, who).modes

    def rules(self, path: str) -> Graph:
        """What the resource's own rules say; nothing, where it has none."""
        target = Target.parse(f"{path}.acl")
        state = self.services.store.describe(target).state
        if state is None:
            return Graph()
        content = self.services.store.document(state.id, state.version) or b""
        url = self.services.placement.url(target.path)
        return formats.parse(content, state.media_type, base=url, limits=self.services.limits).default

    def pass_time(self, seconds: float) -> None:
        pass_time(self.services, seconds)

    @property
    def now_ms(self) -> int:
        return int(self.services.clock.now() * 1000)

    def share(self, path: str, *what: Any, **more: Any) -> None:
        self.sharing.share(self.account, path, *what, **more)

    def unshare(self, path: str, *what: Any) -> None:
        self.sharing.unshare(self.account, path, *what)

    def shares(self, path: str) -> list[tuple[str, str]]:
        """Whom the page names, and from where."""
        found = self.sharing.state(self.account, path).shares
        return [(each.audience.iri or each.audience.whom.value, each.source) for each in found]


@contextmanager
def pod_of(folder: Path, language: str) -> Iterator[Pod]:
    with opened(folder / "data", access_control=language) as services:
        yield Pod(services)
