"""`freehold serve`: everything that one machine needs, started and watched.

Imports nothing heavy: the supervisor stays in memory for as long as the server runs.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, TextIO

from pod.cli import guard
from pod.cli.supervisor import MISCONFIGURED, Program, Supervisor, spawn
from pod.config import Config
from pod.protocol.placement import is_private
from pod.store.account_statements import ANY_ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path


def serve(config: Config, options: tuple[str, ...], seed: Path | None) -> int:
    """Runs until told to stop; gives the exit code. `options` are handed on to the children.

    Raises: InUse -- the data directory or a port belongs to someone else.
    """
    guard.lock(config.data)
    guard.check_port(config.host, config.port)
    guard.check_port(config.host, config.stream_port, "stream_port")
    before = guard.record_base_url(config.data, config.base_url)
    if before is not None:
        reporter(config)(
            f"{config.data} was served at {before} before; WebIDs and links made there still begin with that"
        )
    supervised = ("--supervised", str(os.getpid()))
    if seed is not None and (code := run_once(arguments("seed", str(seed), *supervised, *options))):
        return code
    watched = [Program(name, arguments(name.partition("-")[0], *supervised, *options)) for name in names(config)]
    return Supervisor(
        watched,
        say=reporter(config),
        ready=lambda: all(guard.listening(config.host, port) for port in (config.port, config.stream_port)),
        announce=lambda: welcome(config),
    ).run()


def names(config: Config) -> list[str]:
    return [*(f"web-{number + 1}" for number in range(config.workers)), "worker", "stream"]


def arguments(*words: str) -> tuple[str, ...]:
    """A `freehold` command line for this same installation, wherever it is started from."""
    return (sys.executable, "-P", "-m", "pod.cli.main", *words)


def run_once(words: tuple[str, ...]) -> int:
    _, status = os.waitpid(spawn(words), 0)
    code = os.waitstatus_to_exitcode(status)
    return MISCONFIGURED if code == MISCONFIGURED else min(abs(code), 1)


def reporter(config: Config) -> Any:  # Say
    """Lines in the form of pod/observability/logging.py, without its imports."""

    def say(text: str) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = f"{moment} [warning] {text}"
        if config.log_format == "json":
            line = json.dumps({"event": text, "level": "warning", "timestamp": moment})
        tell(line, sys.stderr)

    return say


def tell(text: str, stream: TextIO) -> None:
    """A full disk, or a reader that has gone, stops the news but not the server."""
    with suppress(OSError):
        print(text, file=stream, flush=True)


def welcome(config: Config) -> None:
    where = f" --data {config.data}" if config.data != Config().data else ""
    how = "open it in a browser" if is_private(config.base_url, config.host) else f"freehold account invite{where}"
    first = "" if has_accounts(config) else f"  Make a pod:  {how}\n"
    tell(
        f"\n  Freehold is ready at {config.base_url}\n"
        f"  Everything is kept in {config.data.resolve()}\n\n"
        f"{first}"
        f"  Stop:        Ctrl-C\n",
        sys.stdout,
    )


def has_accounts(config: Config) -> bool:
    """Asked without what pod/store needs, which would stay in memory; False where the database does not say."""
    address = f"{config.database.absolute().as_uri()}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True, timeout=1)) as database:
        return database.execute(ANY_ACCOUNT).fetchone() is not None
    return False
