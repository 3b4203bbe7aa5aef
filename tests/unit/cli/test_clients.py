"""Client credentials on the command line: made, listed, taken back."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pod.cli.main import main


@pytest.fixture
def account(tmp_path):
    def run(*words):
        return CliRunner().invoke(main, ["account", *words, "--data", str(tmp_path)])

    assert run("create", "alice", "--password", "a-long-password").exit_code == 0
    return run


def test_a_client_that_was_made_is_listed_without_its_secret(account):
    made = dict(line.split("=", 1) for line in account("add-client", "alice", "--label", "backup").output.split())
    listed = account("list-clients", "alice").output
    assert listed == f"{made['client_id']} active backup\n"
    assert made["client_secret"] not in listed


def test_a_revoked_client_is_listed_as_such(account):
    client_id = account("add-client", "alice").output.split()[0].removeprefix("client_id=")
    assert account("revoke-client", "alice", client_id).exit_code == 0
    assert account("list-clients", "alice").output == f"{client_id} revoked\n"


@pytest.mark.parametrize("words", [("list-clients", "nobody"), ("revoke-client", "alice", "unknown")])
def test_what_does_not_exist_is_said_in_a_sentence(account, words):
    result = account(*words)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert result.output.startswith("Error: ")


def test_a_key_can_be_limited_and_ends(account):
    account("add-client", "alice", "--label", "Reader", "--only", "profile/=see", "--days", "30")
    assert "limited Reader" in account("list-clients", "alice").output


@pytest.mark.parametrize("place", ["profile/", "profile/=own", "no/such/folder/=see", "=see"])
def test_a_limit_that_says_nothing_is_refused(account, place):
    assert account("add-client", "alice", "--only", place).exit_code == 1
