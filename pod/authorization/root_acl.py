"""The rule for the content of ACL documents: a storage's root ACL keeps somebody in control. Pure.

Spec: WAC #server-root-container-acl-authorization-control
"""

from __future__ import annotations

from collections.abc import Callable

from pod.authorization.wac import Authorization, parse_acl
from pod.errors import Conflict
from pod.protocol.modes import AccessMode
from pod.rdf.graph import Graph


def check_acl_content(graph: Graph, subject_url: str, *, is_root: bool, canonical: Callable[[str], str] = str) -> None:
    """Refuse a root ACL without "an Authorization allowing the acl:Control access privilege" to some agent.

    Raises: Conflict
    """
    if is_root and not any(_gives_control(rule, subject_url) for rule in parse_acl(graph, canonical).rules):
        raise Conflict(
            "The access control list of a storage must let somebody control it: an acl:Authorization with "
            f"acl:accessTo <{subject_url}>, acl:mode acl:Control and an acl:agent."
        )


def _gives_control(rule: Authorization, subject_url: str) -> bool:
    somebody = rule.agents or rule.groups or rule.public or rule.authenticated
    lasting = AccessMode.CONTROL in rule.modes and rule.until_ms is None
    return lasting and subject_url in rule.access_to and bool(somebody)
