"""Web Access Control: the rules in ACL documents, which of them reach a resource, and what each agent may then do.

Spec: WAC #effective-acl-resource, #authorization-evaluation, #authorization-conformance; REQUIREMENTS section 17,
rows 24 to 30
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rdflib.namespace import FOAF, RDF, Namespace
from rdflib.term import Node, URIRef

from tests.model.model_paths import ACL, above, subject_of
from tests.model.model_values import RDF_SOURCE, Resource, Triples

TERMS = Namespace("http://www.w3.org/ns/auth/acl#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")

READ, APPEND, WRITE, CONTROL = "read", "append", "write", "control"
ALL = frozenset({READ, APPEND, WRITE, CONTROL})
NONE: frozenset[str] = frozenset()

Modes = frozenset[str]
_MODES = {TERMS.Read: {READ}, TERMS.Append: {APPEND}, TERMS.Write: {WRITE, APPEND}, TERMS.Control: {CONTROL}}


@dataclass(frozen=True, slots=True)
class Rule:
    """One Authorization that counts."""

    modes: Modes
    access_to: frozenset[Node]
    default: frozenset[Node]
    agents: frozenset[Node]
    groups: frozenset[Node]
    classes: frozenset[Node]


@lru_cache(maxsize=1024)
def rules_of(document: Triples) -> tuple[Rule, ...]:
    """Spec: WAC #authorization-conformance"""
    about: dict[Node, list[tuple[Node, Node]]] = {}
    for s, p, o in document:
        about.setdefault(s, []).append((p, o))
    said = [pairs for pairs in about.values() if (RDF.type, TERMS.Authorization) in pairs]
    return tuple(rule for rule in map(_rule, said) if _counts(rule))


def _rule(pairs: list[tuple[Node, Node]]) -> Rule:
    def iris(predicate: URIRef) -> frozenset[Node]:
        return frozenset(o for p, o in pairs if p == predicate and isinstance(o, URIRef))

    modes = frozenset(mode for each in iris(TERMS.mode) for mode in _MODES.get(URIRef(str(each)), set()))
    classes = iris(TERMS.agentClass) & {FOAF.Agent, TERMS.AuthenticatedAgent}
    return Rule(modes, iris(TERMS.accessTo), iris(TERMS.default), iris(TERMS.agent), iris(TERMS.agentGroup), classes)


def _counts(rule: Rule) -> bool:
    return bool(rule.modes and (rule.access_to or rule.default) and (rule.agents or rule.groups or rule.classes))


def keeps_control(document: Triples, root: str) -> bool:
    """Whether a root ACL leaves somebody in control. Spec: WAC #server-root-container-acl-authorization-control"""
    return any(CONTROL in rule.modes and URIRef(root) in rule.access_to for rule in rules_of(document))


@dataclass(slots=True)
class Access:
    """Who may do what with the resources of one storage. `resources` is the world as it is."""

    resources: Mapping[str, Resource]
    root: str
    owner: str
    url: Callable[[str], str]

    def modes(self, path: str, agent: str | None) -> Modes:
        """Modes on a resource or on what could be one, not on its ACL. Owners always keep Control (section 17, 29)."""
        granted = self._granted(path, agent)
        return granted | {CONTROL} if agent == self.owner else granted

    def shown(self, path: str, agent: str | None) -> Modes:
        """Modes as `WAC-Allow` tells them: with Control, an ACL may be read and written (section 17, 26)."""
        if not path.endswith(ACL):
            return self.modes(subject_of(path), agent)
        return ALL if CONTROL in self.modes(path.removesuffix(ACL), agent) else NONE

    def _granted(self, path: str, agent: str | None) -> Modes:
        """Spec: WAC #effective-acl-resource -- the nearest ACL alone counts, and from above only what it passes on."""
        for each in (path, *above(path, self.root)):
            document = self.resources.get(each + ACL)
            if document is not None:
                return self._evaluated(document.triples, each, agent, inherited=each != path)
        return NONE

    def _evaluated(self, document: Triples, subject: str, agent: str | None, *, inherited: bool) -> Modes:
        url = URIRef(self.url(subject))
        rules = [rule for rule in rules_of(document) if url in (rule.default if inherited else rule.access_to)]
        return frozenset(mode for rule in rules if self._is_for(rule, agent) for mode in rule.modes)

    def _is_for(self, rule: Rule, agent: str | None) -> bool:
        if FOAF.Agent in rule.classes:
            return True
        if agent is None:
            return False
        member = any(self._is_member(group, agent) for group in rule.groups)
        return TERMS.AuthenticatedAgent in rule.classes or URIRef(agent) in rule.agents or member

    def _is_member(self, group: Node, agent: str) -> bool:
        """Groups of the same storage are read with the server's rights (section 17, row 24)."""
        document = str(group).partition("#")[0]
        paths = (
            path for path, each in self.resources.items() if each.kind == RDF_SOURCE and self.url(path) == document
        )
        path = next(paths, None)
        return path is not None and (group, VCARD.hasMember, URIRef(agent)) in self.resources[path].triples
