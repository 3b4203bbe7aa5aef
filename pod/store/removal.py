"""Removing accounts whose time has come, with their storages and all that is in them, for good.

In many small transactions, each of which leaves the store sound, so that nobody waits and a process that dies in the
middle loses nothing: whoever comes next goes on. Members go before their containers; then the storage's journal; then
its root. One thing stays in the journal: that the root is gone, for followers to forget the rest. The name stays taken.

Spec: GDPR article 17; design "Deleting for privacy really deletes"
"""

from __future__ import annotations

from collections import Counter

from pod.clock import Clock
from pod.protocol.resource import ACL_SUFFIX, Target
from pod.store.access_records import AccessRecords
from pod.store.access_retention import forget_storages
from pod.store.accounts import EMPTYING
from pod.store.channels import remove_channels
from pod.store.interface import ResourceStore, Writer
from pod.store.receipts import begin_deletion, finish_deletion, tally
from pod.store.records import SERVER, ACLReference
from pod.store.things import forget_storage

AT_ONCE_MAX = 500
"""Rows removed in one transaction."""

_DUE = "SELECT id FROM account WHERE delete_due_ms <= ? ORDER BY delete_due_ms LIMIT 1"
_IS_DUE = "SELECT 1 FROM account WHERE id = ? AND delete_due_ms <= ?"
_BEGIN = "UPDATE storage SET status = ? WHERE account = ?"
_STORAGES = "SELECT id, path FROM storage WHERE account = ? ORDER BY id"
_REMOVE_RESOURCES = """
DELETE FROM resource WHERE id IN (
  SELECT r.id FROM resource r JOIN resource root ON root.path = ?
  WHERE r.path > ? AND r.path < ? AND (r.subject IS NULL OR r.subject <> root.id)
  ORDER BY r.path DESC LIMIT ?
) RETURNING id, parent, size, blob
"""
"""The last by name first: what is in a container, or belongs to a resource, has a longer name that begins with it."""
_UNCOUNT_MEMBERS = "UPDATE resource SET members = members - ? WHERE id = ?"
_UNCOUNT = "UPDATE storage SET bytes = bytes - ?, resources = resources - ? WHERE id = ?"
_ADD_GARBAGE = "INSERT INTO garbage_blob (name, since_ms) VALUES (?, ?)"
_REMOVE_CHANGES = """
DELETE FROM change WHERE position IN (SELECT position FROM change WHERE storage = ? ORDER BY sequence LIMIT ?)
RETURNING position
"""
_CHANNELS = """
SELECT id FROM channel WHERE storage IN (SELECT id FROM storage WHERE account = ?)
  OR agent IN (SELECT iri FROM web_id WHERE account = ?) LIMIT ?
"""
_REMOVE_PAST_RULES = "DELETE FROM past_acl WHERE storage = ?"
_REMOVE_OWNERS = "DELETE FROM storage_owner WHERE storage = ?"
_REMOVE_STORAGE = "DELETE FROM storage WHERE id = ?"
_RETIRE_NAME = "INSERT INTO retired_name (name, since_ms) VALUES (?, ?) ON CONFLICT DO NOTHING"

_GRANTS = "SELECT id FROM access_grant WHERE account = ?"
_BELONGINGS = tuple(
    f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {where} LIMIT ?) RETURNING 1"  # noqa: S608
    for table, key, where in (
        ("authorization_code", "hash", f"grant_id IN ({_GRANTS})"),
        ("refresh_token", "hash", f"grant_id IN ({_GRANTS})"),
        ("client_credential", "id", "account = ?"),
        ("access_grant", "id", "account = ?"),
        ("app", "id", "account = ?"),
        ("web_session", "id", "account = ?"),
        ("passkey", "id", "account = ?"),
        ("outside_identity", "account", "account = ?"),
        ("account_factors", "account", "account = ?"),
        ("recovery_code", "account", "account = ?"),
        ("known_browser", "account", "account = ?"),
        ("account_event", "id", "account = ?"),
        ("notice", "id", "account = ?"),
        ("member_group_member", "account", "account = ?"),
        ("offered_export", "account", "account = ?"),
        ("handover", "account", "account = ?"),
        ("handover", "account", "successor = ?"),
        ("single_use_link", "hash", "account = ?"),
        ("share_link", "id", "account = ?"),
        ("access_notice", "id", "account = ?"),
        ("access_block", "account", "account = ?"),
        ("given_access", "id", "account = ?"),
        ("access_request", "id", "account = ?"),
        ("access_request", "id", "agent IN (SELECT iri FROM web_id WHERE account = ?)"),
        ("outgoing_mail", "id", "account = ?"),
        ("upload", "id", "account = ?"),
        ("web_id", "iri", "account = ?"),
    )
)
_RETIRE_ACCOUNTS_NAME = """
INSERT INTO retired_name (name, since_ms) SELECT name, ? FROM account WHERE id = ? ON CONFLICT DO NOTHING
"""
_REMOVE_ACCOUNT = "DELETE FROM account WHERE id = ?"


def remove_due(store: ResourceStore, clock: Clock, records: AccessRecords) -> int:
    """Remove the accounts whose time has come, and who used what of theirs; gives their number. Any number of processes
    may be at it.
    """
    removed = 0
    while due := store.rows(_DUE, (int(clock.now() * 1000),)):
        account = int(due[0][0])
        storages = store.rows(_STORAGES, (account,))
        _note(store, account, [path for _, path in storages])
        while not _step(store, account):
            pass
        forget_storages(store, records, [path for _, path in storages])
        for storage, _ in storages:
            forget_storage(store, storage)
        removed += 1
    if removed:
        store.compact()
    return removed


def _note(store: ResourceStore, account: int, storages: list[str]) -> None:
    """What goes, for the receipt, before anything of it is gone."""
    found = tally(store, storages)
    with store.write(SERVER) as tx:
        if tx.rows(_IS_DUE, (account, tx.now_ms)):
            begin_deletion(tx, account, found)


def _step(store: ResourceStore, account: int) -> bool:
    """One transaction's worth of work. True: nothing is left of the account."""
    with store.write(SERVER) as tx:
        if not tx.rows(_IS_DUE, (account, tx.now_ms)):
            return True
        tx.rows(_BEGIN, (EMPTYING, account))
        if channels := tx.rows(_CHANNELS, (account, account, AT_ONCE_MAX)):
            remove_channels(tx, (row[0] for row in channels))
            return False
        for storage, path in tx.rows(_STORAGES, (account,)):
            _empty(tx, storage, path)
            return False
        for statement in _BELONGINGS:
            if tx.rows(statement, (account, AT_ONCE_MAX)):
                return False
        tx.rows(_RETIRE_ACCOUNTS_NAME, (tx.now_ms, account))
        tx.rows(_REMOVE_ACCOUNT, (account,))
        finish_deletion(tx, account)
    return True


def _empty(tx: Writer, storage: int, path: str) -> None:
    """Some of what a storage holds, at the end the storage itself."""
    if _remove_resources(tx, storage, path) or tx.rows(_REMOVE_CHANGES, (storage, AT_ONCE_MAX)):
        return
    _remove_root(tx, path)
    tx.rows(_REMOVE_PAST_RULES, (storage,))
    tx.rows(_REMOVE_OWNERS, (storage,))
    tx.rows(_REMOVE_STORAGE, (storage,))
    tx.rows(_RETIRE_NAME, (path.strip("/"), tx.now_ms))


def _remove_resources(tx: Writer, storage: int, path: str) -> int:
    """How many went. The root and what belongs to it stay: a storage is never without."""
    after = path[:-1] + chr(ord("/") + 1)
    gone = tx.rows(_REMOVE_RESOURCES, (path, path, after, AT_ONCE_MAX))
    ids = {row[0] for row in gone}
    orphaned = Counter(row[1] for row in gone if row[1] is not None and row[1] not in ids)
    for parent, members in orphaned.items():
        tx.rows(_UNCOUNT_MEMBERS, (members, parent))
    for name in (row[3] for row in gone if row[3] is not None):
        tx.rows(_ADD_GARBAGE, (name, tx.now_ms))
    if gone:
        tx.rows(_UNCOUNT, (sum(row[2] for row in gone), len(gone), storage))
    return len(gone)


def _remove_root(tx: Writer, path: str) -> None:
    """With its journal entries, which are all that is left to read."""
    snapshot = tx.describe(Target.parse(path), with_body=False)
    rules = tx.describe(Target.parse(path + ACL_SUFFIX), with_body=False).state
    if snapshot.state is not None:
        acl = None if rules is None else ACLReference(path, rules.id, rules.version)
        tx.delete(snapshot.state, acl=acl)
