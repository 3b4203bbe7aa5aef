"""A process that keeps reading what documents of a storage say, for tests that run several or kill them.

`python -m tests.support.index_reader DATA STORAGE`: says `step` after each transaction's worth of work, forever.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pod.config import Config
from pod.index.index import Budget, Index
from pod.services import open_services
from tests.support.people import PUBLIC
from tests.support.stores import StillClock

REPOSITORY = Path(__file__).parents[2]
STEP = b"step\n"


def start(data: Path, storage: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.support.index_reader", str(data), str(storage)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY)


def work(data: Path, storage: int) -> None:
    index = Index(open_services(Config(data=data, base_url=PUBLIC), StillClock()))
    while True:
        index.catch_up(storage, Budget(0))
        os.write(sys.stdout.fileno(), STEP)


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
