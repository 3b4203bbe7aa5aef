"""The issuers of a profile on the command line, with a provider on loopback."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pod.cli.main import main
from tests.unit.remote.servers import serving
from tests.unit.ui.test_issuers import provider

HERE = "http://localhost:3000/"
ALICE = f"{HERE}alice/profile/card#me"


@pytest.fixture
def account(tmp_path):
    def run(*words):
        environment = {"FREEHOLD_DEV": "true", "FREEHOLD_BASE_URL": HERE}
        return CliRunner(env=environment).invoke(main, ["account", *words, "--data", str(tmp_path)])

    assert run("create", "alice", "--password", "a-long-password").exit_code == 0
    return run


def test_issuers_are_listed_added_and_removed(account):
    assert account("issuers", "alice").output == f"{ALICE} {HERE}\n"
    with serving(provider("/")) as port:
        there = f"http://localhost:{port}/"
        assert account("issuers", "alice", "--add", there).output == f"{ALICE} {HERE}\n{ALICE} {there}\n"
    assert account("issuers", "alice", "--remove", HERE).output == f"{ALICE} {there}\n"


@pytest.mark.parametrize(
    "words",
    [("nobody",), ("alice", "--remove", HERE), ("alice", "--add", "x"), ("alice", "--web-id", "x", "--remove", HERE)],
)
def test_what_cannot_be_is_said_in_a_sentence(account, words):
    result = account("issuers", *words)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert result.output.startswith("Error: ")
