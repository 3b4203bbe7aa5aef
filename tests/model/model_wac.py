"""Web Access Control 1.1: the rules in an ACL document, what each agent is given by them, and under which conditions.

Spec: WAC #effective-acl-resource, #authorization-conformance, #authorization-evaluation, #access-conditions,
#condition-evaluation, #acl-resource-condition-discovery
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from rdflib.namespace import FOAF, RDF, Namespace
from rdflib.term import Node, URIRef

from tests.model.model_access import APPEND, CONTROL, NONE, READ, WRITE, Modes, Place
from tests.model.model_values import Triples, Who, wrong

TERMS = Namespace("http://www.w3.org/ns/auth/acl#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")

_MODES = {TERMS.Read: {READ}, TERMS.Append: {APPEND}, TERMS.Write: {WRITE, APPEND}, TERMS.Control: {CONTROL}}
_CLIENT, _ISSUER = TERMS.ClientCondition, TERMS.IssuerCondition
_TIME, _UNTIL = URIRef("urn:freehold:TimeCondition"), URIRef("urn:freehold:until")

About = dict[Node, list[tuple[Node, Node]]]
Nodes = frozenset[Node]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a type that is signalled: which clients or issuers it accepts, or as `named` until when it holds."""

    kind: URIRef
    named: Nodes
    groups: Nodes
    classes: Nodes


@dataclass(frozen=True, slots=True)
class Rule:
    """One Authorization that counts."""

    modes: Modes
    access_to: Nodes
    default: Nodes
    agents: Nodes
    groups: Nodes
    classes: Nodes
    conditions: tuple[Condition, ...]


@lru_cache(maxsize=1024)
def rules_of(document: Triples) -> tuple[Rule, ...]:
    """Spec: WAC #authorization-conformance"""
    about: About = {}
    for s, p, o in document:
        about.setdefault(s, []).append((p, o))
    said = [pairs for pairs in about.values() if (RDF.type, TERMS.Authorization) in pairs]
    return tuple(rule for rule in (_rule(pairs, about) for pairs in said) if _counts(rule))


def _rule(pairs: list[tuple[Node, Node]], about: About) -> Rule:
    modes = frozenset(mode for each in _iris(pairs, "mode") for mode in _MODES.get(URIRef(str(each)), set()))
    classes = _iris(pairs, "agentClass") & {FOAF.Agent, TERMS.AuthenticatedAgent}
    conditions = (each for p, node in pairs if p == TERMS.condition for each in _conditions(about.get(node, [])))
    return Rule(
        modes,
        _iris(pairs, "accessTo"),
        _iris(pairs, "default"),
        _iris(pairs, "agent"),
        _iris(pairs, "agentGroup"),
        classes,
        tuple(conditions),
    )


def _conditions(pairs: list[tuple[Node, Node]]) -> list[Condition]:
    """What a node is as a condition. Types that are not signalled are not used. Spec: WAC #server-condition-evaluation"""
    found = []
    for kind, word in ((_CLIENT, "client"), (_ISSUER, "issuer")):
        if (RDF.type, kind) in pairs:
            named, groups, classes = (_iris(pairs, word + each) for each in ("", "Group", "Class"))
            found.append(Condition(kind, named, groups, classes))
    if (RDF.type, _TIME) in pairs:
        found.append(Condition(_TIME, frozenset(o for p, o in pairs if p == _UNTIL), frozenset(), frozenset()))
    return found


def _iris(pairs: list[tuple[Node, Node]], term: str) -> Nodes:
    return frozenset(o for p, o in pairs if p == TERMS[term] and isinstance(o, URIRef))


def _counts(rule: Rule) -> bool:
    return bool(rule.modes and (rule.access_to or rule.default) and (rule.agents or rule.groups or rule.classes))


class WAC:
    """The language of `acl:Authorization`."""

    def granted(self, place: Place, who: Who) -> Modes:
        """The nearest ACL alone counts, and from above only what it passes on. Spec: WAC #effective-acl-resource"""
        if not place.rules:
            return NONE
        subject, document = place.rules[0]
        is_own = subject == place.url
        url = URIRef(subject)
        reaching = [rule for rule in rules_of(document) if url in (rule.access_to if is_own else rule.default)]
        return frozenset(mode for rule in reaching if _matches(rule, place, who) for mode in rule.modes)

    def is_heard(self, document: Triples, subject: str) -> bool:
        """An Authorization may be about anything."""
        return True

    def keeps_control(self, document: Triples, root: str) -> bool:
        """Spec: WAC #server-root-container-acl-authorization-control"""
        return any(
            CONTROL in rule.modes and URIRef(root) in rule.access_to and all(map(_may_last, rule.conditions))
            for rule in rules_of(document)
        )

    def unwritten(self, rules: str, subject: str) -> Triples | None:
        """Spec: WAC #server-get-acl-without-representation"""
        return None

    def announced(self, link: str, *, options: bool) -> list[str]:
        """Spec: WAC #server-link-condition"""
        kinds = (_CLIENT, _ISSUER, _TIME)
        missing = [each for each in kinds if f'<{each}>; rel="{TERMS.condition}"' not in link]
        return wrong(not missing, f"conditions that are not announced: {missing}")


def _matches(rule: Rule, place: Place, who: Who) -> bool:
    """All conditions have to hold. Spec: WAC #server-condition-evaluation-conjunctive"""
    return _is_for(rule, place, who.agent) and all(_holds(each, place, who) for each in rule.conditions)


def _may_last(condition: Condition) -> bool:
    """Whether it may hold for somebody, and has no end (decisions 16 and 20)."""
    accepts = condition.named or condition.groups or FOAF.Agent in condition.classes
    return condition.kind != _TIME and bool(accepts)


def _is_for(rule: Rule, place: Place, agent: str | None) -> bool:
    if FOAF.Agent in rule.classes:
        return True
    if agent is None:
        return False
    is_member = any(_is_member(group, agent, place) for group in rule.groups)
    return TERMS.AuthenticatedAgent in rule.classes or URIRef(agent) in rule.agents or is_member


def _holds(condition: Condition, place: Place, who: Who) -> bool:
    """Spec: WAC #access-client-condition, #access-issuer-condition; vocab/freehold.ttl"""
    if condition.kind == _TIME:
        now = datetime.now(UTC)
        return bool(condition.named) and all(now < datetime.fromisoformat(str(each)) for each in condition.named)
    value = who.client if condition.kind == _CLIENT else who.issuer
    if FOAF.Agent in condition.classes:
        return True
    if value is None:
        return False
    return URIRef(value) in condition.named or any(_is_member(each, value, place) for each in condition.groups)


def _is_member(group: Node, member: str, place: Place) -> bool:
    said = place.document(str(group).partition("#")[0])
    return said is not None and (group, VCARD.hasMember, URIRef(member)) in said
