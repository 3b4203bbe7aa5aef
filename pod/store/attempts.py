"""How often something was tried in the running window: counts that all web processes share and restarts do not clear.

Names arrive digested by the caller; what they stand for is not known here.
"""

from __future__ import annotations

from pod.store.interface import Writer

SWEPT_AT_ONCE_MAX = 1_000

_COUNT = """
INSERT INTO attempt (name, since_ms, count) VALUES (?, ?, 1)
ON CONFLICT (name) DO UPDATE SET
  count = CASE WHEN attempt.since_ms BETWEEN ? AND excluded.since_ms THEN attempt.count + 1 ELSE 1 END,
  since_ms = CASE WHEN attempt.since_ms BETWEEN ? AND excluded.since_ms THEN attempt.since_ms ELSE excluded.since_ms END
RETURNING count, since_ms
"""
"""A window that begins in the future belongs to a clock that was set back, and ends."""
_FORGET = "DELETE FROM attempt WHERE name = ?"
_GIVE_BACK = "UPDATE attempt SET count = count - 1 WHERE name = ? AND count > 0"
_SWEEP = "DELETE FROM attempt WHERE name IN (SELECT name FROM attempt WHERE since_ms < ? LIMIT ?) RETURNING name"


class Attempts:
    """Counts in the Writer each is given: they commit or fall with what they are counted for."""

    def count(self, tx: Writer, name: str, window_ms: int) -> tuple[int, int]:
        """How often in this window, this time included; and how many milliseconds of it are left."""
        oldest_ms = tx.now_ms - window_ms + 1
        count, since_ms = tx.rows(_COUNT, (name, tx.now_ms, oldest_ms, oldest_ms))[0]
        return count, since_ms + window_ms - tx.now_ms

    def forget(self, tx: Writer, name: str) -> None:
        tx.rows(_FORGET, (name,))

    def give_back(self, tx: Writer, name: str) -> None:
        """One that was counted, and is not to count."""
        tx.rows(_GIVE_BACK, (name,))

    def sweep(self, tx: Writer, before_ms: int) -> int:
        """Removes some windows that began before a moment; gives their number."""
        return len(tx.rows(_SWEEP, (before_ms, SWEPT_AT_ONCE_MAX)))
