"""Whether anything was committed to an SQLite file, by whichever process: for who wants to see it soon.

A nudge, never the truth: what was committed is read from the database. Asking takes a few microseconds and no lock.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path


class Watch:
    """Remembers what it saw last. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        self._seen = -1

    def has_changed(self) -> bool:
        """Since this was asked last; in doubt, and the first time, it has."""
        try:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return True
        changed, self._seen = bool(version != self._seen), version
        return changed

    def close(self) -> None:
        self._connection.close()
