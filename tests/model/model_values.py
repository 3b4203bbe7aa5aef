"""What the model is asked and what it is told: requests, answers, and resources as the specifications speak of them.

Values only. Written from the specifications; no line of the server's code is behind it.

Spec: Solid Protocol sections 2 to 4; LDP 4 and 5
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rdflib.term import Node

Triple = tuple[Node, Node, Node]
Triples = frozenset[Triple]

CONTAINER, RDF_SOURCE, OTHER = "container", "RDF source", "other"


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: an agent, the client it uses, and the issuer that vouches for them. Nobody is none of these."""

    agent: str | None = None
    client: str | None = None
    issuer: str | None = None


NOBODY = Who()


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it is sent. `now` is the server's second, None if unknown."""

    by: Who
    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes | None = None
    now: int | None = None

    def header(self, name: str) -> str | None:
        return self.headers.get(name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of fields in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def listed(self, name: str) -> frozenset[str]:
        """The members of a comma-separated field."""
        return frozenset(each.strip() for each in self.header(name).split(",") if each.strip())


@dataclass(slots=True)
class Resource:
    """What exists at a path. What the server may choose is None until it was seen.

    `state` counts what certainly changed the representation, `shade` what may have.
    """

    kind: str
    media_type: str
    serial: int
    triples: Triples = frozenset()
    body: bytes | None = None
    size: int | None = None
    modified: int | None = None
    state: int = 0
    shade: int = 0
    creator: str | None = None

    @property
    def is_container(self) -> bool:
        return self.kind == CONTAINER


class Refused(Exception):
    """The request must fail with one of these statuses, and change nothing."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(*statuses)
        self.statuses = frozenset(statuses)


Check = Callable[[Answer], "list[str]"]


@dataclass(slots=True)
class Outcome:
    """What a request comes to: the statuses of its success, with what each must look like and do, and of refusals
    that the specifications leave open.
    """

    successes: Mapping[int, Check] = field(default_factory=dict)
    refusals: frozenset[int] = frozenset()

    @property
    def statuses(self) -> frozenset[int]:
        return self.refusals | self.successes.keys()


def wrong(is_right: bool, what: str) -> list[str]:
    """Nothing, or what is wrong."""
    return [] if is_right else [what]
