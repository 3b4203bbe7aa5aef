"""What lies in the inbox of a storage. It has room of its own: what strangers leave there is not taken from what its
owner may keep.
"""

from __future__ import annotations

from pod.protocol.resource import INBOX
from pod.store.interface import Queries
from pod.store.quota import Held

_HELD = f"""
SELECT COALESCE(SUM(size), 0), COUNT(*) FROM (
  SELECT m.size FROM storage s JOIN resource c ON c.path = s.path || '{INBOX}' JOIN resource m ON m.parent = c.id
  WHERE s.id = ? LIMIT ?)
"""  # noqa: S608 -- a constant


def held(queries: Queries, storage: int, most: int) -> Held:
    """What the inbox holds; no more than `most` are looked at."""
    return Held(*queries.rows(_HELD, (storage, most))[0])


def set_aside(queries: Queries, storage: int, room: Held) -> Held:
    """What of a storage's content counts as its inbox's, and not as its owner's."""
    there = held(queries, storage, room.resources)
    return Held(min(there.bytes, room.bytes), there.resources)
