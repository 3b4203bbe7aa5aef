"""The rules for the content of access control resources (ACRs): what a storage's root keeps, and what would not do what
it says is refused rather than kept. Pure.

Spec: ACP #authorization-graph; WAC #server-root-container-acl-authorization-control, whose reason holds here too
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pod.authorization.acp import ACR, Context, Matcher, Policy, access_control_resources, pairs, parse_acr
from pod.authorization.moments import LONG_AGO, end_of
from pod.errors import Conflict, UnprocessableContent
from pod.protocol.modes import AccessMode
from pod.rdf.graph import IRI, BNode, Graph, Node, Term
from pod.rdf.vocab import ACL, ACP, FH, RDF

MATCHERS = (ACP.allOf, ACP.anyOf, ACP.noneOf)
MATCHERS_OF_A_POLICY = 10
"""For as many as there may be policies; one may have more if others have fewer."""


def check_acr_content(
    graph: Graph,
    document: str,
    resource: str,
    *,
    is_root: bool,
    policies_max: int,
    canonical: Callable[[str], str] = str,
) -> None:
    """Refuse an ACR at `document` that says what is not heard here.

    Raises: UnprocessableContent; Conflict -- a storage's root ACR that lets nobody control it
    """
    if graph.count(None, RDF.type, ACL.Authorization):
        raise UnprocessableContent(
            "This server uses Access Control Policy (acp:AccessControlResource); an acl:Authorization has no effect."
        )
    _check_whose(graph, document, resource, canonical)
    _check_number(graph, policies_max)
    if any(end_of([term]) == LONG_AGO for _, term in pairs(graph, FH.until)):
        raise UnprocessableContent('fh:until names a moment, like "2030-01-31T12:00:00Z"^^xsd:dateTime.')
    for node in _named(graph):
        if isinstance(node, IRI) and node.value.partition("#")[0] != document and not graph.count(s=node):
            raise UnprocessableContent(
                f"<{node.value}> is not described here. Policies and matchers of other documents are not read: "
                "describe it in this one."
            )
    if is_root and not _keeps_control(parse_acr(graph, document, resource, canonical)):
        raise Conflict(
            "The access control resource of a storage must let somebody control it: an acp:accessControl that applies "
            "a policy with acp:allow acl:Control and a matcher that somebody can match, and none that denies it to all."
        )


def _check_whose(graph: Graph, document: str, resource: str, canonical: Callable[[str], str]) -> None:
    """What controls another resource has to be in that one's own access control resource: here it would do nothing.

    Spec: ACP #acp-resource, #effective-policies
    """
    mend = f"Write acp:resource <{resource}>, or leave it out and use <{document}> as the subject."
    for term in _said_to_be_controlled(graph):
        if not isinstance(term, IRI) or canonical(term.value) != resource:
            raise UnprocessableContent(
                f"acp:resource names {_shown(term)}, whose access cannot be controlled from here: this is the access "
                f"control resource of <{resource}>. {mend}"
            )
    controlling = set(access_control_resources(graph, document, resource, canonical))
    for predicate in (ACP.accessControl, ACP.memberAccessControl):
        for subject, _ in pairs(graph, predicate):
            if subject not in controlling:
                raise UnprocessableContent(
                    f"{_shown(subject)} has access controls, but no acp:resource, so they would have no effect. {mend}"
                )


def _said_to_be_controlled(graph: Graph) -> Iterator[Term]:
    """Whatever something here says it is the ACR of, or is said to have one here."""
    yield from (term for _, term in pairs(graph, ACP.resource))
    yield from (subject for subject, _ in pairs(graph, ACP.accessControlResource))


def _shown(term: Term) -> str:
    return f"<{term.value}>" if isinstance(term, IRI) else "something that has no URL"


def _check_number(graph: Graph, policies_max: int) -> None:
    policies = {term for _, term in pairs(graph, ACP.apply)}
    matchers = {term for predicate in MATCHERS for _, term in pairs(graph, predicate)}
    if max(len(policies), len(matchers)) > policies_max:
        raise UnprocessableContent(f"An access control resource may have {policies_max} policies and as many matchers.")
    uses_max = policies_max * MATCHERS_OF_A_POLICY
    if sum(graph.count(p=predicate) for predicate in MATCHERS) > uses_max:
        raise UnprocessableContent(f"The policies of an access control resource may name {uses_max} matchers in all.")


def _named(graph: Graph) -> Iterator[Node]:
    """Whatever is used as an access control, a policy or a matcher."""
    for predicate in (ACP.accessControl, ACP.memberAccessControl, ACP.apply, *MATCHERS):
        for _, term in pairs(graph, predicate):
            if isinstance(term, IRI | BNode):
                yield term


def _keeps_control(acr: ACR) -> bool:
    is_given = any(AccessMode.CONTROL in each.allow and _can_be_satisfied(each) for each in acr.own)
    return is_given and not any(AccessMode.CONTROL in each.deny and _is_for_all(each) for each in acr.own)


def _can_be_satisfied(policy: Policy) -> bool:
    """Whether there is a request that it is for, as far as its matchers tell one by one."""
    if not policy.all_of and not policy.any_of:
        return False
    possible = all(each.can_be_satisfied for each in policy.all_of)
    possible = possible and (not policy.any_of or any(each.can_be_satisfied for each in policy.any_of))
    return possible and not any(map(_is_for_anybody, policy.none_of))


def _is_for_all(policy: Policy) -> bool:
    return not policy.none_of and policy.is_satisfied_by(Context("").values())


def _is_for_anybody(matcher: Matcher) -> bool:
    return matcher.is_satisfied_by(Context("").values())
