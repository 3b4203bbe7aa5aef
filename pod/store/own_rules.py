"""Which resources of a storage have access rules of their own.

Spec: WAC #effective-acl-resource; ACP #access-control-resource
"""

from __future__ import annotations

from pod.protocol.resource import ACL_SUFFIX
from pod.store.interface import Queries

_OWN_RULES = (
    f"SELECT path FROM resource WHERE path > ? AND path < ? AND path LIKE '%{ACL_SUFFIX}' ORDER BY path LIMIT ?"  # noqa: S608
)


def with_own_rules(queries: Queries, container: str, limit: int) -> tuple[str, ...]:
    """The paths in a container, at any depth, that have rules of their own, in order; not the container itself."""
    after_all = f"{container[:-1]}0"  # a zero is what comes after a slash
    rows = queries.rows(_OWN_RULES, (container, after_all, limit + 1))
    found = (str(path).removesuffix(ACL_SUFFIX) for (path,) in rows)
    return tuple(path for path in found if path != container)[:limit]
