"""Web Access Control over the ACLs that exist: which one is in force, and what it grants, worked out once an agent.

Knows neither operations nor groups: the answer to "is this agent in that group" comes with the inquiry.

Spec: WAC #authorization-evaluation; REQUIREMENTS section 17, rows 22, 23 and 30
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TypeAlias

import structlog

from pod.authorization import wac
from pod.authorization.decision import Decision, Reason
from pod.authorization.effective import effective_acl, is_inherited
from pod.authorization.inquiry import Inquiry
from pod.authorization.memory import Memory
from pod.authorization.root_acl import check_acl_content
from pod.authorization.rules import RuleDocuments, canonical
from pod.clock import Clock
from pod.config import Config
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.protocol.resource import Auxiliary, Target
from pod.rdf.graph import Graph
from pod.store.records import ACLReference

log = structlog.get_logger()

TYPES_LOGGED_MAX = 3
"""Of the conditions in one ACL that are of types nobody here knows."""

Key: TypeAlias = tuple[int, int, int, bool, str | None, str | None, str | None, str | None]
"""All that an evaluation without groups depends on: ACL id and version, how many of its ends have passed, own or
inherited, agent, origin, client, issuer.
"""


class WebAccessControl:
    """The `Language` of acl:Authorization. Shared by all threads."""

    def __init__(self, config: Config, placement: Placement, clock: Clock) -> None:
        self._placement = placement
        self._clock = clock
        self._strict = config.origin_strict
        self._documents = RuleDocuments(config, placement, self._parse, wac.EMPTY)
        self._evaluated: Memory[Key, Decision] = Memory(config.acl_cache_entries)

    def decide(self, inquiry: Inquiry, path: str) -> Decision:
        """Remembered where the ACL in force names no group."""
        reference = effective_acl(inquiry.snapshot.acls, path)
        if reference is None:
            log.error("root acl missing", path=path)
            return Decision(AccessMode.NONE, AccessMode.NONE)
        reader, who = inquiry.reader, inquiry.credentials
        acl = self._documents.get(reader, reference)
        inherited = is_inherited(reference, path)
        now_ms = int(self._clock.now() * 1000) if acl.ends else 0
        if acl.names_groups:
            return self._evaluate(acl, reference, inherited, who, inquiry.circle, now_ms=now_ms)
        origin = who.origin if acl.names_origins or self._strict else None
        through = (who.client, who.issuer) if acl.names_clients else (None, None)
        passed = bisect_right(acl.ends, now_ms)
        key = (reference.id, reference.version, passed, inherited, who.agent, origin, *through)
        decision = self._evaluated.get(key)
        if decision is None:
            decision = self._evaluate(acl, reference, inherited, who, inquiry.circle, now_ms=now_ms)
            if reader.is_committed(reference.id):
                self._evaluated.put(key, decision)
        return decision

    def check(self, target: Target, graph: Graph) -> None:
        """Raises: Conflict -- nobody would control the storage."""
        check_acl_content(
            graph,
            self._placement.url(target.subject),
            is_root=target.subject == target.storage,
            canonical=self._canonical,
        )

    def _evaluate(
        self,
        acl: wac.ACL,
        reference: ACLReference,
        inherited: bool,
        credentials: Credentials,
        membership: wac.Membership,
        *,
        now_ms: int,
    ) -> Decision:
        url = self._placement.url(reference.subject)
        acl_url = url + Auxiliary.ACL.value
        everyone = Credentials(origin=credentials.origin)
        granted = wac.evaluate(
            acl,
            url,
            inherited=inherited,
            credentials=credentials,
            membership=membership,
            strict=self._strict,
            now_ms=now_ms,
        )
        public = wac.evaluate(acl, url, inherited=inherited, credentials=everyone, strict=self._strict, now_ms=now_ms)
        reasons = tuple(Reason(rule.modes & granted.modes, rule.name, acl_url) for rule in granted.rules)
        return Decision(granted.modes, public.modes, reasons, acl_url, inherited)

    def _parse(self, graph: Graph, document: str, _resource: str) -> wac.ACL:
        if unused := wac.unsignalled(graph):
            log.warning("conditions not used", acl=document, types=sorted(unused)[:TYPES_LOGGED_MAX])
        return wac.parse_acl(graph, self._canonical)

    def _canonical(self, url: str) -> str:
        return canonical(self._placement, url)
