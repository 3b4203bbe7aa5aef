"""The programs of examples/ do what they say. The one for the browser is tested in tests/browser, the shell session with the README."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import ALICE, Server

pytestmark = pytest.mark.e2e

EXAMPLES = Path(__file__).parents[2] / "examples"
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")


def logbook(server: Server, *words: str, secret: str = ALICE.clients[0].secret) -> subprocess.CompletedProcess[str]:
    arguments = [server.web_id("alice"), ALICE.clients[0].id, secret, *words]
    command = [sys.executable, str(EXAMPLES / "logbook.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_logbook_grows_by_an_entry_a_run(server: Server):
    first, second = logbook(server, "Watered the plants"), logbook(server, 'Said "hello", äöü')
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert re.findall(r"^  \S+  (.*)$", second.stdout, re.MULTILINE) == ["Watered the plants", 'Said "hello", äöü']


def test_the_logbook_says_what_the_server_said(server: Server):
    refused = logbook(server, "Watered the plants", secret="wrong")
    assert refused.returncode == 1
    assert "401" in refused.stderr
    assert "invalid_client" in refused.stderr


def test_every_example_is_described():
    programs = [
        each.name for each in EXAMPLES.iterdir() if each.name != "README.md" and not each.name.startswith((".", "_"))
    ]
    assert [name for name in programs if f"]({name}" not in README] == []


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https://)([^)]+)\)", README))
def test_links_of_the_description_lead_somewhere(target: str):
    assert (EXAMPLES / target).exists()
