"""Web Access Control: what the rules of one ACL grant to whom. Pure: values in, modes out; whoever asks brings the
answer to "is this agent in that group", and knows which ACL governs the resource (effective.py).

Rules only add, so more rules never grant less. What is not understood grants nothing: unknown modes, subjects that are
no IRIs, conditions that say of nobody that they hold. Only conditions of a type that this server does not know are, as
the specification says, as if they were not there. One type of condition is our own: a rule may have an end.

Spec: WAC 1.1 (editor's draft), #authorization-rule and #authorization-evaluation; vocab/freehold.ttl (fh:TimeCondition)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from pod.authorization.moments import LONG_AGO, end_of
from pod.protocol.agent import Credentials
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.rdf.graph import IRI, BNode, Graph, Literal, Node
from pod.rdf.modes import MODES
from pod.rdf.vocab import ACL as ACL_TERMS
from pod.rdf.vocab import FH, FOAF, RDF, XSD

Membership = Callable[[str, str], bool]
"""Whether the group with the first IRI has the second as a member."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the client (`of_client`) or else on the issuer. It accepts those named, members of groups, or all.

    Spec: WAC #access-client-condition, #access-issuer-condition
    """

    of_client: bool
    named: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    anybody: bool = False

    def holds(self, credentials: Credentials, membership: Membership) -> bool:
        value = credentials.client if self.of_client else credentials.issuer
        if self.anybody or value is None:
            return self.anybody
        return value in self.named or any(membership(group, value) for group in sorted(self.groups))


CONDITIONS = (ACL_TERMS.ClientCondition, ACL_TERMS.IssuerCondition, FH.TimeCondition)
"""The types of conditions that are evaluated, and signalled. Spec: WAC #server-link-condition"""


@dataclass(frozen=True, slots=True)
class Authorization:
    """One conforming rule. `name` is its IRI, None for a blank node; `modes` include what they entail."""

    name: str | None
    modes: AccessMode
    access_to: frozenset[str]
    default: frozenset[str]
    agents: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    public: bool = False
    authenticated: bool = False
    origins: frozenset[str] = frozenset()
    """Not empty: from web apps, the rule is only for these origins."""
    conditions: tuple[Condition, ...] = ()
    """All of them have to hold."""
    until_ms: int | None = None
    """From this moment on the rule counts no more."""

    def stands(self, now_ms: float) -> bool:
        return self.until_ms is None or now_ms < self.until_ms

    @property
    def names_groups(self) -> bool:
        return bool(self.groups) or any(condition.groups for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class ACL:
    """The conforming rules of one ACL document, and what they make it necessary to know."""

    rules: tuple[Authorization, ...]
    names_groups: bool
    names_origins: bool
    names_clients: bool
    """Or issuers."""
    ends: tuple[int, ...] = ()
    """When rules end, the earliest first."""

    @classmethod
    def of(cls, rules: Iterable[Authorization]) -> ACL:
        kept = tuple(rules)
        return cls(
            kept,
            any(rule.names_groups for rule in kept),
            any(rule.origins for rule in kept),
            any(rule.conditions for rule in kept),
            tuple(sorted({rule.until_ms for rule in kept if rule.until_ms is not None})),
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """Modes, and the rules that gave them, each of which added at least one."""

    modes: AccessMode
    rules: tuple[Authorization, ...] = ()


EMPTY = ACL.of(())
NOTHING = Granted(AccessMode.NONE)


def nobody(_group: str, _member: str) -> bool:
    """The membership of an agent that is in no group."""
    return False


# -- reading -----------------------------------------------------------------------------------------------------------


def parse_acl(graph: Graph, canonical: Callable[[str], str] = str) -> ACL:
    """The rules of an ACL document. `canonical` gives the one spelling of a resource's URL.

    Spec: WAC #authorization-conformance, #extension-acl-mode, #extension-acl-condition
    """
    return ACL.of(rule for _, rule in authorizations(graph, canonical))


def authorizations(graph: Graph, canonical: Callable[[str], str] = str) -> Iterator[tuple[Node, Authorization]]:
    """The conforming rules, each with what it is in the graph."""
    for subject in dict.fromkeys(graph.subjects(RDF.type, ACL_TERMS.Authorization)):
        rule = _authorization(graph, subject, canonical)
        if rule is not None:
            yield subject, rule


def _authorization(graph: Graph, subject: Node, canonical: Callable[[str], str]) -> Authorization | None:
    """The rule a subject describes; None when it can never grant anything."""
    classes = _iris(graph, subject, ACL_TERMS.agentClass)
    stated = tuple(graph.objects(subject, ACL_TERMS.condition))
    rule = Authorization(
        name=subject.value if isinstance(subject, IRI) else None,
        modes=_modes(graph, subject),
        access_to=frozenset(canonical(iri) for iri in _iris(graph, subject, ACL_TERMS.accessTo)),
        default=frozenset(canonical(iri) for iri in _iris(graph, subject, ACL_TERMS.default)),
        agents=_iris(graph, subject, ACL_TERMS.agent),
        groups=_iris(graph, subject, ACL_TERMS.agentGroup),
        public=FOAF.Agent.value in classes,
        authenticated=ACL_TERMS.AuthenticatedAgent.value in classes,
        origins=_origins(graph, subject),
        conditions=tuple(condition for term in stated for condition in _conditions(graph, term)),
        until_ms=min((_end(graph, term) for term in stated if _is_of_time(graph, term)), default=None),
    )
    return rule if _is_conforming(rule) and all(map(_can_hold, rule.conditions)) else None


def _is_conforming(rule: Authorization) -> bool:
    """Spec: WAC #authorization-conformance."""
    objects = rule.access_to or rule.default
    subjects = rule.agents or rule.groups or rule.public or rule.authenticated or rule.origins
    return bool(objects and rule.modes and subjects)


def _modes(graph: Graph, subject: Node) -> AccessMode:
    """Spec: WAC #extension-acl-mode -- what is unknown neither stops processing nor grants anything."""
    modes = AccessMode.NONE
    for term in graph.objects(subject, ACL_TERMS.mode):
        if isinstance(term, IRI):
            modes |= MODES.get(term, AccessMode.NONE)
    return modes.entailed()


def _origins(graph: Graph, subject: Node) -> frozenset[str]:
    """Origins as an `Origin` header has them. Any statement narrows the rule, even one that no header can match."""
    terms = graph.objects(subject, ACL_TERMS.origin)
    return frozenset(term.value.removesuffix("/") if isinstance(term, IRI | Literal) else "" for term in terms)


NEVER = Condition(of_client=True)


def _conditions(graph: Graph, term: Node | Literal) -> list[Condition]:
    """What one `acl:condition` demands, by its types; by its properties where it has none.

    "Conditions whose types are not signalled are not used in Authorization Evaluation." One that has no type at all is
    not known to be of such a type: it never holds, and neither does one that accepts nobody.

    Spec: WAC #server-condition-evaluation, #extension-acl-condition
    """
    if isinstance(term, Literal):
        return [NEVER]
    types = _types(graph, term)
    client = Condition(
        True,
        _iris(graph, term, ACL_TERMS.client) | _names(graph, term, ACL_TERMS.client),
        _iris(graph, term, ACL_TERMS.clientGroup),
        FOAF.Agent.value in _iris(graph, term, ACL_TERMS.clientClass),
    )
    issuer = Condition(
        False,
        _iris(graph, term, ACL_TERMS.issuer),
        _iris(graph, term, ACL_TERMS.issuerGroup),
        FOAF.Agent.value in _iris(graph, term, ACL_TERMS.issuerClass),
    )
    if not types:
        found = [each for each in (client, issuer) if _can_hold(each)]
        return found or ([] if _is_of_time(graph, term) else [NEVER])
    return [each for each, kind in zip((client, issuer), CONDITIONS, strict=False) if kind in types]


def _types(graph: Graph, term: Node) -> set[Node | Literal]:
    return {each for each in graph.objects(term, RDF.type) if each != ACL_TERMS.Condition}


def _is_of_time(graph: Graph, term: Node | Literal) -> bool:
    """Whether a condition is a fh:TimeCondition, or has no type but what such a one has."""
    if isinstance(term, Literal):
        return False
    types = _types(graph, term)
    return FH.TimeCondition in types or (not types and graph.count(term, FH.until) > 0)


def _end(graph: Graph, term: Node | Literal) -> int:
    """When a time condition ends: the earliest moment that it says, and long ago if any of them is none."""
    return LONG_AGO if isinstance(term, Literal) else end_of(graph.objects(term, FH.until))


def unsignalled(graph: Graph) -> frozenset[str]:
    """The types of conditions that are not used, so that somebody can be told. Spec: WAC #consider-condition-legacy"""
    found: set[str] = set()
    for triple in graph.match(p=ACL_TERMS.condition):
        if isinstance(triple.object, IRI | BNode):
            types = _iris(graph, triple.object, RDF.type) - {ACL_TERMS.Condition.value}
            found |= types if types.isdisjoint(each.value for each in CONDITIONS) else set()
    return frozenset(found)


def _can_hold(condition: Condition) -> bool:
    return bool(condition.named or condition.groups or condition.anybody)


def _names(graph: Graph, subject: Node, predicate: IRI) -> frozenset[str]:
    """Clients that registered here have names that are no IRIs."""
    terms = graph.objects(subject, predicate)
    return frozenset(term.value for term in terms if isinstance(term, Literal) and term.datatype == XSD.string)


def _iris(graph: Graph, subject: Node, predicate: IRI) -> frozenset[str]:
    return frozenset(term.value for term in graph.objects(subject, predicate) if isinstance(term, IRI))


# -- evaluating --------------------------------------------------------------------------------------------------------


def evaluate(
    acl: ACL,
    subject_url: str,
    *,
    inherited: bool,
    credentials: Credentials,
    membership: Membership = nobody,
    strict: bool = False,
    wanted: AccessMode = ALL_MODES,
    now_ms: float = math.inf,
) -> Granted:
    """What an ACL grants to `credentials`.

    `subject_url` is the resource the ACL belongs to: the target itself, or (`inherited`) the container whose
    `acl:default` rules reach the target. `membership` is asked last, and only about groups whose rules would add one of
    the `wanted` modes. `strict` enforces the statement on origins to the letter. `now_ms` is the moment, in
    milliseconds since the epoch: whoever does not tell it gets nothing of rules that have an end.

    Spec: WAC #authorization-evaluation-context, #authorization-evaluation-applicable
    """
    rules = [rule for rule in acl.rules if subject_url in (rule.default if inherited else rule.access_to)]
    if acl.ends:
        rules = [rule for rule in rules if rule.stands(now_ms)]
    if strict and credentials.origin is not None:
        return _evaluate_strictly(rules, credentials, membership, wanted)
    # Deviates: server-origin-authorization -- hardly any server demands an origin of every rule, and apps rely on that.
    # A rule that names origins is narrowed to them, one that names none is for all.
    return _for_agent(_from_origin(rules, credentials.origin), credentials, membership, wanted)


def _from_origin(rules: list[Authorization], origin: str | None) -> list[Authorization]:
    """Spec: WAC #authorization-evaluation-origin -- "only when the HTTP request includes the `Origin` header"."""
    if origin is None:
        return rules
    return [rule for rule in rules if not rule.origins or origin in rule.origins]


def _for_agent(
    rules: list[Authorization], credentials: Credentials, membership: Membership, wanted: AccessMode
) -> Granted:
    """First without looking into any group, then with those that could still add something."""
    granted = NOTHING
    for rule in rules:
        if _is_met(rule, credentials, nobody):
            granted = _with(granted, rule)
    for rule in rules:
        lacking = rule.modes & wanted & ~granted.modes
        if lacking and rule.names_groups and _is_met(rule, credentials, membership):
            granted = _with(granted, rule)
    return granted


def _is_met(rule: Authorization, credentials: Credentials, membership: Membership) -> bool:
    """Whether the rule is for who asks, and "all such conditions are satisfied".

    Spec: WAC #server-condition-evaluation-conjunctive
    """
    is_held = all(condition.holds(credentials, membership) for condition in rule.conditions)
    return is_held and _is_for(rule, credentials.agent, membership)


def _is_for(rule: Authorization, agent: str | None, membership: Membership) -> bool:
    """Spec: WAC #acl-agent, #acl-agentgroup, #acl-agentclass."""
    if rule.public or agent is None:
        return rule.public
    is_named = rule.authenticated or agent in rule.agents
    return is_named or any(membership(group, agent) for group in sorted(rule.groups))


def _with(granted: Granted, rule: Authorization) -> Granted:
    if rule.modes in granted.modes:
        return granted
    return Granted(granted.modes | rule.modes, (*granted.rules, rule))


def _evaluate_strictly(
    rules: list[Authorization], credentials: Credentials, membership: Membership, wanted: AccessMode
) -> Granted:
    """Spec: WAC #server-origin-authorization -- an authorization for the agent, and one with the origin, for the mode,
    "when the required access mode is not available to all agents".
    """
    without = [rule for rule in rules if not rule.origins]
    for_all = _for_agent(without, replace(credentials, agent=None), membership, wanted)
    for_origin = AccessMode.NONE
    for rule in rules:
        if credentials.origin in rule.origins and all(each.holds(credentials, membership) for each in rule.conditions):
            for_origin |= rule.modes
    for_agent = _for_agent(rules, credentials, membership, wanted & for_origin)
    modes = for_all.modes | (for_agent.modes & for_origin)
    helpful = tuple(rule for rule in dict.fromkeys((*for_all.rules, *for_agent.rules)) if rule.modes & modes)
    return Granted(modes, helpful)
