"""An access control resource as the sharing page reads and changes it. Pure: graphs in, graphs out.

Policies may depend on each other, so only what can be changed without giving anybody more is: an audience leaves a
matcher by the one statement that names it, and a matcher, a policy or an access control goes when nobody can satisfy it
and all that is said of it is understood here. Denials and exceptions are told, and never touched.

Spec: ACP #access-control-resource, #policy, #matcher, #satisfied-policy; vocab/freehold.ttl
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pod.authorization import acp
from pod.authorization.acp import Context
from pod.authorization.moments import end_of
from pod.errors import Conflict
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.rdf.graph import IRI, Dataset, Graph, Literal, Node, Term, Triple
from pod.rdf.modes import MODES
from pod.rdf.vocab import ACP, FH, RDF, RDFS
from pod.sharing import rule_names
from pod.sharing.audiences import EVERYONE, SIGNED_IN, Audience, Level, Whom
from pod.sharing.shares import Narrowing, Share, merged

_CLASSES = {
    ACP.PublicAgent: EVERYONE,
    ACP.AuthenticatedAgent: SIGNED_IN,
    ACP.CreatorAgent: Audience(Whom.CREATOR),
}
_ANY = {ACP.PublicClient, ACP.PublicIssuer}
"""Values that leave nobody out."""
_KNOWN = {ACP.agent, ACP.client, ACP.issuer, FH.until}
UNDERSTOOD = (
    RDF.type,
    RDFS.label,
    ACP.apply,
    ACP.allow,
    ACP.anyOf,
    ACP.allOf,
    ACP.agent,
    ACP.client,
    ACP.issuer,
    FH.until,
)
"""What may be said of a matcher, a policy or an access control that goes when it does nothing any more."""


@dataclass(frozen=True, slots=True)
class _Matcher:
    """What a matcher says, as far as one line can tell. `agents` are None where it does not look at them."""

    node: Node
    agents: tuple[Term, ...] | None
    client: str | None
    narrowed: frozenset[Narrowing]
    until_ms: int | None

    def audiences(self) -> Iterator[tuple[Audience, Term | None]]:
        """Each with the value that names it."""
        if self.agents is None:
            yield Audience(Whom.EVERYONE, client=self.client), None
        for agent in self.agents or ():
            if isinstance(agent, IRI) and agent != ACP.OwnerAgent:
                known = _CLASSES.get(agent, Audience(Whom.PERSON, agent.value))
                yield Audience(known.whom, known.iri, self.client), agent


@dataclass(frozen=True, slots=True)
class ACRDocument:
    """The ACR at `document`, which belongs to `resource`, whose path is `path`. Changing it changes `dataset`."""

    dataset: Dataset
    document: str
    resource: str
    path: str
    canonical: Callable[[str], str]

    @property
    def graph(self) -> Graph:
        return self.dataset.default

    # -- reading -------------------------------------------------------------------------------------------------------

    def shares(self) -> tuple[Share, ...]:
        """What it gives and takes on its own resource and inside."""
        return merged(self._shares(inherited=False, is_container=self.path.endswith("/")))

    def inherited_shares(self, path: str) -> tuple[Share, ...]:
        """What it gives and takes on a resource below."""
        return merged(self._shares(inherited=True, is_container=path.endswith("/")))

    def _shares(self, *, inherited: bool, is_container: bool) -> Iterator[Share]:
        own, members = self._applied(ACP.accessControl), self._applied(ACP.memberAccessControl)
        for policy in dict.fromkeys((*own, *members)):
            for denies, predicate in ((False, ACP.allow), (True, ACP.deny)):
                modes = self._modes(policy, predicate)
                inside = modes if policy in members else AccessMode.NONE
                here = inside if inherited else modes if policy in own else AccessMode.NONE
                inside = inside if is_container else AccessMode.NONE
                if here or inside:
                    yield from self._shares_of(policy, here, inside, denies=denies)

    def _shares_of(self, policy: Node, here: AccessMode, inside: AccessMode, *, denies: bool) -> Iterator[Share]:
        simple = self._is_simple(policy)
        for matcher in self._matchers(policy):
            label = rule_names.label_of(self.graph, matcher.node, self.document)
            narrowed = matcher.narrowed if simple or denies else matcher.narrowed | {Narrowing.MORE}
            changeable = simple and self._is_free(matcher.node)
            for audience, _ in matcher.audiences():
                yield Share(
                    audience,
                    here,
                    inside,
                    self.path,
                    matcher.until_ms,
                    label,
                    narrowed,
                    denies,
                    changeable and not denies,
                )

    def _roots(self) -> tuple[Node, ...]:
        return tuple(acp.access_control_resources(self.graph, self.document, self.resource, self.canonical))

    def _applied(self, predicate: IRI) -> dict[Node, None]:
        """The policies that access controls of this kind apply."""
        found: dict[Node, None] = {}
        for control in self._controls(predicate):
            found.update(dict.fromkeys(rule_names.described(self.graph, control, ACP.apply)))
        return found

    def _controls(self, predicate: IRI) -> Iterator[Node]:
        for root in self._roots():
            yield from rule_names.described(self.graph, root, predicate)

    def _modes(self, policy: Node, predicate: IRI) -> AccessMode:
        modes = AccessMode.NONE
        for term in self.graph.objects(policy, predicate):
            modes |= MODES.get(term, AccessMode.NONE) if isinstance(term, IRI) else AccessMode.NONE
        return modes.entailed() if predicate == ACP.allow else modes

    def _is_simple(self, policy: Node) -> bool:
        """Whether it does nothing but allow, and each of its matchers alone satisfies it."""
        if self.graph.count(policy, ACP.deny) or self.graph.count(policy, ACP.noneOf):
            return False
        all_of, any_of = self.graph.count(policy, ACP.allOf), self.graph.count(policy, ACP.anyOf)
        return all_of == 1 if not any_of else all_of == 0

    def _matchers(self, policy: Node) -> list[_Matcher]:
        used = (rule_names.described(self.graph, policy, predicate) for predicate in (ACP.allOf, ACP.anyOf))
        return [made for nodes in used for node in nodes if (made := self._matcher(node)) is not None]

    def _matcher(self, node: Node) -> _Matcher | None:
        """None for one that nothing satisfies."""
        said = {triple.predicate for triple in self.graph.match(s=node)} & (acp.attributes(self.graph) | {FH.until})
        if not said:
            return None
        narrowed = {Narrowing.MORE} if said - _KNOWN else set()
        clients = self._values(node, ACP.client)
        if len(clients) > 1:
            narrowed.add(Narrowing.APPS)
        if self._values(node, ACP.issuer):
            narrowed.add(Narrowing.ISSUERS)
        agents = tuple(self.graph.objects(node, ACP.agent)) if ACP.agent in said else None
        ends = tuple(self.graph.objects(node, FH.until))
        client = clients[0].value if len(clients) == 1 else None
        return _Matcher(node, agents, client, frozenset(narrowed), end_of(ends) if ends else None)

    def _values(self, node: Node, attribute: IRI) -> list[IRI | Literal]:
        """What an attribute demands; nothing where anything will do."""
        found = [term for term in self.graph.objects(node, attribute) if isinstance(term, IRI | Literal)]
        return [] if _ANY & set(found) else found

    def _is_free(self, matcher: Node) -> bool:
        """Whether all that use a matcher only allow by it, so that who leaves it gets nothing by that."""
        if self.graph.count(None, ACP.noneOf, matcher):
            return False
        users = {user for predicate in (ACP.allOf, ACP.anyOf) for user in self.graph.subjects(predicate, matcher)}
        return all(map(self._is_simple, users))

    # -- changing ------------------------------------------------------------------------------------------------------

    def add(self, audience: Audience, level: Level, until_ms: int | None, label: str | None) -> None:
        """One more access control, with a policy and a matcher of its own. All have names, so that patches can change
        them.

        Raises: Conflict -- policies cannot name groups.
        """
        if audience.whom is Whom.GROUP:
            raise Conflict(
                "The access rules of this server (Access Control Policy) cannot name groups: add its people."
            )
        for triple in self._added(audience, level.modes, until_ms, label):
            self.graph.add(triple)
        rule_names.name_namespaces(self.dataset, "acl", "acp", *rule_names.namespaces(label, until_ms))

    def _added(
        self, audience: Audience, modes: AccessMode, until_ms: int | None, label: str | None
    ) -> Iterator[Triple]:
        control = IRI(rule_names.free_name(self.graph, self.document))
        policy, matcher = IRI(f"{control.value}Policy"), IRI(f"{control.value}Matcher")
        root = min(self._roots(), key=lambda node: (node != IRI(self.document), str(node)))
        yield Triple(root, ACP.accessControl, control)
        if self.path.endswith("/"):
            yield Triple(root, ACP.memberAccessControl, control)
        yield Triple(control, RDF.type, ACP.AccessControl)
        yield Triple(control, ACP.apply, policy)
        yield Triple(policy, RDF.type, ACP.Policy)
        for mode in (iri for iri, each in MODES.items() if each & modes):  # in ACP, Write does not say Append
            yield Triple(policy, ACP.allow, mode)
        yield Triple(policy, ACP.anyOf, matcher)
        yield Triple(matcher, RDF.type, ACP.Matcher)
        yield from rule_names.labelled(matcher, label)
        yield Triple(matcher, ACP.agent, _naming(audience))
        if audience.client is not None:
            yield Triple(matcher, ACP.client, rule_names.as_client(audience.client))
        if until_ms is not None:
            yield rule_names.until(matcher, until_ms)
            # Elsewhere, whoever does not know the attribute knows at least that it is one, and lets nobody in by it.
            yield Triple(FH.until, RDFS.subPropertyOf, ACP.attribute)

    def remove(self, audience: Audience) -> None:
        """Whatever the policies for this resource allow to an audience.

        Raises: Conflict -- it cannot be taken back without giving somebody more.
        """
        for policy in dict.fromkeys((*self._applied(ACP.accessControl), *self._applied(ACP.memberAccessControl))):
            if self._modes(policy, ACP.allow):
                for matcher in self._matchers(policy):
                    self._remove(policy, matcher, audience)

    def _remove(self, policy: Node, matcher: _Matcher, audience: Audience) -> None:
        leaving = [agent for each, agent in matcher.audiences() if audience.covers(each)]
        if not leaving:
            return
        if not self._is_simple(policy) or not self._is_free(matcher.node):
            raise Conflict(
                "Another tool wrote rules here that depend on each other: taking this back might give somebody more. "
                "Change them with that tool."
            )
        for agent in leaving:
            if agent is not None:
                self.graph.discard(Triple(matcher.node, ACP.agent, agent))
        if None in leaving or not self.graph.count(matcher.node, ACP.agent):
            self._retire(matcher.node)

    def _retire(self, matcher: Node) -> None:
        """A matcher that names nobody any more would match anybody: no policy may use it."""
        for predicate in (ACP.anyOf, ACP.allOf):
            for policy in list(self.graph.subjects(predicate, matcher)):
                self.graph.discard(Triple(policy, predicate, matcher))
                if not self.graph.count(policy, ACP.anyOf) and not self.graph.count(policy, ACP.allOf):
                    self._retire_policy(policy)
        rule_names.forget(self.graph, matcher, UNDERSTOOD)

    def _retire_policy(self, policy: Node) -> None:
        """One that nothing satisfies is applied no more."""
        for control in list(self.graph.subjects(ACP.apply, policy)):
            self.graph.discard(Triple(control, ACP.apply, policy))
            self._retire_control(control)
        rule_names.forget(self.graph, policy, UNDERSTOOD)

    def _retire_control(self, control: Node) -> None:
        said = {triple.predicate for triple in self.graph.match(s=control)}
        if self.graph.count(control, ACP.apply) or not said <= set(UNDERSTOOD):
            return
        for predicate in (ACP.accessControl, ACP.memberAccessControl):
            for root in list(self.graph.subjects(predicate, control)):
                self.graph.discard(Triple(root, predicate, control))
        rule_names.forget(self.graph, control, UNDERSTOOD)

    def keep_owners(self, owners: tuple[str, ...], above: tuple[ACRDocument, ...]) -> None:
        """See to it that owners may do everything, as far as no policy denies it. `above`: ACRs of containers."""
        for owner in owners:
            if self._granted(owner, owners, above) != ALL_MODES and not self._names_fully(owner):
                for triple in self._added(Audience(Whom.PERSON, owner), ALL_MODES, None, None):
                    self.graph.add(triple)

    def _granted(self, owner: str, owners: tuple[str, ...], above: tuple[ACRDocument, ...]) -> AccessMode:
        """What an owner has for good on the resource, and inside it."""
        read = [acp.parse_acr(each.graph, each.document, each.resource, each.canonical) for each in (self, *above)]
        members = [policy for each in read[1:] for policy in each.members]
        context = Context(self.resource, agent=owner, owners=owners)
        here = acp.evaluate((*read[0].own, *members), context).modes
        is_container = self.path.endswith("/")
        return here & acp.evaluate((*read[0].members, *members), context).modes if is_container else here

    def _names_fully(self, owner: str) -> bool:
        return any(
            share.audience == Audience(Whom.PERSON, owner) and share.here == ALL_MODES and not share.narrowed
            for share in self.shares()
        )


def _naming(audience: Audience) -> IRI:
    if audience.whom is Whom.PERSON:
        return IRI(audience.iri)
    return ACP.PublicAgent if audience.whom is Whom.EVERYONE else ACP.AuthenticatedAgent
