"""Counts what the store does to the machine: statements, transactions, and blobs made durable.

Handed to `open_store` through its two openings; no product code is patched.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, field
from threading import current_thread

from pod.store.access_log import THREAD

_TRANSACTION_WORDS = ("BEGIN", "COMMIT", "ROLLBACK")


@dataclass
class Counts:
    """`open_store(config, clock, on_connect=counts.on_connect, sync=counts.sync)`, then `counts.reset()`, then act."""

    statements: list[str] = field(default_factory=list)
    transactions: int = 0
    rollbacks: int = 0
    syncs: int = 0

    def reset(self) -> None:
        self.statements.clear()
        self.transactions = self.rollbacks = self.syncs = 0

    def on_connect(self, connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(self._seen)

    def sync(self, descriptor: int) -> None:
        self.syncs += 1
        os.fsync(descriptor)

    def _seen(self, statement: str) -> None:
        if current_thread().name == THREAD:  # which no request waits for
            return
        self.transactions += statement == "COMMIT"
        self.rollbacks += statement == "ROLLBACK"
        if not statement.startswith(_TRANSACTION_WORDS):
            self.statements.append(statement)
