"""A process that writes to a store and says so on its standard output, for tests that run several or kill it.

`python -m tests.support.store_writer DATA CONTAINER THREADS WRITES`: thread T does operations 0, 1, 2... on
`CONTAINER<T>`, and each is acknowledged with a line `<path> <number>` once it is committed, never before.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from pod.store.interface import ResourceStore
from pod.store.records import SERVER
from tests.support.stores import put_in, sqlite_store, staged, state_in

INLINE_BYTES_MAX = 1_000
REPOSITORY = Path(__file__).parents[2]


def outcome(number: int) -> bytes | None:
    """The body after operation `number`; None where it was a deletion. Every third body is a blob."""
    if number < 0 or number % 5 == 4:
        return None
    return f"{number} ".encode() * (1_000 if number % 3 == 0 else 10)


def start(data: Path, container: str, *, threads: int, writes: int) -> subprocess.Popen[str]:
    arguments = [str(data), container, str(threads), str(writes)]
    command = [sys.executable, "-m", "tests.support.store_writer", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


def acknowledged(lines) -> dict[str, int]:
    """The last acknowledged operation on each path; a line cut off by a kill counts for nothing."""
    whole = [line.split() for line in lines if line.endswith("\n")]
    return {path: int(number) for path, number in whole}


def _operate(store: ResourceStore, path: str, number: int) -> None:
    body = outcome(number)
    content = None if body is None else staged(store, body)
    with store.write(SERVER) as tx:
        if content is None:
            tx.delete(state_in(tx, path), acl=None)
        else:
            put_in(tx, path, content)
    os.write(sys.stdout.fileno(), f"{path} {number}\n".encode())


def _work(store: ResourceStore, path: str, writes: int) -> None:
    for number in range(writes):
        _operate(store, path, number)


def main(data: str, container: str, threads: str, writes: str) -> None:
    store = sqlite_store(Path(data), inline_bytes_max=INLINE_BYTES_MAX)
    workers = [
        threading.Thread(target=_work, args=(store, f"{container}{number}", int(writes)))
        for number in range(int(threads))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
