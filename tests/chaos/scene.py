"""A place in a pod that sixteen writers share, and what they know of it together: more than single resources can tell.

Everyone may read and write there, so that most requests need no signature and the server is kept busy.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

from tests.chaos.ledger import Attempt, Ledger
from tests.chaos.office import Office
from tests.chaos.wire import Wire
from tests.support.client import SolidClient, authorization
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, Server

COUNTERS, SLOTS = 2, 3


@dataclass
class Scene:
    """One round's container, and what its writers were told beside what the ledger holds."""

    server: Server
    ledger: Ledger
    owner: SolidClient
    office: Office
    place: str
    made: dict[str, Attempt] = field(default_factory=dict)
    """What a POST was told it made."""
    doubtful_posts: list[bytes] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)
    doubtful_numbers: set[int] = field(default_factory=set)
    counted: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Of each counter, how often each step from a value to the next was acknowledged."""
    doubtful_counts: Counter[str] = field(default_factory=Counter)
    spent: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often an acknowledged write named a state with `If-Match`."""
    together: list[tuple[str, ...]] = field(default_factory=list)
    """URLs that come and go in one transaction."""
    mutex: Lock = field(default_factory=Lock)

    @property
    def name(self) -> str:
        return self.place.split("/")[-2]

    @property
    def posts(self) -> str:
        return f"{self.place}posts/"

    @property
    def set(self) -> str:
        return f"{self.place}set"

    def counter(self, number: int) -> str:
        return f"{self.place}counter{number % COUNTERS}"

    def wire(self) -> Wire:
        return Wire(self.server.base_url, self.owner, self.ledger.uncertain)


@dataclass
class Stage:
    """The owner, signed in both as a program and in a browser, and a container open to everyone."""

    server: Server
    owner: SolidClient
    office: Office

    def scene(self, ledger: Ledger, name: str) -> Scene:
        place = f"{self.owner.pod}chaos/{name}/"
        scene = Scene(self.server, ledger, self.owner, self.office, place)
        self.owner.put_container(place)
        self.owner.put_container(scene.posts)
        for number in range(COUNTERS):
            self.owner.put_turtle(scene.counter(number), "<#counter> <#value> 0 .")
        self.owner.put_turtle(f"{place}described", "<#it> <#is> <#here> .")
        return scene


def set_stage(server: Server) -> Stage:
    owner = signed_in(server, ALICE)
    place = f"{owner.pod}chaos/"
    owner.put_container(place)
    everyone = authorization(place, "Read Write", public=True, default=True)
    owner.put_acl(place, authorization(place, "Read Write Control", agents=(owner.web_id,), default=True), everyone)
    return Stage(server, owner, Office(server.base_url, ALICE))
