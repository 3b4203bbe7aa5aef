"""Access Control Policy: what the policies in force on a resource grant to a request. Pure: values in, modes out;
whoever asks knows which access control resources (ACRs) are in force and who owns or made the resource (acp_rules.py).

Policies and matchers are those that the ACR itself describes; nothing is ever fetched for one. Credentials that a
client could present are not taken here, so no `acp:vc` is ever matched. One attribute is our own: until when a matcher
may be satisfied.

Spec: ACP Editor's Draft, #authorization-graph, #access-control-resolution and #matcher-extensibility;
vocab/freehold.ttl (fh:until)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from pod.authorization.moments import end_of
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.rdf.graph import IRI, BNode, Graph, Literal, Node, Term
from pod.rdf.modes import MODES
from pod.rdf.vocab import ACP, FH, RDFS, XSD

ATTRIBUTES = (ACP.target, ACP.agent, ACP.creator, ACP.owner, ACP.client, ACP.issuer)
"""What is known of a request. Spec: ACP #context"""
UNDERSTOOD = (*ATTRIBUTES, FH.until)
"""What a matcher may look at."""

Values = frozenset[str]
NO_VALUES: Values = frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """One request for access: who asks for what, through which client, vouched for by whom. Spec: ACP #acp-Context"""

    target: str
    agent: str | None = None
    client: str | None = None
    issuer: str | None = None
    owners: tuple[str, ...] = ()
    creator: str | None = None

    def values(self) -> Mapping[IRI, Values]:
        """For each attribute, every value in a matcher that this request matches.

        Spec: ACP #acp-public-agent, #acp-authenticated-agent, #acp-creator-agent, #acp-owner-agent, #acp-public-client,
        #acp-authenticated-client, #acp-public-issuer, #acp-authenticated-issuer
        """
        return {
            ACP.target: frozenset((self.target,)),
            ACP.agent: self._agents(),
            ACP.creator: frozenset((self.creator,)) if self.creator else NO_VALUES,
            ACP.owner: frozenset(self.owners),
            ACP.client: _class_of(self.client, ACP.PublicClient, ACP.AuthenticatedClient),
            ACP.issuer: _class_of(self.issuer, ACP.PublicIssuer, ACP.AuthenticatedIssuer),
        }

    def _agents(self) -> Values:
        found = _class_of(self.agent, ACP.PublicAgent, ACP.AuthenticatedAgent)
        if self.agent is not None and self.agent == self.creator:
            found |= {ACP.CreatorAgent.value}
        if self.agent in self.owners:
            found |= {ACP.OwnerAgent.value}
        return found


def _class_of(value: str | None, public: IRI, authenticated: IRI) -> Values:
    if value is None:
        return frozenset((public.value,))
    return frozenset((public.value, authenticated.value, value))


@dataclass(frozen=True, slots=True)
class Matcher:
    """The attributes a matcher defines, each with the IRIs it accepts. One with none is never satisfied."""

    attributes: tuple[tuple[IRI, Values], ...]
    until_ms: int | None = None
    """From this moment on no request matches it."""

    def is_satisfied_by(self, known: Mapping[IRI, Values]) -> bool:
        """Spec: ACP #satisfied-matcher -- "at least one value of each defined attribute matches the Context"."""
        is_defined = bool(self.attributes) or self.until_ms is not None
        return is_defined and all(
            not accepted.isdisjoint(known.get(attribute, NO_VALUES)) for attribute, accepted in self.attributes
        )

    @property
    def can_be_satisfied(self) -> bool:
        """Whether some request could be in what it describes, now and always."""
        lasting = bool(self.attributes) and self.until_ms is None
        return lasting and all(values and name in ATTRIBUTES for name, values in self.attributes)


@dataclass(frozen=True, slots=True)
class Policy:
    """Modes, and for whom. `name` is its IRI, None for a blank node."""

    name: str | None
    allow: AccessMode
    deny: AccessMode
    all_of: tuple[Matcher, ...] = ()
    any_of: tuple[Matcher, ...] = ()
    none_of: tuple[Matcher, ...] = ()
    ends: frozenset[int] = field(init=False, compare=False)
    """When matchers of it end."""

    def __post_init__(self) -> None:
        ends = frozenset(each.until_ms for each in self.matchers if each.until_ms is not None)
        object.__setattr__(self, "ends", ends)

    def is_satisfied_by(self, known: Mapping[IRI, Values]) -> bool:
        """Spec: ACP #satisfied-policy."""
        if not self.all_of and not self.any_of:
            return False
        if any(matcher.is_satisfied_by(known) for matcher in self.none_of):
            return False
        if not all(matcher.is_satisfied_by(known) for matcher in self.all_of):
            return False
        return not self.any_of or any(matcher.is_satisfied_by(known) for matcher in self.any_of)

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        return self.all_of + self.any_of + self.none_of

    def at(self, now_ms: float) -> Policy:
        """The same where matchers that have ended are satisfied by nothing."""
        if not self.ends or now_ms < min(self.ends):
            return self
        parts = (self.all_of, self.any_of, self.none_of)
        all_of, any_of, none_of = (tuple(_at(each, now_ms) for each in matchers) for matchers in parts)
        return replace(self, all_of=all_of, any_of=any_of, none_of=none_of)

    def named(self, attribute: IRI) -> Values:
        """The values of an attribute that its matchers accept."""
        found = (values for each in self.matchers for name, values in each.attributes if name == attribute)
        return NO_VALUES.union(*found)


def _at(matcher: Matcher, now_ms: float) -> Matcher:
    return UNSATISFIABLE if matcher.until_ms is not None and matcher.until_ms <= now_ms else matcher


UNSATISFIABLE = Matcher(())


@dataclass(frozen=True, slots=True)
class ACR:
    """One access control resource: the policies for its resource, and those for everything inside."""

    own: tuple[Policy, ...] = ()
    members: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True)
class Granted:
    """Modes, the policies that gave at least one of them, and those that took some away."""

    modes: AccessMode
    allowing: tuple[Policy, ...] = ()
    denying: tuple[Policy, ...] = ()


NOBODY = Policy(
    None, AccessMode.NONE, ALL_MODES, any_of=(Matcher(((ACP.agent, frozenset((ACP.PublicAgent.value,))),)),)
)
"""Denies everything to everyone: stands for what cannot be read, since that may have held a denial."""

UNREADABLE = ACR((NOBODY,), (NOBODY,))


# -- evaluating --------------------------------------------------------------------------------------------------------


def evaluate(policies: Iterable[Policy], context: Context, *, now_ms: float = math.inf) -> Granted:
    """What the policies in force grant in a context: what is allowed and not denied. `now_ms` is the moment, in
    milliseconds since the epoch; to whoever does not tell it, all that has an end has ended.

    Denials are exact, as ACP knows no mode that is part of another; a Write that is left allows to append, unless that
    is denied.

    Spec: ACP #granted-access-modes, #resolved-access-control; WAC #authorization-evaluation-acl-mode-entailment
    """
    known = context.values()
    satisfied = [policy for policy in policies if policy.at(now_ms).is_satisfied_by(known)]
    allowed = denied = AccessMode.NONE
    for policy in satisfied:
        allowed |= policy.allow
        denied |= policy.deny
    modes = (allowed & ~denied).entailed() & ~denied
    allowing = tuple(policy for policy in satisfied if policy.allow.entailed() & modes)
    denying = tuple(policy for policy in satisfied if policy.deny & allowed.entailed())
    return Granted(modes, allowing, denying)


# -- reading -----------------------------------------------------------------------------------------------------------


def parse_acr(graph: Graph, document: str, resource: str, canonical: Callable[[str], str] = str) -> ACR:
    """The policies that the ACR at `document` applies to `resource` and to its members.

    Spec: ACP #access-control-resource, #access-control, #acp-apply
    """
    reader = _ACRReader(graph)
    roots = tuple(access_control_resources(graph, document, resource, canonical))
    return ACR(reader.applied(roots, ACP.accessControl), reader.applied(roots, ACP.memberAccessControl))


def access_control_resources(
    graph: Graph, document: str, resource: str, canonical: Callable[[str], str]
) -> Iterator[Node]:
    """What the document says is an ACR of the resource: whatever has it as `acp:resource`, and the document itself
    where it names no other, as published clients write it.

    Spec: ACP #acp-resource
    """
    found: dict[Node, None] = {}
    elsewhere: set[Node] = set()
    for subject, said in pairs(graph, ACP.resource):
        if isinstance(said, IRI) and canonical(said.value) == resource:
            found[subject] = None
        elsewhere.add(subject)
    for subject, said in pairs(graph, ACP.accessControlResource):
        is_about_it = isinstance(subject, IRI) and canonical(subject.value) == resource
        if is_about_it and isinstance(said, IRI | BNode):
            found[said] = None
    if IRI(document) not in elsewhere:
        found[IRI(document)] = None
    return iter(found)


class _ACRReader:
    """Makes each policy and matcher of a document once, however often it is applied."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._attributes = attributes(graph)
        self._matchers: dict[Node, Matcher] = {}
        self._policies: dict[Node, Policy] = {}

    def applied(self, roots: Iterable[Node], predicate: IRI) -> tuple[Policy, ...]:
        found: dict[Node, None] = {}
        for root in roots:
            for control in nodes(self._graph, root, predicate):
                found.update(dict.fromkeys(nodes(self._graph, control, ACP.apply)))
        return tuple(map(self._policy, found))

    def _policy(self, node: Node) -> Policy:
        made = self._policies.get(node)
        if made is None:
            made = self._policies[node] = Policy(
                name=node.value if isinstance(node, IRI) else None,
                allow=self._modes(node, ACP.allow),
                deny=self._modes(node, ACP.deny),
                all_of=self._some(node, ACP.allOf),
                any_of=self._some(node, ACP.anyOf),
                none_of=self._some(node, ACP.noneOf),
            )
        return made

    def _modes(self, node: Node, predicate: IRI) -> AccessMode:
        """Modes of other vocabularies are nothing that a request here could need."""
        modes = AccessMode.NONE
        for term in self._graph.objects(node, predicate):
            if isinstance(term, IRI):
                modes |= MODES.get(term, AccessMode.NONE)
        return modes

    def _some(self, node: Node, predicate: IRI) -> tuple[Matcher, ...]:
        return tuple(map(self._matcher, nodes(self._graph, node, predicate)))

    def _matcher(self, node: Node) -> Matcher:
        made = self._matchers.get(node)
        if made is None:
            values: dict[IRI, set[str]] = {}
            ends: list[Term] = []
            for triple in self._graph.match(s=node):
                if triple.predicate == FH.until:
                    ends.append(cast("Term", triple.object))
                elif triple.predicate in self._attributes:
                    accepted = values.setdefault(triple.predicate, set())
                    accepted.update(_value(triple.predicate, cast("Term", triple.object)))
            attributes = tuple((name, frozenset(accepted)) for name, accepted in values.items())
            made = Matcher(attributes, end_of(ends) if ends else None)
            self._matchers[node] = made
        return made


def _value(attribute: IRI, term: Term) -> tuple[str, ...]:
    """What a request has to have. Clients that registered here have names that are no IRIs.

    Spec: ACP #satisfied-matcher -- "according to IRI equality and literal term equality"
    """
    is_name = attribute == ACP.client and isinstance(term, Literal) and term.datatype == XSD.string
    return (term.value,) if isinstance(term, IRI) or is_name else ()


def attributes(graph: Graph) -> frozenset[IRI]:
    """The properties that are attributes in this document: the specification's, and those it declares itself. What is
    not known of any request matches none.

    Spec: ACP #matcher-extensibility
    """
    declared = (node for node in graph.subjects(RDFS.subPropertyOf, ACP.attribute) if isinstance(node, IRI))
    return frozenset((*ATTRIBUTES, ACP.vc, ACP.attribute, *declared))


def pairs(graph: Graph, predicate: IRI) -> Iterator[tuple[Node, Term]]:
    """Subjects and objects of a property."""
    return ((cast("Node", triple.subject), cast("Term", triple.object)) for triple in graph.match(p=predicate))


def nodes(graph: Graph, subject: Node, predicate: IRI) -> Iterator[Node]:
    """The objects of a property that can have properties themselves."""
    return (term for term in graph.objects(subject, predicate) if isinstance(term, IRI | BNode))
