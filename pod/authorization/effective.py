"""Which ACL governs a resource. Works on what the store said exists; reads nothing.

Spec: WAC #effective-acl-resource
"""

from __future__ import annotations

from collections.abc import Sequence

from pod.store.records import ACLReference


def effective_acl(acls: Sequence[ACLReference], path: str) -> ACLReference | None:
    """The ACL in force for `path`: its own, else that of the nearest container that has one. None: not even the root.

    `acls` are those of one lineage, nearest first, as in `Snapshot.acls`; `path` is a resource of that lineage,
    existing or not. The first one found replaces all others: "If resource has an associated aclResource with a
    representation, return aclResource. Otherwise, repeat the steps using the container resource of resource."

    Spec: WAC #effective-acl-resource-with-representation, #effective-acl-resource-container-hierarchy
    """
    length = len(path)
    for acl in acls:
        if len(acl.subject) <= length:  # on one lineage, what is no longer is the path itself or a container of it
            return acl
    return None


def is_inherited(acl: ACLReference, path: str) -> bool:
    """Whether the rules reach `path` by `acl:default` rather than by `acl:accessTo`.

    Spec: WAC #authorization-evaluation-context
    """
    return acl.subject != path
