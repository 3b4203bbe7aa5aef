"""A real Freehold process on loopback: started with a seed on a free port, awaited, ended by its process id.

For tests that must see processes, sockets and files, and for the benchmark. Knows the command line and nothing inside.

    with running_server() as server:
        requests.get(server.url("alice/"))
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.processes import living, tree
from tests.support.waiting import SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

READY_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 40.0
POLL_SECONDS = 0.05
LOG_TAIL_CHARACTERS = 4000
PROGRAM = Path(sys.executable).with_name("freehold")
PORTS = range(10_000, 32_000)
"""Below those that Linux hands out, so that nobody is given a server's port before it starts, or while it is down."""


@dataclass(frozen=True, slots=True)
class Client:
    """Client credentials of an account."""

    id: str
    secret: str
    label: str = "tests"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the seed: it owns the pod `<base>/<name>/`."""

    name: str
    email: str
    password: str
    clients: tuple[Client, ...] = ()


def account(name: str) -> Account:
    """An account with one client, its id and secret made from the name."""
    client = Client(f"{name}-client", f"{name}-client-secret")
    return Account(name, f"{name}@example.org", f"{name}-password-of-many-words", (client,))


ALICE = account("alice")
BOB = account("bob")
ERIN = account("erin")
"""Who is asked for more than a password, once she wanted it."""


class ServerError(Exception):
    """The server did not do what a process must: start, stop, take its children along. Carries the end of its log."""


@dataclass(slots=True)
class Server:
    """A server process and where it lives. The data directory outlives stop, kill and restart.

    Once it was `seeded` it starts without its seed: to look again at accounts that are there takes as long.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    base_url: str
    data: Path
    log: Path
    accounts: tuple[Account, ...]
    seeded: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """The process that was started; `tests.support.processes.tree` finds its children."""
        assert self.process is not None, "the server is not running"
        return self.process.pid

    def url(self, path: str = "") -> str:
        return self.base_url + path.lstrip("/")

    def pod(self, name: str) -> str:
        return f"{self.base_url}{name}/"

    def web_id(self, name: str) -> str:
        return f"{self.base_url}{name}/profile/card#me"

    def start(self) -> None:
        """Raises: ServerError -- it ended, or did not answer in time."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                without_seed(self.command) if self.seeded else self.command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                start_new_session=True,
            )
        _wait(READY_SECONDS_MAX, self._is_ready, lambda: self._failure("did not become ready"))
        self.seeded = True

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end. Raises: ServerError -- it or a child of it is still there after a while."""
        self._end(how)

    def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would. Raises: ServerError -- a child outlived it."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same data and port."""
        if self.process is not None:
            self.stop()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        family = tree(process.pid)
        process.send_signal(how)
        try:
            _wait(
                STOP_SECONDS_MAX,
                lambda: process.poll() is not None and not living(family),
                lambda: self._failure(f"ignored {how.name}"),
            )
        finally:
            for pid in living(family):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(SECONDS_MAX)

    def _is_ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise self._failure(f"ended with status {self.process.returncode}")
        try:
            with urllib.request.urlopen(self.url(".health"), timeout=5) as answer:
                return bool(answer.status == 200) and self._is_streaming()
        except (urllib.error.URLError, OSError):
            return False

    def _is_streaming(self) -> bool:
        """Whether the process for notifications listens too. Raises: OSError"""
        port = int(self.base_url.rpartition(":")[2].strip("/")) + 1
        socket.create_connection(("localhost", port), timeout=5).close()
        return True

    def _failure(self, what: str) -> ServerError:
        return ServerError(f"{' '.join(self.command)}\n{what}; the end of {self.log}:\n{self.log_tail()}")

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:] if self.log.exists() else ""


@contextmanager
def running_server(
    accounts: Sequence[Account] = (ALICE, BOB),
    *,
    directory: Path | None = None,
    extra_args: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    program: Path = PROGRAM,
    port: int | None = None,
    dev: bool = True,
) -> Iterator[Server]:
    """A seeded server that is ready, and gone afterwards.

    `directory` gets the data, the seed and the log (a temporary one by default); `environment` adds FREEHOLD_* settings;
    `prefix` goes before the command (for example `taskset -c 0`); `program` is the `freehold` of another installation.
    """
    with tempfile.TemporaryDirectory(prefix="freehold-") as temporary:
        server = _server(
            directory or Path(temporary),
            tuple(accounts),
            ["--dev"] * dev + [*extra_args],
            environment or {},
            (*prefix, str(program)),
            port or free_port(),
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """A port that is free together with the one after it, where the stream process listens."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as first, socket.socket() as second, suppress(OSError):
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


def _server(
    directory: Path,
    accounts: tuple[Account, ...],
    extra_args: Sequence[str],
    environment: Mapping[str, str],
    start: Sequence[str],
    port: int,
) -> Server:
    base_url = f"http://localhost:{port}/"
    seed = directory / "seed.json"
    seed.write_text(json.dumps({"accounts": [asdict(each) for each in accounts]}), encoding="utf-8")
    command = (
        *(*start, "serve", "--data", str(directory / "data")),
        *("--port", str(port), "--base-url", base_url, "--seed", str(seed), *extra_args),
    )
    return Server(
        command,
        {**os.environ, **environment},
        base_url,
        directory / "data",
        directory / "server.log",
        accounts,
    )


def without_seed(command: Sequence[str]) -> tuple[str, ...]:
    at = command.index("--seed")
    return (*command[:at], *command[at + 2 :])


def _wait(seconds: float, condition: Callable[[], bool], failure: Callable[[], Exception]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise failure()
        time.sleep(POLL_SECONDS)
