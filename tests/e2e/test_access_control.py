"""A server remembers in which language its access rules are written, and does not start on those of the other."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import pytest
import requests

from tests.support.client import linked
from tests.support.server import ALICE, PROGRAM, running_server

ACR = "http://www.w3.org/ns/solid/acp#AccessControlResource"

pytestmark = pytest.mark.e2e


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run([PROGRAM, *words], env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_other_language_is_refused_and_none_means_the_one_that_is_there() -> None:
    with running_server((ALICE,), environment={"FREEHOLD_ACCESS_CONTROL": "acp"}) as server:
        assert ACR in linked(requests.get(server.url("alice/.acl"), timeout=60), "type")
        server.stop()
        refused = run(*server.command[1:], FREEHOLD_ACCESS_CONTROL="wac")
        assert refused.returncode != 0
        assert "written in Access Control Policy" in refused.stderr
        unsaid = {name: value for name, value in server.environment.items() if name != "FREEHOLD_ACCESS_CONTROL"}
        again = replace(server, environment=unsaid)
        again.start()
        try:
            assert ACR in linked(requests.get(server.url("alice/.acl"), timeout=60), "type")
            told = run("explain", server.web_id("alice"), "control", server.url("alice/"), "--data", str(server.data))
            assert "rule <" in told.stdout
        finally:
            again.stop()
