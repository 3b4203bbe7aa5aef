"""The SQL of the store, written once for every engine: `ON CONFLICT`, `RETURNING`, no vendor's tricks, `?` for values.

Holds text only. Which values go in and what comes out is said where a statement is used: reading.py, writing.py.
"""

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

from __future__ import annotations

from functools import cache

from pod.protocol.resource import ACL_SUFFIX
from pod.store.records import USES_MAX

TARGET, OTHER, ACL, STORAGE, GRANT, USE = range(6)
"""The first column of each row of `describe`: what the row is about."""

STATE = "id, storage, path, kind, media_type, version, listing_version, modified_ms, size, digest, protected, blob"
_CHANGE = (
    "storage, sequence, time_ms, kind, resource, path, old_path, subject, media_type, size, digest, previous_version, "
    "previous_digest, agent, client, operation, acl, acl_version"
)
_CHANGE_COLUMNS = ", ".join(f"c.{name}" for name in _CHANGE.split(", "))


@cache
def describe(*, others: int, acls: int, grant: bool, with_body: bool) -> str:
    """Parameters: the path of the target, the paths of `others` and `acls`, the path of the storage, the grant's id;
    with both `others` and a grant, twice: the document that is written, the path of the storage, the grant's id.
    """
    arms = [f"SELECT {TARGET}, {STATE}, {'body' if with_body else 'NULL'} FROM resource WHERE path = ?"]
    if others:
        arms.append(_DESCRIBE_OTHERS.format(_marks(others)))
    arms += [_DESCRIBE_ACL] * acls
    arms.append(_DESCRIBE_STORAGE)
    if grant:
        arms.append(_DESCRIBE_GRANT)
    if grant and others:
        arms += [_DESCRIBE_USES.format("IN", USES_MAX + 1), _DESCRIBE_USES.format("NOT IN", 1)]
    return " UNION ALL ".join(arms)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


_DESCRIBE_OTHERS = (
    f"SELECT {OTHER}, NULL, NULL, path, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL "
    "FROM resource WHERE path IN ({})"
)
_DESCRIBE_ACL = (
    f"SELECT {ACL}, id, NULL, path, NULL, NULL, version, NULL, NULL, NULL, NULL, NULL, NULL, NULL "
    "FROM resource WHERE path = ?"
)
_DESCRIBE_STORAGE = (
    f"SELECT {STORAGE}, s.id, s.account, s.path, s.status, o.web_id, NULL, NULL, NULL, s.bytes, s.bytes_max, "
    "NULL, NULL, NULL "
    "FROM storage s LEFT JOIN storage_owner o ON o.storage = s.id WHERE s.path = ?"
)
_DESCRIBE_GRANT = (
    f"SELECT {GRANT}, "
    "CASE WHEN g.revoked_ms IS NULL AND a.status = 'active' AND a.delete_due_ms IS NULL AND w.account = g.account "
    "AND w.signs_in_here = 1 THEN 1 ELSE 0 END, "
    "g.account, g.id, g.web_id, g.client, g.end_ms, NULL, NULL, NULL, g.ceiling, NULL, NULL, NULL "
    "FROM access_grant g JOIN account a ON a.id = g.account LEFT JOIN web_id w ON w.iri = g.web_id WHERE g.id = ?"
)

_DESCRIBE_USES = (
    f"SELECT {USE}, NULL, account, path, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM ("
    "SELECT s.account, r.path FROM acl_group g JOIN resource r ON r.id = g.acl AND r.version = g.version "
    "JOIN storage s ON s.id = r.storage WHERE g.path = ? AND s.account {} "
    "((SELECT account FROM storage WHERE path = ?), (SELECT account FROM access_grant WHERE id = ?)) LIMIT {}) u"
)

DOCUMENT = "SELECT body, blob FROM resource WHERE id = ? AND version = ?"

CREATOR = "SELECT creator FROM resource WHERE path = ?"

RULES = """
SELECT media_type, body, blob FROM resource WHERE id = ? AND version = ?
UNION ALL SELECT media_type, body, NULL FROM past_acl WHERE id = ? AND version = ?
"""


@cache
def lineage_rules(acls: int) -> str:
    """Parameters: the paths of the ACLs and a sequence number, twice, and that number once more."""
    marks = _marks(acls)
    return (
        f"SELECT path, id, version FROM resource WHERE path IN ({marks}) AND version < ? "
        f"UNION ALL SELECT path, id, version FROM past_acl WHERE path IN ({marks}) AND version < ? "
        "AND until_sequence >= ?"
    )


MEMBERS = """
SELECT c.listing_version, m.path, m.kind, m.media_type, m.size, m.modified_ms
FROM resource c LEFT JOIN resource m ON m.parent = c.id WHERE c.id = ? ORDER BY m.path
"""
"""One row with an empty path for a container without members; no row for a container that is gone."""

CHANGES = f"""
SELECT s.value, c.position, {_CHANGE_COLUMNS}
FROM setting s LEFT JOIN change c ON c.position > ? WHERE s.name = 'journal_floor' ORDER BY c.position LIMIT ?
"""
"""The journal's floor (the last position no longer kept) and an entry in each row; at least one row."""

STORAGE_CHANGES = f"""
SELECT s.sequence, s.rules_floor, c.position, {_CHANGE_COLUMNS}
FROM storage s LEFT JOIN change c ON c.storage = s.id AND c.sequence > ? WHERE s.id = ? ORDER BY c.sequence LIMIT ?
"""
"""The storage's last sequence number, the one up to which past rules are forgotten, and an entry in each row."""

STORAGE_HEAD = "SELECT sequence FROM storage WHERE id = ?"

DELETION_AFTER = """
SELECT sequence, creator FROM change WHERE storage = ? AND path = ? AND kind = 'delete' AND sequence >= ?
ORDER BY sequence LIMIT 1
"""

# -- one write ---------------------------------------------------------------------------------------------------------

NEIGHBOURS = "SELECT path, id, storage FROM resource WHERE path IN (?, ?, ?)"

SPEND = """
UPDATE storage SET sequence = sequence + 1, bytes = bytes + ?, resources = resources + ? WHERE id = ?
RETURNING sequence, bytes, bytes_max, resources, resources_max
"""

STORAGE_ID = "SELECT id FROM storage WHERE path = ?"

INSERT_RESOURCE = """
INSERT INTO resource (storage, path, parent, subject, kind, media_type, version, listing_version, modified_ms, size,
  digest, protected, blob, body, creator)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
"""

UPDATE_RESOURCE = """
UPDATE resource SET kind = ?, media_type = ?, version = ?, listing_version = ?, modified_ms = ?, size = ?, digest = ?,
  blob = ?, body = ?
WHERE id = ? AND version = ? RETURNING parent, subject
"""

DELETE_RESOURCE = "DELETE FROM resource WHERE id = ? AND version = ? RETURNING parent, subject, creator"

MEMBERS_COUNT = "SELECT members FROM resource WHERE id = ?"

AUXILIARIES = f"SELECT {OTHER}, {STATE}, NULL FROM resource WHERE subject = ? ORDER BY path"

_DATE = "CASE WHEN modified_ms > ? THEN (modified_ms / 1000 + 1) * 1000 ELSE ? END"
"""The date of a new state: now, twice, but never before that of the state it follows."""

MEMBERS_MOVED = f"""
UPDATE resource SET listing_version = ?, modified_ms = {_DATE}, members = members + ? WHERE id = ?
RETURNING parent, members
"""

LISTING_MOVED = "UPDATE resource SET listing_version = ? WHERE id = ?"

DESCRIPTION_MOVED = f"UPDATE resource SET listing_version = ?, modified_ms = {_DATE} WHERE id = ? RETURNING parent"

INSERT_CHANGE = f"INSERT INTO change ({_CHANGE}, creator) VALUES ({_marks(_CHANGE.count(',') + 2)})"

KEEP_RULES = """
INSERT INTO past_acl (id, version, storage, path, until_sequence, until_ms, media_type, size, body)
SELECT id, version, storage, path, ?, ?, media_type, LENGTH(body), body FROM (
  SELECT id, version, storage, path, media_type, COALESCE(body, ?) AS body FROM resource WHERE id = ? AND version = ?
) ended
"""

INSERT_GARBAGE = "INSERT INTO garbage_blob (name, since_ms) VALUES (?, ?)"

INSERT_STORAGE = """
INSERT INTO storage (path, account, bytes_max, resources_max, created_ms) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING id
"""

INSERT_OWNER = "INSERT INTO storage_owner (storage, web_id) VALUES (?, ?)"

INSERT_PROOF = "INSERT INTO proof_seen (jkt, jti, expires_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"

FORGET_PROOFS = """
DELETE FROM proof_seen WHERE (jkt, jti) IN
  (SELECT jkt, jti FROM proof_seen WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)
"""

CONTEXT = "SELECT body FROM json_ld_context WHERE url = ?"

CONTEXTS_COUNT = "SELECT COUNT(*) FROM json_ld_context"

KEEP_CONTEXT = "INSERT INTO json_ld_context (url, digest, body, fetched_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"

# -- groups that access rules name -------------------------------------------------------------------------------------

ACL_GROUPS = "acl_groups"
"""The setting that says that the table has what it should, by the way in which rules were read for it."""

SET_ACL_GROUPS = f"""
INSERT INTO setting (name, value) VALUES ('{ACL_GROUPS}', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


@cache
def keep_groups(count: int) -> str:
    """Parameters: path, ACL and version of each."""
    rows = ", ".join(["(?, ?, ?)"] * count)
    return f"INSERT INTO acl_group (path, acl, version) VALUES {rows} ON CONFLICT DO NOTHING"


ACLS_AFTER = f"""
SELECT id, version, path FROM resource
WHERE id > ? AND subject IS NOT NULL AND substr(path, {-len(ACL_SUFFIX)}) = '{ACL_SUFFIX}' ORDER BY id LIMIT ?
"""

GROUPS_OF_ACL = "SELECT path FROM acl_group WHERE acl = ? AND version = ?"

SWEEP_GROUPS = """
DELETE FROM acl_group WHERE (path, acl, version) IN (
  SELECT g.path, g.acl, g.version FROM acl_group g
  LEFT JOIN resource r ON r.id = g.acl AND r.version = g.version WHERE r.id IS NULL LIMIT ?
) RETURNING 1
"""

# -- the store itself --------------------------------------------------------------------------------------------------

SETTING = "SELECT value FROM setting WHERE name = ?"

SETTINGS = "SELECT name, value FROM setting WHERE name IN ('epoch', 'journal_floor')"

ACCESS_CONTROL = (
    "SELECT (SELECT value FROM setting WHERE name = 'access_control'), CASE WHEN EXISTS (SELECT 1 FROM storage) THEN 1 "
    "ELSE 0 END"
)

KEEP_ACCESS_CONTROL = """
INSERT INTO setting (name, value) VALUES ('access_control', ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""

KEEP_SETTING = "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING"

CURSOR = "SELECT epoch, position FROM cursor WHERE follower = ?"

ADVANCE_CURSOR = """
INSERT INTO cursor (follower, epoch, position) VALUES (?, ?, ?)
ON CONFLICT (follower) DO UPDATE SET epoch = excluded.epoch, position = excluded.position
"""

# -- upkeep ------------------------------------------------------------------------------------------------------------

JOURNAL_END = """
SELECT s.value, COALESCE((SELECT MAX(position) FROM change), 0) FROM setting s WHERE s.name = 'journal_floor'
"""
"""The last position no longer kept, and the last one there is."""

OLDEST_CHANGES = "SELECT position, time_ms FROM change ORDER BY position LIMIT ?"

MOVE_FLOOR = "UPDATE setting SET value = ? WHERE name = 'journal_floor'"

DELETE_CHANGES = "DELETE FROM change WHERE position <= ?"

GARBAGE = "SELECT name FROM garbage_blob WHERE since_ms <= ? ORDER BY since_ms LIMIT ?"

FORGET_GARBAGE = "DELETE FROM garbage_blob WHERE name = ?"


@cache
def named_blobs(count: int) -> str:
    """Which of some blobs a resource has, or the garbage list."""
    marks = _marks(count)
    return (
        f"SELECT blob FROM resource WHERE blob IN ({marks}) "
        f"UNION ALL SELECT name FROM garbage_blob WHERE name IN ({marks})"
    )


BLOB_NEEDED = "SELECT 1 FROM resource WHERE blob = ?"

# -- checks: each gives the rows that break a promise, but for the first and the bodies, which fsck.py looks at --------

FSCK_TREE = """
SELECT r.path, r.kind, r.parent, r.subject, s.path, p.path, a.path
FROM resource r JOIN storage s ON s.id = r.storage
  LEFT JOIN resource p ON p.id = r.parent LEFT JOIN resource a ON a.id = r.subject
"""

FSCK_TWINS = "SELECT t.path FROM resource r JOIN resource t ON t.path = r.path || '/'"

FSCK_ROOTS = """
SELECT s.path, r.id, a.id FROM storage s
  LEFT JOIN resource r ON r.path = s.path LEFT JOIN resource a ON a.path = s.path || '.acl'
WHERE r.id IS NULL OR a.id IS NULL
"""

FSCK_COUNTERS = """
SELECT s.path, s.bytes, s.resources, COALESCE(t.bytes, 0), COALESCE(t.resources, 0) FROM storage s
  LEFT JOIN (SELECT storage, SUM(size) AS bytes, COUNT(*) AS resources FROM resource GROUP BY storage) t
  ON t.storage = s.id
WHERE s.bytes <> COALESCE(t.bytes, 0) OR s.resources <> COALESCE(t.resources, 0)
"""

FSCK_MEMBERS = """
SELECT c.path, c.members, COALESCE(m.counted, 0) FROM resource c
  LEFT JOIN (SELECT parent, COUNT(*) AS counted FROM resource WHERE parent IS NOT NULL GROUP BY parent) m
  ON m.parent = c.id
WHERE c.members <> COALESCE(m.counted, 0)
"""

FSCK_SEQUENCES = """
SELECT s.path, s.sequence, MIN(c.sequence), MAX(c.sequence), COUNT(c.sequence)
FROM storage s LEFT JOIN change c ON c.storage = s.id WHERE s.status <> 'emptying' GROUP BY s.path, s.sequence
"""

FSCK_VERSIONS = """
SELECT r.path, r.version, r.listing_version, s.sequence FROM resource r JOIN storage s ON s.id = r.storage
WHERE r.version < 1 OR r.version > r.listing_version OR r.listing_version > s.sequence
"""

FSCK_UNRECORDED = """
SELECT r.path, r.version FROM resource r
  LEFT JOIN change c ON c.storage = r.storage AND c.sequence = r.version
WHERE c.resource <> r.id OR c.digest <> r.digest OR c.kind = 'delete'
  OR (c.resource IS NULL AND r.version >= (SELECT MIN(k.sequence) FROM change k WHERE k.storage = r.storage))
"""

FSCK_STALE_LISTINGS = """
SELECT c.path, c.listing_version, MAX(m.version) FROM resource m JOIN resource c ON c.id = m.parent
WHERE m.version > c.listing_version GROUP BY c.path, c.listing_version
"""

FSCK_FLOORS = "SELECT path, rules_floor, sequence FROM storage WHERE rules_floor > sequence"

FSCK_PAST_RULES = """
SELECT p.path, p.version, p.until_sequence FROM past_acl p LEFT JOIN storage s ON s.id = p.storage
WHERE s.id IS NULL OR p.until_sequence <= p.version OR p.until_sequence > s.sequence OR p.size <> length(p.body)
  OR EXISTS (SELECT 1 FROM past_acl o WHERE o.path = p.path AND (o.id <> p.id OR o.version <> p.version)
    AND o.version < p.until_sequence AND p.version < o.until_sequence)
  OR EXISTS (SELECT 1 FROM resource r WHERE r.path = p.path AND r.version < p.until_sequence)
"""

FSCK_CHANNELS = """
SELECT c.id, s.path FROM channel c JOIN storage s ON s.id = c.storage
WHERE c.sequence > s.sequence OR (c.send_to IS NULL) <> (c.capability_hash IS NOT NULL)
  OR NOT EXISTS (SELECT 1 FROM channel_topic t WHERE t.channel = c.id)
  OR EXISTS (SELECT 1 FROM channel_topic t WHERE t.channel = c.id AND substr(t.path, 1, length(s.path)) <> s.path)
"""

FSCK_CEILINGS = """
SELECT a.name, g.client, g.ceiling FROM access_grant g JOIN account a ON a.id = g.account
WHERE g.ceiling IS NOT NULL AND g.revoked_ms IS NULL
UNION SELECT a.name, p.client, p.ceiling FROM app p JOIN account a ON a.id = p.account WHERE p.ceiling IS NOT NULL
"""

FSCK_BODIES = "SELECT path, size, digest, blob, length(body) FROM resource"

FSCK_INLINE = "SELECT path, digest, body FROM resource WHERE body IS NOT NULL"

FSCK_DOOMED = "SELECT r.path, r.blob FROM garbage_blob g JOIN resource r ON r.blob = g.name"
