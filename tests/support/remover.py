"""A process that removes the accounts whose time has come, in very small steps, for tests that kill it in the middle.

`python -m tests.support.remover DATA`
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pod.clock import SystemClock
from pod.config import Config
from pod.store import removal
from pod.store.access_records import AccessRecords
from pod.store.sqlite import open_store

REPOSITORY = Path(__file__).parents[2]


def start(data: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.support.remover", str(data)], cwd=REPOSITORY)


if __name__ == "__main__":
    removal.AT_ONCE_MAX = 2
    clock = SystemClock()
    config = Config(data=Path(sys.argv[1]))
    store = open_store(config, clock)
    removal.remove_due(store, clock, AccessRecords.of(config))
    store.close()
