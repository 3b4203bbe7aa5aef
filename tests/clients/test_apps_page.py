"""The code in docs/apps.md, run as it stands there: what it prints is what its comments say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pod.identity import authorization_details
from pod.protocol.modes import AccessMode
from tests.clients.conftest import HERE, SCENARIO_SECONDS_MAX
from tests.support.markdown import Document
from tests.support.server import free_port

pytestmark = [pytest.mark.clients, pytest.mark.e2e]

PAGE = Document(HERE.parents[1] / "docs" / "apps.md")


def code(language: str, note: str) -> str:
    return "".join(fence.code for fence in PAGE.fences(language) if fence.note == note)


def run(command: list[str], script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=script,
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=SCENARIO_SECONDS_MAX,
        check=False,
    )


def test_the_program_prints_what_its_comments_say(client_libraries: Path, target: str):
    script = code("js", "run")
    alice = json.loads(target)["accounts"]["alice"]
    variables = {"CLIENT_ID": alice["clientId"], "CLIENT_SECRET": alice["clientSecret"]}
    leave = "\nprocess.exit();\n"  # the library keeps timers for its session
    node = [str(client_libraries), "--input-type=module"]
    done = run(node, script + leave, HERE, ISSUER=json.loads(target)["issuer"], **variables)
    promised = re.findall(r"console\.log\(.*\); // (.*)$", script, re.MULTILINE)
    assert done.stdout.splitlines() == promised, done.stderr
    assert len(promised) == script.count("console.log") > 5


def test_the_job_for_continuous_integration_works(tmp_path: Path):
    (tmp_path / "seed.json").write_text(code("json", "seed.json"))
    script = code("sh", "run").replace("3000", str(free_port()))
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = run(["sh", "-e"], script, tmp_path, PATH=programs)
    assert done.returncode == 0, done.stderr
    assert "/alice/profile/card#me>" in done.stdout


def test_no_shell_and_no_seed_file_is_left_out():
    assert {fence.note for fence in PAGE.fences("sh", "json")} == {"run", "seed.json", "authorization_details"}


def test_the_request_for_some_things_is_understood():
    (asked,) = authorization_details.parse(code("json", "authorization_details"))
    assert asked.modes == AccessMode.READ | AccessMode.APPEND
