"""The programs of examples/ do what they say. The one for the browser is tested in tests/browser, the shell session with the README."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.client import SolidClient
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


@contextmanager
def watching(server: Server, container: str) -> Iterator[Iterator[str]]:
    """What examples/watch.py prints, line by line."""
    arguments = [container, server.web_id("alice"), ALICE.clients[0].id, ALICE.clients[0].secret]
    command = ["timeout", "120", sys.executable, str(EXAMPLES / "watch.py"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield (line.strip() for line in process.stdout)
        finally:
            process.terminate()


def test_the_watcher_prints_what_comes_and_goes(server: Server, alice: SolidClient, container: str):
    with watching(server, container) as lines:
        assert next(lines) == f"{container}:"
        for url in (f"{container}first", f"{container}second"):
            alice.put(url, "hello", headers={"Content-Type": "text/plain"})
        alice.delete(f"{container}first")
        shown = [re.sub(r"^\S+  ", "", next(lines)) for _ in range(3)]
    assert shown == [f"came  {container}first", f"came  {container}second", f"went  {container}first"]
