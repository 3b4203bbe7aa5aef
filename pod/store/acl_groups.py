"""Which documents of this server access rules name as groups: a row for each, in that version of the rules.

Written with the rules, or, for rules older than this table, once when a server is started. Knows paths; what rules say
is read by whoever calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pod.protocol.resource import ACL_SUFFIX
from pod.store import statements as sql
from pod.store.interface import Queries, ResourceStore, Writer
from pod.store.records import SERVER, ACLReference

AT_ONCE_MAX = 200
SWEPT_AT_ONCE_MAX = 1_000


def keep_groups(tx: Writer, acl: int, version: int, paths: Iterable[str]) -> None:
    """What one version of some rules names. One statement, and none for rules without groups of ours."""
    named = sorted(set(paths))
    for start in range(0, len(named), AT_ONCE_MAX):
        some = named[start : start + AT_ONCE_MAX]
        values = [value for path in some for value in (path, acl, version)]
        tx.rows(sql.keep_groups(len(some)), values)


def are_complete(queries: Queries, way: str) -> bool:
    """Whether all rules that were there before have been read, in this way of reading them."""
    return queries.rows(sql.SETTING, (sql.ACL_GROUPS,)) == [(way,)]


def declare_complete(tx: Writer, way: str) -> None:
    tx.rows(sql.SET_ACL_GROUPS, (way,))


def all_rules(queries: Queries) -> Iterator[ACLReference]:
    """All access rules that are there, so many at a time: no transaction is held open in between."""
    after = 0
    while rows := queries.rows(sql.ACLS_AFTER, (after, AT_ONCE_MAX)):
        for key, version, path in rows:
            yield ACLReference(path[: -len(ACL_SUFFIX)], key, version)
        after = rows[-1][0]


def kept_groups(queries: Queries, acl: ACLReference) -> frozenset[str]:
    """What is recorded of one version of some rules."""
    return frozenset(row[0] for row in queries.rows(sql.GROUPS_OF_ACL, (acl.id, acl.version)))


def sweep_groups(store: ResourceStore) -> int:
    """Forget what rules named that are gone, or say something else now; gives the number of rows."""
    swept = 0
    while True:
        with store.write(SERVER) as tx:
            removed = len(tx.rows(sql.SWEEP_GROUPS, (SWEPT_AT_ONCE_MAX,)))
        swept += removed
        if removed < SWEPT_AT_ONCE_MAX:
            return swept
