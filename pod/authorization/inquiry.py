"""One question to the access rules, and what a language of access rules has to answer.

Spec: Solid #server-wac-acp
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pod.authorization.decision import Decision
from pod.authorization.groups import Circle
from pod.protocol.agent import Credentials
from pod.protocol.resource import Target
from pod.rdf.graph import Graph
from pod.store.interface import Reader
from pod.store.records import Snapshot


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Who asks about what, in which state of the store; and the memory of the groups asked about for it."""

    reader: Reader
    snapshot: Snapshot
    credentials: Credentials
    circle: Circle


class Language(Protocol):
    """Web Access Control or Access Control Policy, over the rule documents that one process knows."""

    def decide(self, inquiry: Inquiry, path: str) -> Decision:
        """What the rules say of a resource of the snapshot's lineage, existing or not. Ownership is not looked at.

        Raises: VersionMoved -- rules of the snapshot are no longer kept.
        """
        ...

    def check(self, target: Target, graph: Graph) -> None:
        """Refuse what may not be the new content of the ACL `target`.

        Raises: Conflict, UnprocessableContent
        """
        ...
