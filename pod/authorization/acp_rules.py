"""Access Control Policy over the access control resources (ACRs) that exist: all policies in force on a resource, put
together once for each state of its lineage, and what they grant, worked out once for each context.

An ACR that cannot be read, or a lineage with more in it than a decision may look at, denies everything to everyone but
the storage's owners, who keep control: what was not looked at may have been a denial.

Spec: ACP #effective-policies, #resolved-access-control
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from pod.authorization import acp
from pod.authorization.acp import ACR, Context, Granted, Policy, Values
from pod.authorization.acr_content import check_acr_content
from pod.authorization.decision import Decision, Reason
from pod.authorization.inquiry import Inquiry
from pod.authorization.memory import Memory
from pod.authorization.rules import RuleDocuments, canonical
from pod.clock import Clock
from pod.config import Config
from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.protocol.resource import Auxiliary, Target
from pod.rdf.graph import IRI, Graph
from pod.rdf.vocab import ACP
from pod.store.interface import Reader
from pod.store.records import ACLReference

log = structlog.get_logger()

POLICIES_IN_FORCE_MAX = 2_000
"""On one resource, from all levels above it."""
MATCHERS_IN_FORCE_MAX = 10_000
"""The same, one that several policies name counted for each. To look at them takes a hundredth of a second."""
ORDINARY_ENTRIES = 20
"""More policies, reasons or ACRs in what is remembered count as several of `acl_cache_entries`."""
ORDINARY_URLS_LENGTH = 2_048
"""Longer URLs of all ACRs in force do so too."""

Line: TypeAlias = tuple[bool, tuple[tuple[int, int], ...]]
"""Whether the first is the resource's own ACR; id and version of all in force, nearest first."""
Key: TypeAlias = tuple[Line, int, Context]
"""Beside the line, how many of its ends have passed, and what policies may look at."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The policies in force on a resource, each with the URL of the ACR it is from, and what they make it necessary to
    know; and the URLs of all those ACRs, nearest first.
    """

    policies: tuple[tuple[Policy, str], ...]
    acrs: tuple[str, ...]
    targets: Values
    creators: Values
    """Those that matchers name."""
    names_creator_agents: bool
    ends: tuple[int, ...] = ()
    """When matchers end, the earliest first."""

    @classmethod
    def of(cls, policies: tuple[tuple[Policy, str], ...], acrs: tuple[str, ...]) -> InForce:
        named = {name: _named(policies, name) for name in (ACP.target, ACP.creator, ACP.agent)}
        ends = tuple(sorted({end for policy, _ in policies for end in policy.ends}))
        is_for_creators = ACP.CreatorAgent.value in named[ACP.agent]
        return cls(policies, acrs, named[ACP.target], named[ACP.creator], is_for_creators, ends)

    @property
    def weight(self) -> int:
        """What it counts in memory."""
        return 1 + len(self.policies) // ORDINARY_ENTRIES + sum(map(len, self.acrs)) // ORDINARY_URLS_LENGTH


def _named(policies: Iterable[tuple[Policy, str]], attribute: IRI) -> Values:
    return frozenset().union(*(policy.named(attribute) for policy, _ in policies))


class AccessControlPolicy:
    """The `Language` of acp:Policy. Shared by all threads."""

    def __init__(self, config: Config, placement: Placement, clock: Clock) -> None:
        self._placement = placement
        self._clock = clock
        self._policies_max = config.acr_policies_max
        self._documents = RuleDocuments(config, placement, self._parse, acp.UNREADABLE)
        self._in_force: Memory[Line, InForce] = Memory(config.acl_cache_entries)
        self._evaluated: Memory[Key, Decision] = Memory(config.acl_cache_entries)

    def decide(self, inquiry: Inquiry, path: str) -> Decision:
        length = len(path)  # on one lineage, what is no longer is the path itself or a container of it
        acrs = [each for each in inquiry.snapshot.acls if len(each.subject) <= length]
        if not acrs:
            log.error("root acl missing", path=path)
            return Decision(AccessMode.NONE, AccessMode.NONE)
        line = (acrs[0].subject == path, tuple([(each.id, each.version) for each in acrs]))
        in_force = self._in_force.get(line)
        if in_force is None:
            in_force = self._gather(inquiry.reader, acrs, path)
            if _are_committed(inquiry.reader, acrs):
                self._in_force.put(line, in_force, in_force.weight)
        context = self._context(inquiry, path, in_force)
        now_ms = int(self._clock.now() * 1000) if in_force.ends else 0
        key = (line, bisect_right(in_force.ends, now_ms), context)
        decision = self._evaluated.get(key)
        if decision is None:
            decision = _evaluate(in_force, context, inherited=not line[0], now_ms=now_ms)
            if _are_committed(inquiry.reader, acrs):
                weight = 1 + (len(decision.reasons) + len(acrs)) // ORDINARY_ENTRIES
                self._evaluated.put(key, decision, weight)
        return decision

    def check(self, target: Target, graph: Graph) -> None:
        """Raises: Conflict, UnprocessableContent."""
        check_acr_content(
            graph,
            self._placement.url(target.path),
            self._placement.url(target.subject),
            is_root=target.subject == target.storage,
            policies_max=self._policies_max,
            canonical=self._canonical,
        )

    def _context(self, inquiry: Inquiry, path: str, in_force: InForce) -> Context:
        """What policies may look at. Target and creator only where one tells them from others: so what was worked out
        for one resource holds for all that no policy names.
        """
        who, storage = inquiry.credentials, inquiry.snapshot.storage
        url = self._placement.url(path) if in_force.targets else ""
        return Context(
            target=url if url in in_force.targets else "",
            agent=who.agent,
            client=who.client,
            issuer=who.issuer,
            owners=storage.owners if storage else (),
            creator=_creator(inquiry, path, in_force),
        )

    def _gather(self, reader: Reader, acrs: list[ACLReference], path: str) -> InForce:
        """Spec: ACP #effective-policies -- its own access controls, and the member access controls of all ancestors."""
        found: list[tuple[Policy, str]] = []
        urls = tuple(map(self._acr_url, acrs))
        matchers = 0
        for reference, url in zip(acrs, urls, strict=True):
            acr = self._documents.get(reader, reference)
            policies = acr.own if reference.subject == path else acr.members
            found += [(policy, url) for policy in policies]
            matchers += sum(len(policy.matchers) for policy in policies)
            if len(found) > POLICIES_IN_FORCE_MAX or matchers > MATCHERS_IN_FORCE_MAX:
                log.error("too many policies in force", path=path, policies=len(found), matchers=matchers)
                return InForce.of(((acp.NOBODY, url),), urls)
        return InForce.of(tuple(found), urls)

    def _acr_url(self, reference: ACLReference) -> str:
        return self._placement.url(reference.subject) + Auxiliary.ACL.value

    def _parse(self, graph: Graph, document: str, resource: str) -> ACR:
        return acp.parse_acr(graph, document, resource, self._canonical)

    def _canonical(self, url: str) -> str:
        return canonical(self._placement, url)


def _creator(inquiry: Inquiry, path: str, in_force: InForce) -> str | None:
    """Who made it, if a policy looks at that one: to find out takes a statement, but not of what is not there."""
    agent, snapshot = inquiry.credentials.agent, inquiry.snapshot
    if not in_force.creators and (agent is None or not in_force.names_creator_agents):
        return None
    if snapshot.ending is not None and path == snapshot.target.subject:
        creator = snapshot.ending.creator
    elif snapshot.others and path not in snapshot.others:
        creator = None
    else:
        creator = inquiry.reader.creator(path)
    return creator if creator == agent or creator in in_force.creators else None


def _evaluate(in_force: InForce, context: Context, *, inherited: bool, now_ms: int) -> Decision:
    policies = [policy for policy, _ in in_force.policies]
    granted = acp.evaluate(policies, context, now_ms=now_ms)
    everyone = Context(context.target, owners=context.owners, creator=context.creator)
    public = acp.evaluate(policies, everyone, now_ms=now_ms).modes
    reasons = tuple(_reasons(in_force, granted))
    return Decision(granted.modes, public, reasons, in_force.acrs[0], inherited, in_force.acrs[1:])


def _reasons(in_force: InForce, granted: Granted) -> Iterator[Reason]:
    allowing, denying = (set(map(id, policies)) for policies in (granted.allowing, granted.denying))
    for policy, acr in in_force.policies:
        if id(policy) in allowing:
            yield Reason(policy.allow.entailed() & granted.modes, policy.name, acr)
        if id(policy) in denying:
            yield Reason(policy.deny, policy.name, acr, denies=True)


def _are_committed(reader: Reader, acrs: list[ACLReference]) -> bool:
    return all(reader.is_committed(each.id) for each in acrs)
