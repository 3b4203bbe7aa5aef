"""Access Control Policy: which policies control a resource, which of them are satisfied, and what they then grant.

What is known of a request is who asks, through which client, vouched for by which issuer, who owns the resource and, if
the server says it keeps that, who made it. No credentials but those come with it, so no `acp:vc` is ever matched.

Spec: ACP s4, s6, s7
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rdflib.namespace import RDF, Namespace
from rdflib.term import Node, URIRef

from tests.model.model_access import APPEND, CONTROL, READ, WRITE, Modes, Place
from tests.model.model_paths import ACL
from tests.model.model_values import Triples, Who, wrong

TERMS = Namespace("http://www.w3.org/ns/solid/acp#")
MODES = Namespace("http://www.w3.org/ns/auth/acl#")

_MODES = {MODES.Read: READ, MODES.Append: APPEND, MODES.Write: WRITE, MODES.Control: CONTROL}
_ATTRIBUTES = ("agent", "client", "issuer", "vc")
_KNOWN_OF_REQUESTS = ("agent", "client", "issuer")
_OF_CONTEXTS = ("target", "agent", "creator", "owner", "client", "issuer", "vc")
_OF_OTHERS = ("urn:freehold:until",)
"""Attributes that the specification leaves to servers. Spec: ACP #matcher-extensibility"""

About = dict[Node, list[tuple[Node, Node]]]
Matcher = tuple[tuple[str, frozenset[Node]], ...]
"""Each attribute it defines, with the values that satisfy it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What it allows and denies, and in which contexts."""

    allow: Modes
    deny: Modes
    all_of: tuple[Matcher, ...]
    any_of: tuple[Matcher, ...]
    none_of: tuple[Matcher, ...]


@lru_cache(maxsize=1024)
def policies_of(document: Triples, subject: str, *, of_members: bool) -> tuple[Policy, ...]:
    """What the Access Control Resources of a resource apply to it, or to all that is inside: those that name it, and the
    document itself if it names none (decision 16). Spec: ACP s4.1, s4.2
    """
    about: About = {}
    for s, p, o in document:
        about.setdefault(s, []).append((p, o))
    link = "memberAccessControl" if of_members else "accessControl"
    resources = [s for s, pairs in about.items() if (TERMS.resource, URIRef(subject)) in pairs]
    itself = URIRef(subject + ACL)
    resources += [itself] if not _objects(about, itself, "resource") else []
    controls = (control for each in resources for control in _objects(about, each, link))
    return tuple(_policy(about, policy) for control in controls for policy in _objects(about, control, "apply"))


def _objects(about: About, subject: Node, term: str) -> list[Node]:
    return [o for p, o in about.get(subject, ()) if p == TERMS[term]]


def _policy(about: About, policy: Node) -> Policy:
    allow, deny = (
        frozenset(_MODES[URIRef(str(each))] for each in _objects(about, policy, term) if each in _MODES)
        for term in ("allow", "deny")
    )
    matchers = (
        tuple(_matcher(about, each) for each in _objects(about, policy, term)) for term in ("allOf", "anyOf", "noneOf")
    )
    return Policy(allow, deny, *matchers)


def _matcher(about: About, matcher: Node) -> Matcher:
    values = ((name, frozenset(_objects(about, matcher, name))) for name in _ATTRIBUTES)
    return tuple((name, some) for name, some in values if some)


class ACP:
    """The language of `acp:Policy`."""

    def granted(self, place: Place, who: Who) -> Modes:
        """What a satisfied policy allows and none denies. A Write that is left allows to append, unless that is denied
        (decision 16). Spec: ACP s6.3; WAC #authorization-evaluation-acl-mode-entailment
        """
        satisfied = [policy for policy in _effective(place) if _is_satisfied(policy, place, who)]
        allowed = {mode for policy in satisfied for mode in policy.allow}
        denied = {mode for policy in satisfied for mode in policy.deny}
        granted = allowed - denied
        return frozenset(granted | ({APPEND} - denied if WRITE in granted else set()))

    def is_heard(self, document: Triples, subject: str) -> bool:
        """A policy controls what it is applied to by an ACR of that. Here is the ACR of one resource, so what names
        another, or none, would control nothing and is refused (decision 16). Spec: ACP #acp-resource, s6.2
        """
        of_it = {s for s, p, o in document if (p, o) == (TERMS.resource, URIRef(subject))} | {URIRef(subject + ACL)}
        applying = {s for s, p, _ in document if p in {TERMS.accessControl, TERMS.memberAccessControl}}
        return applying <= of_it and all(o == URIRef(subject) for _, p, o in document if p == TERMS.resource)

    def keeps_control(self, document: Triples, root: str) -> bool | None:
        """The counterpart of what WAC wants of a root's ACL (decision 16). Exceptions and denials may leave nobody."""
        policies = policies_of(document, root, of_members=False)
        giving = [each for each in policies if CONTROL in each.allow and _can_be_satisfied(each)]
        if not giving:
            return False
        is_denied = any(CONTROL in each.deny for each in policies)
        return None if is_denied or all(each.none_of for each in giving) else True

    def unwritten(self, rules: str, subject: str) -> Triples | None:
        """Every resource has an Access Control Resource (decision 16)."""
        acr = URIRef(rules)
        return frozenset({(acr, RDF.type, TERMS.AccessControlResource), (acr, TERMS.resource, URIRef(subject))})

    def announced(self, link: str, *, options: bool) -> list[str]:
        """Spec: ACP s7.2"""
        found = wrong(f'<{TERMS.AccessControlResource}>; rel="type"' in link, "no type acp:AccessControlResource")
        if not options:
            return found
        modes = [each for each in _MODES if f'<{each}>; rel="{TERMS.grant}"' not in link]
        found += wrong(not modes, f"modes that are not announced: {modes}")
        attributes = [each for each in _KNOWN_OF_REQUESTS if f'<{TERMS[each]}>; rel="{TERMS.attribute}"' not in link]
        found += wrong(not attributes, f"attributes that are not announced: {attributes}")
        possible = (*(TERMS[each] for each in _OF_CONTEXTS), *_OF_OTHERS)
        known = sum(f'<{each}>; rel="{TERMS.attribute}"' in link for each in possible)
        return found + wrong(known == link.count(f'rel="{TERMS.attribute}"'), f"attributes nobody knows: {link}")


def _effective(place: Place) -> Iterator[Policy]:
    """Those of its own rules, and from every container above what is for its members. Spec: ACP s6.2"""
    for subject, document in place.rules:
        yield from policies_of(document, subject, of_members=subject != place.url)


def _can_be_satisfied(policy: Policy) -> bool:
    """Whether some request could be what it describes, its exceptions left aside."""

    def is_possible(matcher: Matcher) -> bool:
        return bool(matcher) and "vc" not in dict(matcher)

    if not policy.all_of and not policy.any_of:
        return False
    return all(map(is_possible, policy.all_of)) and (not policy.any_of or any(map(is_possible, policy.any_of)))


def _is_satisfied(policy: Policy, place: Place, who: Who) -> bool:
    """Spec: ACP s6.4"""

    def holds(matcher: Matcher) -> bool:
        return _is_matched(matcher, place, who)

    if not policy.all_of and not policy.any_of:
        return False
    is_any = any(map(holds, policy.any_of)) or not policy.any_of
    return is_any and all(map(holds, policy.all_of)) and not any(map(holds, policy.none_of))


def _is_matched(matcher: Matcher, place: Place, who: Who) -> bool:
    """An empty one never is. Spec: ACP s6.5"""
    return bool(matcher) and all(values & _values(name, place, who) for name, values in matcher)


def _values(attribute: str, place: Place, who: Who) -> set[Node]:
    """All terms that stand for what a context has as this attribute. Spec: ACP s4.4"""
    if attribute == "vc":
        return set()
    value = {"agent": who.agent, "client": who.client, "issuer": who.issuer}[attribute]
    found: set[Node] = {TERMS[f"Public{attribute.title()}"]}
    if value is None:
        return found
    found |= {URIRef(value), TERMS[f"Authenticated{attribute.title()}"]}
    if attribute == "agent":
        found |= {TERMS.OwnerAgent} if value == place.owner else set()
        found |= {TERMS.CreatorAgent} if value == place.creator else set()
    return found
