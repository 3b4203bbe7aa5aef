"""The rules for the content of access control resources (ACRs): what a storage's root keeps, and what would not do what
it says is refused rather than kept. Pure.

Spec: ACP #authorization-graph; WAC #server-root-container-acl-authorization-control, whose reason holds here too
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pod.authorization.acp import ACR, Context, Matcher, Policy, pairs, parse_acr
from pod.errors import Conflict, UnprocessableContent
from pod.protocol.modes import AccessMode
from pod.rdf.graph import IRI, BNode, Graph, Node
from pod.rdf.vocab import ACL, ACP, RDF

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
    _check_number(graph, policies_max)
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
