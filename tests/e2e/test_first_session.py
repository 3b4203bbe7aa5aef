"""The README's first session, as a newcomer would type it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import Server

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def session_commands() -> list[str]:
    """The lines of shell under "First session" that need no placeholder filled in."""
    section = README.partition("## First session")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    lines = [line for line in "".join(blocks).splitlines() if line and not line.startswith("#")]
    return [line for line in lines if "CLIENT_ID" not in line]


def typed(line: str, server: Server, typed_in: str = "") -> subprocess.CompletedProcess[str]:
    """One line in a shell, for a server that lives elsewhere than the README's."""
    environment = os.environ | {
        "FREEHOLD_DATA": str(server.data),
        "FREEHOLD_BASE_URL": server.base_url,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    command = line.replace("http://localhost:3000/", server.base_url).replace("alice", "newcomer")
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        env=environment,
        input=typed_in,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_first_session_of_the_readme_works(server: Server):
    outputs = {line: typed(line, server, typed_in="a long enough password\n") for line in session_commands()}
    assert all(each.returncode == 0 for each in outputs.values()), outputs
    shown = "\n".join(each.stdout for each in outputs.values())
    for words in ("newcomer/profile/card#me", "token_endpoint", "HTTP/1.1 401", "client_secret="):
        assert words in shown
    client_id, secret = (re.search(rf"{name}=(\S+)", shown)[1] for name in ("client_id", "client_secret"))
    script = typed(f"sh examples/first-session.sh http://localhost:3000/ alice {client_id} {secret}", server)
    assert script.returncode == 0, script.stdout + script.stderr
    assert script.stdout.count("My first note") == 3
    assert re.findall(r"^\d{3}$", script.stdout, re.MULTILINE) == ["201", "401", "201", "204"]
