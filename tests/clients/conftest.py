"""The published client libraries, installed once, and one real server for them to talk to.

CLIENTS_TARGET may name a JSON file that describes another server that already runs (the form is in harness.mjs).
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.node import NodeError, install_packages, node
from tests.support.server import Server, running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
SCENARIO_SECONDS_MAX = 300


@dataclass(frozen=True, slots=True)
class Check:
    """One named observation of a scenario."""

    name: str
    ok: bool
    error: str = ""


@pytest.fixture(scope="session")
def client_libraries() -> Path:
    try:
        install_packages(HERE)
        return node()
    except NodeError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def target() -> Iterator[str]:
    if "CLIENTS_TARGET" in os.environ:
        yield Path(os.environ["CLIENTS_TARGET"]).read_text(encoding="utf-8")
        return
    with running_server() as server:
        yield json.dumps(describe(server))


def describe(server: Server) -> dict[str, Any]:
    accounts = {
        each.name: {
            "webId": server.web_id(each.name),
            "pod": server.pod(each.name),
            "clientId": each.clients[0].id,
            "clientSecret": each.clients[0].secret,
            "password": each.password,
        }
        for each in server.accounts
    }
    return {"issuer": server.base_url, "accounts": accounts}


@pytest.fixture
def run_scenario(client_libraries: Path, target: str) -> Callable[[str], list[Check]]:
    def run(name: str) -> list[Check]:
        command = [client_libraries, HERE / f"{name}.mjs"]
        environment = {**os.environ, "POD_TARGET": target, "TZ": "UTC"}
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SCENARIO_SECONDS_MAX,
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines or not lines[-1].get("finished"):
            pytest.fail(
                f"{name}.mjs ended early (status {done.returncode}):\n{done.stdout}{done.stderr}",
                pytrace=False,
            )
        return [Check(line["check"], line["ok"], line.get("error", "")) for line in lines[:-1]]

    return run
