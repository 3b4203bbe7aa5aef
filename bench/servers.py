"""The servers that are compared: each started on loopback with one web process, its own core and an account.

Freehold runs with its defaults. Community Solid Server (CSS) runs its own `config/file.json` and logs only
warnings. Measures nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import urllib3

import pod
from tests.support.node import install_packages, node
from tests.support.server import ALICE, Account, free_port, running_server

HERE = Path(__file__).parent
WORKSPACE = HERE.parent / ".bench"
READY_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 20.0
SERVER_CORE = 0
CLIENT_CORE = 1


class StartError(Exception):
    """A server cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server that runs, an account on it, and the command that starts it again on the data it has."""

    name: str
    version: str
    pid: int
    log: Path
    base_url: str
    pod: str
    web_id: str
    client_id: str
    client_secret: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


def own_core() -> tuple[str, ...]:
    """The command prefix that keeps servers on one core, away from the load; empty on a machine with one."""
    return ("taskset", "-c", str(SERVER_CORE)) if CLIENT_CORE in os.sched_getaffinity(0) else ()


@contextmanager
def freehold(directory: Path, *, pinned: bool = True) -> Iterator[Target]:
    owner = ALICE
    with running_server([owner], directory=directory, prefix=own_core() if pinned else ()) as server:
        client = owner.clients[0]
        yield Target(
            *("freehold", pod.__version__, server.pid, server.log, server.base_url),
            *(server.pod(owner.name), server.web_id(owner.name), client.id, client.secret),
            *(without(server.command, "--seed"), server.environment),
        )


@contextmanager
def community_solid_server(directory: Path, *, pinned: bool = True) -> Iterator[Target]:
    with css_process(directory, (ALICE,), prefix=own_core() if pinned else ()) as (base_url, process):
        credentials = css_client(base_url, ALICE)
        release = json.loads((css_package() / "package.json").read_text(encoding="utf-8"))["version"]
        command = tuple(str(part) for part in cast("Sequence[object]", process.args))
        yield Target(
            *("css", release, process.pid, directory / "server.log", base_url),
            *(f"{base_url}{ALICE.name}/", f"{base_url}{ALICE.name}/profile/card#me"),
            *(credentials["id"], credentials["secret"]),
            *(without(command, "--seedConfig"), os.environ),
        )


def without(command: Sequence[str], option: str) -> tuple[str, ...]:
    """The command without an option and its value."""
    at = command.index(option)
    return (*command[:at], *command[at + 2 :])


SERVERS = {"freehold": freehold, "css": community_solid_server}


def css_package() -> Path:
    """Where npm put CSS, after seeing to it that it did. Raises: NodeError."""
    WORKSPACE.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, WORKSPACE / name)
    install_packages(WORKSPACE)
    return WORKSPACE / "node_modules" / "@solid" / "community-server"


@contextmanager
def css_process(
    directory: Path, accounts: tuple[Account, ...], *, prefix: tuple[str, ...] = ()
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """CSS with those accounts and their pods, ready. Raises: StartError."""
    package, port = css_package(), free_port()
    base_url = f"http://localhost:{port}/"
    seed = directory / "seed.json"
    people = [{"email": each.email, "password": each.password, "pods": [{"name": each.name}]} for each in accounts]
    seed.write_text(json.dumps(people), encoding="utf-8")
    command = (
        *(
            *prefix,
            str(node()),
            str(package / "bin" / "server.js"),
            "-c",
            str(package / "config" / "file.json"),
        ),
        *(
            "-f",
            str(directory / "data"),
            "-p",
            str(port),
            "-b",
            base_url,
            "--seedConfig",
            str(seed),
            "-l",
            "warn",
        ),
    )
    with (directory / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        _await(process, f"{base_url}.well-known/openid-configuration", directory / "server.log")
        yield base_url, process
    finally:
        end(process)


def css_client(base_url: str, account: Account) -> Mapping[str, str]:
    """New client credentials of the account, through CSS's account API: {"id", "secret"}."""
    login = {"email": account.email, "password": account.password}
    token = urllib3.request("POST", f"{base_url}.account/login/password/", json=login).json()["authorization"]
    headers = {"Authorization": f"CSS-Account-Token {token}"}
    controls = urllib3.request("GET", f"{base_url}.account/", headers=headers).json()["controls"]
    wanted = {"name": "bench", "webId": f"{base_url}{account.name}/profile/card#me"}
    made = urllib3.request("POST", controls["account"]["clientCredentials"], headers=headers, json=wanted)
    return {key: str(made.json()[key]) for key in ("id", "secret")}


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if urllib3.request("GET", url, retries=False, timeout=5).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
    raise StartError(f"CSS did not start; the end of {log}:\n{log.read_text(errors='replace')[-4000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and see to it that it does."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
