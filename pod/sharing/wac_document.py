"""An access control list as the sharing page reads and changes it. Pure: graphs in, graphs out.

Only statements that say what is changed are touched: an audience leaves a rule by the one statement that names it, and
a rule goes when it names nobody any more and all that is said of it is understood here. Whatever else tools keep in the
document stays: rules for other resources, conditions, origins, remarks.

Spec: WAC #authorization-rule, #effective-acl-resource; vocab/freehold.ttl
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pod.authorization import wac
from pod.authorization.wac import Authorization
from pod.protocol.agent import Credentials
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Node, Triple
from pod.rdf.modes import MODES
from pod.rdf.vocab import ACL, FH, FOAF, RDF, RDFS
from pod.sharing import rule_names
from pod.sharing.audiences import Audience, Level, Whom
from pod.sharing.shares import Narrowing, Share, merged

UNDERSTOOD = (RDF.type, RDFS.label, ACL.accessTo, ACL.default, ACL.mode, ACL.condition)
"""What may be said of a rule that goes with the last one it names."""
UNDERSTOOD_OF_CONDITIONS = (RDF.type, FH.until, ACL.client, ACL.clientClass, ACL.issuer, ACL.issuerClass)
SUBJECTS = (ACL.agent, ACL.agentGroup, ACL.agentClass)


@dataclass(frozen=True, slots=True)
class ACLDocument:
    """The ACL at `document`, which belongs to `resource`, whose path is `path`. Changing it changes `dataset`."""

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
        """What it gives on its own resource and inside."""
        return merged(self._shares(inherited=False, is_container=self.path.endswith("/")))

    def inherited_shares(self, path: str) -> tuple[Share, ...]:
        """What it gives on a resource below that has no list of its own."""
        return merged(self._shares(inherited=True, is_container=path.endswith("/")))

    def _shares(self, *, inherited: bool, is_container: bool) -> Iterator[Share]:
        for node, rule in wac.authorizations(self.graph, self.canonical):
            inside = rule.modes if self.resource in rule.default else AccessMode.NONE
            here = inside if inherited else rule.modes if self.resource in rule.access_to else AccessMode.NONE
            inside = inside if is_container else AccessMode.NONE
            if here or inside:
                label = rule_names.label_of(self.graph, node, self.document)
                narrowed = frozenset(_narrowings(rule)) | self._unchecked(node)
                for audience in _audiences(rule):
                    yield Share(audience, here, inside, self.path, rule.until_ms, label, narrowed)

    def _unchecked(self, rule: Node) -> frozenset[Narrowing]:
        """Spec: WAC #server-condition-evaluation -- "conditions whose types are not signalled are not used"."""
        for condition in rule_names.described(self.graph, rule, ACL.condition):
            types = set(self.graph.objects(condition, RDF.type)) - {ACL.Condition}
            if types and types.isdisjoint(wac.CONDITIONS):
                return frozenset((Narrowing.UNCHECKED,))
        return frozenset()

    def granted(self, agent: str, *, inside: bool) -> AccessMode:
        """What rules that name an agent, and have no end, give it."""
        rules = wac.parse_acl(self.graph, self.canonical)
        return wac.evaluate(rules, self.resource, inherited=inside, credentials=Credentials(agent=agent)).modes

    # -- changing ------------------------------------------------------------------------------------------------------

    def add(self, audience: Audience, level: Level, until_ms: int | None, label: str | None) -> None:
        """One more rule. It has a name, and so have its conditions, so that a patch can change them."""
        rule = IRI(rule_names.free_name(self.graph, self.document))
        for triple in (*self._rule(rule, audience, level.modes), *rule_names.labelled(rule, label)):
            self.graph.add(triple)
        if until_ms is not None:
            self._condition(rule, "-until", FH.TimeCondition, rule_names.until(rule, until_ms))
        if audience.client is not None:
            said = Triple(rule, ACL.client, rule_names.as_client(audience.client))
            self._condition(rule, "-app", ACL.ClientCondition, said)
        rule_names.name_namespaces(self.dataset, "acl", *rule_names.namespaces(label, until_ms))

    def remove(self, audience: Audience) -> None:
        """Whatever the rules for this resource give to an audience."""
        for node, rule in list(wac.authorizations(self.graph, self.canonical)):
            if self.resource in rule.access_to | rule.default:
                for each in _audiences(rule):
                    if audience.covers(each):
                        self.graph.discard(Triple(node, *_naming(each)))
                self._forget_if_empty(node)

    def keep_owners(self, owners: tuple[str, ...]) -> None:
        """See to it that owners may do everything, by name and for good."""
        reach = (False, True) if self.path.endswith("/") else (False,)
        for owner in owners:
            if any(self.granted(owner, inside=inside) != ALL_MODES for inside in reach):
                rule = IRI(rule_names.free_name(self.graph, self.document))
                for triple in self._rule(rule, Audience(Whom.PERSON, owner), ALL_MODES):
                    self.graph.add(triple)

    def _rule(self, rule: Node, audience: Audience, modes: AccessMode) -> Iterator[Triple]:
        yield Triple(rule, RDF.type, ACL.Authorization)
        yield Triple(rule, *_naming(audience))
        yield Triple(rule, ACL.accessTo, IRI(self.resource))
        if self.path.endswith("/"):
            yield Triple(rule, ACL.default, IRI(self.resource))
        said = modes & ~AccessMode.APPEND if AccessMode.WRITE in modes else modes  # in WAC, Write says Append too
        for mode in (iri for iri, each in MODES.items() if each & said):
            yield Triple(rule, ACL.mode, mode)

    def _condition(self, rule: IRI, suffix: str, kind: IRI, said: Triple) -> None:
        condition = IRI(rule.value + suffix)
        self.graph.add(Triple(rule, ACL.condition, condition))
        self.graph.add(Triple(condition, RDF.type, kind))
        self.graph.add(Triple(condition, said.predicate, said.object))

    def _forget_if_empty(self, node: Node) -> None:
        if any(self.graph.count(node, predicate) for predicate in SUBJECTS):
            return
        conditions = rule_names.described(self.graph, node, ACL.condition)
        if rule_names.forget(self.graph, node, UNDERSTOOD):
            for condition in conditions:
                rule_names.forget(self.graph, condition, UNDERSTOOD_OF_CONDITIONS)

    # -- a list of one's own -------------------------------------------------------------------------------------------

    def inherited_by(self, document: str, resource: str, path: str) -> ACLDocument:
        """The same rules as they reach a resource below, for that one's own list: from then on they are its own."""
        made = ACLDocument(Dataset(prefixes=dict(self.dataset.prefixes)), document, resource, path, self.canonical)
        for rule in dict.fromkeys(self.graph.subjects(RDF.type, ACL.Authorization)):
            reach = {
                self.canonical(each.value) for each in self.graph.objects(rule, ACL.default) if isinstance(each, IRI)
            }
            if self.resource in reach:
                self._copy(rule, made)
        return made

    def _copy(self, rule: Node, made: ACLDocument) -> None:
        named = {node: self._moved(node, made.document) for node in self._about(rule)}
        for node, moved in named.items():
            for triple in self.graph.match(s=node):
                if node != rule or triple.predicate not in {ACL.accessTo, ACL.default}:
                    value = triple.object
                    value = named.get(value, value) if isinstance(value, IRI | BNode) else value
                    made.graph.add(Triple(moved, triple.predicate, value))
        made.graph.add(Triple(named[rule], ACL.accessTo, IRI(made.resource)))
        if made.path.endswith("/"):
            made.graph.add(Triple(named[rule], ACL.default, IRI(made.resource)))

    def _about(self, rule: Node) -> list[Node]:
        """A rule with what belongs to it: its conditions, and all that has no name of its own."""
        found: dict[Node, None] = {rule: None}
        waiting = [rule]
        while waiting:
            for triple in self.graph.match(s=waiting.pop()):
                value = triple.object
                is_named = isinstance(value, IRI) and triple.predicate == ACL.condition
                if isinstance(value, IRI | BNode) and (is_named or isinstance(value, BNode)) and value not in found:
                    found[value] = None
                    waiting.append(value)
        return list(found)

    def _moved(self, node: Node, document: str) -> Node:
        if isinstance(node, IRI) and node.value.startswith(f"{self.document}#"):
            return IRI(document + node.value.removeprefix(self.document))
        return node


def _naming(audience: Audience) -> tuple[IRI, IRI]:
    """The property and the value by which a rule names an audience."""
    if audience.whom is Whom.PERSON:
        return ACL.agent, IRI(audience.iri)
    if audience.whom is Whom.GROUP:
        return ACL.agentGroup, IRI(audience.iri)
    return ACL.agentClass, FOAF.Agent if audience.whom is Whom.EVERYONE else ACL.AuthenticatedAgent


def _audiences(rule: Authorization) -> Iterator[Audience]:
    client = _client(rule)
    for web_id in sorted(rule.agents):
        yield Audience(Whom.PERSON, web_id, client)
    for iri in sorted(rule.groups):
        yield Audience(Whom.GROUP, iri, client)
    if rule.authenticated:
        yield Audience(Whom.SIGNED_IN, client=client)
    if rule.public:
        yield Audience(Whom.EVERYONE, client=client)


def _client(rule: Authorization) -> str | None:
    """The only app through which a rule counts; None where it is any, or one of several."""
    demanding = [each for each in rule.conditions if each.of_client and not each.anybody]
    if len(demanding) != 1 or demanding[0].groups or len(demanding[0].named) != 1:
        return None
    return next(iter(demanding[0].named))


def _narrowings(rule: Authorization) -> Iterator[Narrowing]:
    demanding = [each for each in rule.conditions if not each.anybody]
    if any(each.of_client for each in demanding) and _client(rule) is None:
        yield Narrowing.APPS
    if any(not each.of_client for each in demanding):
        yield Narrowing.ISSUERS
    if rule.origins:
        yield Narrowing.SITES
